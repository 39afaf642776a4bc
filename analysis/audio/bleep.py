"""A recording for somebody who must not hear everything: a tone over some words, and nothing beside the words."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from analysis.audio.decode import SAMPLE_RATE_HZ, Samples
from analysis.audio.speech import Span

TONE_HZ: Final = 1000
TONE_PEAK: Final = 0.1
FADE_S: Final = 0.005


@dataclass(frozen=True)
class Cut:
    """`heard` is played, `bleeped` is a tone wherever it lies, and the rest is silent."""

    channel: int
    heard: tuple[Span, ...]
    bleeped: tuple[Span, ...]


def bleeped(samples: Samples, cut: Cut) -> Samples:
    """One channel, as long as the recording, so that every second stays where it was."""
    said: Samples = samples[cut.channel]
    played: Samples = np.zeros_like(said)
    for first, last in _in_samples(cut.heard, said.size):
        played[first:last] = said[first:last]
    for first, last in _in_samples(cut.bleeped, said.size):
        played[first:last] = _tone(last - first)
    return played


def _in_samples(spans: tuple[Span, ...], size: int) -> list[tuple[int, int]]:
    return [(max(0, int(start * SAMPLE_RATE_HZ)), min(size, int(stop * SAMPLE_RATE_HZ) + 1)) for start, stop in spans]


def _tone(count: int) -> Samples:
    at = np.arange(count)
    edge = np.minimum(at, at[::-1]) / (FADE_S * SAMPLE_RATE_HZ)
    tone = TONE_PEAK * np.sin(2 * np.pi * TONE_HZ / SAMPLE_RATE_HZ * at) * np.minimum(edge, 1.0)
    faded: Samples = tone.astype(np.float32)
    return faded
