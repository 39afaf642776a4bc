"""Rules about the call itself, which the words alone cannot decide."""

from analysis.detectors.base import Heard, Verdict, not_evaluated
from models.playbook import RuleSettings


def voicemail_advised(heard: Heard, rule: RuleSettings) -> Verdict:
    """Whether one should have been left: needs relationship and attempt, and a playbook that takes a side."""
    missing = [name for name, value in (("relationship", heard.context.relationship), ("attempt", heard.context.attempt)) if value is None]
    if missing:
        return not_evaluated(f"Not known from the recording: {' and '.join(missing)}.")
    return not_evaluated(f"The playbook {heard.playbook.name} takes no side on whether to leave one.")


def prerecorded_drop(heard: Heard, rule: RuleSettings) -> Verdict:
    return not_evaluated("One message cannot show this: it needs the same recording found at several listeners.")
