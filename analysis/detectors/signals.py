"""What can be counted in a message: the small facts that the judgements of meaning are added up from.

A rule that no single phrase can decide (is this about the listener? does it offer anything?) has `weights` in the
playbook, one for each signal here. The sum decides, and every part of it can be shown.
"""

from collections.abc import Mapping

from analysis.detectors.base import Heard, once_per_message
from analysis.detectors.lists import feature_lists
from analysis.detectors.phrases import NUMBER_WORDS
from analysis.detectors.text import Span
from analysis.spoken import word_set

_THIRD_PERSON = word_set(
    """
    they them their theirs he his she her hers him who whose
    """
)
_WE = frozenset(["we", "our", "us", "ours"])
_I = frozenset(["i", "my", "me", "mine"])
#: The most any signal counts, so that a long message is not judged by its length.
_CAPS = {"third_person": 5, "numbers": 6, "we": 8, "i": 8, "about_you": 3, "your_own": 4, "intent": 5}
_CAP = 3


@once_per_message
def signals(heard: Heard) -> Mapping[str, float]:
    """Signal -> how often, capped; `long` is fifty words each, `always` is one."""
    counts = {name: len(spans) for name, spans in spans_of_signals(heard).items()}
    texts = heard.said.texts
    counts["third_person"] = sum(text in _THIRD_PERSON for text in texts)
    counts["we"] = sum(text in _WE for text in texts)
    counts["i"] = sum(text in _I for text in texts)
    capped = {name: float(min(count, _CAPS.get(name, _CAP))) for name, count in counts.items()}
    return {**capped, "long": min(len(texts), 150) / 50, "always": 1.0}


@once_per_message
def spans_of_signals(heard: Heard) -> Mapping[str, list[Span]]:
    """The signals that stand in the words, with where."""
    value = heard.playbook.rules["missing_value_prop"].families
    return {
        **{name: heard.find(phrases) for name, phrases in value.items()},
        "insight": heard.find(heard.playbook.strengths["insight_offer"].phrases),
        "referral": heard.find(heard.playbook.strengths["referral_mention"].phrases),
        "trouble": heard.find(("{trouble}",)),
        "change": heard.find(("{change}",)),
        "loss": heard.find(("{loss}",)),
        "better": heard.find(("{better}",)),
        "noticed": heard.find(heard.family("vague_opener", "noticed")),
        "about_you": heard.find(heard.family("vague_opener", "about_you")),
        "vague": heard.find(heard.family("vague_opener", "vague")),
        "check_in": heard.find(heard.playbook.rules["checking_in"].phrases),
        "apology": heard.find(heard.playbook.rules["apologetic_or_hedging"].phrases),
        "intent": heard.find(heard.family("self_centered_pitch", "intent")),
        "features": feature_lists(heard),
        "numbers": figures(heard),
        **_yours(heard),
    }


def figures(heard: Heard) -> list[Span]:
    """Numbers with their unit, if one follows: not a telephone number, not a lone "one"."""
    phone = {index for number in heard.phone_numbers for index in range(number.first, number.last + 1)}
    texts, tokens = heard.said.texts, heard.said.tokens
    found: list[Span] = []
    for index, text in enumerate(texts):
        if tokens[index].word in phone or text == "one" or not (text in NUMBER_WORDS or text[0].isdigit()):
            continue
        last = min(index + 1, len(texts) - 1)
        joined = found and found[-1].last >= index and not tokens[index - 1].ends_sentence
        if joined:
            found[-1] = Span(found[-1].first, last)
        else:
            found.append(Span(index, last))
    return found


def _yours(heard: Heard) -> Mapping[str, list[Span]]:
    """ "your night shift" is theirs alone; "your business" is anybody's."""
    generic = {span.first for span in heard.find(heard.family("vague_opener", "generic_your"))}
    places = [index for index, text in enumerate(heard.said.texts[:-1]) if text == "your"]
    return {
        "your_own": [Span(index, index + 1) for index in places if index not in generic],
        "your_generic": [Span(index, index + 1) for index in places if index in generic],
    }


def weighed(heard: Heard, weights: Mapping[str, float]) -> float:
    """The sum of the weighted signals."""
    counted = signals(heard)
    return sum(weight * counted.get(name, 0.0) for name, weight in weights.items())
