"""The weights of an openai-whisper model as the file whisper.cpp reads: its first format, in float16."""

import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

MAGIC = 0x67676D6C
FLOAT32, FLOAT16 = 0, 1
KEPT_WHOLE = ("encoder.positional_embedding", "decoder.positional_embedding")


def write_ggml(model: Any, path: Path) -> Path:
    """Header, mel filters, vocabulary and tensors, in this order."""
    from whisper.audio import mel_filters
    from whisper.tokenizer import get_tokenizer

    dims, tokenizer = model.dims, get_tokenizer(model.is_multilingual)
    with path.open("wb") as file:
        _numbers(file, MAGIC, dims.n_vocab)
        _numbers(file, dims.n_audio_ctx, dims.n_audio_state, dims.n_audio_head, dims.n_audio_layer)
        _numbers(file, dims.n_text_ctx, dims.n_text_state, dims.n_text_head, dims.n_text_layer)
        filters = mel_filters("cpu", dims.n_mels).numpy()
        _numbers(file, dims.n_mels, FLOAT16, *filters.shape)
        file.write(filters.astype("<f4").tobytes())
        _numbers(file, tokenizer.eot)
        for token in range(tokenizer.eot):
            text = tokenizer.encoding.decode_single_token_bytes(token)
            _numbers(file, len(text))
            file.write(text)
        for name, values in model.state_dict().items():
            _tensor(file, name, values.numpy())
    return path


def _tensor(file: BinaryIO, name: str, values: Any) -> None:
    is_small = values.ndim == 1 or name in KEPT_WHOLE
    if name in ("encoder.conv1.bias", "encoder.conv2.bias"):
        values = values[:, np.newaxis]
    _numbers(file, values.ndim, len(name), FLOAT32 if is_small else FLOAT16, *reversed(values.shape))
    file.write(name.encode())
    file.write(values.astype("<f4" if is_small else "<f2").tobytes())


def _numbers(file: BinaryIO, *numbers: int) -> None:
    file.write(struct.pack(f"<{len(numbers)}i", *numbers))
