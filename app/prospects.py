"""The messages left for one prospect, in the order they were handed in."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from app.schema import RecordingRow
from app.store import Store
from models.report import LeftBefore

DAY = timedelta(days=1)


def history(store: Store, prospect_key: str) -> Sequence[RecordingRow]:
    """Every message for a prospect, the oldest first. Samples are nobody's; takes of a script are practice."""
    query = sa.select(RecordingRow).where(RecordingRow.prospect_key == prospect_key, store.sees, *_left())
    with store.session() as session:
        return session.scalars(query.order_by(RecordingRow.created_at, RecordingRow.id)).all()


def left_before(store: Store, row: RecordingRow) -> LeftBefore | None:
    """What the same rep's earlier messages tell; None where nobody knows who it was for, or it is practice."""
    if row.prospect_key is None or row.script_id is not None:
        return None
    earlier = sa.select(RecordingRow.created_at).where(
        RecordingRow.prospect_key == row.prospect_key,
        RecordingRow.rep_key.is_not_distinct_from(row.rep_key),
        RecordingRow.owner_id.is_not_distinct_from(row.owner_id),
        RecordingRow.created_at < row.created_at,
        *_left(),
    )
    with store.session() as session:
        times = session.scalars(earlier.order_by(RecordingRow.created_at)).all()
    days = (row.created_at - times[-1]) / DAY if times else None
    return LeftBefore(attempt=len(times) + 1, days_since_last=None if days is None else round(days, 2))


def _left() -> tuple["sa.ColumnElement[bool]", ...]:
    return RecordingRow.demo.is_(False), RecordingRow.script_id.is_(None), RecordingRow.status != "failed"
