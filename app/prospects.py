"""The messages left for one prospect, in the order they were handed in."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from analysis.repeats import likest
from app.schema import RecordingRow, ReportRow
from app.store import Store
from models.report import LeftBefore, LikeEarlier
from models.transcript import Transcript

DAY = timedelta(days=1)


def history(store: Store, prospect_key: str) -> Sequence[RecordingRow]:
    """Every message for a prospect, the oldest first. Samples are nobody's; takes of a script are practice."""
    query = sa.select(RecordingRow).where(RecordingRow.prospect_key == prospect_key, store.sees, *_left())
    with store.session() as session:
        return session.scalars(query.order_by(RecordingRow.created_at, RecordingRow.id)).all()


def left_before(store: Store, row: RecordingRow, transcript: Transcript) -> LeftBefore | None:
    """What the same rep's earlier messages tell; None where nobody knows who it was for, or it is practice."""
    if row.prospect_key is None or row.script_id is not None or row.demo:
        return None
    words = sa.func.coalesce(ReportRow.transcript, "")
    earlier = sa.select(RecordingRow.id, RecordingRow.created_at, words).where(
        RecordingRow.prospect_key == row.prospect_key,
        RecordingRow.rep_key.is_not_distinct_from(row.rep_key),
        RecordingRow.owner_id.is_not_distinct_from(row.owner_id),
        RecordingRow.created_at < row.created_at,
        *_left(),
    )
    joined = earlier.join(ReportRow, ReportRow.recording_id == RecordingRow.id, isouter=True)
    with store.session() as session:
        found = session.execute(joined.order_by(RecordingRow.created_at)).all()
    times = {recording_id: at for recording_id, at, _ in found}
    days = (row.created_at - found[-1][1]) / DAY if found else None
    alike = likest(transcript.text, {recording_id: text for recording_id, _, text in found})
    return LeftBefore(
        attempt=len(found) + 1,
        days_since_last=None if days is None else round(days, 2),
        likest=LikeEarlier(id=alike[0], created_at=times[alike[0]], likeness=round(alike[1], 2)) if alike else None,
    )


def _left() -> tuple["sa.ColumnElement[bool]", ...]:
    return RecordingRow.demo.is_(False), RecordingRow.script_id.is_(None), RecordingRow.status != "failed"
