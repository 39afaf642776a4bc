"""What is known of a call beside its sound: what the rep said of it, and what earlier messages tell."""

from analysis.repeats import SAME_SPEECH_FROM
from app.views import wording
from app.views.advice import CHANNELS
from models.recording import CallContext
from models.report import LikeEarlier, Report


def known_facts(context: CallContext) -> dict[str, str]:
    """What the rep said about the call, where they said it."""
    facts = {
        "Left by": context.rep,
        "Company": context.company,
        "Known to them": context.relationship and wording.RELATIONSHIPS[context.relationship],
        "Message number": context.attempt and str(context.attempt),
        "Call suggested by": context.referrer,
        "Likes to be reached by": context.preferred_channel and CHANNELS[context.preferred_channel],
        "Tried before": ", ".join(CHANNELS[channel] for channel in context.channels_tried or ()),
        "Another call planned that day": {True: "Yes", False: "No", None: None}[context.planned_retry_today],
    }
    return {label: value for label, value in facts.items() if value}


def said_before(report: Report) -> LikeEarlier | None:
    """The earlier message to the same person in nearly the same words, if there is one."""
    likest = report.left_before.likest if report.left_before else None
    return likest if likest and likest.likeness >= SAME_SPEECH_FROM else None


def attempt_read(report: Report) -> dict[str, str]:
    """Which message it was, where stored messages told it and the rep did not."""
    left = report.left_before
    if left is None or report.context.attempt is not None:
        return {}
    days = left.days_since_last
    since = "" if days is None else f", {wording.days(days)} after the one before"
    return {"Message number": f"{left.attempt}{since} (read from earlier messages)"}
