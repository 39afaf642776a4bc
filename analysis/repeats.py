"""Whether a message was left before: the same recording, or the same words said again."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

import numpy as np
import numpy.typing as npt

from analysis.audio.decode import Samples
from analysis.fingerprint import (
    Hashes,
    Landmarks,
    can_be_told_apart,
    find_landmarks,
    is_same_recording,
    landmark_hashes,
)
from models.recording import CallContext
from models.report import Alike, Repeats
from models.transcript import Transcript

WORD = re.compile(r"[^\W_]+")
MIN_WORD_PAIRS = 15  # as many words as a rate of speech needs
SAME_SPEECH_FROM = 0.4  # of all pairs of words: two readings as Whisper hears them; other messages stay under 0.2
LANDMARK_MARKS = 64
WORD_MARKS = 24
MARKS_IN_COMMON = 3  # from here on two messages are worth comparing


@dataclass(frozen=True, eq=False)
class Traces:
    """What is kept of a message to know it again."""

    landmarks: Landmarks
    word_pairs: Hashes  # of each two words in a row, each once, in rising order

    @classmethod
    def of(cls, samples: Samples, transcript: Transcript) -> "Traces":
        return cls(find_landmarks(samples), word_pairs(transcript.text))

    def marks(self) -> list[int]:
        """A small sample of both, always the same of what is the same: messages that share some may be alike."""
        marks = np.union1d(
            _smallest(landmark_hashes(self.landmarks), LANDMARK_MARKS, 0), _smallest(self.word_pairs, WORD_MARKS, 1)
        )
        return [int(mark) for mark in marks]


@dataclass(frozen=True, eq=False)
class Earlier:
    """A stored message that may be like this one."""

    context: CallContext
    traces: Traces


#: Keeps the traces of a message, and answers with the stored messages that may be like it.
Recall = Callable[[Traces], Iterable[Earlier]]


def find_repeats(traces: Traces, context: CallContext, earlier: Iterable[Earlier]) -> Repeats:
    """How many stored messages for other prospects are this recording or, by the same rep, this speech.

    Takes for the same prospect, and those left for nobody known, are practice.
    """
    others = [one for one in earlier if one.context.prospect_key not in (None, context.prospect_key)]
    played = [one for one in others if is_same_recording(traces.landmarks, one.traces.landmarks)]
    spoken = [
        one
        for one in others
        if one not in played
        and _may_be_one_rep(context, one.context)
        and likeness(traces.word_pairs, one.traces.word_pairs) >= SAME_SPEECH_FROM
    ]
    return Repeats(
        same_recording=_count(played) if can_be_told_apart(traces.landmarks) else None,
        same_speech=_count(spoken) if traces.word_pairs.size >= MIN_WORD_PAIRS else None,
    )


def word_pairs(text: str) -> Hashes:
    words = WORD.findall(text.casefold())
    pairs = {crc32(f"{first} {second}".encode()) for first, second in pairwise(words)}
    return np.array(sorted(pairs), np.uint32)


def likeness(one: Hashes, other: Hashes) -> float:
    """How many of all pairs of words two texts have in common (Jaccard), 0 to 1."""
    common = np.intersect1d(one, other, assume_unique=True).size
    return common / max(1, one.size + other.size - common)


def likest(text: str, earlier: Mapping[str, str]) -> tuple[str, float] | None:
    """Which of some earlier texts has most words in common with this one, and how many: see `likeness`."""
    own = word_pairs(text)
    pairs = {name: word_pairs(other) for name, other in earlier.items()}
    alike = {name: likeness(own, other) for name, other in pairs.items() if other.size >= MIN_WORD_PAIRS}
    return max(alike.items(), key=lambda one: one[1]) if alike and own.size >= MIN_WORD_PAIRS else None


def _may_be_one_rep(one: CallContext, other: CallContext) -> bool:
    return None in (one.rep_key, other.rep_key) or one.rep_key == other.rep_key


def _count(alike: list[Earlier]) -> Alike:
    return Alike(matches=len(alike), prospects=len({one.context.prospect_key for one in alike}))


def _smallest(hashes: Hashes, size: int, kind: int) -> npt.NDArray[np.int64]:
    """The `size` smallest of the hashes once they are mixed well (SplitMix64): a bottom-k sketch."""
    mixed = np.unique(hashes).astype(np.uint64) | np.uint64(kind << 32)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.sort((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(1)).astype(np.int64)[:size]
