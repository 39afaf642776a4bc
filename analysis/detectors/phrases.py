"""The phrase language of the playbooks: what a coach can write instead of a regular expression.

    just checking in        these words, in any spelling that sounds the same ("I'm", "im", "I am")
    see|find_out how        one of several; an underscore joins words into one choice
    (just to) check         may be there or not
    check~                  any word that begins so
    left * message          up to three words between; ... stands for up to seven
    ?                       any one word
    {relative} said         a word of the list `relative`; {number}, {day} are always known
    ^ checking in $         at the start, at the end of a sentence

No phrase reaches over the end of a sentence.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from analysis.detectors.text import BREAK
from analysis.detectors.words import fold
from analysis.spoken import word_set

_ANY = rf"[^ {BREAK}]+"
_UNITS = "one two three four five six seven eight nine ten"
_TEENS = "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SCALES = "zero hundred thousand million billion dozen half third quarter couple"
NUMBER_WORDS = word_set(f"{_UNITS} {_TEENS} {_TENS} {_SCALES}")
_NUMBER = rf"(?:[0-9][^ {BREAK}]*|{'|'.join(sorted(NUMBER_WORDS))})"
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_FREE = frozenset({"*", "...", "?", "^", "$"})
_DAYS = word_set(
    "monday tuesday wednesday thursday friday saturday sunday tomorrow today tonight noon lunchtime "
    "mon tue tues wed thu thur thurs fri sat sun"
)

Lists = Mapping[str, tuple[str, ...]]


class PhraseError(ValueError):
    """A phrase that cannot be read; the message says what is wrong with it."""


@lru_cache(maxsize=512)
def _compiled(phrases: tuple[str, ...], lists: tuple[tuple[str, tuple[str, ...]], ...]) -> re.Pattern[str]:
    known = dict(lists)
    choices = "|".join(phrase_regex(phrase, known) for phrase in sorted(phrases, key=_asks_for, reverse=True))
    return re.compile(rf"(?<![^ ])(?P<said>{choices or '(?!)'})")


def compiled(phrases: Iterable[str], lists: Lists) -> re.Pattern[str]:
    """One pattern for many phrases; its group `said` is the matched words."""
    return _compiled(tuple(phrases), tuple(lists.items()))


def _asks_for(phrase: str) -> tuple[int, int]:
    """How many words a phrase asks for: the one that asks for most is tried first, so that the evidence is whole."""
    items = _items(phrase)
    return sum(item not in _FREE and item[0] != "(" for item in items), len(phrase)


def phrase_regex(phrase: str, lists: Lists) -> str:
    """Every token of `Said.line` is followed by one space, so every item brings its own."""
    items = _items(phrase)
    if not items:
        raise PhraseError("a phrase is empty")
    if all(item in _FREE or (item[0] == "(" and item[-1] == ")") for item in items):
        raise PhraseError(f"{phrase!r} asks for no word at all and would be found everywhere")
    return "".join(_item(item, lists) for item in items)


def _items(phrase: str) -> list[str]:
    """What stands between spaces; words in one pair of brackets belong together."""
    return _IN_BRACKETS.sub(lambda found: "_".join(found[0].split()), phrase).split()


def _item(item: str, lists: Lists) -> str:
    fixed = {
        "*": rf"(?:{_ANY} ){{0,3}}?",
        "...": rf"(?:{_ANY} ){{0,7}}?",
        "?": rf"{_ANY} ",
        "^": rf"(?:(?<=\A)|(?<={BREAK} ))",
        "$": rf"(?={BREAK}|\Z)",
    }
    if item in fixed:
        return fixed[item]
    if item.startswith("(") and item.endswith(")"):
        return f"(?:{_choice(item[1:-1], lists)} )?"
    return f"{_choice(item, lists)} "


def _choice(item: str, lists: Lists) -> str:
    choices = [_literal(choice, lists) for choice in item.split("|") if choice]
    if not choices:
        raise PhraseError(f"{item!r} holds no words")
    return choices[0] if len(choices) == 1 else f"(?:{'|'.join(choices)})"


def _literal(choice: str, lists: Lists) -> str:
    if choice.startswith("{") and choice.endswith("}"):
        return _listed(choice[1:-1], lists)
    if choice == "?":
        return _ANY
    words = " ".join(token for word in choice.rstrip("~").split("_") for token in fold(word))
    if not words:
        raise PhraseError(f"{choice!r} holds no words")
    return re.escape(words).replace(r"\ ", " ") + (rf"[^ {BREAK}]*" if choice.endswith("~") else "")


def _listed(name: str, lists: Lists) -> str:
    if name == "number":
        return _NUMBER
    if name == "day":
        return f"(?:{'|'.join(sorted(_DAYS))})"
    if name not in lists:
        raise PhraseError(f"there is no list named {name!r}")
    words = sorted(lists[name], key=len, reverse=True)
    return f"(?:{'|'.join(_literal(word.replace(' ', '_'), {}) for word in words)})"
