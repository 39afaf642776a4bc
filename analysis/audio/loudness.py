"""How loud a message is from moment to moment: its speech, the noise under it, and its pauses."""

import numpy as np
import numpy.typing as npt

from analysis.audio.decode import SAMPLE_RATE_HZ, Samples

PAUSE_THRESHOLD_S = 0.25  # the usual cut-off between articulation and pause (De Jong and Bosker 2013)
HOP = SAMPLE_RATE_HZ // 100  # 10 ms
FRAME = SAMPLE_RATE_HZ // 40  # 25 ms
QUIETEST_DB = -100.0  # digital silence
MAX_SNR_DB = 60.0  # more than this no ear and no microphone tells apart
MIN_CONTRAST_DB = 6.0  # less between speech and its floor, and neither noise nor pauses can be told from speech

Levels = npt.NDArray[np.floating]


def runs(held: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First place of every run of True, and the place behind its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], held, [False]]).astype(np.int8)))
    return [(int(first), int(end)) for first, end in zip(edges[::2], edges[1::2], strict=True)]


def loudness_db(samples: Samples) -> Levels:
    """Level of each 10 ms of `samples` (shape (n,), 16 kHz), in dB of full scale; shape (n // 160 + 1,)."""
    import librosa  # heavy

    rms = librosa.feature.rms(y=samples, frame_length=FRAME, hop_length=HOP)[0]
    return np.asarray(librosa.amplitude_to_db(rms, ref=1.0, amin=10 ** (QUIETEST_DB / 20), top_db=None))


def find_pauses(levels_db: Levels) -> tuple[list[float], str | None]:
    """Lengths in seconds of every silence of at least the pause threshold, between the first and the last sound.

    What counts as silent follows the recording: a third of the way from its noise floor up to its speech. If the two
    cannot be told apart, no pause can be heard, and the second value says so.
    """
    speech_db, floor_db = speech_and_floor_db(levels_db)
    if speech_db - floor_db < MIN_CONTRAST_DB:
        return [], "speech does not stand out from the noise"
    return [end - start for start, end in find_silences(levels_db, PAUSE_THRESHOLD_S)], None


def find_silences(levels_db: Levels, shortest_s: float) -> list[tuple[float, float]]:
    """Start and end in seconds of every silence of at least `shortest_s`, between the first and the last sound."""
    speech_db, floor_db = speech_and_floor_db(levels_db)
    loud = np.flatnonzero(levels_db >= floor_db + max(4.0, (speech_db - floor_db) / 3))
    gaps_s = ((np.diff(loud) - 2) * HOP + FRAME) / SAMPLE_RATE_HZ  # frames overlap: first's start to last's end
    ends_s = loud[1:] * HOP / SAMPLE_RATE_HZ
    return [(float(end - gap), float(end)) for end, gap in zip(ends_s, gaps_s, strict=True) if gap >= shortest_s]


def signal_to_noise_db(levels_db: Levels) -> tuple[float | None, str | None]:
    """How far speech stands above the noise between words, in dB, at most 60; or None and why."""
    if levels_db.size < 100:
        return None, "less than a second of sound"
    speech_db, floor_db = speech_and_floor_db(levels_db)
    if speech_db - floor_db < MIN_CONTRAST_DB:
        return None, "speech does not stand out from the noise"
    return round(min(MAX_SNR_DB, speech_db - floor_db), 1), None


def speech_and_floor_db(levels_db: Levels) -> tuple[float, float]:
    """The level of speech (its mean power lies near the 80th percentile) and of what is heard between words."""
    speech_db = float(np.percentile(levels_db, 80))
    return speech_db, max(float(np.percentile(levels_db, 5)), speech_db - MAX_SNR_DB)
