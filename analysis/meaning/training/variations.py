"""The same message as it could also have been: without punctuation, without who is named in it, with other names."""

import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final

from analysis.detectors.people.words import first_names
from analysis.detectors.text import Said

LEAST_SENTENCES: Final = 2


def sentence_bounds(text: str) -> list[tuple[int, int]]:
    """Where each sentence stands in the text, found as the detectors find it."""
    words = [(match.group(), *match.span()) for match in re.finditer(r"\S+", text)]
    said = Said([word for word, _, _ in words])
    return [(words[first][1], words[last][2]) for first, last in said.sentence_words]


def without_punctuation(record: Mapping[str, Any]) -> dict[str, Any]:
    """The same message as a speech model without capitals and stops would write it."""

    def plain(text: str) -> str:
        return " ".join(re.sub(r"[^\w\s'$%]", " ", text.lower()).split())

    def each(quotes: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        return {label: [plain(quote) for quote in wanted] for label, wanted in quotes.items()}

    return {
        **record,
        "text": plain(record["text"]),
        "evidence": each(record["evidence"]),
        "entities": each(record["entities"]),
    }


def without(record: Mapping[str, Any], label: str) -> dict[str, Any] | None:
    """Without the sentences that say the caller's name, or the company's: few messages teach what is *not* one.

    None where nothing is left to read, or nothing was said.
    """
    text, quotes = record["text"], record["entities"].get(label, ())
    every = [text[first:end] for first, end in sentence_bounds(text)]
    kept = [one for one in every if not any(_says(one, quote) for quote in quotes)]
    if not LEAST_SENTENCES <= len(kept) < len(every):
        return None
    rest = " ".join(kept)
    entities = {name: [quote for quote in found if _says(rest, quote)] for name, found in record["entities"].items()}
    return {**record, "text": rest, "entities": entities, "evidence": {}}


def renamed(record: Mapping[str, Any], companies: Sequence[str], rng: Random) -> dict[str, Any]:
    """With another first name and another company: how somebody is named is to be learnt, not who."""
    text, entities = record["text"], dict(record["entities"])
    names = {"caller_name": [name.title() for name in sorted(first_names())], "company": companies}
    for label, known in names.items():
        fresh = []
        for quote in entities.get(label, ()):
            name = rng.choice(known).lower() if text == text.lower() else rng.choice(known)
            text = re.sub(whole(quote), name, text, flags=re.IGNORECASE)
            fresh.append(name)
        entities[label] = fresh
    return {**record, "text": text, "entities": entities, "evidence": {}}


def _says(text: str, quote: str) -> bool:
    return re.search(whole(quote), text, re.IGNORECASE) is not None


def whole(quote: str) -> str:
    """A pattern of these words, and of no part of a longer one."""
    return rf"(?<!\w){re.escape(quote)}(?!\w)"
