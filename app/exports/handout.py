"""What a report holds that is handed over: the same for the page and the PDF."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import NamedTuple

from analysis.cues import sentences
from app.views import coaching, measures, player, rewriting, wording
from app.views.known import known_facts
from models.playbook import Playbook
from models.report import Evidence, Finding, Report, Status
from models.transcript import Transcript


class Check(NamedTuple):
    name: str
    status: Status
    told: str


class Line(NamedTuple):
    """A measure: what it is, what it was, what the playbook asks for and what that makes of it."""

    label: str
    value: str
    allowed: str
    verdict: str


class Sentence(NamedTuple):
    at: str | None
    text: str


@dataclass(frozen=True)
class Handout:
    report: Report
    title: str
    meta: tuple[str, ...]
    coached: coaching.Coaching
    wave: player.Wave | None
    checks: tuple[Check, ...]
    lines: tuple[Line, ...]
    sentences: tuple[Sentence, ...]
    rewrite: rewriting.Shown | None
    facts: dict[str, str]
    masked: bool

    @property
    def level(self) -> str:
        return wording.level(self.report.score.points)

    @property
    def first_title(self) -> str:
        return "Change this first" if len(self.coached.first) == 1 else "Change these first"

    @property
    def then_title(self) -> str:
        return "Then this" if len(self.coached.then) == 1 else "Then these"

    @property
    def rewrite_told(self) -> str:
        if self.rewrite is None:
            return ""
        spoken = f"About {wording.decimal(self.rewrite.estimated_s)} seconds when spoken."
        blanks = f" What stands in brackets is {'masked, or ' if self.masked else ''}yours to fill in."
        return spoken + (blanks if "[" in self.rewrite.text else "")

    @property
    def filename(self) -> str:
        """Of the file it travels in, without its suffix."""
        return "voicemail-report" if self.masked else f"{PurePath(self.title).stem}-report"


def handout(
    report: Report, peaks: Sequence[float] | None, playbook: Playbook | None = None, *, masked: bool = False
) -> Handout:
    """Without the playbook the report was made with, no bands. `masked` says that the report given is."""
    coached = coaching.coaching(report)
    recording = report.recording
    purpose = report.context.purpose
    meta = (
        recording and f"{wording.clock(recording.duration_s)} long",
        purpose and wording.PURPOSES[purpose],
        report.context.prospect and f"for {report.context.prospect}",
        wording.when(report.created_at),
    )
    return Handout(
        report=report,
        title="A voicemail" if masked or recording is None else recording.filename,
        meta=tuple(part for part in meta if part),
        coached=coached,
        wave=player.wave(report, coached, peaks),
        checks=tuple(_check(finding, coached) for finding in report.findings),
        lines=_lines(report, playbook),
        sentences=_sentences(report.transcript),
        rewrite=rewriting.shown(report.rewrite) if report.rewrite else None,
        facts=_facts(report),
        masked=masked,
    )


def _sentences(transcript: Transcript) -> tuple[Sentence, ...]:
    if transcript.removed_at is not None:
        return (Sentence(None, f"The words were removed on {wording.day(transcript.removed_at)}."),)
    return tuple(
        Sentence(
            None if words[0].start_s is None else wording.clock(words[0].start_s),
            " ".join(word.text for word in words),
        )
        for words in sentences(transcript)
    )


def seconds_of(quote: Evidence) -> str:
    """at 0:12, or nothing where a text was never spoken."""
    return "" if quote.start_s is None else f"at {wording.clock(quote.start_s)}"


def measured_instead(change: coaching.Change, report: Report) -> str | None:
    """The measure a finding without words rests on: 52 seconds (Length)."""
    if change.quotes or change.measure is None:
        return None
    measure = next(one for one in (*measures.MEASURES, *measures.FACTS) if one.name == change.measure)
    return f"{_amount(getattr(report.measurements, change.measure), measure)} ({measure.label})"


def _check(finding: Finding, coached: coaching.Coaching) -> Check:
    name = wording.check_name(finding.rule, finding.title)
    if finding.status == "flagged":
        points = next(change.points for change in coached.changes if change.finding is finding)
        return Check(name, "flagged", f"{finding.title}{f', −{points}' if points else ''}")
    if finding.status == "passed":
        return Check(name, "passed", "Passed")
    return Check(name, "not_evaluated", f"Not judged. {wording.sentence(finding.reason or '')}")


def _lines(report: Report, playbook: Playbook | None) -> tuple[Line, ...]:
    measured = measures.measured(report, playbook.limits if playbook else None)
    bands = (Line(b.measure.label, _amount(b.value, b.measure), b.allowed_text, b.verdict) for b in measured.bands)
    facts = (Line(fact.measure.label, _amount(fact.value, fact.measure), "", "") for fact in measured.facts)
    return (*bands, *facts)


def _amount(value: float, measure: measures.Measure) -> str:
    gap = "" if measure.unit in ("", "×") else " "
    return f"{wording.decimal(value, measure.digits)}{gap}{measure.unit}"


def _facts(report: Report) -> dict[str, str]:
    made = report.transcript
    model = f", {made.model}" if made.model else ""
    window = report.message
    facts = {
        **known_facts(report.context),
        "Message": window
        and f"{wording.clock(window.start_s)} to {wording.clock(window.end_s)}, {wording.FOUND_BY[window.found_by]}",
        "Transcribed by": f"{made.engine}{model}" if report.recording else None,
        "Playbook": f"{report.playbook.name}, version {report.playbook.version}",
        "Analysed": f"{wording.when(report.created_at)}, Afterbeep {report.analyzer_version}",
    }
    return {label: value for label, value in facts.items() if value}
