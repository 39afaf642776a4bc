"""openai-whisper's models behind the transcriber protocol: encoded one by one, decoded by the batch."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from analysis.speech.batch import BatchTranscriber, Decoded
from analysis.speech.decoder import BatchDecoder
from analysis.speech.encoder import encode, multiplies_bfloat16, quicken
from analysis.speech.transcriber import GiveWay
from analysis.speech.vocabulary import Vocabulary
from analysis.speech.weights import load_model


class OpenAIWhisper(BatchTranscriber):
    engine: ClassVar[str] = "openai-whisper"
    frame_step: ClassVar[int] = 2  # the encoder halves them
    equal_lengths: ClassVar[bool] = False

    @cached_property
    def model(self) -> Any:
        model = load_model(self.name, self.model_dir, None if self.device == "auto" else self.device)
        return quicken(model, self.dtype, all_of_it=self.is_on_gpu)

    @cached_property
    def is_on_gpu(self) -> bool:
        import torch

        return bool(torch.cuda.is_available()) if self.device == "auto" else self.device == "cuda"

    @cached_property
    def dtype(self) -> Any:
        """The encoder's precision: bfloat16 where the processor multiplies it natively, float16 on CUDA."""
        import torch

        if self.precision != "auto":
            return getattr(torch, self.precision)
        if self.is_on_gpu:
            return torch.float16
        return torch.bfloat16 if multiplies_bfloat16() else torch.float32

    @cached_property
    def decoder(self) -> BatchDecoder:
        weight = self.model.decoder.token_embedding.weight.detach()
        return BatchDecoder(self.model, Vocabulary(weight, self.tokenizer("en").timestamp_begin, self.dtype))

    def load(self) -> None:
        _ = self.decoder

    def bands(self) -> int:
        return int(self.model.dims.n_mels)

    def encode(self, window: Any) -> Any:
        return encode(self.model.encoder, window.to(self.model.device, self.dtype))

    def detect_language(self, features: Any) -> str:
        tokenizer = self.tokenizer(None)
        logits = self.decoder.first_logits(features, tokenizer.sot)
        best = int(logits[list(tokenizer.all_language_tokens)].argmax())
        return str(tokenizer.all_language_codes[best])

    def decode(
        self, batch: Sequence[Any], frames: Sequence[int], tokenizer: Any, temperature: float, give_way: GiveWay
    ) -> list[Decoded]:
        return self.decoder.decode(batch, frames, tokenizer, self.opening(tokenizer), temperature, give_way)
