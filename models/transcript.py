"""What was said, word by word."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Self

from pydantic import Field

from models.base import Frozen

UNSURE_BELOW: Final = 0.5  # of certainty: a word under it may be another


class Word(Frozen):
    """One written word, without spaces. Times are seconds of the recording; a script never spoken has none."""

    text: str
    start_s: float | None = None
    end_s: float | None = None
    probability: float | None = Field(None, ge=0, le=1)

    @property
    def is_unsure(self) -> bool:
        return self.probability is not None and self.probability < UNSURE_BELOW


class Transcript(Frozen):
    """Words in order. `text` is always the words joined by single spaces, so every quote leads back to its words."""

    text: str
    language: str
    engine: str = Field(description="What wrote it: openai-whisper, or script for a text that was typed.")
    model: str | None = None
    corrected: bool = Field(False, description="Whether a person has written down what was said instead.")
    words: tuple[Word, ...] = ()
    removed_at: datetime | None = Field(None, description="When the words were removed for good; None while they stay.")

    @classmethod
    def of_words(cls, words: Iterable[Word], *, language: str, engine: str, model: str | None = None) -> Self:
        words = tuple(words)
        text = " ".join(word.text for word in words)
        return cls(text=text, language=language, engine=engine, model=model, words=words)

    @classmethod
    def of_script(cls, text: str) -> Self:
        """A text that was typed, not spoken: words without times."""
        return cls.of_words((Word(text=word) for word in text.split()), language="en", engine="script")
