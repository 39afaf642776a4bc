"""What a person heard instead: their words, at the seconds of those that were heard before."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from models.errors import InvalidRequest
from models.transcript import Word

LONGEST_CORRECTION = 20_000


def corrected_words(heard: Sequence[Word], text: str) -> tuple[Word, ...]:
    """The words of `text`; those that were heard keep their times, others share the time of what they replace.

    A person vouches for all of them, so all are certain. Raises InvalidRequest for a text without words.
    """
    written = text.split()
    if not written or len(text) > LONGEST_CORRECTION:
        raise InvalidRequest(f"Please write down what was said, in at most {LONGEST_CORRECTION:,} characters.")
    matcher = SequenceMatcher(None, [_plain(word.text) for word in heard], [_plain(word) for word in written], False)
    words: list[Word] = []
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind == "equal":
            words += [_sure(old, new) for old, new in zip(heard[first:last], written[start:end], strict=True)]
        else:
            words += _spread(written[start:end], *_time_of(heard, first, last))
    return tuple(words)


def _plain(word: str) -> str:
    return "".join(char for char in word.casefold() if char.isalnum()) or word


def _sure(old: Word, new: str) -> Word:
    return old.model_copy(update={"text": new, "probability": 1.0})


def _time_of(heard: Sequence[Word], first: int, last: int) -> tuple[float | None, float | None]:
    """When the words from `first` to before `last` were said; of none, the gap between its neighbours."""
    if first < last:
        return heard[first].start_s, heard[last - 1].end_s
    before = heard[first - 1].end_s if first else heard[0].start_s if heard else None
    after = heard[first].start_s if first < len(heard) else before
    return before, after


def _spread(words: Sequence[str], start_s: float | None, end_s: float | None) -> list[Word]:
    """Words over a stretch of time, each as long as it is written."""
    if start_s is None or end_s is None:
        return [Word(text=word, probability=1.0) for word in words]
    per_letter_s = max(0.0, end_s - start_s) / max(1, sum(map(len, words)))
    spread, at_s = [], start_s
    for word in words:
        until_s = at_s + len(word) * per_letter_s
        spread.append(Word(text=word, start_s=round(at_s, 3), end_s=round(until_s, 3), probability=1.0))
        at_s = until_s
    return spread
