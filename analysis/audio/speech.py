"""Where somebody speaks, with the Silero voice activity detector: music, noise and tones are not speech."""

import warnings
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from analysis.audio.decode import SAMPLE_RATE_HZ, Samples

Span = tuple[float, float]  # seconds

PADDING_S = 0.1  # kept around speech, so that soft first and last sounds stay in
LOUD_ENOUGH = 0.1  # the detector is trained near this peak; quieter recordings are raised to it
SILENT_BELOW = 1e-4  # a peak under this is a line without a signal


@cache
def _detector() -> Any:
    import silero_vad  # heavy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # silero-vad's own choice of torch.jit, not ours to change
        return silero_vad.load_silero_vad()


def find_speech(samples: Samples) -> list[Span]:
    """Spans of speech in `samples` (float32, shape (n,), 16 kHz), in seconds, in order."""
    import silero_vad
    import torch

    peak = float(np.abs(samples).max(initial=0.0))
    if peak < SILENT_BELOW:
        return []
    raised = samples * max(1.0, LOUD_ENOUGH / peak)
    found = silero_vad.get_speech_timestamps(
        torch.from_numpy(raised), _detector(), sampling_rate=SAMPLE_RATE_HZ, speech_pad_ms=int(PADDING_S * 1000)
    )
    return [(span["start"] / SAMPLE_RATE_HZ, span["end"] / SAMPLE_RATE_HZ) for span in found]


def total_s(spans: Iterable[Span]) -> float:
    return sum(end - start for start, end in spans)


def overlap_s(one: Span, other: Span) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
