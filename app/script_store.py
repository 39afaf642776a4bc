"""Scripts that are kept, and their takes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from app.schema import AssigneeRow, AssignmentRow, RecordingRow, ScriptRow
from app.store import Store, visible
from models.errors import InvalidRequest, NotAllowed, NotFound
from models.person import LOCAL, Person
from models.recording import CallContext

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Scripts:
    """Every query about kept scripts, for one person. Rows it returns are detached: read them, do not change them.

    A script is seen by who sees its owner's recordings and by reps it was given to; its owner and admins change it.
    """

    store: Store
    person: Person = LOCAL

    @property
    def _seen(self) -> sa.ColumnElement[bool]:
        return visible(self.person, ScriptRow.owner_id) | ScriptRow.id.in_(assigned_scripts(self.person))

    def get(self, script_id: str) -> ScriptRow:
        """Raises NotFound, also where it is not this person's business."""
        with self.store.session() as session:
            row = session.scalar(sa.select(ScriptRow).where(ScriptRow.id == script_id, self._seen))
        if row is None:
            raise NotFound("There is no script with this id. It may have been deleted.")
        return row

    def all(self, limit: int = 200) -> Sequence[tuple[ScriptRow, int]]:
        """The newest first, each with how many takes there are of it."""
        of_script = RecordingRow.script_id == ScriptRow.id
        takes = sa.select(sa.func.count()).where(of_script, self.store.sees).scalar_subquery()
        newest = (ScriptRow.created_at.desc(), ScriptRow.id)
        query = sa.select(ScriptRow, takes).where(self._seen).order_by(*newest).limit(limit)
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
        """Keep a script under an id, in place of the one kept there before. Raises InvalidRequest or NotAllowed."""
        if not ID.fullmatch(script_id):
            raise InvalidRequest("A script’s id is made of letters, figures, hyphens and underscores, at most 64.")
        if not text.strip():
            raise InvalidRequest("The script is empty. Please write what you want to say.")
        fields = {"title": title, "text": text, "playbook": playbook, "context": context, "facts": facts}
        with self.store.session() as session:
            row = session.scalar(sa.select(ScriptRow).where(ScriptRow.id == script_id))
            if row is None:
                owner_id = None if self.person.is_local else self.person.id
                row = ScriptRow(id=script_id, created_at=datetime.now(UTC), owner_id=owner_id)
                session.add(row)
            self._check_may_change(row)
            for name, value in fields.items():
                setattr(row, name, value)
            return row

    def delete(self, script_id: str) -> None:
        """Forget a script; its takes stay as recordings. Raises NotFound or NotAllowed."""
        row = self.get(script_id)
        self._check_may_change(row)
        with self.store.session() as session:
            takes = sa.update(RecordingRow).where(RecordingRow.script_id == script_id)
            session.execute(takes.values(script_id=None))
            session.delete(row)

    def takes(self, script_id: str) -> Sequence[RecordingRow]:
        """The newest first."""
        query = sa.select(RecordingRow).where(RecordingRow.script_id == script_id, self.store.sees)
        with self.store.session() as session:
            return session.scalars(query.order_by(RecordingRow.created_at.desc(), RecordingRow.id.desc())).all()

    def may_change(self, row: ScriptRow) -> bool:
        return self.person.is_admin or row.owner_id == self.person.id

    def _check_may_change(self, row: ScriptRow) -> None:
        if not self.may_change(row):
            raise NotAllowed("This script is somebody else’s. Keep yours under another id.")


def assigned_to(person: Person) -> sa.ColumnElement[bool]:
    """Which assignments are this person's to do."""
    by_name = sa.select(AssigneeRow.assignment_id).where(AssigneeRow.person_id == person.id)
    by_team = AssignmentRow.team_id.in_(person.teams) if person.role == "rep" else sa.false()
    return by_team | AssignmentRow.id.in_(by_name)


def assigned_scripts(person: Person) -> "sa.Select[Any]":
    return sa.select(AssignmentRow.script_id).where(assigned_to(person))


def title_of(text: str) -> str:
    """What a script is called where nobody said."""
    words = text.split()
    return " ".join(words[:8]).rstrip(" ,.;:") + (" …" if len(words) > 8 else "") or "Script"
