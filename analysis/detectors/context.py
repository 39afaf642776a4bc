"""Rules about the call itself, which the words alone cannot decide."""

from analysis.advice import advise
from analysis.detectors.base import Heard, Verdict, flagged, not_evaluated, passed
from models.playbook import RuleSettings
from models.report import Alike

MANY = 2  # others who heard the same words: with this one, three


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
    """One other prospect is proof enough: a message is spoken live only once.

    Saying the same words to several is no drop: a script may be read, so that only a hint is given.
    """
    if heard.is_script:
        return not_evaluated("A text has no recording to compare.")
    if heard.context.prospect_key is None:
        return not_evaluated("Not known about the call: who the message was left for (prospect).")
    if heard.repeats is None:
        return not_evaluated("This message was not compared with stored ones.")
    played, spoken = heard.repeats.same_recording, heard.repeats.same_speech
    if played is None:
        return not_evaluated("The message is too short to tell recordings apart.")
    if played.prospects:
        because = f"This very recording was also left for {_others(played)}."
        return flagged(kind="same_recording", **played.model_dump(), because=because)
    if spoken is not None and spoken.prospects >= MANY:
        because = f"{_others(spoken).capitalize()} heard nearly the same words. A script is fine: make it theirs."
        return passed(kind="same_speech", **spoken.model_dump(), because=because)
    return passed()


def _others(alike: Alike) -> str:
    return f"{alike.prospects} other prospect{'' if alike.prospects == 1 else 's'}"
