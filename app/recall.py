"""Messages known again: keeps what is needed for it, and finds stored messages that may be like a new one."""

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from analysis.repeats import MARKS_IN_COMMON, Earlier, Traces
from app.schema import MarkRow, RecordingRow, TraceRow
from app.store import Store
from models.recording import CallContext

MOST_COMPARED = 100  # of stored messages: those that have most in common
STORED = np.dtype("<u4")


def recall(store: Store, recording_id: str, traces: Traces) -> list[Earlier]:
    """Keep first, then look: of two messages analysed at once, the one kept later is sure to see the other."""
    marks = traces.marks()
    with store.session() as session:
        if session.get(RecordingRow, recording_id) is None:
            return []  # deleted meanwhile
        own = _keep(session, recording_id, traces, marks)
    with store.session() as session:
        alike = session.execute(_like(own, marks)).all()
    return [Earlier(context, _traces(row)) for row, context in alike]


def _keep(session: Session, recording_id: str, traces: Traces, marks: list[int]) -> int:
    """The traces of a recording, in place of those it had."""
    session.execute(sa.delete(TraceRow).where(TraceRow.recording_id == recording_id))
    row = TraceRow(
        recording_id=recording_id,
        landmarks=traces.landmarks.astype(STORED).tobytes(),
        word_pairs=traces.word_pairs.astype(STORED).tobytes(),
    )
    session.add(row)
    session.flush()
    if marks:
        workspace = {"workspace_id": row.workspace_id, "trace_id": row.id}
        session.execute(sa.insert(MarkRow), [{"mark": mark, **workspace} for mark in marks])
    return row.id


def _like(own: int, marks: list[int]) -> "sa.Select[TraceRow, CallContext]":  # as SQLAlchemy 2.1 has it
    in_common = sa.func.count().label("in_common")
    likest = (
        sa.select(MarkRow.trace_id, in_common)
        .where(MarkRow.mark.in_(marks), MarkRow.trace_id != own)
        .group_by(MarkRow.trace_id)
        .having(in_common >= MARKS_IN_COMMON)
        .order_by(in_common.desc(), MarkRow.trace_id.desc())
        .limit(MOST_COMPARED)
        .subquery()
    )
    return (
        sa.select(TraceRow, RecordingRow.context)
        .join(likest, likest.c.trace_id == TraceRow.id)
        .join(RecordingRow, RecordingRow.id == TraceRow.recording_id)
    )


def _traces(row: TraceRow) -> Traces:
    return Traces(np.frombuffer(row.landmarks, STORED), np.frombuffer(row.word_pairs, STORED))
