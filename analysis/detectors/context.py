"""Rules about the call itself, which the words alone cannot decide."""

from analysis.advice import advise
from analysis.detectors.base import Heard, Verdict, flagged, not_evaluated, passed
from models.playbook import RuleSettings


def voicemail_advised(heard: Heard, rule: RuleSettings) -> Verdict:
    """Whether one should have been left, by the advice the playbook gives before a call.

    A flag must not rest on what nobody said: where an unknown fact would have allowed the message, it is asked for.
    """
    advice = advise(heard.context, heard.playbook)
    if advice.not_evaluated_because:
        return not_evaluated(advice.not_evaluated_because)
    detail = {
        "decision": advice.decision,
        "because": " ".join(reason.text for reason in advice.reasons),
        "unless": [unless.condition for unless in advice.unless],
    }
    if advice.decision == "leave_one":
        return passed(**detail)
    excuses = [unless.condition for unless in advice.unless if unless.decision == "leave_one"]
    if excuses:
        return not_evaluated(f"Not known about the call: whether {' or '.join(excuses)}.")
    return flagged(**detail)


def prerecorded_drop(heard: Heard, rule: RuleSettings) -> Verdict:
    return not_evaluated("One message cannot show this: it needs the same recording found at several listeners.")
