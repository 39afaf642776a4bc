"""The forms of some three hundred verbs of sales talk: enough to tell an order from a claim or a thing."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

VOWELS = "aeiou"
#: Their last letter is doubled although they have two vowels.
_DOUBLED = frozenset({"forget", "begin", "prefer", "refer"})


@cache
def _irregular() -> dict[str, tuple[str, ...]]:
    """Base form -> its past and participle, where they are written down; nothing for regular verbs."""
    lines = files("analysis.drafting").joinpath("verbs.txt").read_text("utf-8").splitlines()
    return {line.split()[0]: tuple(line.split()[1:]) for line in lines if line and not line.startswith("#")}


@cache
def base_forms() -> frozenset[str]:
    return frozenset(_irregular())


@cache
def base_of_past() -> dict[str, str]:
    """ "lost" -> "lose", and participles too."""
    return {form: base for base in _irregular() for form in _past_forms(base)}


@cache
def only_past() -> frozenset[str]:
    """Pasts that are no participle ("went", "took"): a verb wherever they stand."""
    return frozenset(
        forms[0] for base, forms in _irregular().items() if len(forms) > 1 and forms[0] not in (forms[1], base)
    )


@cache
def base_of_third() -> dict[str, str]:
    """ "loses" -> "lose"."""
    return {_third(base): base for base in _irregular()}


@cache
def base_of_doing() -> dict[str, str]:
    """ "losing" -> "lose"."""
    return {_doing(base): base for base in _irregular()}


def _past_forms(base: str) -> Iterator[str]:
    irregular = _irregular()[base]
    if irregular:
        yield from irregular
    elif base.endswith("e"):
        yield base + "d"
    elif base.endswith("y") and base[-2] not in VOWELS:
        yield base[:-1] + "ied"
    else:
        yield _stem(base) + "ed"


def _third(base: str) -> str:
    if base in ("be", "have"):
        return {"be": "is", "have": "has"}[base]
    if base.endswith(("s", "x", "z", "ch", "sh", "o")):
        return base + "es"
    return base[:-1] + "ies" if base.endswith("y") and base[-2] not in VOWELS else base + "s"


def _doing(base: str) -> str:
    if base.endswith("ie"):
        return base[:-2] + "ying"
    if base.endswith("e") and not base.endswith(("ee", "be")):
        return base[:-1] + "ing"
    return _stem(base) + "ing"


def _stem(base: str) -> str:
    """With its last letter doubled where one short vowel stands before it: cut, stop, begin."""
    short = len(base) > 2 and base[-1] not in f"{VOWELS}wxy" and base[-2] in VOWELS and base[-3] not in VOWELS
    once = sum(letter in VOWELS for letter in base) == 1 or base in _DOUBLED
    return base + base[-1] if short and once else base
