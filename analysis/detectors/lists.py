"""Lists of products and features: things in a row that say what is had, not what it does."""

from collections.abc import Iterator

from analysis.detectors.base import Heard, once_per_message
from analysis.detectors.people import introduction
from analysis.detectors.people.words import COMMON
from analysis.detectors.text import Span
from analysis.spoken import word_set

#: Things in a row that make a list: three behind words like "we offer", four anywhere.
ENOUGH_AFTER_LEAD, ENOUGH_ALONE, ENOUGH_WITHOUT_COMMAS = 3, 4, 6
_MAX_ITEM_WORDS = 4
_JOINS = word_set(
    """
    and or plus then also the a an our your some even of for to on in with all us this now um my that new
    """
)
_NOT_A_THING = (
    COMMON
    - _JOINS
    - word_set("voice mail phone office message check call calls company business real time work people")
)
_TIMES = word_set(
    """
    monday tuesday wednesday thursday friday saturday sunday noon cheers bye thanks
    """
)


@once_per_message
def feature_lists(heard: Heard) -> list[Span]:
    """Every list of features in the message."""
    found = list(_with_commas(heard))
    if not found:
        found = list(_without_commas(heard))
    repeated = heard.find(heard.family("feature_dump", "repeated"))
    if not found and len(repeated) >= ENOUGH_AFTER_LEAD:
        found = [Span(repeated[0].first, repeated[-1].last)]
    return [span for span in found if not _lists_outcomes(heard, span)]


def _after_introduction(heard: Heard) -> int:
    intro = introduction(heard)
    return max(
        (span.last + 1 for span in (intro.caller, intro.company, intro.prospect) if span and span.first < 30), default=0
    )


def _with_commas(heard: Heard) -> Iterator[Span]:
    start = _after_introduction(heard)
    leads = {span.last for span in heard.find(heard.family("feature_dump", "lead"))}
    for sentence in heard.said.sentences:
        run: list[Span] = []
        led = False
        for part in _parts(heard, sentence):
            if part.first < start:
                continue
            item, has_lead = _item(heard, part, leads)
            if item is None:
                if _long_enough(run, led):
                    yield Span(run[0].first, run[-1].last)
                run, led = [], False
                continue
            if has_lead and not run:
                led = True
            run.append(item)
        if _long_enough(run, led):
            yield Span(run[0].first, run[-1].last)


def _long_enough(run: list[Span], led: bool) -> bool:
    return len(run) >= (ENOUGH_AFTER_LEAD if led else ENOUGH_ALONE)


def _parts(heard: Heard, sentence: Span) -> Iterator[Span]:
    """Between commas, and between "and"s."""
    first = sentence.first
    for index in range(sentence.first, sentence.last + 1):
        token = heard.said.tokens[index]
        last = index == sentence.last
        if token.comma_after or last:
            if first <= index:
                yield Span(first, index)
            first = index + 1
        elif heard.said.texts[index + 1] in {"and", "or", "plus"} and index >= first:
            yield Span(first, index)
            first = index + 1


def _item(heard: Heard, part: Span, leads: set[int]) -> tuple[Span | None, bool]:
    """The thing a part names, if it names one, and whether words like "we offer" stand before it."""
    lead = max((last for last in leads if part.first <= last < part.last), default=None)
    first = part.first if lead is None else lead + 1
    while first < part.last and heard.said.texts[first] in _JOINS:
        first += 1
    words = heard.said.texts[first : part.last + 1]
    told = [word for word in words if word not in _JOINS]
    plain = 0 < len(told) <= _MAX_ITEM_WORDS and len(words) <= _MAX_ITEM_WORDS + 2
    thing = plain and not any(word in _NOT_A_THING or word in _TIMES for word in words) and not words[0].isdigit()
    return (Span(first, part.last), lead is not None) if thing else (None, False)


def _without_commas(heard: Heard) -> Iterator[Span]:
    """After "we do", words in an unbroken row that are all things."""
    for lead in heard.find(heard.family("feature_dump", "lead")):
        end, things = lead.last + 1, 0
        while end < len(heard.said.texts) and not heard.said.tokens[end].comma_after:
            word = heard.said.texts[end]
            if word in _NOT_A_THING or word in _TIMES or word.isdigit():
                break
            things += word not in _JOINS
            end += 1
        if things >= ENOUGH_WITHOUT_COMMAS:
            yield Span(lead.first, end - 1)


def _lists_outcomes(heard: Heard, span: Span) -> bool:
    return len(heard.find(heard.family("feature_dump", "outcome_words"), span)) >= 2
