"""What a recording lets one hear, and what is left unsaid where it does not."""

import numpy as np
import pytest

from analysis.audio.decode import decode
from analysis.audio.loudness import loudness_db
from analysis.audio.quality import count_dropouts, hear_quality
from analysis.measure import measure
from analysis.playbooks.loading import load
from tests import sounds
from tests.conftest import SAMPLES
from tests.sounds import RATE_HZ, Samples, as_message, as_transcript, steady_voice, telephone_band, with_noise


def broken(sound: Samples, holes: int, seconds: float = 0.04) -> Samples:
    """The sound with holes in it, evenly spread."""
    torn = sound.copy()
    for first in np.linspace(RATE_HZ, sound.size - RATE_HZ, holes).astype(int):
        torn[first : first + round(seconds * RATE_HZ)] = 0
    return torn


@pytest.mark.parametrize("holes", [1, 3, 12])
@pytest.mark.parametrize("seconds", [0.02, 0.06, 0.2])
def test_holes_in_a_voice_are_counted(holes: int, seconds: float) -> None:
    assert count_dropouts(broken(steady_voice(12), holes, seconds)) == holes


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.[wmof]*")), ids=lambda path: path.stem)
def test_no_sample_has_holes(path) -> None:
    assert count_dropouts(decode(path).samples[0]) == 0


def test_a_pause_is_no_hole() -> None:
    assert count_dropouts(sounds.bursts([2, 2, 2], [1.0, 1.0])) == 0


@pytest.mark.parametrize(("band", "lowest", "highest"), [("wide", 3700, 8000), ("telephone", 3000, 3750)])
def test_how_high_the_sound_reaches(band: str, lowest: int, highest: int) -> None:
    sound = steady_voice(4) if band == "wide" else telephone_band(steady_voice(4))
    quality = hear_quality(sound, loudness_db(sound))
    assert quality.bandwidth_hz is not None
    assert lowest <= quality.bandwidth_hz <= highest


@pytest.mark.parametrize("level_db", [-30, -6])
def test_the_level_is_that_of_the_speech(level_db: float) -> None:
    sound = steady_voice(4)
    sound = sound / np.sqrt(np.mean(sound**2)) * np.float32(10 ** (level_db / 20))
    assert hear_quality(sound, loudness_db(sound)).speech_level_dbfs == pytest.approx(level_db, abs=1)


def measured(sound: Samples):
    words = as_transcript("one two three four five " * 6, end_s=sound.size / RATE_HZ)
    return measure(as_message(sound), words, clipped_share=0, limits=load("cold-outreach").limits)


def voice_with_pauses() -> Samples:
    glide = sounds.gliding_voice(20, 3)
    for first_s in (3, 7, 11, 15):
        glide[first_s * RATE_HZ : round((first_s + 0.5) * RATE_HZ)] = 0
    return with_noise(glide, 40)


def test_a_recording_that_breaks_off_says_nothing_of_pauses_and_pitch() -> None:
    whole = measured(voice_with_pauses())
    assert whole.measurements.pauses_over_threshold == 4
    assert whole.measurements.pitch_sd_semitones
    torn = measured(broken(voice_with_pauses(), 40))
    for name in ("pauses_over_threshold", "longest_pause_s", "articulation_wpm", "pitch_sd_semitones"):
        assert getattr(torn.measurements, name) is None
        assert "breaks off" in torn.not_measured[name]


def test_in_loud_noise_pitch_is_left_unsaid() -> None:
    noisy = measured(with_noise(voice_with_pauses(), 7))
    assert noisy.measurements.pitch_sd_semitones is None
    assert "nois" in noisy.not_measured["pitch_sd_semitones"]
