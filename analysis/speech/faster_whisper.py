"""CTranslate2, the engine of faster-whisper, behind the transcriber protocol."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from analysis.speech.batch import BatchTranscriber, Decoded
from analysis.speech.encoder import encode, multiplies_bfloat16, quicken
from analysis.speech.folders import get_folder, missing_extra
from analysis.speech.transcriber import GiveWay
from analysis.speech.weights import load_encoder
from analysis.speech.words import TOKENS_PER_S, first_positions
from models.errors import DamagedModel

SEED = 0  # of what is drawn at temperatures above 0
MOST_TOKENS = 224  # openai-whisper's: half of what the decoder can hold


def _library() -> Any:
    try:
        import ctranslate2
    except ImportError as error:
        raise missing_extra() from error
    return ctranslate2


class FasterWhisper(BatchTranscriber):
    engine: ClassVar[str] = "faster-whisper"
    # CTranslate2 cannot leave out of sight what was padded, so windows meet only others padded to their own length.
    frame_step: ClassVar[int] = 200
    equal_lengths: ClassVar[bool] = True

    @cached_property
    def model(self) -> Any:
        """A batch for each core."""
        return self._load(streams=self.streams, threads=1)

    @cached_property
    def whole_machine(self) -> Any:
        """The same weights again, for a recording that has all cores to itself."""
        return self.model if self.is_on_gpu else self._load(streams=1, threads=self.streams)

    def _load(self, *, streams: int, threads: int) -> Any:
        library = _library()
        path = get_folder(self.name, self.model_dir)
        chosen = "float16" if self.is_on_gpu else "int8"
        try:
            return library.models.Whisper(
                str(path),
                device="cuda" if self.is_on_gpu else "cpu",
                compute_type=chosen if self.precision == "auto" else self.precision,
                inter_threads=streams,
                intra_threads=threads,
            )
        except (RuntimeError, ValueError) as error:
            raise DamagedModel(f"The speech model in {path} cannot be loaded: {error}") from error

    @cached_property
    def is_on_gpu(self) -> bool:
        return bool(_library().get_cuda_device_count()) if self.device == "auto" else self.device == "cuda"

    @cached_property
    def encoder(self) -> Any:
        """PyTorch's in bfloat16 where the processor multiplies that natively: quicker than CTranslate2's in int8."""
        if self.is_on_gpu or self.precision != "auto" or not multiplies_bfloat16():
            return None
        import torch

        encoder = load_encoder(get_folder(self.name, self.model_dir))
        return None if encoder is None else quicken(encoder, torch.bfloat16, all_of_it=True)

    def load(self) -> None:
        _ = self.model, self.encoder

    def bands(self) -> int:
        return int(self.model.n_mels)

    def encode(self, window: Any) -> Any:
        if self.encoder is not None:
            return encode(self.encoder, window.bfloat16()).float().numpy()
        view = _library().StorageView.from_array(window[None].contiguous().numpy())
        return np.array(self._at_hand.encode(view, to_cpu=True))[0]

    @property
    def _at_hand(self) -> Any:
        return self.model if self.is_stream else self.whole_machine

    def detect_language(self, features: Any) -> str:
        ((best, _), *_), *_ = self.model.detect_language(_library().StorageView.from_array(features[None]))
        return str(best).strip("<|>")

    def decode(
        self, batch: Sequence[Any], frames: Sequence[int], tokenizer: Any, temperature: float, give_way: GiveWay
    ) -> list[Decoded]:
        library = _library()
        features = library.StorageView.from_array(np.stack(batch))
        prompt = self.opening(tokenizer)
        library.set_random_seed(SEED)
        model = self._at_hand
        found = model.generate(
            features,
            [prompt] * len(batch),
            beam_size=1,
            sampling_topk=0 if temperature else 1,
            sampling_temperature=temperature or 1.0,
            max_length=len(prompt) + MOST_TOKENS,
            return_scores=True,
            return_no_speech_prob=True,
        )
        give_way()
        texts = [[token for token in one.sequences_ids[0] if token < tokenizer.eot] for one in found]
        aligned = model.align(features, list(tokenizer.sot_sequence), texts, list(frames))
        return [_decoded(one, text, path) for one, text, path in zip(found, texts, aligned, strict=True)]


def _decoded(found: Any, text: Sequence[int], aligned: Any) -> Decoded:
    tokens = found.sequences_ids[0]
    return Decoded(
        tokens=tokens,
        times_s=first_positions(np.array(aligned.alignments)) / TOKENS_PER_S if text else (),
        probabilities=aligned.text_token_probs,
        average_log_probability=found.scores[0] * len(tokens) / (len(tokens) + 1),
        no_speech_probability=found.no_speech_prob,
    )
