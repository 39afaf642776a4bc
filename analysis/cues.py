"""A transcript as captions: a sentence a cue, at most two short lines, at the seconds of the recording."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from analysis.detectors.text import Said
from models.transcript import Transcript, Word

LINE_CHARACTERS: Final = 42
LINES: Final = 2
SHORTEST_S: Final = 0.1  # a word that was given no time of its own


@dataclass(frozen=True)
class Cue:
    """What is shown from second `start_s` to `end_s`; None in a script, which was never spoken."""

    start_s: float | None
    end_s: float | None
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.lines)


def sentences(transcript: Transcript) -> tuple[tuple[Word, ...], ...]:
    words = transcript.words
    said = Said([word.text for word in words])
    return tuple(words[first : last + 1] for first, last in said.sentence_words)


def cues(transcript: Transcript) -> tuple[Cue, ...]:
    """No cue begins before the one before it has ended."""
    shown = [_cue(part) for sentence in sentences(transcript) for part in _parts(sentence)]
    return tuple(_until(one, following.start_s) for one, following in pairwise([*shown, Cue(None, None, ())]))


def _cue(lines: Sequence[Sequence[Word]]) -> Cue:
    start_s, end_s = lines[0][0].start_s, lines[-1][-1].end_s
    if start_s is not None:
        end_s = max(end_s or 0.0, start_s + SHORTEST_S)
    return Cue(start_s, end_s, tuple(" ".join(word.text for word in line) for line in lines))


def _until(cue: Cue, next_s: float | None) -> Cue:
    if cue.start_s is None or cue.end_s is None or next_s is None or next_s <= cue.start_s:
        return cue
    return replace(cue, end_s=min(cue.end_s, next_s))


def _parts(sentence: Sequence[Word]) -> Iterator[list[list[Word]]]:
    """A long sentence takes several cues; its lines are as even as they can be."""
    lines = _lines(sentence, LINE_CHARACTERS)
    evener = (_lines(sentence, width) for width in range(LINE_CHARACTERS // 2, LINE_CHARACTERS))
    lines = next((one for one in evener if len(one) == len(lines)), lines)
    for at in range(0, len(lines), LINES):
        yield lines[at : at + LINES]


def _lines(words: Sequence[Word], width: int) -> list[list[Word]]:
    lines: list[list[Word]] = []
    used = width
    for word in words:
        if lines and used + 1 + len(word.text) <= width:
            lines[-1].append(word)
            used += 1 + len(word.text)
        else:
            lines.append([word])
            used = len(word.text)
    return lines
