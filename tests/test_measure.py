"""Measures against sounds and words of known length, pauses, noise and pitch."""

from pathlib import Path

import numpy as np
import pytest

from analysis.audio.decode import decode
from analysis.audio.loudness import find_pauses, loudness_db, signal_to_noise_db
from analysis.audio.message import Message, find_message
from analysis.audio.pitch import pitch_sd_semitones
from analysis.measure import Measured, measure, measure_script
from analysis.playbooks.loading import load
from models.report import Measurements
from models.transcript import Transcript, Word
from tests import sounds
from tests.sounds import Samples, as_message, as_transcript, bursts, silence, with_noise

LIMITS = load().limits
GAPS_S = [0.30, 0.50, 0.80, 1.50, 0.28]
BURSTS_S = [1.2, 1.5, 2.0, 1.0, 1.3, 1.1]
TWENTY_WORDS = " ".join(["word"] * 20)


def measured(sound: Samples, text: str = TWENTY_WORDS, clipped_share: float = 0.0) -> Measured:
    message = as_message(sound)
    transcript = as_transcript(text, end_s=message.window.end_s)
    return measure(message, transcript, clipped_share=clipped_share, limits=LIMITS)


# ------------------------------------------------------------------------------ pauses


@pytest.mark.parametrize("snr_db", [60, 40, 30, 20, 12])
def test_pauses_are_found_with_their_lengths(snr_db: float) -> None:
    pauses_s, why_not = find_pauses(loudness_db(with_noise(bursts(BURSTS_S, GAPS_S), snr_db)))
    assert why_not is None
    assert pauses_s == pytest.approx(GAPS_S, abs=0.02)


def test_pauses_of_a_recording_without_any_noise() -> None:
    pauses_s, _ = find_pauses(loudness_db(bursts(BURSTS_S, GAPS_S)))
    assert pauses_s == pytest.approx(GAPS_S, abs=0.02)


@pytest.mark.parametrize("gain_db", [-40, -20])
def test_level_does_not_change_pauses(gain_db: float) -> None:
    quiet = with_noise(bursts(BURSTS_S, GAPS_S), 30) * np.float32(10 ** (gain_db / 20))
    pauses_s, _ = find_pauses(loudness_db(quiet))
    assert pauses_s == pytest.approx(GAPS_S, abs=0.02)


@pytest.mark.parametrize(("gap_s", "pauses"), [(0.10, 1), (0.20, 1), (0.22, 1), (0.28, 2), (0.40, 2)])
@pytest.mark.parametrize("snr_db", [40, 20, 12])
def test_a_quarter_of_a_second_makes_a_pause(gap_s: float, pauses: int, snr_db: float) -> None:
    found, _ = find_pauses(loudness_db(with_noise(bursts([2, 2, 1], [gap_s, 0.5]), snr_db)))
    assert len(found) == pauses


def test_silence_at_the_edges_is_no_pause() -> None:
    sound = np.concatenate([silence(1), bursts([2, 2], [0.6]), silence(1)])
    pauses_s, _ = find_pauses(loudness_db(with_noise(sound, 30)))
    assert pauses_s == pytest.approx([0.6], abs=0.02)


def test_pauses_longest_and_seconds_of_speech_add_up() -> None:
    sound = with_noise(bursts(BURSTS_S, GAPS_S), 30)
    result = measured(sound).measurements
    assert result.message_s == pytest.approx(sum(BURSTS_S) + sum(GAPS_S), abs=0.01)
    assert result.speech_s == pytest.approx(sum(BURSTS_S), abs=0.02 * len(GAPS_S))
    assert result.pauses_over_threshold == len(GAPS_S)
    assert result.longest_pause_s == pytest.approx(max(GAPS_S), abs=0.02)
    assert result.pause_threshold_s == 0.25


def test_speech_without_a_pause_has_none_and_no_longest() -> None:
    result = measured(with_noise(bursts([1.0] * 9, [0.15] * 8), 30))
    assert result.measurements.pauses_over_threshold == 0
    assert result.measurements.longest_pause_s is None
    assert result.not_measured["longest_pause_s"] == "no pause of 250 ms or more"
    assert result.measurements.speech_s == result.measurements.message_s


@pytest.mark.parametrize("sound", [sounds.white_noise(10), sounds.steady_voice(10), silence(10)],
                         ids=["noise", "one long vowel", "silence"])  # fmt: skip
def test_speech_that_cannot_be_told_from_its_noise_has_no_pauses_and_no_ratio(sound: Samples) -> None:
    result = measured(sound)
    for name in ("pauses_over_threshold", "longest_pause_s", "speech_s", "articulation_wpm", "snr_db"):
        assert getattr(result.measurements, name) is None
        assert result.not_measured[name] == "speech does not stand out from the noise"


# ------------------------------------------------------------------------------ noise


@pytest.mark.parametrize("snr_db", [45, 30, 20, 12, 9])
def test_signal_to_noise(snr_db: float) -> None:
    found_db, why_not = signal_to_noise_db(loudness_db(with_noise(bursts(BURSTS_S, GAPS_S), snr_db)))
    assert why_not is None
    assert found_db == pytest.approx(snr_db, abs=3)


@pytest.mark.parametrize("snr_db", [30, 20, 12])
def test_signal_to_noise_of_a_real_voice(voice: Samples, snr_db: float) -> None:
    levels_db = loudness_db(voice)
    active_db = levels_db[levels_db > levels_db.max() - 30]
    speech_db = 10 * np.log10(np.mean(10 ** (active_db / 10)))
    noise = sounds.white_noise(voice.size / sounds.RATE_HZ, rms=10 ** ((speech_db - snr_db) / 20))
    found_db, _ = signal_to_noise_db(loudness_db(voice + noise[: voice.size]))
    assert found_db == pytest.approx(snr_db, abs=3)


def test_signal_to_noise_of_digital_silence_has_a_limit() -> None:
    assert signal_to_noise_db(loudness_db(bursts([2, 2], [1]))) == (60.0, None)


def test_signal_to_noise_needs_a_second() -> None:
    assert signal_to_noise_db(loudness_db(sounds.steady_voice(0.9)))[1] == "less than a second of sound"


def test_clipped_share_is_passed_on() -> None:
    assert measured(bursts([5, 5], [1]), clipped_share=0.0312).measurements.clipped_share == 0.0312


# ------------------------------------------------------------------------------ pitch

# Half the distance between the 16th and the 84th percentile of a pitch that is equally long everywhere.
SHARE_BETWEEN_PERCENTILES = 0.68


@pytest.fixture(scope="module")
def voice() -> Samples:
    return find_message(decode(Path(__file__).parent.parent / "samples" / "02-referral-with-a-result.ogg")).samples


@pytest.mark.parametrize("pitch_hz", [110, 210])
@pytest.mark.parametrize("semitones", [1, 2.5, 4])
@pytest.mark.parametrize("line", ["wide band", "telephone", "noisy telephone"])
def test_pitch_spread_of_a_glide(semitones: float, pitch_hz: float, line: str) -> None:
    glide = sounds.gliding_voice(6, semitones, pitch_hz)
    if line != "wide band":
        glide = sounds.telephone_band(glide)
    if line == "noisy telephone":
        glide = with_noise(glide, 20)
    spread, why_not = pitch_sd_semitones(glide)
    assert why_not is None
    assert spread == pytest.approx(semitones * SHARE_BETWEEN_PERCENTILES, abs=0.4)


def test_a_flat_voice_has_no_spread() -> None:
    assert pitch_sd_semitones(sounds.steady_voice(6, 150)) == (pytest.approx(0, abs=0.2), None)


@pytest.mark.parametrize("sound", [sounds.steady_voice(4), sounds.white_noise(8), silence(8), sounds.tone(150, 0.01)],
                         ids=["four seconds of voice", "noise", "silence", "ten milliseconds"])  # fmt: skip
def test_pitch_needs_five_seconds_of_voice(sound: Samples) -> None:
    assert pitch_sd_semitones(sound) == (None, "less than 5 s of voiced speech")


# ------------------------------------------------------------------------------ pace

TEN_SECONDS = with_noise(bursts([4, 5], [1.0]), 30)  # nine of them speech


def test_rates_are_words_over_seconds() -> None:
    result = measured(TEN_SECONDS, " ".join(["word"] * 24))
    assert result.measurements.words_spoken == 24
    assert result.measurements.message_wpm == 144
    assert result.measurements.articulation_wpm == pytest.approx(160, abs=1)
    assert not {"message_wpm", "articulation_wpm"} & result.not_measured.keys()


@pytest.mark.parametrize(
    ("sound", "words", "why"),
    [
        (with_noise(bursts([3, 4.5], [1.0]), 30), 30, "less than 8 s of speech"),
        (with_noise(bursts([3, 3, 1.5], [2.0, 2.0]), 30), 30, "less than 8 s of speech"),
        (TEN_SECONDS, 14, "fewer than 15 words"),
    ],
)
def test_too_little_for_a_rate(sound: Samples, words: int, why: str) -> None:
    result = measured(sound, " ".join(["word"] * words))
    for name in ("message_wpm", "articulation_wpm"):
        assert getattr(result.measurements, name) is None
        assert result.not_measured[name] == why


def test_just_enough_for_a_rate() -> None:
    assert measured(TEN_SECONDS, " ".join(["word"] * 15)).measurements.message_wpm == 90


@pytest.mark.parametrize(
    ("text", "words"),
    [("call me at 615-555-0142", 13), ("call me at 6 1 5, 5 5 5, 0 1 4 2.", 13), ("we saved 25%", 5)],
)
def test_a_number_counts_as_it_is_spoken(text: str, words: int) -> None:
    assert measured(TEN_SECONDS, text).measurements.words_spoken == words


# ------------------------------------------------------------------------------ telephone number, fillers


def spoken(*timed: tuple[str, float | None, float | None]) -> Transcript:
    words = (Word(text=text, start_s=start, end_s=end, probability=0.9) for text, start, end in timed)
    return Transcript.of_words(words, language="en", engine="scripted")


def measured_words(transcript: Transcript) -> Measured:
    return measure(as_message(TEN_SECONDS), transcript, clipped_share=0, limits=LIMITS)


def test_digits_per_second() -> None:
    result = measured_words(spoken(("call", 0.0, 0.5), ("615-555-0142.", 1.0, 5.0))).measurements
    assert (result.phone_number_digits_per_s, result.phone_number_times) == (2.5, 1)


def test_of_a_number_said_twice_the_slower_counts() -> None:
    result = measured_words(
        spoken(("call", 0.0, 0.5), ("615-555-0142,", 1.0, 3.0), ("again", 4.0, 4.5), ("615-555-0142.", 5.0, 10.0))
    ).measurements
    assert (result.phone_number_digits_per_s, result.phone_number_times) == (2.0, 2)


@pytest.mark.parametrize(
    ("transcript", "times", "why"),
    [
        (spoken(("Hi", 0.0, 0.5), ("there", 0.5, 1.0)), 0, "no telephone number was heard"),
        (spoken(("call", None, None), ("615-555-0142", None, None)), 1, "the words have no times"),
        (spoken(("call", 0.0, 1.0), ("615-555-0142", 2.0, 2.0)), 1, "the words have no times"),
    ],
)
def test_no_pace_of_a_number_and_why(transcript: Transcript, times: int, why: str) -> None:
    result = measured_words(transcript)
    assert result.measurements.phone_number_times == times
    assert result.measurements.phone_number_digits_per_s is None
    assert result.not_measured["phone_number_digits_per_s"] == why


@pytest.mark.parametrize(
    ("text", "fillers"),
    [("Hi Dana, I umbrella era", 0), ("Um, hi, uh… this is, er, Bob", 3), ("UM um Um.", 3), ("Hmm well", 1)],
)
def test_fillers(text: str, fillers: int) -> None:
    assert measured(TEN_SECONDS, text).measurements.filler_words_at_least == fillers


# ------------------------------------------------------------------------------ nothing is a silent nothing

SOUNDS = {
    "pauses": TEN_SECONDS,
    "short": with_noise(bursts([0.4, 0.4], [0.3]), 20),
    "half a second": sounds.steady_voice(0.5),
    "noise": sounds.white_noise(9),
    "silence": silence(9),
    "glide": sounds.gliding_voice(9, 3),
}
TEXTS = ["Hi", "um " * 20, "Call Dana at 615-555-0142 " * 4]


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("text", TEXTS)
def test_every_measure_has_a_value_or_a_reason_never_both(name: str, text: str) -> None:
    result = measured(SOUNDS[name], text)
    unmeasured = {field for field, value in result.measurements if value is None and field != "first_value_s"}
    assert unmeasured == result.not_measured.keys()
    assert all(result.not_measured.values())


MAY_BE_ZERO = {
    "pauses_over_threshold",
    "clipped_share",
    "dropouts",
    "phone_number_times",
    "filler_words_at_least",
    "pitch_sd_semitones",
}


@pytest.mark.parametrize("name", SOUNDS)
def test_no_measure_is_zero_that_cannot_be(name: str) -> None:
    result = measured(SOUNDS[name], "Hi there").measurements
    assert {field for field, value in result if value == 0} <= MAY_BE_ZERO


def test_a_script_has_a_length_at_150_words_a_minute_and_no_sound() -> None:
    result = measure_script(Transcript.of_script("word " * 40 + "615-555-0142"))
    assert result.measurements.message_s == 20
    assert result.measurements.words_spoken == 50
    assert result.measurements.phone_number_times == 1
    unmeasured = {field for field, value in result.measurements if value is None and field != "first_value_s"}
    assert result.not_measured == dict.fromkeys(unmeasured, "a script has no sound")


def test_the_window_counts_not_the_samples() -> None:
    """A message's seconds are those of its window in the recording, wherever it starts."""
    message = as_message(TEN_SECONDS)
    moved = message.window.model_copy(update={"start_s": 7.0, "end_s": 17.0})
    result = measure(Message(moved, TEN_SECONDS), as_transcript("Hi"), clipped_share=0, limits=LIMITS)
    assert result.measurements.message_s == 10


@pytest.mark.parametrize("written_s", [2.45, 3.0, 3.6], ids=["with the silence before it", "right", "a digit late"])
def test_a_number_begins_after_the_silence_before_it(written_s: float) -> None:
    """Ten digits from 3.0 to 7.0 s, between silences of 0.5 s."""
    sound = with_noise(bursts([2.5, 4.0, 2.0], [0.5, 0.5]), 30)
    said = enumerate("call me back now at".split())
    before = [Word(text=text, start_s=place * 0.49, end_s=(place + 1) * 0.49) for place, text in said]
    number = Word(text="615-555-0142.", start_s=written_s, end_s=7.0)
    words = [*before, number, Word(text="Thanks.", start_s=7.5, end_s=9.0)]
    heard = Transcript.of_words(words, language="en", engine="scripted")
    result = measure(as_message(sound), heard, clipped_share=0, limits=LIMITS)
    assert result.measurements.phone_number_digits_per_s == pytest.approx(2.5, abs=0.1)


# ------------------------------------------------------------------------------ documentation


def test_every_measure_is_defined_in_the_documentation() -> None:
    page = (Path(__file__).parent.parent / "docs" / "measurements.md").read_text("utf-8")
    defined = {
        line.strip("#| `").split("`")[0] for line in page.splitlines() if line.startswith(("## `", "### `", "| `"))
    }
    assert defined >= Measurements.model_fields.keys()
