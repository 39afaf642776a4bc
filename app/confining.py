"""What keeps workspaces apart: every statement of a session is confined to its workspace, or is not sent.

Rows are confined as the ORM compiles a statement, and what it sends is read once more: a table of ours that is named
without its workspace stops the statement. So no query has to remember, and one that slips through fails loudly.
"""

import re
from collections import Counter
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria

from app.schema import Row

#: For the one statement that looks at every workspace within a session of one.
EVERYWHERE: Final = {"everywhere": True}

_OURS: Final = "|".join(sorted(row.__tablename__ for row in Row.__subclasses__()))
_NAMED: Final = re.compile(rf"(?:\bFROM|\bJOIN|,)\s+\(?({_OURS})\b(?!\.)(?:\s+AS\s+(\w+))?")
_CONFINED: Final = re.compile(r"\b(\w+)\.workspace_id = [?:%]")
_TARGET: Final = re.compile(rf"(?:UPDATE|DELETE FROM|INSERT INTO)\s+({_OURS})\b")


class Unconfined(Exception):
    """A mistake of ours: a statement that would have met rows of another workspace."""


class ConfinedSession(Session):
    """Meets the rows of one workspace and no others, and adds to it; with None, those of the whole installation."""

    def __init__(self, engine: sa.Engine, workspace_id: int | None) -> None:
        super().__init__(engine.execution_options(workspace_id=workspace_id), expire_on_commit=False)
        self.workspace_id = workspace_id


@sa.event.listens_for(ConfinedSession, "do_orm_execute")
def _confine(state: ORMExecuteState) -> None:
    session = state.session
    assert isinstance(session, ConfinedSession)
    workspace_id = session.workspace_id
    if workspace_id is None or not state.is_orm_statement or state.is_insert or "everywhere" in state.execution_options:
        return
    state.statement = state.statement.options(
        with_loader_criteria(Row, lambda row: row.workspace_id == workspace_id, include_aliases=True)
    )


@sa.event.listens_for(ConfinedSession, "before_flush")
def _fill(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    """New rows are of the session's workspace; none of another is changed or deleted in it."""
    assert isinstance(session, ConfinedSession)
    for row in (*session.new, *session.dirty, *session.deleted):
        if not isinstance(row, Row):
            continue
        if row.workspace_id is None and session.workspace_id is not None:
            row.workspace_id = session.workspace_id
        if row.workspace_id is None or session.workspace_id not in (None, row.workspace_id):
            raise Unconfined(f"a row of {row.__tablename__} of workspace {row.workspace_id}")


def read_again(
    connection: sa.Connection, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool
) -> None:
    """Before a statement is sent: raises Unconfined if it names rows of ours, but not their workspace."""
    options = context.execution_options
    if "workspace_id" not in options:
        return  # a migration's or the queue's
    reading = options["workspace_id"] is not None and "everywhere" not in options
    if found := _unconfined(statement, reading=reading):
        raise Unconfined(f"{found}: {statement}")


@lru_cache(maxsize=2048)
def _unconfined(statement: str, *, reading: bool) -> str | None:
    target = _TARGET.match(statement)
    if target and statement.startswith("INSERT") and "workspace_id" not in statement:
        return target[1]
    if not reading:
        return None
    # What is changed by its key was met before, and is asked again by `_fill`.
    text = statement[target.end() :] if target else statement
    named = Counter(alias or table for table, alias in _NAMED.findall(text))
    missing = named - Counter(_CONFINED.findall(text))
    return next(iter(missing), None)
