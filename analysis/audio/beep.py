"""The beep of an answering machine: a steady tone by itself, and none of the other tones of a telephone.

Ring-back, busy, dial and special information tones, touch tones, fax, music, chimes and held vowels all hold steady
tones too. A beep is told from them by what it is made of (one or two frequencies and nothing else, also after a long
look), by how it is played (level and pitch do not move, its edges are sharp) and by what stands around it.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from analysis.audio.decode import Samples
from analysis.audio.tones import HIGHEST_HZ, LOWEST_HZ, SHORTEST_S, Tone, find_tones

LONGEST_S: Final = 1.4  # of a beep
NEIGHBOUR_S: Final = 0.3  # another pitch so close by makes a tune, a chime or special information tones
TUNE_S, TUNE_NOTES = 4.0, 3  # so many other pitches around make music
CADENCE_TIMES: Final = 3  # a tone that comes back so often at even intervals rings, is busy or warns

#: Pairs that a telephone network plays: dial, ring-back, busy and their kin in the US, the UK and elsewhere.
NETWORK_PAIRS_HZ: Final = (
    (350, 440), (440, 480), (480, 620), (400, 450), (350, 450), (400, 425), (425, 450), (400, 416), (400, 433),
)  # fmt: skip
RINGING_HZ: Final = 425.0
NETWORK_PAIR_TOLERANCE_HZ: Final = 8.0
TOUCH_LOW_HZ, TOUCH_HIGH_HZ = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
TOUCH_TOLERANCE: Final = 0.018


def find_beeps(samples: Samples) -> list[Tone]:
    """Every tone in `samples` (float32, shape (n,), 16 kHz) that an answering machine's beep sounds like, in order."""
    return beeps_among(find_tones(samples))


def beeps_among(tones: Sequence[Tone]) -> list[Tone]:
    """Of all tones of a recording those that are no ringing, no touch tone, no note of a tune and no part of a row."""
    return [tone for tone in tones if _could_be_beep(tone) and not _belongs_to_others(tone, tones)]


def is_of_the_network(tone: Tone) -> bool:
    """Dial, ring-back or busy tone: by its pair of frequencies, or by its length."""
    return _is_network_pair(tone) or tone.length_s > LONGEST_S


def is_ringing_pitch(tone: Tone) -> bool:
    """425 Hz alone: what most networks outside America ring and are busy with."""
    return len(tone.hz) == 1 and abs(tone.hz[0] - RINGING_HZ) <= NETWORK_PAIR_TOLERANCE_HZ


def _could_be_beep(tone: Tone) -> bool:
    return (
        SHORTEST_S <= tone.length_s <= LONGEST_S
        and LOWEST_HZ <= tone.hz[0] <= HIGHEST_HZ
        and not _is_network_pair(tone)
        and not _is_touch_tone(tone)
    )


def _is_network_pair(tone: Tone) -> bool:
    return len(tone.hz) == 2 and any(
        all(abs(one - other) <= NETWORK_PAIR_TOLERANCE_HZ for one, other in zip(sorted(tone.hz), pair, strict=True))
        for pair in NETWORK_PAIRS_HZ
    )


def _is_touch_tone(tone: Tone) -> bool:
    def near(hz: float, known: Sequence[int]) -> bool:
        return any(abs(hz / one - 1) <= TOUCH_TOLERANCE for one in known)

    return len(tone.hz) == 2 and near(min(tone.hz), TOUCH_LOW_HZ) and near(max(tone.hz), TOUCH_HIGH_HZ)


def _belongs_to_others(tone: Tone, tones: Sequence[Tone]) -> bool:
    """Part of a tune, a chime, special information tones, or of a tone that comes back at even intervals."""
    others = [one for one in tones if one is not tone and not one.has_pitch_of(tone) and not _is_touch_tone(one)]
    if any(_gap_s(tone, one) < NEIGHBOUR_S for one in others):
        return True
    if sum(_gap_s(tone, one) < TUNE_S for one in others) >= TUNE_NOTES:
        return True
    return _comes_back(tone, [one for one in tones if one.has_pitch_of(tone)])


def _gap_s(one: Tone, other: Tone) -> float:
    return max(one.start_s - other.end_s, other.start_s - one.end_s)


def _comes_back(tone: Tone, alike: Sequence[Tone]) -> bool:
    if len(alike) < CADENCE_TIMES:
        return False
    at = alike.index(tone)
    for first in range(max(at - CADENCE_TIMES + 1, 0), min(at, len(alike) - CADENCE_TIMES) + 1):
        row = alike[first : first + CADENCE_TIMES]
        steps = np.diff([one.start_s for one in row])
        if steps.max() < 1.15 * steps.min() + 0.1:
            return True
    return False
