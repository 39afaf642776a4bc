"""openai-whisper behind the transcriber protocol."""

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from analysis.audio.decode import decode
from analysis.audio.message import Message, find_message
from analysis.speech.openai_whisper import OpenAIWhisper, whole_words
from analysis.spoken import find_phone_numbers
from models.errors import DamagedModel
from models.transcript import Transcript
from tests.sounds import Samples, silence

SAMPLE = Path(__file__).parent.parent / "samples" / "04-just-checking-in.wav"


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


# ------------------------------------------------------------------------------ a scripted model


@dataclass
class ScriptedModel:
    """Answers like openai-whisper, and remembers how it was asked."""

    segments: list[dict[str, Any]]
    language: str = "en"
    device: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(type="cpu"))
    asked: list[dict[str, Any]] = field(default_factory=list)

    def transcribe(self, message: Samples, **options: Any) -> dict[str, Any]:
        self.asked.append({"seconds": message.size / 16_000, **options})
        return {"segments": self.segments, "language": self.language}


def segment(*texts: str, no_speech: float = 0.01, log_probability: float = -0.2) -> dict[str, Any]:
    return {"words": pieces(*texts), "no_speech_prob": no_speech, "avg_logprob": log_probability}


def engine_with(model: ScriptedModel, **options: Any) -> OpenAIWhisper:
    engine = OpenAIWhisper("base", model_dir=Path("nowhere"), **options)
    engine.__dict__["model"] = model
    return engine


@pytest.mark.parametrize(
    ("no_speech", "log_probability", "kept"),
    [(0.9, -1.5, False), (0.61, -1.01, False), (0.9, -0.5, True), (0.1, -1.5, True), (0.6, -1.0, True)],
)
def test_invented_segments_are_dropped(no_speech: float, log_probability: float, kept: bool) -> None:
    doubtful = segment(" Thank", " you.", no_speech=no_speech, log_probability=log_probability)
    (heard,) = engine_with(ScriptedModel([segment(" Hi", " Dana."), doubtful])).transcribe([silence(1)])
    assert heard.text == ("Hi Dana. Thank you." if kept else "Hi Dana.")


def test_nothing_but_invention_is_a_transcript_without_words() -> None:
    (heard,) = engine_with(ScriptedModel([segment(" Bye.", no_speech=0.9, log_probability=-2)])).transcribe(
        [silence(1)]
    )
    assert (heard.text, heard.words) == ("", ())


def test_a_batch_is_answered_in_order() -> None:
    model = ScriptedModel([segment(" Hi")])
    assert len(engine_with(model).transcribe([silence(2), silence(1), silence(3)])) == 3
    assert [asked["seconds"] for asked in model.asked] == [2, 1, 3]
    assert engine_with(model).transcribe([]) == []


def test_how_the_model_is_asked() -> None:
    model = ScriptedModel([])
    engine_with(model).transcribe([silence(1)])
    engine_with(model, language=None).transcribe([silence(1)])
    assert [asked["language"] for asked in model.asked] == ["en", None]
    for asked in model.asked:
        assert asked["word_timestamps"] is True
        assert asked["condition_on_previous_text"] is False
        assert asked["fp16"] is False


def test_the_transcript_names_language_engine_and_model() -> None:
    (heard,) = engine_with(ScriptedModel([], language="de"), language=None).transcribe([silence(1)])
    assert (heard.language, heard.engine, heard.model) == ("de", "openai-whisper", "base")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("tiny.en", "tiny.en"), ("large-v3", "large-v3"), ("/models/medium.en.pt", "medium.en"), ("/models/mine", "mine")],
)
def test_the_model_is_shown_by_its_name_alone(name: str, shown: str) -> None:
    engine = OpenAIWhisper(name, model_dir=Path("nowhere"))
    engine.__dict__["model"] = ScriptedModel([])
    assert engine.transcribe([silence(1)])[0].model == shown


def test_the_model_is_loaded_only_when_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "base.pt").write_bytes(b"not a model")
    engine = OpenAIWhisper("base", model_dir=tmp_path)
    with pytest.raises(DamagedModel):
        engine.transcribe([silence(1)])


# ------------------------------------------------------------------------------ the real model


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
