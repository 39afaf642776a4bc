"""What to keep. A strength that is there "passes" with its words; one that is not there is simply not mentioned."""

from analysis.detectors.asks import next_steps
from analysis.detectors.base import Heard, Verdict, not_evaluated, passed
from analysis.detectors.signals import weighed
from analysis.detectors.text import Span
from analysis.detectors.value import offers_value, value_elements
from analysis.spoken import word_set
from models.playbook import RuleSettings

_ADVERBS = word_set(
    """
    just also had have has kindly actually specifically really already then even
    """
)
_NO_THIRD_PERSON = word_set(
    """
    i we you it that this page site website posting listing ad email report study survey letter they which
    """
)


def _present(heard: Heard, spans: list[Span]) -> Verdict:
    if not spans:
        return not_evaluated("Not heard.")
    return passed(*(heard.evidence(span) for span in spans[:3]))


def specific_value(heard: Heard, rule: RuleSettings) -> Verdict:
    if not offers_value(heard):
        return not_evaluated("Not heard.")
    return passed(*(heard.evidence(element.span) for element in value_elements(heard)[:3]))


def insight_offer(heard: Heard, rule: RuleSettings) -> Verdict:
    return _present(heard, heard.find(rule.phrases) if weighed(heard, rule.weights) > 0 else [])


def referral_mention(heard: Heard, rule: RuleSettings) -> Verdict:
    """A third person who sent, suggested or vouched: not the listener, not the caller's own colleague."""
    spans = heard.find(rule.phrases, but_not=rule.families.get("not_referral", ()))
    return _present(heard, [heard.said.sentence_of(span.first) for span in spans if not _said_by_either(heard, span)])


def _said_by_either(heard: Heard, span: Span) -> bool:
    """ "I thought", "you said", "my manager told me", "your site says": nobody was sent by these."""
    sentence = heard.said.sentence_of(span.first)
    before = heard.said.texts[max(sentence.first, span.first - 3) : span.first]
    nearest = before[-1:] if before[-1:] and before[-1] not in _ADVERBS else before[-2:-1]
    return bool(_NO_THIRD_PERSON.intersection(nearest)) or "my" in before[-2:]


def curiosity_hook(heard: Heard, rule: RuleSettings) -> Verdict:
    return _present(heard, heard.find(rule.phrases))


def memorable_close(heard: Heard, rule: RuleSettings) -> Verdict:
    return _present(heard, heard.find(rule.phrases))


def clear_next_step(heard: Heard, rule: RuleSettings) -> Verdict:
    """A step with an owner and a day or an hour."""
    timed = [
        span
        for span in next_steps(heard).others
        if heard.has(("{day}", "at {number}"), heard.said.sentence_of(span.first))
    ]
    return _present(heard, timed)


def number_given_twice(heard: Heard, rule: RuleSettings) -> Verdict:
    numbers = heard.said_numbers
    return passed(*numbers) if len(numbers) > 1 else not_evaluated("Not heard.")
