"""A workspace that leaves: its doors are shut first, then all that was in it goes; only its log stays.

Each part is a transaction of its own, so that millions of recordings lock nothing for long. What broke off goes on
where it was when it is asked for again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import audit
from app.audio_store import AudioStore
from app.jobs import Jobs
from app.schema import (
    AuditRow,
    Base,
    ConnectionRow,
    InvitationRow,
    KeyRow,
    LinkRow,
    PersonRow,
    RecordingRow,
    Row,
    SessionRow,
    WebhookRow,
    WorkspaceRow,
)
from app.store import Store
from models.errors import InvalidRequest, NotFound, OnHold
from models.person import DEFAULT_WORKSPACE, Person

AT_ONCE: Final = 200
#: By which people, programs, tools and whoever has a link come in, and by which others are told.
DOORS: Final = (SessionRow, KeyRow, InvitationRow, LinkRow, ConnectionRow, WebhookRow)
#: Whatever else there is, also in tables to come, before what it refers to.
REST: Final = sorted(
    (row for row in Row.__subclasses__() if row is not AuditRow),
    key=lambda row: Base.metadata.sorted_tables.index(row.__table__),  # type: ignore[arg-type]  # all are tables
    reverse=True,
)


@dataclass(frozen=True)
class WorkspaceRemoval:
    """`everywhere` is the store of the installation."""

    everywhere: Store
    audio: AudioStore
    jobs: Jobs

    def check(self, workspace_id: int) -> WorkspaceRow:
        """The workspace, if it may be deleted. Raises NotFound, InvalidRequest or OnHold."""
        with self.everywhere.session() as session:
            row = session.get(WorkspaceRow, workspace_id)
        if row is None:
            raise NotFound("There is no workspace with this id. `afterbeep workspaces list` shows them.")
        if workspace_id == DEFAULT_WORKSPACE:
            raise InvalidRequest("The first workspace cannot be deleted: a machine without accounts works in it.")
        with self.everywhere.of(workspace_id).session() as session:
            _check_free(session)
        return row

    def remove(self, workspace_id: int, by: Person) -> int:
        """Delete everything of a workspace but its log; how many recordings that were. Raises what `check` raises."""
        name = self.check(workspace_id).name
        store, removed = self.everywhere.of(workspace_id), 0
        self._shut(workspace_id, name, by)
        while ids := self._next(store):
            self._remove_recordings(store, ids)
            removed += len(ids)
        with store.session() as session:
            _check_free(session)
            for row in REST:
                session.execute(sa.delete(row))
        return removed

    def _shut(self, workspace_id: int, name: str, by: Person) -> None:
        """From here on nobody comes in, and the name is free."""
        now = datetime.now(UTC)
        with self.everywhere.of(workspace_id).session() as session:
            _check_free(session)
            for row in DOORS:
                session.execute(sa.delete(row))
            session.execute(sa.update(PersonRow).values(disabled_at=now))
            workspace = session.get_one(WorkspaceRow, workspace_id)
            if workspace.deleted_at is not None:
                return  # begun before
            workspace.name, workspace.deleted_at = f"(deleted: {workspace_id})", now
        with self.everywhere.of(DEFAULT_WORKSPACE).session() as session:
            audit.add(session, by, "workspace.deleted", f"{workspace_id} {name}")

    def _next(self, store: Store) -> Sequence[str]:
        with store.session() as session:
            return session.scalars(
                sa.select(RecordingRow.id).where(RecordingRow.held_at.is_(None)).limit(AT_ONCE)
            ).all()

    def _remove_recordings(self, store: Store, ids: Sequence[str]) -> None:
        """Their rows last: as long as they are there, what broke off is found again."""
        self.jobs.forget(ids)
        for recording_id in ids:
            self.audio.delete(recording_id)
        with store.session() as session:
            session.execute(sa.delete(RecordingRow).where(RecordingRow.id.in_(ids), RecordingRow.held_at.is_(None)))


def _check_free(session: Session) -> None:
    held = session.scalar(sa.select(sa.func.count()).where(RecordingRow.held_at.is_not(None)).select_from(RecordingRow))
    if held:
        raise OnHold(f"Recordings of this workspace that are on hold: {held}. An admin has to release them first.")
