"""Scripts that are kept, and their takes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from app.schema import RecordingRow, ScriptRow
from app.store import Store
from models.errors import InvalidRequest, NotFound
from models.recording import CallContext

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Scripts:
    """Every query about kept scripts. Rows it returns are detached: read them, do not change them."""

    store: Store

    def get(self, script_id: str) -> ScriptRow:
        with self.store.session() as session:
            row = session.get(ScriptRow, script_id)
        if row is None:
            raise NotFound("There is no script with this id. It may have been deleted.")
        return row

    def all(self, limit: int = 200) -> Sequence[tuple[ScriptRow, int]]:
        """The newest first, each with how many takes there are of it."""
        takes = sa.select(sa.func.count()).where(RecordingRow.script_id == ScriptRow.id).scalar_subquery()
        query = sa.select(ScriptRow, takes).order_by(ScriptRow.created_at.desc(), ScriptRow.id).limit(limit)
        with self.store.session() as session:
            return [(row, count) for row, count in session.execute(query)]

    def put(
        self,
        script_id: str,
        *,
        title: str,
        text: str,
        playbook: str,
        context: CallContext,
        facts: dict[str, Any] | None = None,
    ) -> ScriptRow:
        """Keep a script under an id, in place of the one kept there before. Raises InvalidRequest."""
        if not ID.fullmatch(script_id):
            raise InvalidRequest("A script’s id is made of letters, figures, hyphens and underscores, at most 64.")
        if not text.strip():
            raise InvalidRequest("The script is empty. Please write what you want to say.")
        fields = {"title": title, "text": text, "playbook": playbook, "context": context, "facts": facts}
        with self.store.session() as session:
            row = session.get(ScriptRow, script_id)
            if row is None:
                row = ScriptRow(id=script_id, created_at=datetime.now(UTC))
                session.add(row)
            for name, value in fields.items():
                setattr(row, name, value)
            return row

    def delete(self, script_id: str) -> None:
        """Forget a script; its takes stay as recordings. Raises NotFound."""
        with self.store.session() as session:
            row = session.get(ScriptRow, script_id)
            if row is None:
                raise NotFound("There is no script with this id. It may have been deleted already.")
            takes = sa.update(RecordingRow).where(RecordingRow.script_id == script_id)
            session.execute(takes.values(script_id=None))
            session.delete(row)

    def takes(self, script_id: str) -> Sequence[RecordingRow]:
        """The newest first."""
        query = sa.select(RecordingRow).where(RecordingRow.script_id == script_id)
        with self.store.session() as session:
            return session.scalars(query.order_by(RecordingRow.created_at.desc(), RecordingRow.id.desc())).all()


def title_of(text: str) -> str:
    """What a script is called where nobody said."""
    words = text.split()
    return " ".join(words[:8]).rstrip(" ,.;:") + (" …" if len(words) > 8 else "") or "Script"
