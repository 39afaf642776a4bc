"""Pace over time: the speech rate in every stretch of a message. docs/measurements.md defines it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from analysis.spoken import spoken_lengths
from models.report import MessageWindow
from models.transcript import Word

STRETCH_S: Final = 6.0  # some fifteen words: with fewer, one long word would be a change of pace
STEP_S: Final = 0.5


class Stretch(NamedTuple):
    """The speech rate of `STRETCH_S` seconds, from `start_s` (in the recording) on."""

    start_s: float
    wpm: float

    @property
    def middle_s(self) -> float:
        return self.start_s + STRETCH_S / 2


def pace_over_time(words: Sequence[Word], window: MessageWindow) -> tuple[Stretch, ...]:
    """Stretches every `STEP_S`; none where words have no times, or fewer than two stretches would fit side by side.

    A word that is only partly in a stretch counts for that part.
    """
    times = [(word.start_s, word.end_s) for word in words if word.start_s is not None and word.end_s is not None]
    if len(times) < len(words) or not words or window.end_s - window.start_s < 2 * STRETCH_S:
        return ()
    edges_s = np.maximum.accumulate(np.array(times).ravel())
    said = np.repeat(np.cumsum([0, *spoken_lengths([word.text for word in words])]), 2)[1:-1]
    starts_s = np.arange(window.start_s, window.end_s - STRETCH_S + STEP_S / 2, STEP_S)
    rates = np.interp(starts_s + STRETCH_S, edges_s, said) - np.interp(starts_s, edges_s, said)
    return tuple(
        Stretch(round(float(start), 2), float(count) / STRETCH_S * 60)
        for start, count in zip(starts_s, rates, strict=True)
    )
