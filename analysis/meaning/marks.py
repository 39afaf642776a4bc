"""How a word is written and where it stands: capitals, commas, names everybody knows. No meaning needed for these."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from analysis.detectors.people.words import COMMON, GREETINGS, ROLES, TITLES, UNNAMED, company_words, first_names
from analysis.meaning.encoder import Floats
from analysis.spoken import word_set

_DIGITS = word_set("zero oh one two three four five six seven eight nine")
#: Words from the start and from the end up to which a name is more likely the caller's or the company's.
FROM_START: Final = (4, 10, 25)
FROM_END: Final = (2, 6, 14)
#: One capital in so many words, at least, and capitals tell something.
_CASED_FROM = 25


def marks(words: Sequence[str]) -> Floats:
    """One row a word, every mark 0 or 1."""
    cased = sum(word[:1].isupper() for word in words) * _CASED_FROM >= len(words)
    ends = [word.rstrip("\"')").endswith((".", "!", "?")) for word in words]
    pauses = [end or word.endswith((",", ";", ":")) for word, end in zip(words, ends, strict=True)]
    rows = []
    for at, word in enumerate(words):
        begins = at == 0 or ends[at - 1]
        large = word.lstrip("\"'(")[:1].isupper()
        row = (
            large and not begins,
            large and begins,
            not cased,
            pauses[at] and not ends[at],
            ends[at],
            at == 0 or pauses[at - 1],
            begins,
            *_known(word),
            sum(letter.isupper() for letter in word) > 1,
            *(at < reach for reach in FROM_START),
            *(len(words) - at <= reach for reach in FROM_END),
        )
        rows.append(row)
    return np.array(rows, np.float32)


def _known(word: str) -> tuple[bool, ...]:
    """What the word itself is, whatever stands around it."""
    owned = word.rstrip(".,;:!?").endswith(("'s", "\u2019s"))
    plain = re.sub(r"'s$", "", re.sub(r"[^\w']", "", word.lower().replace("\u2019", "'")))
    figure = plain in _DIGITS or any(letter.isdigit() for letter in word)
    listed = (first_names(), company_words(), COMMON, GREETINGS, TITLES, ROLES, UNNAMED)
    return *(plain in words for words in listed), figure, owned
