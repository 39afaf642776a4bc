"""How far a voice moves around its middle pitch."""

import numpy as np
from numpy.typing import NDArray

from analysis.audio.decode import SAMPLE_RATE_HZ, Samples

PITCH_RATE_HZ = 8_000  # harmonics of a voice end well below 4 kHz
PITCH_RANGE_HZ = (65.0, 400.0)
FRAME, HOP = 512, 160
FIRST_TROUGH_BELOW = 0.2  # with less, voices on the telephone, which takes their lowest tone, fall an octave
VOICED_ABOVE = 0.75  # likeness of a frame to itself one period later
LOUD_ABOVE = 0.05  # of the loudest twentieth of frames; what is softer has a pitch of its own, if any
MIN_VOICED_S = 5.0


def pitch_sd_semitones(samples: Samples) -> tuple[float | None, str | None]:
    """Spread of the voice's pitch in semitones, robust against octave jumps; or None and why.

    Half the width between the 16th and 84th percentile: the standard deviation, if pitch were normally spread.
    By YIN (de Cheveigné and Kawahara 2002): probabilistic YIN takes sixteen times as long, and the spread it finds
    differs by a fifth of a semitone.
    """
    import librosa

    slow = librosa.resample(samples, orig_sr=SAMPLE_RATE_HZ, target_sr=PITCH_RATE_HZ, res_type="soxr_mq")
    low_hz, high_hz = PITCH_RANGE_HZ
    pitch_hz = librosa.yin(
        slow,
        sr=PITCH_RATE_HZ,
        fmin=low_hz,
        fmax=high_hz,
        frame_length=FRAME,
        hop_length=HOP,
        trough_threshold=FIRST_TROUGH_BELOW,
    )
    frames = librosa.util.frame(np.pad(slow, FRAME // 2), frame_length=FRAME, hop_length=HOP).T
    voiced = _is_voiced(frames, np.rint(PITCH_RATE_HZ / pitch_hz).astype(int))
    if voiced.sum() * HOP / PITCH_RATE_HZ < MIN_VOICED_S:
        return None, f"less than {MIN_VOICED_S:g} s of voiced speech"
    semitones = 12 * np.log2(pitch_hz[voiced])
    low, high = np.percentile(semitones, [16, 84])
    return round(float(high - low) / 2, 1), None


def _is_voiced(frames: Samples, periods: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which frames, shape (n, FRAME), are loud and repeat after their period, shape (n,), in samples."""
    compared = FRAME - round(PITCH_RATE_HZ / PITCH_RANGE_HZ[0]) - 1
    now = frames[:, :compared]
    later = np.take_along_axis(frames, periods[:, None] + np.arange(compared), axis=1)
    energy = np.sqrt((now**2).sum(axis=1) * (later**2).sum(axis=1))
    level = np.sqrt((frames**2).mean(axis=1))
    repeats: NDArray[np.bool_] = (now * later).sum(axis=1) > VOICED_ABOVE * energy
    loud: NDArray[np.bool_] = level > LOUD_ABOVE * np.percentile(level, 95)
    return repeats & loud
