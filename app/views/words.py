"""The transcript as runs of words, so that evidence stands out where it was said."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from app.views.coaching import Coaching
from models.report import Evidence
from models.transcript import Word

Kind = Literal["stop", "keep"]


class Mark(NamedTuple):
    """What a stretch of words is evidence for."""

    kind: Kind
    anchor: str
    label: str
    title: str


class ShownWord(NamedTuple):
    text: str
    start_s: float | None
    end_s: float | None
    unsure_percent: int | None


class Run(NamedTuple):
    """Neighbouring words with the same marks; `ends` are the marks whose evidence ends here."""

    words: tuple[ShownWord, ...]
    marks: tuple[Mark, ...]
    ends: tuple[Mark, ...]

    @property
    def kind(self) -> Kind | None:
        """Stop wins where both apply: it is what the rep has to hear."""
        kinds = {mark.kind for mark in self.marks}
        return "stop" if "stop" in kinds else "keep" if kinds else None


def runs(words: Sequence[Word], coached: Coaching) -> tuple[Run, ...]:
    marks: list[list[Mark]] = [[] for _ in words]
    ends: list[list[Mark]] = [[] for _ in words]
    for mark, evidence in evidence_marks(coached):
        span = word_span(words, evidence)
        if span and mark not in marks[span[0]]:
            for index in range(span[0], span[1] + 1):
                marks[index].append(mark)
            ends[span[1]].append(mark)
    found = []
    for _, group in groupby(range(len(words)), key=lambda index: frozenset(marks[index])):
        indexes = list(group)
        ending = tuple(mark for index in indexes for mark in ends[index])
        found.append(Run(tuple(shown(words[index]) for index in indexes), tuple(marks[indexes[0]]), ending))
    return tuple(found)


def evidence_marks(coached: Coaching) -> Iterable[tuple[Mark, Evidence]]:
    for change in coached.changes:
        mark = Mark("stop", change.anchor, str(change.number), change.finding.title)
        yield from ((mark, quote) for quote in change.quotes)
    for kept in coached.kept:
        mark = Mark("keep", kept.anchor, "✓", kept.strength.title)
        yield from ((mark, quote) for quote in kept.quotes)


def word_span(words: Sequence[Word], evidence: Evidence) -> tuple[int, int] | None:
    """The first and last word of a quote: its very words, at the second given when they are said more than once."""
    quoted = evidence.quote.split()
    size = len(quoted)
    starts = [
        index
        for index in range(len(words) - size + 1)
        if size and all(words[index + offset].text == quoted[offset] for offset in range(size))
    ]
    if not starts:
        return None
    best = min(starts, key=lambda index: abs((words[index].start_s or 0.0) - (evidence.start_s or 0.0)))
    return best, best + size - 1


def shown(word: Word) -> ShownWord:
    percent = round(100 * (word.probability or 0)) if word.is_unsure else None
    return ShownWord(word.text, word.start_s, word.end_s, percent)
