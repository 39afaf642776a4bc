"""The landmarks of a recording, by which the same recording is known again after codecs, noise and cuts.

A landmark is a moment and a frequency at which the sound is louder than all around it. Two of them with the time
between them come back wherever the same recording is played, at one offset; whoever says the same words again says them
at other moments and pitches. Landmarks tell recordings apart, not people: no voice can be recognised by them.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.audio.decode import SAMPLE_RATE_HZ, Samples

Landmarks = npt.NDArray[np.uint32]  # shape (n,): frame << 8 | frequency bin, in order of time
Hashes = npt.NDArray[np.uint32]

WINDOW = 1024  # 64 ms
HOP = 256  # 16 ms
BAND_HZ = (300.0, 3300.0)  # what every telephone carries
AROUND = (15, 21)  # frames and bins within which a landmark is the loudest: about 20 a second
NEIGHBOURS = 12  # how many of the landmarks that follow are paired with each
FARTHEST_FRAMES = 48
FARTHEST_BINS = 40
SECOND = SAMPLE_RATE_HZ // HOP  # frames
MIN_SECONDS = 5  # of sound with landmarks: less is too little to tell recordings apart
MIN_IN_COMMON = 3  # pairs a second: fewer are chance, or a synthetic voice saying the same words again
SAME_FROM = 0.5  # of the seconds of the longer message; docs/measurements.md says what was measured


def find_landmarks(samples: Samples) -> Landmarks:
    """The landmarks of a message (float32, shape (n,), 16 kHz): about 2.6 KB for 30 s."""
    import librosa  # heavy
    from scipy.ndimage import maximum_filter  # type: ignore[import-untyped]

    if samples.size < WINDOW:
        return np.empty(0, np.uint32)
    low, high = np.searchsorted(librosa.fft_frequencies(sr=SAMPLE_RATE_HZ, n_fft=WINDOW), BAND_HZ)
    spectrum = np.abs(librosa.stft(samples, n_fft=WINDOW, hop_length=HOP, center=False))[low:high].T
    loudest = (spectrum == maximum_filter(spectrum, size=AROUND)) & (spectrum > np.median(spectrum))
    frames, bins = np.nonzero(loudest)
    return (frames << 8 | bins).astype(np.uint32)


def can_be_told_apart(landmarks: Landmarks) -> bool:
    return np.unique(_frames(landmarks) // SECOND).size >= MIN_SECONDS


def is_same_recording(one: Landmarks, other: Landmarks) -> bool:
    return share_in_common(one, other) >= SAME_FROM


def share_in_common(one: Landmarks, other: Landmarks) -> float:
    """The share of the seconds of the longer of two messages in which both are the same recording."""
    mine, theirs = _pairs(one), _pairs(other)
    order = np.argsort(theirs.hashes, kind="stable")
    sorted_hashes, sorted_frames = theirs.hashes[order], theirs.frames[order]
    first = np.searchsorted(sorted_hashes, mine.hashes, "left")
    count = np.searchsorted(sorted_hashes, mine.hashes, "right") - first
    if not count.any():
        return 0.0
    nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    frames = np.repeat(mine.frames, count)
    offsets = sorted_frames[np.repeat(first, count) + nth] - frames
    values, votes = np.unique(offsets, return_counts=True)
    aligned = np.abs(offsets - values[votes.argmax()]) <= 1
    _, in_common = np.unique(frames[aligned] // SECOND, return_counts=True)
    seconds = max(np.unique(pairs.frames // SECOND).size for pairs in (mine, theirs))
    return float((in_common >= MIN_IN_COMMON).sum() / seconds)


def landmark_hashes(landmarks: Landmarks) -> Hashes:
    """What is looked up to find recordings that may be the same."""
    return _pairs(landmarks).hashes


class _Pairs(NamedTuple):
    hashes: Hashes
    frames: npt.NDArray[np.int64]  # of the earlier landmark of each


def _pairs(landmarks: Landmarks) -> _Pairs:
    """Each landmark with those that soon follow it nearby: both frequencies and the time between make the hash."""
    frames, bins = _frames(landmarks), (landmarks & 0xFF).astype(np.int64)
    hashes, starts = [], []
    for step in range(1, NEIGHBOURS + 1):
        later, higher = frames[step:] - frames[:-step], bins[step:] - bins[:-step]
        near = (later >= 1) & (later <= FARTHEST_FRAMES) & (np.abs(higher) <= FARTHEST_BINS)
        hashes.append((bins[:-step] << 14 | higher + 64 << 7 | later)[near])
        starts.append(frames[:-step][near])
    return _Pairs(np.concatenate(hashes).astype(np.uint32), np.concatenate(starts))


def _frames(landmarks: Landmarks) -> npt.NDArray[np.int64]:
    return (landmarks >> 8).astype(np.int64)
