"""What the message offers, and about whom it is."""

from analysis.detectors.base import NO_WORDS, Heard, Verdict, flagged, flagged_if, not_evaluated, passed
from analysis.detectors.lists import feature_lists
from analysis.detectors.signals import weighed
from analysis.detectors.value import offers_value, value_elements
from models.playbook import RuleSettings

NO_PITCH_OWED = "This call owes no pitch: it is about a live deal, a meeting or a service."


def missing_value_prop(heard: Heard, rule: RuleSettings) -> Verdict:
    if not heard.said.tokens:
        return not_evaluated(NO_WORDS)
    if not heard.owes_a_pitch:
        return not_evaluated(NO_PITCH_OWED)
    if not offers_value(heard):
        return flagged(*(heard.evidence(span) for span in heard.find(rule.families.get("generic", ()))[:2]))
    elements = value_elements(heard)
    return passed(
        *(heard.evidence(element.span) for element in elements[:3]), elements=sorted({e.kind for e in elements})
    )


def late_value(heard: Heard, rule: RuleSettings) -> Verdict:
    """Whether the first thing of value comes before most people have stopped listening."""
    if not heard.owes_a_pitch:
        return not_evaluated(NO_PITCH_OWED)
    elements = value_elements(heard)
    if not elements:
        return not_evaluated("No reason to listen was found, so there is no first one.")
    first = min((element.span for element in elements), key=lambda span: span.first)
    limits = heard.playbook.limits
    evidence = heard.evidence(first)
    begins = heard.transcript.words[0].start_s
    if evidence.start_s is not None and begins is not None:
        after_s = round(evidence.start_s - begins, 1)
        return (
            flagged(evidence, after_s=after_s) if after_s > limits.late_value_s else passed(evidence, after_s=after_s)
        )
    words = heard.said.word_range(first)[0]
    return (
        flagged(evidence, after_words=words) if words > limits.late_value_words else passed(evidence, after_words=words)
    )


def self_centered_pitch(heard: Heard, rule: RuleSettings) -> Verdict:
    """Mainly about the caller's company, goals or wish to meet: that outweighs what is about the listener."""
    if not heard.owes_a_pitch:
        return not_evaluated(NO_PITCH_OWED)
    about_self = heard.find((*rule.families.get("intent", ()), *heard.family("missing_value_prop", "boast")))
    return flagged_if(about_self[:3], heard) if weighed(heard, rule.weights) > 0 else passed()


def feature_dump(heard: Heard, rule: RuleSettings) -> Verdict:
    """A list of what is had, in a message that does not say what any of it changes."""
    lists = feature_lists(heard)
    if not lists or offers_value(heard):
        return passed()
    return flagged(*(heard.evidence(span) for span in lists[:2]))


def missing_pain(heard: Heard, rule: RuleSettings) -> Verdict:
    """Only a hint, and only asked of a message that offers something: the rest is flagged for offering nothing."""
    if not heard.owes_a_pitch:
        return not_evaluated(NO_PITCH_OWED)
    if not offers_value(heard):
        return not_evaluated("Nothing of value was found; see that finding first.")
    spans = [element.span for element in value_elements(heard) if element.kind in {"pain", "trouble", "loss"}]
    return passed(*(heard.evidence(span) for span in spans[:2])) if spans else flagged()


def generic_claim(heard: Heard, rule: RuleSettings) -> Verdict:
    """A promise that fits everyone, left alone: with a figure or a named result beside it, it is no longer generic."""
    if offers_value(heard):
        return passed()
    return flagged_if(heard.find(rule.phrases)[:2], heard)


def stock_phrases(heard: Heard, rule: RuleSettings) -> Verdict:
    """One such phrase happens to everybody; two sound like the twenty others."""
    spans = heard.find(rule.phrases)
    return flagged(*(heard.evidence(span) for span in spans[:4])) if len(spans) > 1 else passed()
