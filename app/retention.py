"""Forgetting by age: what was kept as long as it may be goes, once an hour, by one worker at a time.

Each recording is a transaction of its own, so that a worker may die at any moment: what is left goes an hour later.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from analysis.forgetting import without_words
from app import audit
from app.audit import RETENTION
from app.intake import Intake
from app.outages import keep_doing
from app.schema import AppealRow, CommentRow, RecordingRow, ReportRow, TraceRow, TurnRow, WorkspaceRow
from app.store import Store
from models.errors import AfterbeepError, InvalidPlaybook, UnknownPlaybook
from models.playbook import Retention
from models.report import Report

log = logging.getLogger(__name__)

EVERY: Final = timedelta(hours=1)
LONGEST: Final = timedelta(minutes=50)  # of one turn, so that the next finds it ended
LOOK_EVERY_S: Final = 60.0
JOBS_KEPT: Final = timedelta(days=1)  # after they ended
REMOVED: Final = "(removed)"  # in place of what people wrote

Clock = Callable[[], datetime]
Removed = InstrumentedAttribute[datetime | None]


def now_utc() -> datetime:
    return datetime.now(UTC)


#: Samples are nobody's, and what is on hold is kept whole.
_FREE: Final = (RecordingRow.demo.is_(False), RecordingRow.held_at.is_(None))


class Forgetter:
    def __init__(self, intake: Intake, limits: Retention, clock: Clock = now_utc) -> None:
        self.intake = intake
        self.store = intake.store
        self.limits = limits
        self.clock = clock

    def keep(self, stop: threading.Event) -> None:
        """Take turns with the other workers until `stop` is set."""
        keep_doing(self._take_turn, LOOK_EVERY_S, stop)

    def _take_turn(self) -> None:
        if take_turn(self.store, "retention", EVERY, self.clock()):
            self.run()

    def run(self) -> None:
        """Remove what is due in every workspace, and jobs long ended; what cannot be removed now, the next time."""
        began = self.clock()
        self.intake.jobs.sweep(began - JOBS_KEPT)
        with self.store.everywhere().session() as session:
            workspaces = session.scalars(sa.select(WorkspaceRow.id).order_by(WorkspaceRow.id)).all()
        for workspace_id in workspaces:
            Forgetter(self.intake.of(workspace_id), self.limits, self.clock).run_here(began)

    def run_here(self, began: datetime) -> None:
        """The same in one workspace, by its own playbooks."""
        for remove, recording_id in self._due(began):
            if self.clock() - began > LONGEST:
                return
            try:
                remove(recording_id, began)
            except AfterbeepError as error:
                known = {"recording": recording_id, "code": error.code}
                log.warning("a recording could not be removed", extra=known)

    def _due(self, now: datetime) -> list[tuple[Callable[[str, datetime], None], str]]:
        found: list[tuple[Callable[[str, datetime], None], str]] = []
        for playbook in self.store.recordings_by_playbook():
            limits = self._limits(playbook)
            parts = (
                (self._remove_all, limits.report_h, ()),
                (self._remove_audio, limits.audio_h, _has(RecordingRow.audio_removed_at)),
                (self._remove_words, limits.transcript_h, _has(RecordingRow.transcript_removed_at)),
            )
            for remove, hours, there in parts:
                if hours is not None:
                    old = RecordingRow.created_at <= now - timedelta(hours=hours)
                    of_it = RecordingRow.playbook == playbook
                    due = sa.select(RecordingRow.id).where(of_it, old, *_FREE, *there)
                    with self.store.session() as session:
                        found += [(remove, recording_id) for recording_id in session.scalars(due)]
        return found

    def _limits(self, playbook: str) -> Retention:
        """What its newest version says now holds for all it ever judged, as far as that is less than the settings."""
        try:
            return self.limits.shortened(self.intake.playbooks.load(playbook).retention)
        except (InvalidPlaybook, UnknownPlaybook):
            return self.limits

    def _remove_all(self, recording_id: str, _now: datetime) -> None:
        self.intake.remove(recording_id, RETENTION)

    def _remove_audio(self, recording_id: str, now: datetime) -> None:
        with self.store.session() as session:
            if _marked(session, recording_id, RecordingRow.audio_removed_at, now):
                audit.add(session, RETENTION, "audio.removed", recording_id)
                self.intake.audio.delete(recording_id)

    def _remove_words(self, recording_id: str, now: datetime) -> None:
        with self.store.session() as session:
            if _marked(session, recording_id, RecordingRow.transcript_removed_at, now):
                audit.add(session, RETENTION, "transcript.removed", recording_id)
                remove_words(session, recording_id, now)


def remove_words(session: Session, recording_id: str, now: datetime) -> None:
    """Wherever they are: in the report, what it was corrected from, what knows it again, what people wrote of it."""
    kept = session.get(ReportRow, recording_id)
    if kept is not None:
        kept.body = without_words(Report.model_validate_json(kept.body), now).model_dump_json()
        kept.heard, kept.transcript = None, ""
    session.execute(sa.delete(TraceRow).where(TraceRow.recording_id == recording_id))
    for wrote in (CommentRow, AppealRow):
        session.execute(sa.update(wrote).where(wrote.recording_id == recording_id).values(text=REMOVED))
    session.get_one(RecordingRow, recording_id).example_of = None


def take_turn(store: Store, name: str, every: timedelta, now: datetime) -> bool:
    """Whether it is this worker that begins now: one does, and none again before the time is over."""
    over = sa.update(TurnRow).where(TurnRow.name == name, TurnRow.at <= now - every)
    with store.session() as session:
        return _changed(session, over.values(at=now))


def _has(removed_at: Removed) -> Sequence["sa.ColumnElement[bool]"]:
    """Still there, and not about to be analysed, which needs it."""
    return *_FREE, removed_at.is_(None), RecordingRow.status.in_(("done", "failed")), RecordingRow.sha256 != ""


def _marked(session: Session, recording_id: str, removed_at: Removed, now: datetime) -> bool:
    """Say when it went, if it still may: from here to the session's end nobody else changes the recording."""
    still = sa.update(RecordingRow).where(RecordingRow.id == recording_id, *_has(removed_at))
    return _changed(session, still.values({removed_at: now}))


def _changed(session: Session, update: Any) -> bool:
    result: sa.CursorResult[Any] = session.execute(update)  # type: ignore[assignment]
    return result.rowcount == 1
