"""Many recordings through Whisper at once: what is common to the engines.

Whisper hears windows of 30 s. A voicemail is one window, or a few; windows of all recordings are decoded together, each
cut to its own speech. What comes out does not depend on what else was in the batch.
"""

import threading
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from analysis.audio.decode import Samples
from analysis.speech.timestamps import complete
from analysis.speech.transcriber import Device, GiveWay, Precision
from analysis.speech.words import pieces, whole_words
from models.transcript import Transcript

WINDOW_FRAMES = 3000  # 30 s of frames of 10 ms
FRAMES_PER_S = 100
SILENCE_AFTER_FRAMES = 200  # of 10 ms; with less silence behind it Whisper misses words, with more it gains none

# openai-whisper's own limits.
REPETITIVE_ABOVE = 2.4
UNSURE_BELOW = -1.0
SILENT_ABOVE = 0.6
TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)

# Whisper leaves hesitations out unless it has just written some; a longer prompt costs it whole sentences.
VERBATIM_PROMPT = " Um, uh, hmm, er, ah."

# Recordings in a batch; more of them save little on a processor.
BATCH, LARGE_BATCH = 16, 64


@dataclass(frozen=True)
class Decoded:
    """What was heard in a window: tokens (text and timestamps), and for text tokens alone when and how surely."""

    tokens: list[int]
    times_s: Sequence[float] | NDArray[np.float64]  # the begin of each text token, and the end of the last
    probabilities: Sequence[float]
    average_log_probability: float
    no_speech_probability: float

    @property
    def is_silence(self) -> bool:
        return self.no_speech_probability > SILENT_ABOVE and self.average_log_probability < UNSURE_BELOW

    def is_doubtful(self, tokenizer: Any) -> bool:
        """Whether openai-whisper would decode it again."""
        from whisper.utils import compression_ratio

        if self.is_silence:
            return False
        text = tokenizer.decode(self.tokens).strip()  # without timestamps
        return self.average_log_probability < UNSURE_BELOW or bool(text and compression_ratio(text) > REPETITIVE_ABOVE)


@dataclass
class Listening:
    """A recording on its way: its spectrogram, shape (bands, frames), how far it was heard, and what was heard."""

    spectrogram: Any
    frames: int
    language: str | None
    heard_frames: int = 0
    pieces: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_heard(self) -> bool:
        return self.heard_frames >= self.frames

    @property
    def window_frames(self) -> int:
        return min(WINDOW_FRAMES, self.frames - self.heard_frames)

    def window(self, frames: int) -> Any:
        """The next window, with silence behind it up to `frames`."""
        from torch.nn.functional import pad

        cut = self.spectrogram[:, self.heard_frames : self.heard_frames + self.window_frames]
        return pad(cut, (0, frames - cut.shape[-1]), value=float(self.spectrogram.min()))

    def take(self, decoded: Decoded, tokenizer: Any) -> None:
        """Keep the whole segments of the window, and go on behind them."""
        first_timestamp, began_s = tokenizer.timestamp_begin, self.heard_frames / FRAMES_PER_S
        kept, covered, is_sure = complete(decoded.tokens, first_timestamp, self.window_frames)
        text = [token for token in decoded.tokens[:kept] if token < tokenizer.eot]
        if decoded.is_silence or not text:
            self.heard_frames += self.window_frames
            return
        found = pieces(tokenizer, text, decoded.times_s, decoded.probabilities)
        if not is_sure and (spoken := round(found[-1]["end"] * FRAMES_PER_S)) > 0:
            covered = spoken
        self.pieces += [piece | {"start": piece["start"] + began_s, "end": piece["end"] + began_s} for piece in found]
        self.heard_frames += covered or self.window_frames


class BatchTranscriber(ABC):
    """A transcriber over an engine that encodes single windows and decodes them by the batch.

    Loads its model at the first transcription and keeps it. One batch at a time; `give_way` is the way in between.
    """

    engine: ClassVar[str]
    frame_step: ClassVar[int]  # windows are padded to a multiple of so many frames
    equal_lengths: ClassVar[bool]  # whether only windows of equal length can be decoded together

    def __init__(
        self,
        model: str,
        *,
        model_dir: Path,
        language: str | None = "en",
        device: Device = "auto",
        precision: Precision = "auto",
        batch_size: int | None = None,
        verbatim: bool = False,
    ) -> None:
        self.name = model
        self.model_dir = model_dir
        self.language = language
        self.device = device
        self.precision = precision
        self.verbatim = verbatim
        self.batch_size = batch_size or (LARGE_BATCH if self.is_on_gpu else BATCH)
        self._thread = threading.local()

    @property
    @abstractmethod
    def is_on_gpu(self) -> bool: ...

    @cached_property
    def streams(self) -> int:
        """How many batches are worked on at once."""
        import torch

        return 1 if self.is_on_gpu else int(torch.get_num_threads())

    @property
    @abstractmethod
    def model(self) -> Any:
        """The engine's own, which says `is_multilingual` and `num_languages`."""

    @abstractmethod
    def load(self) -> None:
        """Load the model now. Raises the ModelErrors."""

    @abstractmethod
    def bands(self) -> int:
        """Of the spectrogram this model hears."""

    def tokenizer(self, language: str | None) -> Any:
        """openai-whisper's, for this model."""
        from whisper.tokenizer import get_tokenizer

        model = self.model
        return get_tokenizer(
            model.is_multilingual, num_languages=model.num_languages, language=language, task="transcribe"
        )

    @abstractmethod
    def encode(self, window: Any) -> Any:
        """The features of one window, of a spectrogram's shape (bands, frames)."""

    @abstractmethod
    def detect_language(self, features: Any) -> str:
        """Of a model that knows several."""

    @abstractmethod
    def decode(
        self, batch: Sequence[Any], frames: Sequence[int], tokenizer: Any, temperature: float, give_way: GiveWay
    ) -> list[Decoded]:
        """Decode encoded windows together; `frames` is how much of each holds sound. The same each time it is asked."""

    def opening(self, tokenizer: Any) -> list[int]:
        """The tokens a window's text is decoded behind; with `verbatim` as if hesitations had been written before."""
        before = [tokenizer.sot_prev, *tokenizer.encode(VERBATIM_PROMPT)] if self.verbatim else []
        return [*before, *tokenizer.sot_sequence]

    def transcribe(self, messages: Sequence[Samples], give_way: GiveWay = lambda: None) -> list[Transcript]:
        """`give_way` is called every few hundred milliseconds: within it, one other message may be transcribed."""
        if not self.is_stream:
            self._use_threads(self.streams)  # another part of the program may have left fewer
        recordings = (
            [self._listen(messages[0])] if len(messages) == 1 else list(self._streams.map(self._listen, messages))
        )
        self._hear_all(recordings, give_way)
        return [
            Transcript.of_words(
                whole_words(one.pieces),
                language=one.language or "en",
                engine=self.engine,
                model=Path(self.name).name.removesuffix(".pt"),
            )
            for one in recordings
        ]

    def _listen(self, message: Samples) -> Listening:
        from whisper.audio import HOP_LENGTH, log_mel_spectrogram

        with_silence = np.pad(message, (0, SILENCE_AFTER_FRAMES * HOP_LENGTH))
        return Listening(log_mel_spectrogram(with_silence, self.bands()), message.size // HOP_LENGTH, self.language)

    @cached_property
    def _streams(self) -> ThreadPoolExecutor:
        """A batch for each core: cores that share a batch would wait for each other at every step."""
        return ThreadPoolExecutor(self.streams, initializer=self._become_stream)

    def _become_stream(self) -> None:
        self._thread.is_stream = True
        self._use_threads(1)

    @property
    def is_stream(self) -> bool:
        """Whether this thread has one core to itself; one that is no stream has all of them."""
        return getattr(self._thread, "is_stream", False)

    def _use_threads(self, count: int) -> None:
        import torch

        if not self.is_on_gpu:
            torch.set_num_threads(count)

    def _batches(self, recordings: Iterable[Listening]) -> list[list[Listening]]:
        """Windows of like length together, in batches of like size, none more than a stream's share of the work.

        The longest first, so that all streams end at about the same time.
        """
        by_length = sorted(recordings, key=self._padded)
        total = self._work(by_length)
        batches = []
        for _, alike in groupby(by_length, self._group):
            group = list(alike)
            shares = min(len(group), -(-self._work(group) * self.streams // total))
            count = max(-(-len(group) // self.batch_size), shares)
            bounds = [len(group) * part // count for part in range(count + 1)]
            batches += [group[first:last] for first, last in pairwise(bounds)]
        return sorted(batches, key=self._work, reverse=True)

    def _work(self, recordings: Iterable[Listening]) -> int:
        return sum(map(self._padded, recordings))

    def _group(self, one: Listening) -> int:
        return self._padded(one) if self.equal_lengths else 0

    def _padded(self, one: Listening) -> int:
        frames = one.window_frames + SILENCE_AFTER_FRAMES
        return min(WINDOW_FRAMES, -(-frames // self.frame_step) * self.frame_step)

    def _hear_all(self, recordings: Iterable[Listening], give_way: GiveWay) -> None:
        """Window after window. What goes on behind its window waits until a stream would be idle without it."""
        waiting = [one for one in recordings if not one.is_heard]
        hearing: set[Future[list[Listening]]] = set()
        try:
            while waiting or hearing:
                if waiting and len(hearing) < self.streams:
                    batches = self._batches(waiting)
                    if len(batches) == 1 and not hearing:
                        waiting = self._hear(batches[0], give_way)
                        continue
                    hearing |= {self._streams.submit(self._hear, batch, give_way) for batch in batches}
                    waiting = []
                ended, hearing = wait(hearing, return_when=FIRST_COMPLETED)
                waiting += [one for batch in ended for one in batch.result()]
        finally:
            for batch in hearing:
                batch.cancel()

    def _hear(self, batch: Sequence[Listening], give_way: GiveWay) -> list[Listening]:
        """Hear a window of each; those that go on behind it are given back."""
        encoded: dict[str, list[tuple[Listening, Any]]] = defaultdict(list)
        for one in batch:
            give_way()
            features = self.encode(one.window(self._padded(one)))
            one.language = one.language or (self.detect_language(features) if self.model.is_multilingual else "en")
            encoded[one.language].append((one, features))
        for language, together in encoded.items():
            tokenizer = self.tokenizer(language)
            frames = [one.window_frames for one, _ in together]
            found = self.decode([features for _, features in together], frames, tokenizer, 0.0, give_way)
            for (one, _), decoded in zip(together, found, strict=True):
                if decoded.is_doubtful(tokenizer):
                    decoded = self._carefully(one, tokenizer, give_way)
                one.take(decoded, tokenizer)
        return [one for one in batch if not one.is_heard]

    def _carefully(self, one: Listening, tokenizer: Any, give_way: GiveWay) -> Decoded:
        """As openai-whisper would: alone, in a window of 30 s, and warmer until it makes sense."""
        features = self.encode(one.window(WINDOW_FRAMES))
        for temperature in TEMPERATURES:
            (decoded,) = self.decode([features], [one.window_frames], tokenizer, temperature, give_way)
            if not decoded.is_doubtful(tokenizer):
                break
        return decoded
