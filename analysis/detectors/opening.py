"""The first seconds: who calls, and whether the reason for the call is one for this listener."""

from analysis.detectors.base import (
    NO_WORDS,
    Heard,
    Verdict,
    flagged,
    flagged_if,
    not_evaluated,
    once_per_message,
    passed,
)
from analysis.detectors.content import NO_PITCH_OWED
from analysis.detectors.people import introduction
from analysis.detectors.signals import signals, spans_of_signals
from analysis.detectors.text import Span
from analysis.detectors.value import offers_value, value_elements
from analysis.spoken import word_set
from models.playbook import RuleSettings

_IN_OPENING = word_set(
    """
    about_you pain referral your_own noticed intent check_in vague numbers boast loss insight
    """
)


def vague_opener(heard: Heard, rule: RuleSettings) -> Verdict:
    """The first one or two sentences after the name hold no reason that is about this listener."""
    if not heard.said.tokens:
        return not_evaluated(NO_WORDS)
    if not heard.owes_a_pitch:
        return not_evaluated(NO_PITCH_OWED)
    opening = opening_window(heard)
    if opening is None:
        return flagged()
    counted = {**signals(heard), **opening_signals(heard)}
    if sum(weight * counted.get(name, 0.0) for name, weight in rule.weights.items()) > 0:
        return flagged(heard.evidence(opening))
    reason = concrete_reason(heard, opening)
    return passed(heard.evidence(reason)) if reason else passed()


@once_per_message
def opening_window(heard: Heard) -> Span | None:
    """The first two sentences after the introduction; None when nothing follows it."""
    intro = introduction(heard)
    named = [span.last for span in (intro.caller, intro.company) if span is not None and span.first < 30]
    start = max(named, default=-1) + 1
    if start >= len(heard.said.tokens):
        return None
    ends = [
        sentence.last
        for sentence in heard.said.sentences
        if sentence.last >= start and sentence.last - max(sentence.first, start) >= 3
    ]
    return Span(start, ends[min(1, len(ends) - 1)] if ends else len(heard.said.tokens) - 1)


def opening_signals(heard: Heard) -> dict[str, float]:
    """The signals of the opening alone: a figure or a fact of theirs counts for more when it comes first."""
    opening = opening_window(heard)
    if opening is None:
        return {}
    inside = {
        f"opening_{name}": float(min(sum(opening.first <= span.first <= opening.last for span in spans), 2))
        for name, spans in spans_of_signals(heard).items()
        if name in _IN_OPENING
    }
    return {**inside, "opening_reason": float(concrete_reason(heard, opening) is not None)}


def concrete_reason(heard: Heard, opening: Span) -> Span | None:
    """A fact about the listener, a named referral, or something of value, within the opening."""
    for element in value_elements(heard):
        if element.kind != "your_own" and opening.first <= element.span.first <= opening.last:
            return element.span
    for name in ("noticed", "about_you", "topic"):
        for span in heard.find(heard.family("vague_opener", name), opening):
            return span
    for span in heard.find(heard.playbook.strengths["referral_mention"].phrases, opening):
        return span
    return _something_of_theirs(heard, opening)


def _something_of_theirs(heard: Heard, opening: Span) -> Span | None:
    """ "your night shift", "your lease": but not "your business" or "your time"."""
    generic = {span.first for span in heard.find(heard.family("vague_opener", "generic_your"), opening)}
    for index in range(opening.first, opening.last):
        if heard.said.texts[index] == "your" and index not in generic:
            return Span(index, min(index + 2, opening.last))
    return None


def prior_contact_reference(heard: Heard, rule: RuleSettings) -> Verdict:
    """Earlier tries of the caller's own. What the listener asked for is context, and passes."""
    families = rule.families
    context = heard.find(families.get("context", ()))
    attempts = heard.find(families.get("attempt", ()), but_not=families.get("not_attempt", ()))
    if attempts:
        return flagged(*(heard.evidence(span) for span in attempts[:3]), kind="attempt")
    claims = heard.find(families.get("false_history", ()))
    known = heard.context.spoke_before or heard.context.relationship in {"known", "customer"} or not heard.owes_a_pitch
    if claims and not known and not context:
        return flagged(*(heard.evidence(span) for span in claims[:2]), kind="false_history")
    if claims or context:
        return passed(*(heard.evidence(span) for span in (context or claims)[:2]), kind="context")
    return passed()


def checking_in(heard: Heard, rule: RuleSettings) -> Verdict:
    """Only when checking in is the whole reason: something new beside it makes it a follow-up worth making."""
    if heard.context.purpose == "meeting_confirmation":
        return not_evaluated("A confirmation may check whether the meeting stands.")
    spans = check_ins(heard)
    if not spans:
        return passed()
    if not heard.has(rule.families.get("explicit", ())) and _pitches(heard):
        return passed()
    if offers_value(heard) or heard.has(rule.families.get("news", ())):
        return passed(*(heard.evidence(span) for span in spans[:1]))
    return flagged(*(heard.evidence(span) for span in spans[:3]))


def _pitches(heard: Heard) -> bool:
    """A list of products or talk of one's own company: whatever is asked beside it, that is why they call."""
    counted = signals(heard)
    return counted["features"] > 0 or counted["boast"] + counted["intent"] > 1


@once_per_message
def check_ins(heard: Heard) -> list[Span]:
    rule = heard.playbook.rules["checking_in"]
    return heard.find(rule.phrases, but_not=rule.exceptions)


def missing_caller_name(heard: Heard, rule: RuleSettings) -> Verdict:
    if not heard.said.tokens:
        return not_evaluated(NO_WORDS)
    caller = introduction(heard).caller
    return passed(heard.evidence(caller)) if caller else flagged()


def missing_company(heard: Heard, rule: RuleSettings) -> Verdict:
    if not heard.said.tokens:
        return not_evaluated(NO_WORDS)
    company = introduction(heard).company
    return passed(heard.evidence(company)) if company else flagged()


def apologetic_or_hedging(heard: Heard, rule: RuleSettings) -> Verdict:
    return flagged_if(heard.find(rule.phrases, but_not=rule.exceptions)[:4], heard)
