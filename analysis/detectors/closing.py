"""How the message ends: the next step, and the number."""

from analysis.detectors.asks import next_steps
from analysis.detectors.base import NO_WORDS, Heard, Verdict, flagged, not_evaluated, passed
from models.playbook import RuleSettings


def callback_only_cta(heard: Heard, rule: RuleSettings) -> Verdict:
    """The only step is a call back, with no reason, hour or offer in the asking."""
    if not heard.owes_a_pitch and heard.context.purpose != "active_deal":
        return not_evaluated("A call back is a fair thing to ask for when there is nothing to sell.")
    steps = next_steps(heard)
    if steps.bare_callbacks and not steps.firm:
        return flagged(*(heard.evidence(span) for span in steps.bare_callbacks[:2]))
    return passed()


def no_call_to_action(heard: Heard, rule: RuleSettings) -> Verdict:
    if not heard.said.tokens:
        return not_evaluated(NO_WORDS)
    steps = next_steps(heard)
    every = sorted([*steps.bare_callbacks, *steps.others])
    return passed(*(heard.evidence(span) for span in every[:2])) if every else flagged()


def missing_callback_number(heard: Heard, rule: RuleSettings) -> Verdict:
    if not heard.said.tokens:
        return not_evaluated(NO_WORDS)
    numbers = heard.said_numbers
    return passed(*numbers) if numbers else flagged()


def number_rushed(heard: Heard, rule: RuleSettings) -> Verdict:
    if not heard.phone_numbers:
        return not_evaluated("No number was said.")
    pace, limit = heard.measurements.phone_number_digits_per_s, heard.playbook.limits.number_digits_per_s_max
    if pace is None:
        why = "A text has no sound to measure." if heard.is_script else "The pace of the number was not measured."
        return not_evaluated(heard.not_measured.get("phone_number_digits_per_s", why))
    detail = {"phone_number_digits_per_s": pace, "limit_digits_per_s": limit}
    return flagged(*heard.said_numbers, **detail) if pace > limit else passed(*heard.said_numbers, **detail)


def number_once(heard: Heard, rule: RuleSettings) -> Verdict:
    numbers = heard.said_numbers
    if not numbers:
        return not_evaluated("No number was said.")
    pace = heard.measurements.phone_number_digits_per_s
    slow = pace is not None and pace <= heard.playbook.limits.number_digits_per_s_max
    return passed(*numbers) if len(numbers) > 1 or slow else flagged(*numbers)
