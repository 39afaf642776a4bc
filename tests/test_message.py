"""Finding the message: where somebody speaks, on which channel, and that nobody speaks in noise and music."""

from pathlib import Path

import numpy as np
import pytest

from analysis.audio.decode import SAMPLE_RATE_HZ, Sound, decode
from analysis.audio.message import find_message
from analysis.audio.speech import find_speech, total_s
from models.errors import NoSpeech
from tests import sounds
from tests.sounds import as_sound, silence, tone

SAMPLES = sorted(path for path in (Path(__file__).parent.parent / "samples").iterdir()
                 if path.suffix in {".wav", ".mp3", ".ogg", ".flac", ".m4a", ".webm"})  # fmt: skip
STEREO = next(path for path in SAMPLES if path.name.startswith("09"))


@pytest.fixture(scope="module")
def spoken() -> Sound:
    """A real voice, mono, ten seconds."""
    return decode(next(path for path in SAMPLES if path.name.startswith("10")))


NOT_SPEECH = {
    "digital silence": silence(8),
    "faint hiss": sounds.white_noise(8, rms=1e-4),
    "white noise": sounds.white_noise(8, rms=0.1),
    "loud white noise": sounds.white_noise(8, rms=0.3),
    "pink noise": sounds.pink_noise(8, rms=0.1),
    "telephone hiss": sounds.telephone_band(sounds.pink_noise(8)),
    "beep": tone(1000, 8),
    "hum": tone(120, 8),
    "touch tones": tone(697, 8, peak=0.3) + tone(1209, 8, peak=0.3),
    "ring-back": sounds.ring_back(12),
    "music": sounds.music(12),
    "offset": np.full(8 * SAMPLE_RATE_HZ, 0.2, np.float32),
    "one click": np.pad(np.ones(20, np.float32), (8000, 80_000)),
}


@pytest.mark.parametrize("name", NOT_SPEECH)
def test_nobody_speaks(name: str) -> None:
    with pytest.raises(NoSpeech):
        find_message(as_sound(NOT_SPEECH[name]))


@pytest.mark.parametrize("seconds", [0.001, 0.02, 0.1, 0.5])
def test_recordings_too_short_to_hold_a_word(seconds: float) -> None:
    with pytest.raises(NoSpeech):
        find_message(as_sound(tone(200, seconds)))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_speaks_from_near_its_start_to_near_its_end(path: Path) -> None:
    sound = decode(path)
    message = find_message(sound)
    assert 0 < message.window.start_s < 1
    assert sound.duration_s - 1 < message.window.end_s <= sound.duration_s
    assert message.window.confidence > 0.7
    assert message.samples.size / SAMPLE_RATE_HZ == pytest.approx(
        message.window.end_s - message.window.start_s, abs=0.01
    )


@pytest.mark.parametrize("gain_db", [-40, -20, 0])
def test_level_does_not_move_the_message(spoken: Sound, gain_db: float) -> None:
    expected = find_message(spoken).window
    peak = np.abs(spoken.samples).max()
    window = find_message(as_sound(spoken.samples / peak * 10 ** (gain_db / 20))).window
    assert window.start_s == pytest.approx(expected.start_s, abs=0.2)
    assert window.end_s == pytest.approx(expected.end_s, abs=0.2)


def test_edge_silence_is_left_out(spoken: Sound) -> None:
    alone = find_message(spoken).window
    padded = np.concatenate([silence(3), spoken.samples[0], silence(2)])
    window = find_message(as_sound(padded)).window
    assert window.start_s == pytest.approx(alone.start_s + 3, abs=0.1)
    assert window.end_s == pytest.approx(alone.end_s + 3, abs=0.1)


def test_finding_speech_leaves_nothing_behind(spoken: Sound) -> None:
    """The detector keeps a state; a recording must not change what is heard in the next."""
    first = find_speech(spoken.samples[0])
    find_speech(sounds.white_noise(1, rms=0.3))
    assert find_speech(spoken.samples[0]) == first


def test_spans_are_in_order_within_the_recording(spoken: Sound) -> None:
    edges = [edge for span in find_speech(spoken.samples[0]) for edge in span]
    assert edges == sorted(edges)
    assert edges[0] >= 0
    assert edges[-1] <= spoken.duration_s
    assert 0 < total_s(find_speech(spoken.samples[0])) <= spoken.duration_s


# ------------------------------------------------------------------------------ channels


def test_one_channel_is_no_choice(spoken: Sound) -> None:
    window = find_message(spoken).window
    assert (window.channel, window.found_by) == (None, "whole_file")


@pytest.mark.parametrize("speaking", [0, 1, 2])
@pytest.mark.parametrize("other", ["silence", "hiss", "music"])
def test_the_channel_that_speaks_is_taken(spoken: Sound, speaking: int, other: str) -> None:
    voice = spoken.samples[0, : 6 * SAMPLE_RATE_HZ]
    others = {"silence": silence(6), "hiss": sounds.white_noise(6, rms=0.01), "music": sounds.music(6)}
    channels = [voice if channel == speaking else others[other] for channel in range(3)]
    message = find_message(as_sound(np.stack(channels)))
    assert (message.window.channel, message.window.found_by) == (speaking, "channel")
    first = int(message.window.start_s * SAMPLE_RATE_HZ)
    assert np.array_equal(message.samples, voice[first : first + message.samples.size])


def test_the_sample_with_a_silent_channel() -> None:
    assert find_message(decode(STEREO)).window.channel == 1


def test_the_agent_channel_is_honoured_though_another_speaks_more(spoken: Sound) -> None:
    long, short = spoken.samples[0], spoken.samples[0].copy()
    short[4 * SAMPLE_RATE_HZ :] = 0
    sound = as_sound(np.stack([long, short]))
    assert find_message(sound).window.channel == 0
    message = find_message(sound, agent_channel=1)
    assert message.window.channel == 1
    assert message.window.end_s < 5


def test_a_silent_agent_channel_is_no_speech_whoever_else_speaks() -> None:
    with pytest.raises(NoSpeech):
        find_message(decode(STEREO), agent_channel=0)


def test_an_agent_channel_that_is_not_there_is_ignored() -> None:
    assert find_message(decode(STEREO), agent_channel=7).window.channel == 1
