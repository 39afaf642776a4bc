"""Facts as sentences of a message: grammar that holds for a sentence, an order, a doing and a thing alike.

Each function gives the ways one fact can be said, the plainest first. No fact is added: the words around it only say
whose it is.
"""

import re
from collections.abc import Iterable

from analysis.detectors.people.words import first_names
from analysis.drafting.typed import OPENERS, PREPOSITIONS, SUBJECTS, Typed, bare, typed
from analysis.drafting.verb_forms import base_forms, base_of_doing, base_of_past, base_of_third
from analysis.spoken import word_set

Ways = tuple[str, ...]

_TO_YOU = {
    "they": "you", "them": "you", "their": "your", "theirs": "yours", "themselves": "yourselves", "they're": "you're",
    "they've": "you've", "they'd": "you'd", "they'll": "you'll", "he": "you", "she": "you", "him": "you",
    "his": "your", "he's": "you're", "she's": "you're", "he'd": "you'd", "she'd": "you'd", "he'll": "you'll",
    "she'll": "you'll", "himself": "yourself", "herself": "yourself",
}  # fmt: skip
_AFTER_HE = {"is": "are", "was": "were", "has": "have", "does": "do", "isn't": "aren't", "doesn't": "don't",
             "hasn't": "haven't", "wasn't": "weren't"}  # fmt: skip
_NAMED = word_set(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
    october november december christmas easter
    """
)
_ADVERBS = word_set(
    "again back today tomorrow tonight monday tuesday wednesday thursday friday saturday sunday later soon"
)
_THEM = word_set("they them their theirs they're they've they'd they'll he she his him her he's she's he'd she'd")
_WHEN = re.compile(
    r"^(?:on |at |this |next |tomorrow|today|tonight|mon|tues|wednes|thurs|fri|satur|sun|early |late |any"
    r"|the week|\d{1,2}(?::\d\d)? ?(?:am|pm|a\.m|p\.m)|noon|first thing)",
    re.IGNORECASE,
)
_SPAN_OF_TIME = re.compile(
    r"^(?:a |an |half an |\S+ )?(?:quick |short )?(?:minutes?|mins?|hours?)\b|^\d+[- ]?min", re.IGNORECASE
)
_MEETING = word_set("call demo coffee lunch meeting chat walkthrough visit zoom appointment look tour breakfast video")
_TOGETHER = word_set("meet talk speak chat book schedule set grab connect discuss compare review walk sit arrange find")


def sentence(text: str) -> str:
    text = text.strip(" ,;:")
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def pain_ways(given: str) -> Ways:
    fact = typed(given)
    said = _within(fact)
    ways = {
        "sentence": (sentence(_about_you(fact.text)),),
        "base": (f"You {to_you(said)}.", f"Today you {to_you(said)}."),
        "past": (f"You {to_you(said)}.",),
        "third": (f"You {to_you(_with_base(said))}.",),
        "doing": (f"You're {to_you(said)}.", f"Today you're {to_you(said)}."),
        "noun": (f"I'm calling about {said}.", f"It costs you {said}.", f"You have {said}."),
    }
    return _with_rest(ways[fact.form], fact)


def value_ways(given: str) -> Ways:
    fact = typed(given)
    said = _within(fact)
    itself = bool({"itself", "its"} & set(fact.words))
    could = _with_base(said)
    ways = {
        "sentence": (sentence(_about_you(fact.text)),),
        "base": (f"You could {to_you(said)}.", f"You would {to_you(said)}."),
        "past": (f"You could {to_you(could)}.", f"Others {said}."),
        "third": (f"What we do {said}.",) if itself else (f"You could {to_you(could)}.", f"What we do {said}."),
        "doing": (f"You could be {to_you(said)}.", f"That means {to_you(said)}."),
        "noun": (f"You could have {to_you(said)}.", f"You'd get {to_you(said)}."),
    }
    return _with_rest(ways[fact.form], fact)


def proof_ways(given: str) -> Ways:
    fact = typed(given)
    said = _within(fact, names=True)
    named = fact.text[:1].isupper() and said[:1].isupper() and not any(ch.isdigit() for ch in fact.text)
    result = (f"The result elsewhere was {said}.", f"What came of it: {said}.")
    ways = {
        "sentence": (sentence(fact.text),),
        "base": (f"We helped {said}.",),
        "past": (f"We {said}.",),
        "third": (f"What we do {said}.",),
        "doing": (f"It worked before, {said}.",),
        "noun": (f"We did it for {said}.", *result) if named else result,
    }
    return _with_rest(ways[fact.form], fact)


def insight_ways(given: str) -> Ways:
    fact = typed(given)
    said = _within(fact)
    about = to_you(said) if _speaks_of_them(fact) else said
    noticed = f"I noticed {about}."
    plain = sentence(_about_you(fact.text))
    yours = fact.words[:1] in (["you"], ["your"], ["you're"], ["you've"], *([word] for word in _THEM))
    ways = {
        "sentence": (plain, noticed) if not yours else (noticed, plain),
        "base": (f"I noticed you {to_you(said)}.",),
        "past": (f"I noticed you {to_you(said)}.",),
        "third": (f"I noticed you {to_you(_with_base(said))}.",),
        "doing": (f"I noticed you're {to_you(said)}.",),
        "noun": (noticed, f"I saw {about}."),
    }
    chosen = ways[fact.form]
    return _with_rest((plain,) if fact.text.endswith("?") or fact.words[:1] == ["i"] else chosen, fact)


def matter_ways(given: str) -> Ways:
    fact = typed(given)
    said = _within(fact)
    ways = {
        "sentence": (sentence(_about_you(fact.text)),),
        "base": (f"I'm calling to {to_you(said)}.",),
        "past": (f"I {said}.",),
        "third": (f"It {said}.",),
        "doing": (f"I'm {to_you(said)}.",),
        "noun": (f"It's about {said}.",),
    }
    return _with_rest(ways[fact.form], fact)


def step_ways(given: str) -> Ways:
    fact = typed(given)
    said = _within(fact)
    ways = {
        "sentence": (sentence(_for_you(fact.text)),),
        "base": _order(said, fact.words),
        "past": (f"I {_for_you(said)}.",),
        "third": (f"I'll {_for_you(_with_base(said))}.",),
        "doing": _order(_with_base(said), bare(_with_base(said))),
        "noun": _thing(said, fact.words),
    }
    return _with_rest(ways[fact.form], fact)


def referrer_ways(given: str) -> Ways:
    fact = typed(given)
    if fact.form == "sentence" and len(fact.words) > 2:
        return _with_rest((sentence(fact.text),), fact)
    who = sentence(fact.text).rstrip(".")
    return f"{who} suggested I call you.", f"{who} told me to call you."


# ------------------------------------------------------------------------------------------------------- next steps


def _order(said: str, words: list[str]) -> Ways:
    """Theirs where it brings the caller something, both sides' where people meet, else what the caller will do."""
    verb = words[0] if words else ""
    if ({"me", "us"} & set(words) and verb not in ("let",)) or verb in ("reply", "respond", "click", "say"):
        return sentence(said), f"Could you {said}?"
    if verb == "let":
        return (sentence(said),)
    if verb in _TOGETHER and not {"you", "them", "her", "him"} & set(words[:3]):
        return f"Could we {said}?", f"I suggest we {said}."
    return (f"I'll {_for_you(said)}.",)


def _thing(said: str, words: list[str]) -> Ways:
    if _SPAN_OF_TIME.match(said) or {"minutes", "minute", "mins"} & set(words[:3]):
        return f"Could you give me {said}?", f"Could we take {said}?"
    if _WHEN.match(said):
        return f"Could we talk {said}?", f"I'll try you {said}."
    if _MEETING & set(words[:4]):
        return f"Could we set up {said}?", f"I suggest {said}."
    return (f"I'll send you {_for_you(said)}.",)


def _for_you(text: str) -> str:
    """What is done for "them" is done for the listener."""
    return to_you(text) if _THEM & set(bare(text)) else text


# ------------------------------------------------------------------------------------------------------ who is meant


def _speaks_of_them(fact: Typed) -> bool:
    return fact.form != "sentence" or (fact.words[:1] != [] and fact.words[0] in _THEM)


def _about_you(text: str) -> str:
    """A sentence that begins with "they" is about the listener; one about dispatchers stays about dispatchers."""
    return to_you(text) if bare(text)[:1] and bare(text)[0] in _THEM else text


def to_you(text: str) -> str:
    """The listener spoken to instead of spoken of: "they lose their drivers" -> "you lose your drivers"."""
    words = text.split()
    turned: list[str] = []
    for at, word in enumerate(words):
        plain = bare(word)[0]
        before = bare(words[at - 1])[0] if at else ""
        if before in ("he", "she"):
            turned.append(_replaced(word, plain, _after_he(plain)))
        elif plain == "her":
            last = at + 1 == len(words) or bare(words[at + 1])[0] in PREPOSITIONS | OPENERS | _ADVERBS
            turned.append(_replaced(word, plain, "you" if last else "your"))
        else:
            turned.append(_replaced(word, plain, _TO_YOU.get(plain, plain)))
    return " ".join(turned)


def _after_he(verb: str) -> str:
    return _AFTER_HE.get(verb, base_of_third().get(verb, verb))


def _replaced(word: str, plain: str, by: str) -> str:
    if plain == by:
        return word
    by = by.capitalize() if word[:1].isupper() else by
    return re.sub(re.escape(plain), by, word.replace("\u2019", "'"), count=1, flags=re.IGNORECASE)


# --------------------------------------------------------------------------------------------------------- in place


def _within(fact: Typed, *, names: bool = False) -> str:
    """The words as they stand within a sentence: a capital stays only where it marks a name."""
    first, _, rest = fact.text.partition(" ")
    plain = first.lower().replace("\u2019", "'").strip(",.")
    known = OPENERS | PREPOSITIONS | SUBJECTS | base_forms() | _THEM
    forms = (*base_of_past(), *base_of_third(), *base_of_doing())
    small = plain in known or plain in forms or bool(re.match(r"(you|they|we|he|she|it|there)'", plain))
    small = small or (fact.form == "noun" and not names and _is_ordinary(first, rest))
    first = first[:1].lower() + first[1:] if small and plain != "i" and not first.isupper() else first
    return f"{first} {rest}".strip()


def _is_ordinary(first: str, rest: str) -> bool:
    """ "New rules" begins with a capital only because it was typed first; "Dura-Cast" and "Dean Foster" are names."""
    name = first.lower() in first_names() or any(letter.isupper() or letter.isdigit() for letter in first[1:])
    return not name and first.lower().strip(",") not in _NAMED and not rest[:1].isupper()


def _with_base(said: str) -> str:
    """ "loses two hours" -> "lose two hours"; an order stays one."""
    first, _, rest = said.partition(" ")
    plain = first.lower()
    base = plain
    if plain not in base_forms():
        base = base_of_third().get(plain) or base_of_past().get(plain) or base_of_doing().get(plain) or plain
    return f"{base} {rest}".strip()


def _with_rest(ways: Iterable[str], fact: Typed) -> Ways:
    rest = [sentence(one) for one in fact.rest]
    return tuple(" ".join([way, *rest]) for way in ways)
