"""openai-whisper behind the transcriber protocol."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis.audio.decode import Samples
from analysis.speech.weights import load_model
from models.transcript import Transcript, Word

ENGINE = "openai-whisper"
# openai-whisper's own limits, applied to the whole message: past both, the words are invented.
INVENTED_ABOVE_NO_SPEECH = 0.6
INVENTED_BELOW_LOG_PROBABILITY = -1.0


class OpenAIWhisper:
    """Loads its model at the first transcription and keeps it. Not safe to share between threads."""

    def __init__(self, model: str, *, model_dir: Path, language: str | None = "en") -> None:
        self.name = model
        self.model_dir = model_dir
        self.language = language

    @cached_property
    def model(self) -> Any:
        return load_model(self.name, self.model_dir)

    def transcribe(self, messages: Sequence[Samples]) -> list[Transcript]:
        return [self._transcribe(message) for message in messages]

    def _transcribe(self, message: Samples) -> Transcript:
        heard = self.model.transcribe(
            message,
            language=self.language,
            word_timestamps=True,
            condition_on_previous_text=False,  # one bad window must not spoil the next
            fp16=self.model.device.type == "cuda",
        )
        spoken = [segment for segment in heard["segments"] if not _is_invented(segment)]
        return Transcript.of_words(
            whole_words(word for segment in spoken for word in segment["words"]),
            language=heard["language"],
            engine=ENGINE,
            model=Path(self.name).name.removesuffix(".pt"),
        )


def _is_invented(segment: dict[str, Any]) -> bool:
    return bool(
        segment["no_speech_prob"] > INVENTED_ABOVE_NO_SPEECH and segment["avg_logprob"] < INVENTED_BELOW_LOG_PROBABILITY
    )


def whole_words(pieces: Iterable[dict[str, Any]]) -> list[Word]:
    """Join Whisper's pieces ("615", "-555", "-0142") into words as written: a word begins where a space does."""
    words: list[Word] = []
    for piece in pieces:
        text = piece["word"]
        word = Word(
            text=text.strip(),
            start_s=round(float(piece["start"]), 3),
            end_s=round(float(piece["end"]), 3),
            probability=round(min(1.0, max(0.0, float(piece["probability"]))), 3),
        )
        if not word.text:
            continue
        if words and not text[:1].isspace():
            words[-1] = _join(words[-1], word)
        else:
            words.extend(_split(word))
    return words


def _join(first: Word, second: Word) -> Word:
    return Word(
        text=first.text + second.text,
        start_s=first.start_s,
        end_s=second.end_s,
        probability=min(first.probability or 0.0, second.probability or 0.0),
    )


def _split(word: Word) -> list[Word]:
    """A piece never holds a space in practice; if one does, `Transcript.text` must still lead back to its words."""
    return [word.model_copy(update={"text": text}) for text in word.text.split()]
