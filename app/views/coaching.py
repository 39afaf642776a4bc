"""A report as coaching: what to change first, what comes after, what to keep."""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from app.views.wording import number_word
from models.report import Evidence, Finding, Measurements, Report, Strength

FIRST_THINGS = 3  # More than three things at once, and nobody changes any.
QUOTES_SHOWN = 4

#: Rules that rest on a measure rather than on words, and the measure that shows why.
MEASURE_OF_RULE = {
    "too_long": "message_s",
    "too_short": "message_s",
    "too_fast": "message_wpm",
    "too_slow": "message_wpm",
    "monotone": "pitch_sd_semitones",
    "no_pauses": "pauses_over_threshold",
    "long_pause": "longest_pause_s",
    "fillers": "filler_words_at_least",
    "number_rushed": "phone_number_digits_per_s",
    "number_once": "phone_number_times",
    "late_value": "first_value_s",
}
MISSING_RULES = ("missing_", "no_")  # How the names of rules begin that flag what was left out.
BLANK = re.compile(r"\[([^\]]+)\]")


class Change(NamedTuple):
    """One flagged finding, numbered as on the waveform and in the transcript."""

    number: int
    finding: Finding
    points: int
    quotes: tuple[Evidence, ...]
    measure: str | None

    @property
    def anchor(self) -> str:
        return f"finding-{self.finding.rule}"

    @property
    def is_missing(self) -> bool:
        """Something the rep did not say, rather than something said or done."""
        return not self.quotes and self.finding.rule.startswith(MISSING_RULES)

    @property
    def starts_s(self) -> float | None:
        """Where to listen for it."""
        return next((quote.start_s for quote in self.quotes if quote.start_s is not None), None)


class SumPart(NamedTuple):
    """A part of the score's bar, in percent of the whole."""

    kind: Literal["left", "first", "then"]
    x_percent: float
    width_percent: float


class SentencePart(NamedTuple):
    text: str
    is_blank: bool


class Kept(NamedTuple):
    strength: Strength
    quotes: tuple[Evidence, ...]

    @property
    def anchor(self) -> str:
        return f"strength-{self.strength.rule}"


class Coaching(NamedTuple):
    """`first` and `then` are all flagged findings, worst first; the points lost are exactly theirs."""

    headline: str
    first: tuple[Change, ...]
    then: tuple[Change, ...]
    kept: tuple[Kept, ...]
    passed: tuple[Finding, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        return self.first + self.then


def coaching(report: Report) -> Coaching:
    changes = changes_of(report)
    return Coaching(
        headline=headline(report),
        first=changes[:FIRST_THINGS],
        then=changes[FIRST_THINGS:],
        kept=tuple(Kept(strength, distinct(strength.evidence)) for strength in report.strengths),
        passed=tuple(finding for finding in report.findings if finding.status == "passed"),
    )


def changes_of(report: Report) -> tuple[Change, ...]:
    """Flagged findings, the costliest first."""
    points = {lost.rule: lost.points for lost in report.score.lost}
    return tuple(
        Change(
            number,
            finding,
            points.get(finding.rule, 0),
            distinct(finding.evidence),
            measure_of(finding, report.measurements),
        )
        for number, finding in enumerate(report.flagged, start=1)
    )


def measure_of(finding: Finding, measurements: Measurements) -> str | None:
    """The measure to show beside a finding, if it has a value."""
    name = MEASURE_OF_RULE.get(finding.rule)
    return name if name and getattr(measurements, name) is not None else None


def distinct(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Each quote once, the first few: a page is no log."""
    return tuple(dict.fromkeys(quote for quote in evidence if quote.quote.strip()))[:QUOTES_SHOWN]


def headline(report: Report) -> str:
    flagged = len(report.flagged)
    lost = report.score.out_of - report.score.points
    things = f"{number_word(flagged)} {'thing' if flagged == 1 else 'things'}"
    if not flagged:
        return "Nothing to stop. Leave the next one just like this."
    if not lost:
        return f"{things} to polish, and no points lost."
    return f"{things} cost this message {lost} {'point' if lost == 1 else 'points'}."


def with_blanks(sentence: str) -> tuple[SentencePart, ...]:
    """A suggestion cut at what the rep has to fill in: "this is [your name]" has a blank called "your name"."""
    parts = BLANK.split(sentence)
    return tuple(SentencePart(text, index % 2 == 1) for index, text in enumerate(parts) if text)


def sum_parts(report: Report, coached: Coaching) -> tuple[SumPart, ...]:
    """The score as one bar: points left, then what each change cost, together exactly the whole."""
    costs: list[tuple[int, Literal["left", "first", "then"]]] = [(report.score.points, "left")]
    costs += [(change.points, "first") for change in coached.first]
    costs += [(change.points, "then") for change in coached.then]
    parts, used = [], 0
    for points, kind in costs:
        if points:
            share = 100 / report.score.out_of
            parts.append(SumPart(kind, round(used * share, 2), round(points * share, 2)))
            used += points
    return tuple(parts)
