"""The same recording is known again whatever a telephone makes of it; another recording never is."""

from collections.abc import Callable
from itertools import combinations

import librosa
import numpy as np
import pytest

from analysis.audio.decode import decode
from analysis.audio.message import find_message
from analysis.fingerprint import (
    SAME_FROM,
    Landmarks,
    can_be_told_apart,
    find_landmarks,
    is_same_recording,
    share_in_common,
)
from tests.conftest import SAMPLES
from tests.sounds import (
    Samples,
    encoded,
    gliding_voice,
    music,
    ring_back,
    silence,
    steady_voice,
    telephone_band,
    white_noise,
    with_noise,
)

RECORDINGS = sorted(path for path in SAMPLES.iterdir() if path.suffix != ".json")


@pytest.fixture(scope="module")
def messages() -> dict[str, Samples]:
    return {path.stem: find_message(decode(path)).samples for path in RECORDINGS}


@pytest.fixture(scope="module")
def landmarks(messages: dict[str, Samples]) -> dict[str, Landmarks]:
    return {name: find_landmarks(samples) for name, samples in messages.items()}


def at_8_khz(samples: Samples) -> Samples:
    return librosa.resample(samples, orig_sr=16_000, target_sr=8_000)


def cut(samples: Samples, share: float) -> Samples:
    """Without so much of it at either end, and not at a whole frame."""
    first = int(samples.size * share) + 59
    return samples[first : samples.size - first]


def carried(container: str, codec: str, rate_hz: int, bit_rate_bps: int | None = None) -> Callable[[Samples], Samples]:
    def carry(samples: Samples) -> Samples:
        sound = at_8_khz(samples) if rate_hz == 8_000 else samples
        return decode(encoded(sound, container, codec, rate_hz, bit_rate_bps=bit_rate_bps)).samples[0]

    return carry


CHANGES: dict[str, Callable[[Samples], Samples]] = {
    "mu-law": carried("wav", "pcm_mulaw", 8_000),
    "a-law": carried("wav", "pcm_alaw", 8_000),
    "mp3 at 16 kbit/s": carried("mp3", "libmp3lame", 8_000, 16_000),
    "opus at 12 kbit/s": carried("ogg", "libopus", 16_000, 12_000),
    "aac at 24 kbit/s": carried("adts", "aac", 16_000, 24_000),
    "amr at 12.2 kbit/s": carried("amr", "libopencore_amrnb", 8_000, 12_200),
    "30 dB quieter": lambda samples: samples * np.float32(0.03),
    "the telephone band": telephone_band,
    "noise at 20 dB": lambda samples: with_noise(samples, 20),
    "noise at 10 dB": lambda samples: with_noise(samples, 10),
    "2.3456 s later": lambda samples: np.concatenate([silence(2.3456), samples]),
    "a third cut off": lambda samples: cut(samples, 1 / 6),
    "all together": lambda samples: with_noise(telephone_band(CHANGES["mu-law"](cut(samples, 0.05))), 20),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_same_recording_is_known_again(
    change: str, messages: dict[str, Samples], landmarks: dict[str, Landmarks]
) -> None:
    shares = {
        name: share_in_common(landmarks[name], find_landmarks(CHANGES[change](samples)))
        for name, samples in messages.items()
    }
    assert {name: share for name, share in shares.items() if share < SAME_FROM} == {}


def test_no_two_samples_are_taken_for_each_other(landmarks: dict[str, Landmarks]) -> None:
    shares = {pair: share_in_common(landmarks[pair[0]], landmarks[pair[1]]) for pair in combinations(landmarks, 2)}
    assert len(shares) == 45
    assert max(shares.values()) < 0.1, max(shares, key=shares.__getitem__)


def said_again(samples: Samples, seed: int) -> Samples:
    """The same words from the same mouth, as near as can be: only the pace wanders by a twentieth."""
    dice = np.random.default_rng(seed)
    seconds = samples.size // 16_000 + 2
    pace = np.interp(np.arange(samples.size) / 16_000, np.arange(seconds), 1 + dice.normal(0, 0.05, seconds))
    heard_at = np.cumsum(pace)
    return np.interp(np.arange(0, heard_at[-1]), heard_at, samples).astype(np.float32)


def test_the_same_words_said_again_are_another_recording(
    messages: dict[str, Samples], landmarks: dict[str, Landmarks]
) -> None:
    shares = [
        share_in_common(landmarks[name], find_landmarks(said_again(samples, seed)))
        for name, samples in messages.items()
        for seed in (1, 2)
    ]
    assert max(shares) < SAME_FROM - 0.1


def test_a_shared_greeting_does_not_make_two_recordings_one(messages: dict[str, Samples]) -> None:
    """A call recorded whole begins with the greeting; a carrier's own is the same for everybody."""
    greeting = messages["10-short-mumble"]
    calls = [find_landmarks(np.concatenate([greeting, messages[name]])) for name in list(messages)[:4]]
    assert not any(is_same_recording(one, other) for one, other in combinations(calls, 2))


def test_a_greeting_of_ones_own_does_not_hide_a_recording(messages: dict[str, Samples]) -> None:
    """“Hi Dana”, and then the recording is played."""
    played = messages["01-insight-and-number-twice"]
    said = cut(messages["04-just-checking-in"], 0.4)
    assert is_same_recording(find_landmarks(played), find_landmarks(np.concatenate([said, played])))


@pytest.mark.parametrize("samples", [silence(0), silence(0.01), silence(20), steady_voice(3), white_noise(4)])
def test_too_little_to_tell_apart(samples: Samples) -> None:
    found = find_landmarks(samples)
    assert not can_be_told_apart(found)
    assert not is_same_recording(found, find_landmarks(gliding_voice(20, 4)))


def test_sounds_that_are_no_speech_are_not_taken_for_each_other() -> None:
    sounds = [white_noise(20, seed=1), white_noise(20, seed=2), music(20), ring_back(20), gliding_voice(20, 4)]
    found = [find_landmarks(sound) for sound in sounds]
    assert max(share_in_common(one, other) for one, other in combinations(found, 2)) < SAME_FROM


def test_landmarks_are_small_and_of_one_recording_the_same(
    messages: dict[str, Samples], landmarks: dict[str, Landmarks]
) -> None:
    for name, samples in messages.items():
        assert share_in_common(landmarks[name], landmarks[name]) > 0.9
        assert np.array_equal(find_landmarks(samples), landmarks[name])
        assert landmarks[name].nbytes < 120 * samples.size / 16_000
