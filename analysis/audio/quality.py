"""What a recording lets one hear: its level, how high its sound reaches, and where it breaks off."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from analysis.audio.decode import SAMPLE_RATE_HZ, Samples
from analysis.audio.loudness import Levels, runs, speech_and_floor_db

STEP: Final = SAMPLE_RATE_HZ // 200  # 5 ms
HOLE_DB: Final = -40.0  # under the speech, and the sound is gone
EDGE_DB: Final = -10.0  # under the speech on both sides of a hole: no word ends or begins so abruptly
SHORTEST_HOLE_S, LONGEST_HOLE_S = 0.015, 0.6
BREAKS_A_MINUTE: Final = 6.0  # more holes than this, and neither pauses nor pitch are the voice's own
LEVEL_STEP_HZ: Final = 250.0
REACHES_DB: Final = -50.0  # of the strongest part: weaker than this no speech is left


@dataclass(frozen=True)
class Quality:
    """Level of the speech in dB of full scale; the highest frequency it reaches; holes in the middle of words."""

    speech_level_dbfs: float
    bandwidth_hz: int | None
    no_bandwidth: str | None
    dropouts: int

    def broken(self, message_s: float) -> str | None:
        """Why silence and pitch cannot be believed, if they cannot."""
        if self.dropouts * 60 <= BREAKS_A_MINUTE * message_s:
            return None
        return f"the recording breaks off {self.dropouts} times"


def hear_quality(samples: Samples, levels_db: Levels) -> Quality:
    """Quality of one message: `samples` float32, shape (n,), 16 kHz, and its levels by `loudness_db`."""
    speech_db, _ = speech_and_floor_db(levels_db)
    bandwidth_hz = _bandwidth_hz(samples) if samples.size >= SAMPLE_RATE_HZ else None
    return Quality(
        speech_level_dbfs=round(speech_db, 1),
        bandwidth_hz=bandwidth_hz,
        no_bandwidth=None if bandwidth_hz else "less than a second of sound",
        dropouts=count_dropouts(samples),
    )


def count_dropouts(samples: Samples) -> int:
    """Holes of 15 to 600 ms in the middle of a sound, as lost packets leave them."""
    power = np.square(samples[: samples.size // STEP * STEP].reshape(-1, STEP)).mean(axis=1)
    if power.size < 10:
        return 0
    levels_db = 10 * np.log10(power + 1e-12)
    speech_db = float(np.percentile(levels_db, 80))
    step_s = STEP / SAMPLE_RATE_HZ
    return sum(
        SHORTEST_HOLE_S <= (end - start) * step_s <= LONGEST_HOLE_S
        and max(levels_db[max(start - 2, 0) : start], default=-120.0) >= speech_db + EDGE_DB
        and max(levels_db[end : end + 2], default=-120.0) >= speech_db + EDGE_DB
        for start, end in runs(levels_db < speech_db + HOLE_DB)
    )


def _bandwidth_hz(samples: Samples) -> int:
    """Up to where the louder half of the sound reaches, in steps of 250 Hz; 0 where there is no sound."""
    import librosa  # heavy

    power = np.abs(librosa.stft(samples, n_fft=512, hop_length=512)) ** 2
    loud = power.sum(axis=0)
    spectrum = power[:, loud >= np.median(loud)].mean(axis=1)
    step = round(LEVEL_STEP_HZ / (SAMPLE_RATE_HZ / 512))
    parts = spectrum[: spectrum.size // step * step].reshape(-1, step).mean(axis=1)
    heard = np.flatnonzero(parts > max(parts.max() * 10 ** (REACHES_DB / 10), 1e-12))
    return int((heard[-1] + 1) * LEVEL_STEP_HZ) if heard.size else 0
