"""Where somebody speaks, with the Silero voice activity detector: music, noise and tones are not speech."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from analysis.audio.decode import SAMPLE_RATE_HZ, Samples

Span = tuple[float, float]  # seconds

PADDING_S = 0.1  # kept around speech, so that soft first and last sounds stay in
LOUD_ENOUGH = 0.1  # the detector is trained near this peak; quieter recordings are raised to it
STEP = 512  # samples the detector hears at once
LANE, RUN_UP = 64 * STEP, 32 * STEP  # 2 s, after 1 s
SILENT_BELOW = 1e-4  # a peak under this is a line without a signal


@cache
def _silero() -> Any:
    import torch

    threads = torch.get_num_threads()
    import silero_vad  # heavy; takes all threads of torch but one

    torch.set_num_threads(threads)
    return silero_vad


@cache
def _detector() -> Any:
    """Hears any number of steps in one go; threads may share it."""
    return _silero().load_silero_vad(sequence=True)


def find_speech(samples: Samples) -> list[Span]:
    """Spans of speech in `samples` (float32, shape (n,), 16 kHz), in seconds, in order."""
    peak = float(np.abs(samples).max(initial=0.0))
    if peak < SILENT_BELOW:
        return []
    found = _silero().utils_vad.get_speech_timestamps_from_probs(
        _probabilities(samples * np.float32(max(1.0, LOUD_ENOUGH / peak))),
        sampling_rate=SAMPLE_RATE_HZ,
        speech_pad_ms=int(PADDING_S * 1000),
        audio_length_samples=samples.size,
    )
    return [(span["start"] / SAMPLE_RATE_HZ, span["end"] / SAMPLE_RATE_HZ) for span in found]


def _probabilities(samples: Samples) -> list[float]:
    """How likely each 32 ms hold speech.

    A ringing line leaves the detector deaf for seconds of the greeting that follows. So every 2 s it begins anew, with
    a run-up of the second before.
    """
    found: list[float] = []
    for at in range(0, samples.size, LANE):
        run_up = min(at, RUN_UP)
        heard = _detector().audio_forward(samples[at - run_up : at + LANE])
        found += heard[run_up // STEP :].tolist()
    return found


def total_s(spans: Iterable[Span]) -> float:
    return sum(end - start for start, end in spans)


def overlap_s(one: Span, other: Span) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
