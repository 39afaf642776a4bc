"""What people say of reports: coaches agree or not, reps appeal, both comment; and what is learnt from it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from analysis.pipeline import corrected
from app.listing import Filter, conditions
from app.playbook_store import Playbooks
from app.schema import AppealRow, CommentRow, RecordingRow, ReportRow, VerdictRow
from app.store import Store, check_worded, keep_report, on_hold
from app.webhooks.events import tell
from models.errors import InvalidRequest, NotFound, NotReady
from models.person import Person
from models.report import Finding, Report

Why = Literal["appealed", "doubtful", "new"]
LONGEST_TEXT = 2_000


@dataclass(frozen=True)
class Waiting:
    """A recording in a coach's queue, and why."""

    row: RecordingRow
    why: Why


@dataclass(frozen=True)
class Said:
    """Everything people said of one report."""

    verdicts: Sequence[VerdictRow]
    appeals: Sequence[AppealRow]
    comments: Sequence[CommentRow]

    def points(self, report: Report) -> int:
        """The score once the coaches' word counts: what they do not agree with costs nothing."""
        refuted = {one.rule for one in self.verdicts if one.flagged and not one.agrees}
        return report.score.points + sum(lost.points for lost in report.score.lost if lost.rule in refuted)


@dataclass(frozen=True)
class RuleAgreement:
    """How often coaches did not agree with a rule."""

    rule: str
    flags: int
    wrong_flags: int
    missed: int

    @property
    def disagreed_share(self) -> float:
        verdicts = self.flags + self.missed
        return (self.wrong_flags + self.missed) / verdicts if verdicts else 0.0


@dataclass(frozen=True)
class Reviews:
    """Reviews of the recordings that `store` lets through."""

    store: Store
    playbooks: Playbooks

    # One report

    def said(self, recording_id: str) -> Said:
        with self.store.session() as session:

            def rows(kind: Any, order: Any) -> Any:
                return session.scalars(sa.select(kind).where(kind.recording_id == recording_id).order_by(order)).all()

            return Said(
                rows(VerdictRow, VerdictRow.at),
                rows(AppealRow, AppealRow.at),
                rows(CommentRow, CommentRow.created_at),
            )

    def agree(self, person: Person, recording_id: str, rule: str, agrees: bool) -> None:
        """A coach's word on a finding, flagged or passed; it settles an appeal. Raises NotFound or NotReady."""
        report = self.store.finished(recording_id)
        verdict = VerdictRow(
            recording_id=recording_id,
            rule=rule,
            person_id=person.id,
            person_name=person.name,
            agrees=agrees,
            flagged=_finding(report, rule).status == "flagged",
            playbook=report.playbook.name,
            at=datetime.now(UTC),
        )
        with self.store.session() as session:
            session.merge(verdict)
            if appeal := session.get(AppealRow, (recording_id, rule)):
                appeal.settled = True
            _tell(session, recording_id)

    def withdraw(self, person: Person, recording_id: str, rule: str) -> None:
        with self.store.session() as session:
            if verdict := session.get(VerdictRow, (recording_id, rule, person.id)):
                session.delete(verdict)
                _tell(session, recording_id)

    def appeal(self, person: Person, recording_id: str, rule: str, text: str) -> None:
        """A rep's word against a flag. Raises InvalidRequest if there is no such flag."""
        if _finding(self.store.finished(recording_id), rule).status != "flagged":
            raise InvalidRequest("Only a flag can be appealed.")
        with self.store.session() as session:
            session.merge(
                AppealRow(
                    recording_id=recording_id,
                    rule=rule,
                    person_id=person.id,
                    person_name=person.name,
                    text=_checked(text),
                    at=datetime.now(UTC),
                    settled=False,
                )
            )
            _tell(session, recording_id)

    def comment(self, person: Person, recording_id: str, text: str, at_s: float | None) -> CommentRow:
        row = CommentRow(
            id=uuid4().hex,
            recording_id=recording_id,
            person_id=person.id,
            person_name=person.name,
            at_s=at_s,
            text=_checked(text),
            created_at=datetime.now(UTC),
        )
        with self.store.session() as session:
            session.add(row)
            _tell(session, recording_id)
        return row

    def remove_comment(self, person: Person, recording_id: str, comment_id: str) -> None:
        """One's own; an admin removes any. Raises NotFound or OnHold."""
        with self.store.session() as session:
            row = session.get(CommentRow, comment_id)
            if row is None or row.recording_id != recording_id or (row.person_id != person.id and not person.is_admin):
                raise NotFound("There is no comment of yours with this id.")
            if session.get_one(RecordingRow, recording_id).held_at is not None:
                raise on_hold()
            session.delete(row)
            _tell(session, recording_id)

    def correct(self, recording_id: str, text: str | None) -> Report:
        """Judge the words a person wrote down, or, with None, again those that were heard."""
        with self.store.session() as session:
            kept = session.get(ReportRow, recording_id)
            row = session.get(RecordingRow, recording_id)
            if kept is None or row is None:
                raise NotReady("This recording has no report yet.")
            heard = Report.model_validate_json(kept.heard or kept.body)
            check_worded(heard)
            report = heard
            if text is not None:
                playbook = self.playbooks.find(heard.playbook) or self.playbooks.load(heard.playbook.name)
                report = corrected(heard, text, playbook)
            kept.heard = None if text is None else heard.model_dump_json()
            keep_report(session, row, kept, report)
            _tell(session, recording_id)
        return report

    def mark(self, person: Person, recording_id: str, *, reviewed: bool | None, example_of: str | None) -> RecordingRow:
        """Done with it, or not yet; an example of something (why), or of nothing ("")."""
        with self.store.session() as session:
            row = session.get_one(RecordingRow, recording_id)
            if reviewed is not None:
                row.reviewed_at = datetime.now(UTC) if reviewed else None
                row.reviewed_by = person.name if reviewed else None
            if example_of is not None:
                row.example_of = example_of.strip()[:500] or None
            _tell(session, recording_id)
            return row

    def is_reviewed(self, recording_id: str) -> bool:
        """Whether a coach has said anything of it."""
        with self.store.session() as session:
            row = session.get_one(RecordingRow, recording_id)
            by_coach = sa.select(VerdictRow.rule).where(VerdictRow.recording_id == recording_id).limit(1)
            others = CommentRow.person_id != row.owner_id
            comments = sa.select(CommentRow.id).where(CommentRow.recording_id == recording_id, others).limit(1)
            marked = row.reviewed_at is not None or row.example_of is not None
            return marked or any(session.scalar(query) is not None for query in (by_coach, comments))

    # Many

    def queue(self, person: Person, limit: int = 100, matching: Filter | None = None) -> list[Waiting]:
        """What needs a look: first what was appealed, then what is doubtful, then what is new; the oldest first."""
        open_appeal = (
            sa.select(AppealRow.rule).where(AppealRow.recording_id == RecordingRow.id, ~AppealRow.settled).exists()
        )
        rank = sa.case((open_appeal, 0), (RecordingRow.doubtful, 1), else_=2)
        query = sa.select(RecordingRow, rank).where(
            self.store.sees,
            RecordingRow.status == "done",
            open_appeal | RecordingRow.reviewed_at.is_(None),
            RecordingRow.owner_id.is_(None) | (RecordingRow.owner_id != person.id),
            *conditions(matching or Filter()),
        )
        reasons: tuple[Why, ...] = ("appealed", "doubtful", "new")
        with self.store.session() as session:
            found = session.execute(query.order_by(rank, RecordingRow.created_at, RecordingRow.id).limit(limit)).all()
        return [Waiting(row, reasons[number]) for row, number in found]

    def examples(self, limit: int = 100) -> Sequence[RecordingRow]:
        """The library, the newest first."""
        newest = sa.select(RecordingRow).where(self.store.opens, RecordingRow.example_of.is_not(None))
        with self.store.session() as session:
            return session.scalars(newest.order_by(RecordingRow.created_at.desc()).limit(limit)).all()

    def agreement(self, playbook: str | None = None) -> list[RuleAgreement]:
        """Rule by rule, where coaches agreed least first."""
        flagged, agrees = VerdictRow.flagged, VerdictRow.agrees
        query = (
            sa.select(
                VerdictRow.rule,
                sa.func.count(sa.case((flagged, 1))),
                sa.func.count(sa.case((flagged & ~agrees, 1))),
                sa.func.count(sa.case((~flagged & ~agrees, 1))),
            )
            .join(RecordingRow, RecordingRow.id == VerdictRow.recording_id)
            .where(self.store.sees)
            .group_by(VerdictRow.rule)
        )
        if playbook is not None:
            query = query.where(VerdictRow.playbook == playbook)
        with self.store.session() as session:
            found = [RuleAgreement(*row) for row in session.execute(query)]
        return sorted(found, key=lambda one: (-one.disagreed_share, one.rule))

    def cases(self) -> Iterator[dict[str, Any]]:
        """What coaches said as labelled messages, as `afterbeep evaluate` reads them."""
        query = (
            sa.select(VerdictRow, ReportRow.body)
            .join(RecordingRow, RecordingRow.id == VerdictRow.recording_id)
            .join(ReportRow, ReportRow.recording_id == VerdictRow.recording_id)
            .where(self.store.sees, RecordingRow.transcript_removed_at.is_(None))
            .order_by(VerdictRow.recording_id, VerdictRow.at)
        )
        with self.store.session() as session:
            rows = session.execute(query).all()
        labels: dict[str, dict[str, bool]] = {}
        reports: dict[str, str] = {}
        for verdict, body in rows:  # of several coaches the last word counts
            labels.setdefault(verdict.recording_id, {})[verdict.rule] = verdict.flagged == verdict.agrees
            reports[verdict.recording_id] = body
        for recording_id, labelled in labels.items():
            report = Report.model_validate_json(reports[recording_id])
            purpose = report.context.purpose
            yield {"id": recording_id, "text": report.transcript.text, "context": purpose, "labels": labelled}


def _tell(session: Session, recording_id: str) -> None:
    tell(session, "review.changed", session.get(RecordingRow, recording_id))


def _finding(report: Report, rule: str) -> Finding:
    for finding in report.findings:
        if finding.rule == rule:
            return finding
    raise NotFound(f"This report has no rule “{rule}”.")


def _checked(text: str) -> str:
    if not (text := text.strip()) or len(text) > LONGEST_TEXT:
        raise InvalidRequest(f"Please write something, in at most {LONGEST_TEXT:,} characters.")
    return text
