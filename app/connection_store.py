"""The connections to calling tools, and what became of the calls they told us of."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from app.integrations import BY_NAME
from app.playbook_store import Playbooks
from app.schema import CallEventRow, ConnectionRow, RecordingRow
from app.store import Store
from app.vault import Vault
from models.errors import InvalidRequest, NotFound

EVENTS_SHOWN = 50


@dataclass(frozen=True)
class Connections:
    store: Store
    vault: Vault
    playbooks: Playbooks

    def all(self) -> Sequence[ConnectionRow]:
        with self.store.session() as session:
            return session.scalars(sa.select(ConnectionRow).order_by(ConnectionRow.created_at, ConnectionRow.id)).all()

    def get(self, connection_id: str) -> ConnectionRow:
        with self.store.session() as session:
            row = session.get(ConnectionRow, connection_id)
        if row is None:
            raise NotFound("There is no connection with this id. It may have been deleted.")
        return row

    def secrets(self, row: ConnectionRow) -> dict[str, str]:
        opened: dict[str, str] = json.loads(self.vault.open(row.credentials))
        return opened

    def add(self, integration: str, credentials: Mapping[str, str], told: Mapping[str, Any]) -> ConnectionRow:
        """Raises InvalidRequest or UnknownPlaybook."""
        if integration not in BY_NAME:
            raise InvalidRequest(f"There is no integration “{integration}”. There are: {', '.join(BY_NAME)}.")
        row = ConnectionRow(
            id=uuid4().hex,
            integration=integration,
            name=BY_NAME[integration].title,
            hosts=list(BY_NAME[integration].hosts),
            only_voicemails=False,
            agents={},
            created_at=datetime.now(UTC),
            paused=False,
        )
        self._tell(row, {}, credentials, told)
        with self.store.session() as session:
            session.add(row)
        return row

    def change(self, connection_id: str, credentials: Mapping[str, str], told: Mapping[str, Any]) -> ConnectionRow:
        """What is not told stays as it is, as does an empty credential. Raises as `add` does, or NotFound."""
        kept = self.secrets(self.get(connection_id))
        with self.store.session() as session:
            row = session.get(ConnectionRow, connection_id)
            if row is None:
                raise NotFound("There is no connection with this id. It may have been deleted.")
            self._tell(row, kept, credentials, told)
        return row

    def _tell(
        self, row: ConnectionRow, kept: Mapping[str, str], given: Mapping[str, str], told: Mapping[str, Any]
    ) -> None:
        if told.get("playbook"):
            self.playbooks.load(told["playbook"])
        secrets = checked_credentials(
            row.integration, {**kept, **{key: value for key, value in given.items() if value}}
        )
        for name, value in told.items():
            setattr(row, name, value)
        if kept != secrets or not kept:
            row.credentials = self.vault.seal(json.dumps(secrets))

    def delete(self, connection_id: str) -> None:
        with self.store.session() as session:
            row = session.get(ConnectionRow, connection_id)
            if row is None:
                raise NotFound("There is no connection with this id. It may have been deleted already.")
            session.delete(row)

    def events(self, connection_id: str) -> list[tuple[CallEventRow, RecordingRow | None]]:
        """The newest calls, each with its recording if it has one still."""
        query = (
            sa.select(CallEventRow, RecordingRow)
            .outerjoin(RecordingRow, RecordingRow.id == CallEventRow.recording_id)
            .where(CallEventRow.connection_id == connection_id)
            .order_by(CallEventRow.received_at.desc(), CallEventRow.id.desc())
            .limit(EVENTS_SHOWN)
        )
        with self.store.session() as session:
            return [(row.CallEventRow, row.RecordingRow) for row in session.execute(query)]


def checked_credentials(integration: str, given: Mapping[str, str]) -> dict[str, str]:
    """The credentials an integration knows, defaults filled in. Raises InvalidRequest if they cannot do."""
    tool = BY_NAME[integration]
    unknown = sorted(set(given) - {setting.name for setting in tool.settings})
    if unknown:
        raise InvalidRequest(f"{tool.title} has no credential “{unknown[0]}”.")
    secrets = {one.name: (given.get(one.name) or one.default).strip() for one in tool.settings}
    for one in tool.settings:
        if one.required and not secrets[one.name]:
            raise InvalidRequest(f"{tool.title} needs “{one.label}”.")
        if one.choices and secrets[one.name] not in one.choices:
            raise InvalidRequest(f"“{one.label}” is one of {', '.join(one.choices)}.")
    if problem := tool.check(secrets):
        raise InvalidRequest(problem)
    return {name: value for name, value in secrets.items() if value}
