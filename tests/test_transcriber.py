"""Speech engines behind the transcriber protocol."""

import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from analysis.audio.decode import decode
from analysis.audio.message import Message, find_message
from analysis.speech.batch import BatchTranscriber, Decoded
from analysis.speech.faster_whisper import FasterWhisper
from analysis.speech.openai_whisper import OpenAIWhisper
from analysis.speech.timestamps import complete
from analysis.speech.transcriber import Precision
from analysis.speech.weights import load_model
from analysis.speech.words import whole_words
from analysis.spoken import find_phone_numbers
from models.errors import DamagedModel, MissingExtra
from models.transcript import Transcript
from tests.sounds import silence

SAMPLE = Path(__file__).parent.parent / "samples" / "04-just-checking-in.wav"
RECORDINGS = Path(__file__).parent / "recordings"


def pieces(*texts: str, probability: float = 0.9) -> list[dict[str, Any]]:
    """Whisper's words, half a second each."""
    return [
        {"word": text, "start": number / 2, "end": (number + 1) / 2, "probability": probability}
        for number, text in enumerate(texts)
    ]


# ------------------------------------------------------------------------------ whole words


@pytest.mark.parametrize(
    ("heard", "words"),
    [
        ([" Hi", " Dana."], ["Hi", "Dana."]),
        ([" at", " 615", "-555", "-0142."], ["at", "615-555-0142."]),
        ([" 25", "%", " of", " it"], ["25%", "of", "it"]),
        (["Hi", " there"], ["Hi", "there"]),
        ([" Hi", " ", "", " there"], ["Hi", "there"]),
        ([" New York", "'s"], ["New", "York's"]),
        ([" $", "2", ".4", " million"], ["$2.4", "million"]),
        ([], []),
    ],
)
def test_pieces_become_words_as_written(heard: list[str], words: list[str]) -> None:
    assert [word.text for word in whole_words(pieces(*heard))] == words


def test_a_joined_word_lasts_from_its_first_to_its_last_piece_and_is_as_sure_as_its_least() -> None:
    (word,) = whole_words(
        [
            {"word": " 615", "start": 1.0, "end": 1.5, "probability": 0.9},
            {"word": "-555", "start": 1.5, "end": 2.25, "probability": 0.4},
            {"word": "-0142", "start": 2.25, "end": 3.0, "probability": 0.8},
        ]
    )
    assert (word.start_s, word.end_s, word.probability) == (1.0, 3.0, 0.4)


def test_numbers_of_numpy_become_plain_and_within_bounds() -> None:
    (word,) = whole_words(
        [{"word": " Hi", "start": np.float64(0.123456), "end": np.float32(0.5), "probability": np.float32(1.0000002)}]
    )
    assert (word.start_s, word.end_s, word.probability) == (0.123, 0.5, 1.0)
    assert all(type(value) is float for value in (word.start_s, word.end_s, word.probability))


def test_the_text_leads_back_to_its_words() -> None:
    words = whole_words(pieces(" Call", " 615", "-555", " or  not", " now"))
    transcript = Transcript.of_words(words, language="en", engine="test")
    assert transcript.text.split() == [word.text for word in transcript.words]


# ------------------------------------------------------------------------------ a scripted engine

FIRST_TIMESTAMP, EOT = 1000, 900
WORDS = {" Hi": 1, " Dana.": 2, " Thank": 3, " you.": 4, " Bye.": 5}
TEXTS = {token: word for word, token in WORDS.items()}


class ScriptedTokenizer:
    timestamp_begin, eot = FIRST_TIMESTAMP, EOT

    def split_to_word_tokens(self, tokens: list[int]) -> tuple[list[str], list[list[int]]]:
        return [TEXTS.get(token, "") for token in tokens], [[token] for token in tokens]

    def decode(self, tokens: list[int]) -> str:
        return "".join(TEXTS.get(token, "") for token in tokens)


def at(seconds: float) -> int:
    return FIRST_TIMESTAMP + round(seconds * 50)


def heard_as(*tokens: int, log_probability: float = -0.2, no_speech: float = 0.01) -> Decoded:
    """Text tokens are spoken a second apart."""
    count = sum(token < EOT for token in tokens)
    return Decoded(list(tokens), [float(n) for n in range(count + 1)], [0.9] * count, log_probability, no_speech)


class ScriptedEngine(BatchTranscriber):
    """Answers what the script says for each window in turn, and remembers what it was asked."""

    engine, frame_step, equal_lengths = "scripted", 2, False
    is_on_gpu, streams = False, 1
    model = SimpleNamespace(is_multilingual=True)

    def __init__(self, *script: Decoded, model: str = "base", **options: Any) -> None:
        super().__init__(model, model_dir=Path("nowhere"), **options)
        self.script = list(script)
        self.encoded: list[int] = []
        self.asked: list[tuple[list[int], float]] = []

    def load(self) -> None: ...

    def bands(self) -> int:
        return 80

    def tokenizer(self, language: str | None) -> ScriptedTokenizer:
        return ScriptedTokenizer()

    def encode(self, window: Any) -> int:
        self.encoded.append(window.shape[-1])
        return int(window.shape[-1])

    def detect_language(self, features: Any) -> str:
        return "de"

    def decode(self, batch: Any, frames: Any, tokenizer: Any, temperature: float, give_way: Any) -> list[Decoded]:
        self.asked.append((list(frames), temperature))
        return [self.script.pop(0) if len(self.script) > 1 else self.script[0] for _ in batch]


HI_DANA = (at(0), WORDS[" Hi"], WORDS[" Dana."], at(2))


@pytest.mark.parametrize(
    ("no_speech", "log_probability", "kept"),
    [(0.9, -1.5, False), (0.61, -1.01, False), (0.9, -0.5, True), (0.1, -1.5, True), (0.6, -1.0, True)],
)
def test_invented_windows_are_dropped(no_speech: float, log_probability: float, kept: bool) -> None:
    doubtful = heard_as(at(0), 3, 4, at(2), no_speech=no_speech, log_probability=log_probability)
    (heard,) = ScriptedEngine(doubtful).transcribe([silence(2)])
    assert heard.text == ("Thank you." if kept else "")
    assert bool(heard.words) is kept


def test_what_makes_no_sense_is_heard_again_in_a_whole_window_and_warmer() -> None:
    unsure = heard_as(*HI_DANA, log_probability=-1.2)
    engine = ScriptedEngine(unsure, unsure, unsure, heard_as(at(0), 5, at(1)))
    (heard,) = engine.transcribe([silence(10)])
    assert heard.text == "Bye."
    assert engine.encoded == [1200, 3000]
    assert [temperature for _, temperature in engine.asked] == [0.0, 0.0, 0.2, 0.4]


def test_repetition_makes_no_sense() -> None:
    repeated = heard_as(at(0), *[3, 4] * 40, at(9))
    engine = ScriptedEngine(repeated, heard_as(*HI_DANA))
    assert engine.transcribe([silence(10)])[0].text == "Hi Dana."
    assert len(engine.asked) == 2


def test_a_long_message_is_heard_in_windows_that_begin_where_the_last_segment_ended() -> None:
    cut_off = heard_as(at(0), 1, at(20), at(20), 2)  # “Dana.” was not ended
    engine = ScriptedEngine(cut_off, heard_as(at(0), 2, at(1)))
    (heard,) = engine.transcribe([silence(40)])
    assert [frames for frames, _ in engine.asked][:2] == [[3000], [3000]]
    assert heard.words[1].start_s == pytest.approx(1.0)  # where “Hi” ended


def test_a_batch_is_answered_in_order_and_encoded_by_length() -> None:
    engine = ScriptedEngine(heard_as(at(0), 1, at(1)), heard_as(at(0), 3, at(1)), heard_as(at(0), 5, at(1)))
    assert [one.text for one in engine.transcribe([silence(2), silence(1), silence(3)])] == ["Thank", "Hi", "Bye."]
    assert engine.encoded == [300, 400, 500]
    assert engine.asked == [([100, 200, 300], 0.0)]
    assert ScriptedEngine(heard_as()).transcribe([]) == []


def test_batches_are_even_and_no_larger_than_asked() -> None:
    engine = ScriptedEngine(heard_as(*HI_DANA), batch_size=4)
    engine.transcribe([silence(2)] * 9)
    assert [len(frames) for frames, _ in engine.asked] == [3, 3, 3]


def test_only_equal_lengths_meet_where_the_engine_cannot_mask() -> None:
    engine = ScriptedEngine(heard_as(*HI_DANA))
    engine.equal_lengths, engine.frame_step = True, 250
    engine.transcribe([silence(0.1), silence(0.4), silence(8)])
    assert [len(frames) for frames, _ in engine.asked] == [1, 2]
    assert engine.encoded == [1000, 250, 250]


def test_no_batch_is_more_than_a_stream_s_share_and_the_longest_come_first() -> None:
    engine = ScriptedEngine(heard_as(*HI_DANA))
    engine.equal_lengths, engine.frame_step, engine.streams = True, 500, 2
    lengths_s = [2, 2, 7, 12, 12, 12, 12]  # padded to 500, 500, 1000 and four times 1500 frames; half of all is 4000
    listening = [engine._listen(silence(length_s)) for length_s in lengths_s]
    batches = [[engine._padded(one) for one in batch] for batch in engine._batches(listening)]
    assert batches == [[1500, 1500], [1500, 1500], [500, 500], [1000]]


def test_an_idle_stream_goes_on_with_what_is_longer_than_a_window() -> None:
    """The other batch does not end before the second window is heard."""
    second_window = threading.Event()

    class Two(ScriptedEngine):
        def decode(self, batch: Any, frames: Any, tokenizer: Any, temperature: float, give_way: Any) -> list[Decoded]:
            (length,) = frames
            if length == 2000:
                assert second_window.wait(30)
            elif length < 2000:
                second_window.set()
            return [heard_as(at(0), 1, at(length / 100))]

    engine = Two(model="base", batch_size=1)
    engine.streams = 2
    assert [one.text for one in engine.transcribe([silence(45), silence(20)])] == ["Hi Hi", "Hi"]


def test_an_error_in_one_batch_is_the_error_of_all() -> None:
    class Failing(ScriptedEngine):
        def decode(self, batch: Any, *_: Any) -> list[Decoded]:
            raise MemoryError(len(batch))

    engine = Failing(batch_size=1)
    engine.streams = 2
    with pytest.raises(MemoryError):
        engine.transcribe([silence(2)] * 5)


def test_whoever_must_not_wait_gets_a_turn_before_every_recording() -> None:
    turns: list[int] = []
    engine = ScriptedEngine(heard_as(*HI_DANA))
    engine.transcribe([silence(1)] * 3, give_way=lambda: turns.append(len(engine.encoded)))
    assert turns == [0, 1, 2]


@pytest.mark.parametrize(("asked", "found"), [("en", "en"), (None, "de")])
def test_the_transcript_names_language_engine_and_model(asked: str | None, found: str) -> None:
    (heard,) = ScriptedEngine(heard_as(*HI_DANA), language=asked).transcribe([silence(2)])
    assert (heard.language, heard.engine, heard.model) == (found, "scripted", "base")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("tiny.en", "tiny.en"), ("large-v3", "large-v3"), ("/models/medium.en.pt", "medium.en"), ("/models/mine", "mine")],
)
def test_the_model_is_shown_by_its_name_alone(name: str, shown: str) -> None:
    assert ScriptedEngine(heard_as(*HI_DANA), model=name).transcribe([silence(2)])[0].model == shown


def test_the_model_is_loaded_only_when_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "base.pt").write_bytes(b"not a model")
    engine = OpenAIWhisper("base", model_dir=tmp_path)
    with pytest.raises(DamagedModel):
        engine.transcribe([silence(1)])


# ------------------------------------------------------------------------------ timestamps


@pytest.mark.parametrize(
    ("tokens", "kept", "covered", "sure"),
    [
        ((at(0), 1, 2, at(2)), 4, 900, True),
        ((at(0), 1, at(2), at(2), 2, at(4)), 6, 900, True),
        ((at(0), 1, at(2), at(2), 2), 3, 200, False),
        ((at(0), 1, at(2), at(3), 2, at(4), at(4)), 6, 400, False),
        ((at(0), 1, 2), 3, 900, False),
        ((), 0, 900, False),
    ],
)
def test_whole_segments(tokens: tuple[int, ...], kept: int, covered: int, sure: bool) -> None:
    assert complete(tokens, FIRST_TIMESTAMP, 900) == (kept, covered, sure)


# ------------------------------------------------------------------------------ the real model


@pytest.fixture(autouse=True)
def cores() -> Iterator[None]:
    """Two, whatever a run of all tests leaves to each of its processes: batches are shared out among them."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def message() -> Message:
    return find_message(decode(SAMPLE))


@pytest.fixture(scope="module")
def heard(model_dir: Path, message: Message) -> Transcript:
    (transcript,) = OpenAIWhisper("base", model_dir=model_dir).transcribe([message.samples])
    return transcript


@pytest.mark.whisper
def test_what_was_said_is_heard(heard: Transcript) -> None:
    assert "just checking in" in heard.text.lower()
    assert (heard.language, heard.model) == ("en", "base")


@pytest.mark.whisper
def test_a_telephone_number_is_heard_digit_by_digit(heard: Transcript) -> None:
    numbers = find_phone_numbers([word.text for word in heard.words])
    assert numbers
    assert {len(number.digits) for number in numbers} <= {7, 10, 11}


@pytest.mark.whisper
def test_words_are_in_order_within_the_message(heard: Transcript, message: Message) -> None:
    assert heard.words
    for word in heard.words:
        assert word.start_s is not None
        assert word.end_s is not None
        assert 0 <= word.start_s <= word.end_s <= message.samples.size / 16_000 + 0.05
        assert word.probability is not None
        assert 0 <= word.probability <= 1
    assert all(first.end_s <= second.start_s + 0.001 for first, second in pairwise(heard.words))


@pytest.mark.whisper
def test_words_carry_no_spaces_and_make_the_text(heard: Transcript) -> None:
    assert heard.text.split() == [word.text for word in heard.words]


@pytest.mark.whisper
@pytest.mark.parametrize("engine_class", [OpenAIWhisper, FasterWhisper])
def test_words_are_the_same_alone_and_in_any_batch(
    model_dir: Path, message: Message, engine_class: type[BatchTranscriber]
) -> None:
    if engine_class is FasterWhisper:
        pytest.importorskip("ctranslate2")
    engine = engine_class("base", model_dir=model_dir)
    several = [find_message(decode(path)).samples for path in sorted(SAMPLE.parent.glob("0[159]-*.[mw][pa][3v]"))]
    several += [message.samples, message.samples[: 9 * 16_000], message.samples[: 4 * 16_000]]
    alone = [told(engine.transcribe([one])[0]) for one in several]
    assert [told(one) for one in engine.transcribe(several)] == alone
    engine.streams = 1
    assert [told(one) for one in engine.transcribe(several[::-1])] == alone[::-1]


def told(transcript: Transcript) -> list[tuple[str, float | None, float | None]]:
    return [(word.text, word.start_s, word.end_s) for word in transcript.words]


@pytest.mark.whisper
def test_words_and_times_are_those_of_openai_whisper(model_dir: Path, heard: Transcript, message: Message) -> None:
    theirs = load_model("base", model_dir).transcribe(
        message.samples, language="en", word_timestamps=True, condition_on_previous_text=False, fp16=False
    )
    words = whole_words(piece for segment in theirs["segments"] for piece in segment["words"])
    told = {word.text: word for word in words}
    both = [(word, told[word.text]) for word in heard.words if word.text in told]
    assert len(both) >= 0.9 * len(words)
    apart = sorted(abs(ours.start_s - other.start_s) for ours, other in both)
    assert apart[len(apart) // 2] <= 0.05


@pytest.mark.whisper
@pytest.mark.parametrize("engine", [OpenAIWhisper, FasterWhisper])
def test_hesitations_are_written_down_where_that_is_asked_for(model_dir: Path, engine: type[BatchTranscriber]) -> None:
    """Eight are said; Whisper by itself writes hardly any."""
    if engine is FasterWhisper:
        pytest.importorskip("ctranslate2")
    hesitant = find_message(decode(RECORDINGS / "hesitant.ogg")).samples

    def fillers(*, verbatim: bool) -> int:
        (heard,) = engine("base", model_dir=model_dir, verbatim=verbatim).transcribe([hesitant])
        return sum(word.text.lower().strip(".,") in ("um", "uh") for word in heard.words)

    assert fillers(verbatim=False) <= 3
    assert fillers(verbatim=True) >= 5


@pytest.mark.whisper
@pytest.mark.parametrize("precision", ["auto", "int8"])  # with int8 CTranslate2 encodes too
def test_the_other_engine_hears_the_same(
    model_dir: Path, heard: Transcript, message: Message, precision: Precision
) -> None:
    pytest.importorskip("ctranslate2")
    engine = FasterWhisper("base", model_dir=model_dir, precision=precision)
    (other,) = engine.transcribe([message.samples])
    assert other.engine == "faster-whisper"
    assert "just checking in" in other.text.lower()
    assert len(set(other.text.split()) & set(heard.text.split())) >= 0.8 * len(set(heard.text.split()))
    first, last = message.samples[: 6 * 16_000], message.samples[: 5 * 16_000]
    assert engine.transcribe([first, message.samples, last])[1].text == other.text


def test_an_engine_that_is_not_installed_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    with pytest.raises(MissingExtra, match=r"pip install 'afterbeep\[fast\]'"):
        FasterWhisper("base", model_dir=tmp_path).transcribe([silence(1)])
