"""What a speech engine has to do."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from analysis.audio.decode import Samples
from models.transcript import Transcript

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "float32", "bfloat16", "float16", "int8"]
GiveWay = Callable[[], None]


class Transcriber(Protocol):
    """Many messages in, many transcripts out, in the same order: a batch, because that is where speed is."""

    def transcribe(self, messages: Sequence[Samples]) -> list[Transcript]:
        """Transcribe messages, each float32, shape (n,), 16 kHz. Word times are seconds of the message.

        A message without intelligible speech gives a transcript without words.
        """
        ...
