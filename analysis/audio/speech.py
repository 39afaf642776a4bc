"""Where somebody speaks, with the Silero voice activity detector: music, noise and tones are not speech."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from analysis.audio.decode import SAMPLE_RATE_HZ, Samples

Span = tuple[float, float]  # seconds

PADDING_S = 0.1  # kept around speech, so that soft first and last sounds stay in
LOUD_ENOUGH = 0.1  # the detector is trained near this peak; quieter recordings are raised to it
STEP = 512  # samples the detector hears at once
LANE_STEPS, RUN_UP_STEPS = 64, 32  # 2 s, after 1 s
SILENT_BELOW = 1e-4  # a peak under this is a line without a signal


@contextmanager
def _threads_given_back() -> Iterator[None]:
    """However many torch is left with within it, whoever uses torch after it has as many as before."""
    import torch

    threads = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@cache
def _silero() -> Any:
    with _threads_given_back():
        import silero_vad  # heavy; takes all threads but one
    return silero_vad


@cache
def _detector() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # silero-vad's own choice of torch.jit, not ours to change
        return _silero().load_silero_vad()


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

    The detector goes step by step and costs the same for one recording and for many. So a recording is cut into lanes
    that are heard side by side, each after a run-up of what comes before it, a fifth of the time for the same answer.
    """
    import torch

    steps = -(-samples.size // STEP)
    lanes = -(-steps // LANE_STEPS)
    padded = np.zeros((RUN_UP_STEPS + lanes * LANE_STEPS) * STEP, np.float32)
    padded[RUN_UP_STEPS * STEP :][: samples.size] = samples
    by_step = torch.from_numpy(padded.reshape(-1, STEP))
    detector = _detector()
    detector.reset_states()
    with _threads_given_back():
        torch.set_num_threads(1)  # steps too small to share
        heard = [
            detector(by_step[at : at + lanes * LANE_STEPS : LANE_STEPS], SAMPLE_RATE_HZ)[:, 0]
            for at in range(RUN_UP_STEPS + LANE_STEPS)
        ]
    by_lane = torch.stack(heard[RUN_UP_STEPS:], dim=1)
    found: list[float] = by_lane.flatten()[:steps].tolist()
    return found


def total_s(spans: Iterable[Span]) -> float:
    return sum(end - start for start, end in spans)


def overlap_s(one: Span, other: Span) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
