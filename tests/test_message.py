"""Finding the message: where somebody speaks, on which channel, and that nobody speaks in noise and music."""

from pathlib import Path

import numpy as np
import pytest

from analysis.audio.decode import SAMPLE_RATE_HZ, Sound, decode
from analysis.audio.message import find_message
from analysis.audio.speech import find_speech, total_s
from models.errors import NoSpeech, NothingAfterBeep
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


# ------------------------------------------------------------------------------ whole calls


@pytest.fixture(scope="module")
def greeting(spoken: Sound) -> sounds.Samples:
    """Somebody who speaks for five seconds, as a telephone carries it."""
    return sounds.telephone_band(spoken.samples[0, : 5 * SAMPLE_RATE_HZ]) * np.float32(0.7)


@pytest.fixture(scope="module")
def message(spoken: Sound) -> sounds.Samples:
    window = find_message(spoken).window
    return spoken.samples[0, int(window.start_s * SAMPLE_RATE_HZ) : int(window.end_s * SAMPLE_RATE_HZ)]


RINGING = {
    "none": silence(0.5),
    "American": sounds.ring_back(8),
    "British": sounds.cadence((400, 450), (0.4, 0.2, 0.4, 2), 6),
    "European": sounds.cadence((425,), (1, 4), 9),
}
HANG_UP = {
    "none": silence(0.5),
    "busy": np.concatenate([silence(1), sounds.cadence((480, 620), (0.5, 0.5), 4)]),
    "European busy": np.concatenate([silence(1), sounds.cadence((425,), (0.5, 0.5), 0.5)]),
    "dial tone": np.concatenate([silence(1), sounds.cadence((350, 440), (9, 1), 3)]),
    "closing beep": np.concatenate([silence(1), tone(1000, 0.4, peak=0.2)]),
}
BEEP = tone(1000, 0.4, peak=0.2)


def parts_at(*parts: sounds.Samples) -> tuple[sounds.Samples, list[float]]:
    """The parts one after another with line noise, and the seconds at which they begin; the last is the end."""
    line = np.concatenate(parts)
    edges = np.cumsum([0, *(part.size for part in parts)]) / SAMPLE_RATE_HZ
    return line + sounds.white_noise(line.size / SAMPLE_RATE_HZ, 0.0005), list(edges)


@pytest.mark.parametrize("ringing", RINGING)
@pytest.mark.parametrize("hang_up", HANG_UP)
def test_the_message_of_a_call_is_cut_out(greeting, message, ringing: str, hang_up: str) -> None:
    line, at_s = parts_at(RINGING[ringing], greeting, silence(0.6), BEEP, silence(0.8), message, HANG_UP[hang_up])
    window = find_message(as_sound(line)).window
    assert window.found_by == "beep"
    assert window.beep_end_s == pytest.approx(at_s[4], abs=0.02)
    assert window.start_s == pytest.approx(at_s[5], abs=0.3)
    assert window.end_s == pytest.approx(at_s[6], abs=0.3)
    assert window.confidence > 0.9


@pytest.mark.parametrize("rep", [0, 1])
@pytest.mark.parametrize("leak", [0.0, 0.08])
def test_a_side_a_channel(greeting, message, rep: int, leak: float) -> None:
    other, at_s = parts_at(sounds.ring_back(3), greeting, silence(0.5), BEEP, silence(0.8), message * 0, silence(1))
    mine = np.zeros_like(other)
    first = round(at_s[5] * SAMPLE_RATE_HZ)
    mine[first : first + message.size] = message
    sides = [mine + leak * other, other + leak * mine]
    window = find_message(as_sound(np.stack(sides if rep == 0 else sides[::-1]))).window
    assert (window.channel, window.found_by) == (rep, "beep")
    assert window.start_s == pytest.approx(at_s[5], abs=0.3)
    assert window.end_s == pytest.approx(at_s[6], abs=0.3)


def test_a_side_a_channel_without_a_beep(greeting, message) -> None:
    other, _ = parts_at(greeting, silence(1), message * 0)
    mine, at_s = parts_at(greeting * 0, silence(1), message)
    window = find_message(as_sound(np.stack([mine, other]))).window
    assert (window.channel, window.found_by, window.beep_end_s) == (0, "channel", None)
    assert window.start_s == pytest.approx(at_s[2], abs=0.3)


def test_one_line_stored_as_two_channels_is_one_line(greeting, message) -> None:
    line, at_s = parts_at(greeting, silence(0.6), BEEP, silence(0.8), message)
    window = find_message(as_sound(np.stack([line, 0.8 * line]))).window
    assert window.start_s == pytest.approx(at_s[4], abs=0.3)


def test_who_hangs_up_at_the_beep_leaves_no_message(greeting) -> None:
    line, _ = parts_at(sounds.ring_back(3), greeting, silence(0.6), BEEP, silence(1))
    with pytest.raises(NothingAfterBeep, match="nobody speaks after it"):
        find_message(as_sound(line))


def test_a_beep_alone_before_a_message_counts_for_less(message) -> None:
    line, at_s = parts_at(silence(0.5), BEEP, silence(1), message)
    window = find_message(as_sound(line)).window
    assert window.start_s == pytest.approx(at_s[3], abs=0.3)
    assert window.confidence <= 0.65


def test_of_several_beeps_the_first_clear_one_counts(greeting, message) -> None:
    """A warning before the greeting, and a tone in the middle of the message, are not what the message waits for."""
    warning, stray = tone(1400, 0.4, peak=0.2), tone(1200, 0.13, peak=0.05)
    half = message.size // 2
    said = [message[:half], silence(0.2), stray, silence(0.2), message[half:]]
    line, at_s = parts_at(warning, silence(1), greeting, silence(0.6), BEEP, silence(0.8), *said)
    assert find_message(as_sound(line)).window.beep_end_s == pytest.approx(at_s[5], abs=0.02)
    line, at_s = parts_at(silence(1), BEEP, silence(0.8), *said)
    assert find_message(as_sound(line)).window.beep_end_s == pytest.approx(at_s[2], abs=0.02)


def test_a_practice_recording_passes_untouched(spoken: Sound) -> None:
    window = find_message(spoken).window
    assert window.found_by == "whole_file"
    assert window.beep_end_s is None
