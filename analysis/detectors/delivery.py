"""How it was said: rules over the measures. A measure without a value is passed on with its own reason."""

from analysis.detectors.base import Heard, Verdict, flagged, not_evaluated, passed
from models.playbook import RuleSettings


def _unmeasured(heard: Heard, measure: str) -> Verdict:
    if measure in heard.not_measured:
        return not_evaluated(heard.not_measured[measure])
    return not_evaluated("A text has no sound to measure." if heard.is_script else "This was not measured.")


def too_long(heard: Heard, rule: RuleSettings) -> Verdict:
    length = heard.measurements.message_s
    if length is None:
        return _unmeasured(heard, "message_s")
    limit = heard.playbook.limits.length_s[1]
    return _over(length > limit, message_s=length, limit_s=limit)


def too_short(heard: Heard, rule: RuleSettings) -> Verdict:
    length = heard.measurements.message_s
    if length is None:
        return _unmeasured(heard, "message_s")
    limit = heard.playbook.limits.length_s[0]
    return _over(length < limit, message_s=length, limit_s=limit)


def too_fast(heard: Heard, rule: RuleSettings) -> Verdict:
    """Fast with its pauses, or within its words; a tenth beyond a limit is not heard as faster."""
    limits, measured = heard.playbook.limits, heard.measurements
    if measured.message_wpm is None and measured.articulation_wpm is None:
        return _unmeasured(heard, "message_wpm")
    slack = 1 + limits.pace_dead_band
    overall = measured.message_wpm is not None and measured.message_wpm > limits.message_wpm[1] * slack
    within = measured.articulation_wpm is not None and measured.articulation_wpm > limits.articulation_wpm_max * slack
    return _over(overall or within, message_wpm=measured.message_wpm, articulation_wpm=measured.articulation_wpm,
                 limit_wpm=limits.message_wpm[1])  # fmt: skip


def too_slow(heard: Heard, rule: RuleSettings) -> Verdict:
    limits, pace = heard.playbook.limits, heard.measurements.message_wpm
    if pace is None:
        return _unmeasured(heard, "message_wpm")
    return _over(
        pace < limits.message_wpm[0] * (1 - limits.pace_dead_band), message_wpm=pace, limit_wpm=limits.message_wpm[0]
    )


def monotone(heard: Heard, rule: RuleSettings) -> Verdict:
    spread, limit = heard.measurements.pitch_sd_semitones, heard.playbook.limits.pitch_sd_semitones_min
    if spread is None:
        return _unmeasured(heard, "pitch_sd_semitones")
    return _over(spread < limit, pitch_sd_semitones=spread, limit_semitones=limit)


def no_pauses(heard: Heard, rule: RuleSettings) -> Verdict:
    pauses, length = heard.measurements.pauses_over_threshold, heard.measurements.message_s
    if pauses is None:
        return _unmeasured(heard, "pauses_over_threshold")
    if length is None or length < heard.playbook.limits.pauses_needed_from_s:
        return not_evaluated("The message is too short to need a pause.")
    return _over(pauses == 0, pauses_over_threshold=pauses)


def long_pause(heard: Heard, rule: RuleSettings) -> Verdict:
    longest, limit = heard.measurements.longest_pause_s, heard.playbook.limits.long_pause_s
    if longest is None:
        return _unmeasured(heard, "longest_pause_s")
    return _over(longest > limit, longest_pause_s=longest, limit_s=limit)


def fillers(heard: Heard, rule: RuleSettings) -> Verdict:
    count, length = heard.measurements.filler_words_at_least, heard.measurements.message_s
    if count is None or not length:
        return _unmeasured(heard, "filler_words_at_least" if count is None else "message_s")
    limits = heard.playbook.limits
    per_minute = round(count * 60 / length, 1)
    many = count >= limits.fillers_min and per_minute > limits.fillers_per_min_max
    return _over(many, filler_words_at_least=count, per_minute=per_minute)


def _over(beyond: bool, **detail: float | int | None) -> Verdict:
    return flagged(**detail) if beyond else passed(**detail)
