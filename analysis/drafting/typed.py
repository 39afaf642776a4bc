"""What people type when asked for a fact, and what kind of words it is: a sentence, an order, a doing, a thing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.drafting.verb_forms import base_forms, base_of_doing, base_of_past, base_of_third, only_past
from analysis.spoken import word_set

Form = Literal["sentence", "base", "past", "third", "doing", "noun"]

SUBJECTS = word_set("i you we they he she it there that's it's there's let's here's who's")
FINITE = word_set(
    """
    am is are was were has have had do does did can could will would shall should may might must isn't aren't wasn't
    weren't hasn't haven't don't doesn't didn't can't cannot couldn't won't wouldn't
    """
)
#: After a verb these begin its object or what comes with it; after a noun, hardly ever.
OPENERS = word_set(
    """
    a an the this that these those my our your their his her its every each all both no any some most more less fewer
    half twice one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty
    ninety hundred me you us them him it how what where when why whether not as up down out off back faster earlier
    """
)
PREPOSITIONS = word_set(
    "by to from with for in on at over into through about after before of per between during without until since"
)
#: Verbs that are as often nouns.
NOUNISH = word_set(
    """
    audit book call change charge check cost count cover delay drop email file fax fight 
    land launch list look move need order post push rent repair reply report ring rise
    roll run rush scan schedule show ship sign spot store switch test text track train trim try turn type visit
    wait walk waste watch work work return deal design claim drive track fill finish hold 
    """
)
#: Participles that describe a thing as often as they say what was done.
DESCRIBING = word_set("missed lost wasted delayed failed broken cancelled late unpaid paid reduced improved increased")
NOMINAL_DOING = word_set(
    """
    billing pricing staffing shipping training scheduling marketing hiring booking meeting building parking onboarding
    morning evening nothing something anything thing things spring reporting testing invoicing accounting
    """
)
RELATIVES = word_set("that who which whose where when if because while as")
PLURALS = word_set("people staff teams drivers nurses you we they women men crews")
_LEADING = re.compile(
    r"^(?:(?:please|and|but|so|because|that|well|maybe|just|basically|e\.g\.|ideally)[,:]?\s+)+", re.I
)
_DASH = re.compile(r"\s+[-\u2013\u2014]+\s+")


@dataclass(frozen=True)
class Typed:
    """One fact: its first sentence with its form, and further sentences as they are."""

    text: str
    form: Form
    rest: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        return bare(self.text)


def typed(given: str) -> Typed:
    first, *rest = split_sentences(_DASH.sub(", ", given.strip(" \"“”'‘’•*-")))
    said = _LEADING.sub("", first).strip()
    words = bare(said)
    if words[:1] == ["to"] and words[1:2] and words[1] in base_forms():
        said, words = said[3:].strip(), words[1:]
    asked = said.endswith("?")
    said = said.rstrip(" .;:,")
    form: Form = "sentence" if asked or not words else _form(words, said)
    return Typed(said, form, tuple(rest))


def split_sentences(text: str) -> list[str]:
    """At a full stop, question or exclamation mark before a capital; "Dr. Hale" and "St. Paul" stay whole."""
    parts = re.split(r"(?<![A-Z][a-z]\.)(?<!\b[A-Z]\.)(?<=[.!?])\s+(?=[A-Z0-9])", text)
    return [part.strip() for part in parts if part.strip()] or [text]


def bare(text: str) -> list[str]:
    return [word.lower().replace("\u2019", "'").strip(".,;:!?\"'()“”") for word in text.split()]


def _form(words: Sequence[str], said: str) -> Form:
    first, second = words[0], words[1] if len(words) > 1 else ""
    if first in SUBJECTS or re.match(r"(i|you|we|they|he|she|it|there)'(m|re|s|ve|d|ll)$", first):
        return "sentence"
    if first in ("if", "when", "once", "while") or first in FINITE or second in FINITE:
        return "base" if first in ("don't", "do", "have") and second not in FINITE else "sentence"
    return _by_verb(words, first, second, said)


def _by_verb(words: Sequence[str], first: str, second: str, said: str) -> Form:
    opens = _opens(second)
    finite = _has_finite_verb(words, 1, proper=said[:1].isupper() and not _is_known(first))
    if first in base_forms():
        noun = first in NOUNISH and second and not opens and second not in PREPOSITIONS and not _is_name(said, 1)
        return ("sentence" if finite else "noun") if noun else "base"
    if first in base_of_past():
        describes = first in DESCRIBING and not opens and not _is_name(said, 1) and second not in ("from", "to", "by")
        return ("sentence" if finite else "noun") if describes and not {"by", "from"} & set(words[2:]) else "past"
    if first in base_of_third():
        noun = base_of_third()[first] in NOUNISH and not opens
        return ("sentence" if finite else "noun") if noun else "third"
    if first.endswith("ing") and (first in base_of_doing() or first not in NOMINAL_DOING):
        return "noun" if first in NOMINAL_DOING and not opens else "sentence" if finite and not opens else "doing"
    return "sentence" if finite else "noun"


def _is_known(word: str) -> bool:
    """A word that is written with a capital only where a sentence begins."""
    return word in OPENERS | PREPOSITIONS | base_forms() or word in base_of_past() or word in base_of_third()


def _is_name(said: str, at: int) -> bool:
    word = said.split()[at] if len(said.split()) > at else ""
    return word[:1].isupper()


def _opens(word: str) -> bool:
    return word in OPENERS or word[:1].isdigit() or word[:1] in "$£€" if word else False


def _has_finite_verb(words: Sequence[str], start: int, *, proper: bool) -> bool:
    """Whether what begins like a thing goes on to say what it does."""
    for at in range(start, len(words)):
        word, before, after = words[at], words[at - 1], words[at + 1] if at + 1 < len(words) else ""
        if word in RELATIVES and at > start - 1 and before not in ("after", "before"):
            return False
        if word in FINITE or re.search(r"[a-z]n't$|'(re|ve|ll)$", word) or word in only_past():
            return True
        if before in OPENERS | PREPOSITIONS:
            continue
        if word in base_of_past() and (proper or (after not in PREPOSITIONS and after != "")):
            return True
        if word in base_of_third() and (base_of_third()[word] not in NOUNISH or _opens(after)):
            return True
        plural = (before.endswith("s") and not before.endswith("ss")) or before in PLURALS
        if word in base_forms() and plural and (word not in NOUNISH or _opens(after)):
            return True
    return False
