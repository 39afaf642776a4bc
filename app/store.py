"""Rows: recordings and their reports."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from analysis.pipeline import Analysis
from app import audit
from app.confining import ConfinedSession
from app.listing import Filter, newest, older_than
from app.schema import FindingRow, MemberRow, PersonRow, RecordingRow, ReportRow
from app.webhooks.events import tell
from models.errors import AfterbeepError, AudioRemoved, NotFound, NotReady, OnHold, TranscriptRemoved
from models.person import DEFAULT_WORKSPACE, Person
from models.report import Report

SURE_WINDOW = 0.7
UNSURE_WORDS = 0.15  # of all: more, and a coach is asked to listen


class Store:
    """Recordings and their reports within one workspace, and the session in which the other shelves ask there.

    Rows it returns are detached: read them, do not change them. What readers ask for is what `sees` lets through: see
    `seen_by`.
    """

    def __init__(
        self,
        engine: sa.Engine,
        workspace_id: int | None = DEFAULT_WORKSPACE,
        sees: sa.ColumnElement[bool] | None = None,
        opens: sa.ColumnElement[bool] | None = None,
    ) -> None:
        self.engine = engine
        self.workspace_id = workspace_id
        self.sees = sa.true() if sees is None else sees
        self.opens = self.sees if opens is None else opens

    def seen_by(self, person: Person) -> "Store":
        """The rows of this person's workspace as far as they are their business: what is not, is not there.

        Lists hold what they see; one by one they may also open the examples of their teams.
        """
        sees = visible(person)
        example = RecordingRow.example_of.is_not(None) & RecordingRow.owner_id.in_(_members(person.teams))
        return Store(self.engine, person.workspace_id, sees, sees | example)

    def of(self, workspace_id: int) -> "Store":
        return Store(self.engine, workspace_id)

    def everywhere(self) -> "Store":
        """The rows of all workspaces: for signing in, and for what serves them alike, as the worker does."""
        return Store(self.engine, None)

    def holding(self, recording_id: str) -> "Store | None":
        """The store of the workspace a recording is in; None if it was deleted."""
        with self.everywhere().session() as session:
            found = session.scalar(sa.select(RecordingRow.workspace_id).where(RecordingRow.id == recording_id))
        return None if found is None else self.of(found)

    @contextmanager
    def session(self) -> Iterator[Session]:
        with ConfinedSession(self.engine, self.workspace_id) as session, session.begin():
            yield session

    # What arrives

    def by_idempotency_key(self, key: str) -> RecordingRow | None:
        with self.session() as session:
            return session.scalar(sa.select(RecordingRow).where(RecordingRow.idempotency_key == key))

    # What the worker does

    def begin(self, recording_id: str) -> RecordingRow | None:
        """Count one more attempt. None if the recording is gone or has its end already."""
        with self.session() as session:
            row = session.get(RecordingRow, recording_id)
            if row is None or row.status in ("done", "failed"):
                return None
            row.status, row.attempts = "running", row.attempts + 1
            return row

    def waiting(self) -> int:
        """How many recordings have not been begun."""
        query = sa.select(sa.func.count()).select_from(RecordingRow).where(RecordingRow.status == "queued")
        with self.session() as session:
            return session.scalar(query) or 0

    def set_stage(self, recording_id: str, stage: str) -> None:
        with self.session() as session:
            session.execute(sa.update(RecordingRow).where(RecordingRow.id == recording_id).values(stage=stage))

    def save_report(self, recording_id: str, analysis: Analysis, revision: int = 0) -> None:
        """The report and its summary in the row, together. Nothing, if the recording was deleted or ended meanwhile."""
        report = analysis.report
        with self.session() as session:
            row = _end_first(session, recording_id, revision)
            if row is None or row.transcript_removed_at is not None:
                return
            kept = session.merge(ReportRow(recording_id=recording_id, body="", heard=None, waveform=analysis.waveform))
            keep_report(session, row, kept, report)
            row.status, row.stage = "done", None
            row.format, row.duration_s = analysis.sound.recording.format, analysis.sound.recording.duration_s
            row.doubtful = is_doubtful(report)
            tell(session, "report.ready", row)

    def fail(self, recording_id: str, error: AfterbeepError, revision: int = 0) -> None:
        with self.session() as session:
            if (row := _end_first(session, recording_id, revision)) is not None:
                end(session, row, error)

    # What readers ask for

    def recording(self, recording_id: str) -> RecordingRow:
        with self.session() as session:
            row = session.scalar(sa.select(RecordingRow).where(RecordingRow.id == recording_id, self.opens))
        if row is None:
            raise no_recording()
        return row

    def recordings(
        self, limit: int = 50, before: str | None = None, matching: Filter | None = None
    ) -> Sequence[RecordingRow]:
        """The newest first, at most `limit`, older than the recording `before`."""
        query = newest(matching or Filter()).where(self.sees).limit(limit)
        with self.session() as session:
            if before is not None:
                last = session.get(RecordingRow, before)
                if last is None:
                    raise NotFound("This list has changed. Please start again from its first page.")
                query = query.where(older_than(last))
            return session.scalars(query).all()

    def owners(self, rows: Iterable[RecordingRow]) -> dict[str, str]:
        """The names of the accounts whose recordings they are."""
        ids = {row.owner_id for row in rows if row.owner_id}
        if not ids:
            return {}
        with self.session() as session:
            named = session.execute(sa.select(PersonRow.id, PersonRow.name).where(PersonRow.id.in_(ids)))
            return {row.id: row.name for row in named}

    def walk(self, matching: Filter, at_once: int = 100) -> Iterator[tuple[RecordingRow, str | None]]:
        """A whole filtered list, newest first, with the reports' JSON; only a few are in memory, and none is locked."""
        query = newest(matching).where(self.sees).add_columns(ReportRow.body)
        query = query.join(ReportRow, ReportRow.recording_id == RecordingRow.id, isouter=True).limit(at_once)
        page, rest = query, True
        while rest:
            with self.session() as session:
                rows = session.execute(page).all()
            yield from ((row, body) for row, body in rows)
            rest = len(rows) == at_once
            page = query.where(older_than(rows[-1][0])) if rest else query

    def report(self, recording_id: str) -> Report | None:
        body = self.report_json(recording_id)
        return None if body is None else Report.model_validate_json(body)

    def report_json(self, recording_id: str) -> str | None:
        """The report as it is stored, for whoever only passes it on."""
        with self.session() as session:
            body: str | None = session.scalar(self._reports(ReportRow.body, recording_id))
        return body

    def finished(self, recording_id: str) -> Report:
        """The same of a recording whose report is asked for. Raises NotFound or NotReady."""
        report = self.report(recording_id)
        if report is None:
            self.recording(recording_id)
            raise NotReady("This recording has no report yet.")
        return report

    def worded(self, recording_id: str) -> Report:
        """The same with the words that were said. Raises TranscriptRemoved too."""
        report = self.finished(recording_id)
        check_worded(report)
        return report

    def reports(self, limit: int) -> list[tuple[RecordingRow, Report]]:
        """The newest recordings that have a report with its words."""
        query = newest(Filter()).where(self.sees, RecordingRow.transcript_removed_at.is_(None))
        query = query.join(ReportRow, ReportRow.recording_id == RecordingRow.id).limit(limit)
        with self.session() as session:
            rows = session.execute(query.add_columns(ReportRow.body)).all()
        return [(row, Report.model_validate_json(body)) for row, body in rows]

    def waveform(self, recording_id: str) -> list[float] | None:
        with self.session() as session:
            waveform: list[float] | None = session.scalar(self._reports(ReportRow.waveform, recording_id))
        return waveform

    def _reports(self, column: Any, recording_id: str) -> sa.Select[Any]:
        seen = sa.select(column).join(RecordingRow, RecordingRow.id == ReportRow.recording_id)
        return seen.where(RecordingRow.id == recording_id, self.opens)

    def ids(self, *, demo: bool | None = None) -> set[str]:
        query = sa.select(RecordingRow.id).where(self.sees)
        if demo is not None:
            query = query.where(RecordingRow.demo == demo)
        with self.session() as session:
            return set(session.scalars(query))

    def delete(self, recording_id: str, by: Person) -> None:
        """What stays is a line in the log: which, when, by whom."""
        with self.session() as session:
            row = session.get(RecordingRow, recording_id)
            if row is None:
                raise no_recording()
            tell(session, "recording.deleted", row)
            audit.add(session, by, "recording.deleted", recording_id)
            free = sa.delete(RecordingRow).where(RecordingRow.id == recording_id, RecordingRow.held_at.is_(None))
            if not session.execute(free.returning(RecordingRow.id)).all():
                raise on_hold()

    def hold(self, recording_id: str, by: Person | None) -> RecordingRow:
        """Keep a recording whole until it is released, with None. Raises NotFound."""
        with self.session() as session:
            row = session.get(RecordingRow, recording_id, with_for_update=True)
            if row is None:
                raise no_recording()
            row.held_at = (row.held_at or datetime.now(UTC)) if by else None
            row.held_by = (row.held_by or by.name) if by else None
            return row

    def recordings_by_playbook(self) -> dict[str, int]:
        count = sa.func.count().label("recordings")
        query = sa.select(RecordingRow.playbook, count).where(self.sees).group_by(RecordingRow.playbook)
        with self.session() as session:
            return {row.playbook: row.recordings for row in session.execute(query)}

    def ping(self) -> None:
        with self.session() as session:
            session.execute(sa.select(1))


def visible(
    person: Person, owner: "InstrumentedAttribute[str | None]" = RecordingRow.owner_id
) -> sa.ColumnElement[bool]:
    """Which recordings, or what else has an owner, one may see: reps their own, coaches their teams', admins all."""
    if person.is_admin:
        return sa.true()
    own = owner == person.id
    if not person.is_coach:
        return own
    return own | owner.in_(_members(person.teams))


def _members(teams: Iterable[str]) -> sa.Select[Any]:
    return sa.select(MemberRow.person_id).where(MemberRow.team_id.in_(teams))


def end(session: Session, row: RecordingRow, error: AfterbeepError) -> None:
    """A recording that gets no report, and why."""
    row.status, row.stage = "failed", None
    row.error_code, row.error_message = error.code, str(error)
    tell(session, "report.failed", row)


def _end_first(session: Session, recording_id: str, revision: int) -> RecordingRow | None:
    """The row of a recording that has no end yet, for the one run that gives it its end.

    A worker that was silent for long is taken for dead, and may only have slept: then two are at it. The row is changed
    before it is read, so that the second waits for the first, finds an end, and leaves it as it is.
    """
    open_still = (
        RecordingRow.id == recording_id,
        RecordingRow.revision == revision,
        RecordingRow.status.not_in(("done", "failed")),
    )
    result = session.execute(sa.update(RecordingRow).where(*open_still).values(stage=None))
    assert isinstance(result, sa.CursorResult)
    return session.get(RecordingRow, recording_id) if result.rowcount else None


def keep_report(session: Session, row: RecordingRow, kept: ReportRow, report: Report) -> None:
    """A report, and what lists show of it and are filtered by."""
    kept.body, kept.transcript = report.model_dump_json(), report.transcript.text
    row.score, row.flags = report.score.points, len(report.flagged)
    row.top_flag = report.flagged[0].title if report.flagged else None
    session.execute(sa.delete(FindingRow).where(FindingRow.recording_id == row.id))
    session.add_all(FindingRow(recording_id=row.id, rule=one.rule, status=one.status) for one in report.findings)


def no_recording() -> NotFound:
    return NotFound("There is no recording with this id. It may have been deleted.")


def on_hold() -> OnHold:
    return OnHold("This recording is on hold, so nothing of it can be deleted until an admin releases it.")


def check_audio(row: RecordingRow) -> None:
    """Raises AudioRemoved where the audio of a recording is gone."""
    if (at := row.audio_removed_at) is not None:
        raise AudioRemoved(f"The audio of this recording was removed on {at:%d %B %Y}. Its report is still there.")


def check_worded(report: Report) -> None:
    """Raises TranscriptRemoved where the words of a report are gone."""
    if (at := report.transcript.removed_at) is not None:
        raise TranscriptRemoved(
            f"The words of this recording were removed on {at:%d %B %Y}; score, findings and measures are still there."
        )


def is_doubtful(report: Report) -> bool:
    """Whether a person should listen: the message may be elsewhere, or its words may be others."""
    words = report.transcript.words
    unsure = sum(word.is_unsure for word in words)
    found = report.message.confidence if report.message else 1.0
    return found < SURE_WINDOW or unsure > UNSURE_WORDS * len(words)
