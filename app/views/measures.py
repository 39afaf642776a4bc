"""Measures on their bands: where a value lies, what the playbook allows, and what a rule made of it."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from app.views.wording import decimal
from models.playbook import Limits
from models.report import Finding, Report

State = Literal["target", "allowed", "outside", "flagged", "unknown"]


class Measure(NamedTuple):
    """How a measure is named and which rules judge it."""

    name: str
    label: str
    unit: str
    hint: str
    digits: int = 0
    rules: tuple[str, ...] = ()


MEASURES = (
    Measure("message_s", "Length", "seconds", "From the first word to the last", 0, ("too_long", "too_short")),
    Measure("message_wpm", "Pace", "words a minute", "Message pace: pauses count", 0, ("too_fast", "too_slow")),
    Measure(
        "articulation_wpm",
        "Pace while speaking",
        "words a minute",
        "Articulation rate: pauses left out",
        0,
        ("too_fast",),
    ),
    Measure("longest_pause_s", "Longest pause", "seconds", "Inside the message", 1, ("long_pause",)),
    Measure(
        "first_value_s",
        "First reason to listen",
        "seconds in",
        "Until they hear what is in it for them",
        0,
        ("late_value",),
    ),
    Measure(
        "phone_number_digits_per_s",
        "Number pace",
        "digits a second",
        "How fast the call-back number goes",
        1,
        ("number_rushed",),
    ),
    Measure(
        "pitch_sd_semitones",
        "Voice movement",
        "semitones",
        "How far the pitch moves around its middle",
        1,
        ("monotone",),
    ),
)
SCRIPT_MEASURES = (MEASURES[0]._replace(hint="Estimated from the words"),)
FACTS = (
    Measure("words_spoken", "Words spoken", "", "A call-back number counts digit by digit"),
    Measure("speech_s", "Time speaking", "s", "The message without its pauses", 1),
    Measure("pauses_over_threshold", "Pauses", "", "Long enough for a listener to notice"),
    Measure("phone_number_times", "Number given", "×", "How often the call-back number is said"),
    Measure("filler_words_at_least", "Fillers, at least", "", "The speech model hears some, never all"),
    Measure("snr_db", "Voice above noise", "dB", "Signal to noise", 0),
    Measure("clipped_share", "Clipped", "%", "Share of samples cut off by overload", 1),
    Measure("speech_level_dbfs", "Level", "dBFS", "Of the voice; 0 is as loud as a recording can be"),
    Measure("bandwidth_hz", "Sound reaches", "Hz", "A telephone carries up to 3,400 to 4,000"),
    Measure("dropouts", "Drop-outs", "", "Holes in the middle of words"),
)
LABELS = {measure.name: measure.label for measure in (*MEASURES, *FACTS)}
PERCENT_MEASURES = frozenset({"clipped_share"})


class Band(NamedTuple):
    """Positions are percentages of the gauge; `verdict` says in words what the colours show."""

    measure: Measure
    value: float
    x_percent: float
    low: float | None
    high: float | None
    allowed_x_percent: float
    allowed_width_percent: float
    target_x_percent: float | None
    target_width_percent: float | None
    state: State
    verdict: str

    @property
    def allowed_text(self) -> str:
        if self.low is not None and self.high is not None:
            return f"{limit(self.low)}–{limit(self.high)}"
        return f"up to {limit(self.high)}" if self.high is not None else f"from {limit(self.low or 0)}"


class Fact(NamedTuple):
    measure: Measure
    value: float


class Measured(NamedTuple):
    bands: tuple[Band, ...]
    facts: tuple[Fact, ...]


def measured(report: Report, limits: Limits | None) -> Measured:
    """Without limits (a playbook no longer at hand) the values stand without bands."""
    values = report.measurements
    return Measured(
        bands=tuple(
            band(measure, getattr(values, measure.name), limits, report.findings)
            for measure in (MEASURES if report.recording else SCRIPT_MEASURES)
            if limits and getattr(values, measure.name) is not None
        ),
        facts=tuple(
            Fact(measure, getattr(values, measure.name) * (100 if measure.name in PERCENT_MEASURES else 1))
            for measure in (FACTS if limits else (*MEASURES, *FACTS))
            if getattr(values, measure.name) is not None
        ),
    )


def allowed_band(name: str, limits: Limits) -> tuple[float | None, float | None]:
    """The lowest and the highest value a playbook lets pass; None where it sets no such limit."""
    bands: dict[str, tuple[float | None, float | None]] = {
        "message_s": limits.length_s,
        "message_wpm": limits.message_wpm,
        "articulation_wpm": (None, limits.articulation_wpm_max),
        "longest_pause_s": (None, limits.long_pause_s),
        "first_value_s": (None, limits.late_value_s),
        "phone_number_digits_per_s": (None, limits.number_digits_per_s_max),
        "pitch_sd_semitones": (limits.pitch_sd_semitones_min, None),
    }
    return bands[name]


def target_band(name: str, limits: Limits) -> tuple[float, float] | None:
    return {"message_s": limits.length_target_s, "message_wpm": limits.message_wpm_target}.get(name)


def band(measure: Measure, value: float, limits: Limits, findings: Sequence[Finding]) -> Band:
    low, high = allowed_band(measure.name, limits)
    target = target_band(measure.name, limits)
    full = max(1.5 * (high if high is not None else 2 * (low or 1)), 1.12 * value)
    state, verdict = judged(measure, value, low, high, target, findings)

    def x(at: float) -> float:
        return round(min(100 * max(at, 0.0) / full, 100.0), 2)

    return Band(
        measure=measure,
        value=value,
        x_percent=x(value),
        low=low,
        high=high,
        allowed_x_percent=x(low or 0),
        allowed_width_percent=round(x(full if high is None else high) - x(low or 0), 2),
        target_x_percent=None if target is None else x(target[0]),
        target_width_percent=None if target is None else round(x(target[1]) - x(target[0]), 2),
        state=state,
        verdict=verdict,
    )


def judged(
    measure: Measure,
    value: float,
    low: float | None,
    high: float | None,
    target: tuple[float, float] | None,
    findings: Sequence[Finding],
) -> tuple[State, str]:
    """The rule's own verdict where there is one; the band's where a rule let it pass or could not tell."""
    flagged = [finding for finding in findings if finding.rule in measure.rules and finding.status == "flagged"]
    below, above = low is not None and value < low, high is not None and value > high
    if flagged and (below or above):
        return "flagged", flagged[0].title
    if below or above:
        return "outside", f"A little {'under' if below else 'over'}, not counted"
    if target is None or target[0] <= value <= target[1]:
        return "target", "On target" if target else "Good"
    return "allowed", f"Fine; {decimal(target[0])}–{decimal(target[1])} is ideal"


def limit(value: float) -> str:
    return decimal(value, 0 if float(value).is_integer() else 1)
