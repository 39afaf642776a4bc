"""The beep is heard whatever it sounds like, and nothing else is taken for it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.audio.beep import find_beeps
from analysis.audio.decode import decode
from analysis.audio.tones import BIN_HZ, _interpolated_hz, find_tones
from tests import sounds
from tests.sounds import RATE_HZ, Samples, cadence, silence, telephone_band, tone, touch_tones, with_noise

BEEPS_HZ = (400, 440, 523, 620, 850, 1000, 1333, 1400, 1700, 2000)


def on_the_line(sound: Samples, *, hiss: float = 0.002, seed: int = 0) -> Samples:
    """The sound between a second of line noise on either side."""
    padded = np.concatenate([silence(1), sound, silence(1)])
    return padded + sounds.white_noise(padded.size / RATE_HZ, hiss, seed)


@pytest.mark.parametrize("hz", BEEPS_HZ)
@pytest.mark.parametrize("seconds", [0.15, 0.4, 1.2])
@pytest.mark.parametrize("peak", [0.5, 0.02], ids=["loud", "weak"])
def test_a_beep_is_heard_with_its_edges(hz: float, seconds: float, peak: float) -> None:
    (beep,) = find_beeps(on_the_line(tone(hz, seconds, peak=peak)))
    assert beep.hz == (pytest.approx(hz, abs=2),)
    assert beep.start_s == pytest.approx(1, abs=0.02)
    assert beep.end_s == pytest.approx(1 + seconds, abs=0.02)
    assert beep.clarity > 0.9


@pytest.mark.parametrize("pair", [(600, 1000), (950, 1400), (500, 1700), (1000, 1500)])
def test_a_beep_of_two_frequencies(pair: tuple[float, float]) -> None:
    (beep,) = find_beeps(on_the_line(cadence(pair, (0.5, 9), 0.5)))
    assert sorted(beep.hz) == pytest.approx(pair, abs=2)
    assert beep.end_s == pytest.approx(1.5, abs=0.02)


@pytest.mark.parametrize(
    ("container", "codec", "rate_hz", "bit_rate_bps"),
    [
        ("wav", "pcm_mulaw", 8000, None),
        ("wav", "pcm_alaw", 8000, None),
        ("mp3", "libmp3lame", 8000, 16_000),
        ("ogg", "libopus", 16_000, 12_000),
        ("wav", "g726", 8000, 32_000),
    ],
)
def test_codecs_of_the_telephone_leave_it_a_beep(
    container: str, codec: str, rate_hz: int, bit_rate_bps: int | None
) -> None:
    import librosa

    line = on_the_line(tone(1000, 0.4, peak=0.2))
    narrow = librosa.resample(line, orig_sr=RATE_HZ, target_sr=rate_hz)
    sound = decode(sounds.encoded(narrow, container, codec, rate_hz, bit_rate_bps=bit_rate_bps))
    (beep,) = find_beeps(sound.samples[0])
    assert beep.length_s == pytest.approx(0.4, abs=0.03)


@pytest.mark.parametrize("snr_db", [20, 10, 0])
def test_noise_does_not_hide_it(snr_db: float) -> None:
    (beep,) = find_beeps(with_noise(np.concatenate([silence(2), tone(1000, 0.5), silence(2)]), snr_db))
    assert beep.end_s == pytest.approx(2.5, abs=0.03)


def test_a_beep_played_twice_is_heard_twice() -> None:
    assert len(find_beeps(on_the_line(cadence((1000,), (0.2, 0.15), 0.55)))) == 2


def decaying(hz: float, seconds: float, time_constant_s: float) -> Samples:
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (tone(hz, seconds) * np.exp(-time_s / time_constant_s)).astype(np.float32)


def vowel(pitch_hz: float, formants_hz: tuple[float, float]) -> Samples:
    """A vowel sung on one note: harmonics, loudest near its formants."""
    time_s = np.arange(round(0.6 * RATE_HZ)) / RATE_HZ
    harmonics = np.arange(1, int(3800 / pitch_hz)) * pitch_hz
    weights = sum(1 / (1 + ((harmonics - formant) / 70) ** 2) for formant in formants_hz) + 0.02
    sound = (weights[:, None] * np.sin(2 * np.pi * harmonics[:, None] * time_s)).sum(0)
    return (0.4 * sound / np.abs(sound).max()).astype(np.float32)


NO_BEEPS = {
    "American ringing": sounds.ring_back(14),
    "one ring cut short": cadence((440, 480), (2, 4), 0.7),
    "British ringing": cadence((400, 450), (0.4, 0.2, 0.4, 2), 10),
    "one British ring": cadence((400, 450), (0.4, 9), 0.4),
    "busy": cadence((480, 620), (0.5, 0.5), 6),
    "fast busy": cadence((480, 620), (0.25, 0.25), 6),
    "British busy": cadence((400,), (0.375, 0.375), 5),
    "dial tone": cadence((350, 440), (9, 1), 5),
    "fax calling": cadence((1100,), (0.5, 3), 14),
    "fax answering": tone(2100, 3),
    "a recorder's warning": cadence((1400,), (0.5, 14.5), 46),
    "special information": np.concatenate([tone(985.2, 0.38), tone(1428.5, 0.38), tone(1776.7, 0.38)]),
    "touch tones": touch_tones("6155550142#"),
    "music": sounds.music(12),
    "a tune of pure notes": np.concatenate([tone(hz, 0.35) for hz in (523, 587, 659, 698, 784, 659, 523)]),
    "door chime": np.concatenate([decaying(660, 0.5, 0.2), decaying(550, 0.8, 0.25)]),
    "bell": decaying(880, 1.0, 0.25),
    "whistle that falls": sounds.gliding_voice(1.0, 4, 800),
    "a click": np.pad(np.ones(20, np.float32), (100, 100)),
    "hiss": sounds.white_noise(3),
    "silence": silence(3),
} | {
    f"{name} on {pitch} Hz": vowel(pitch, formants)
    for pitch in (110, 160, 205, 220, 262)
    for name, formants in {"oo": (320, 870), "ee": (280, 2300), "ah": (730, 1090), "er": (490, 1350)}.items()
}


@pytest.mark.parametrize("name", NO_BEEPS)
@pytest.mark.parametrize("line", ["wide", "telephone", "noisy"])
def test_other_sounds_are_no_beep(name: str, line: str) -> None:
    sound = NO_BEEPS[name]
    if line != "wide":
        sound = telephone_band(sound)
    assert find_beeps(on_the_line(sound, hiss=0.02 if line == "noisy" else 0.002)) == []


@given(
    hz=st.floats(410, 1990),
    seconds=st.floats(0.16, 1.2),
    peak=st.floats(0.02, 0.9),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_any_steady_tone_by_itself_is_one_beep(hz: float, seconds: float, peak: float, seed: int) -> None:
    (beep,) = find_beeps(on_the_line(tone(hz, seconds, peak=peak), seed=seed))
    assert beep.end_s == pytest.approx(1 + seconds, abs=0.025)


def test_a_slope_is_no_peak_far_away() -> None:
    """Where the loudest frequency lies beside the band, its slope once led to a frequency that does not exist."""
    bins = np.arange(257)
    slope = np.exp(-bins - 1e-5 * (bins - 25.0) ** 2)[:, None]
    hz = _interpolated_hz(slope, np.array([25]))
    assert hz[0] == pytest.approx(25 * BIN_HZ, abs=BIN_HZ)


@given(st.binary(max_size=20_000))
@settings(max_examples=30, deadline=None)
def test_no_sound_breaks_the_ear(raw: bytes) -> None:
    samples = np.frombuffer(raw[: len(raw) // 2 * 2], "<i2").astype(np.float32) / 32768
    assert all(tone.end_s > tone.start_s for tone in find_tones(samples))
