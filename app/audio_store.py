"""Where recordings are kept: a folder or a bucket, each under its id, never under the name it came with."""

import errno
import io
import os
import shutil
import tempfile
import time
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, Protocol

from analysis.speech.weights import atomic_file
from app.outages import storage_outage
from app.settings import Settings
from app.vault import SEALED, Vault

ABANDONED_AFTER_S: Final = 3600  # longer than any upload takes between its file and its row


class Shelf(Protocol):
    """Bytes under names. What was written is there whole, and survives a crash, or is not there at all."""

    def write(self, name: str, content: IO[bytes]) -> None: ...

    def read(self, name: str) -> Path | bytes:
        """Raises FileNotFoundError."""

    def delete(self, name: str) -> None: ...

    def names(self) -> Iterator[tuple[str, float]]:
        """Every name, and for how many seconds it has been there."""

    def ping(self) -> None:
        """Raise if nothing can be written."""


class AudioStore:
    """Recordings, and copies for browsers that cannot play the original; encrypted at rest where that is set."""

    def __init__(self, shelf: Shelf, vault: Vault, *, encrypt: bool) -> None:
        self.shelf = shelf
        self.vault = vault
        self.encrypt = encrypt

    @classmethod
    def of(cls, settings: Settings) -> "AudioStore":
        shelf: Shelf = Folder(settings.data_dir / "audio", settings.min_free_mb)
        if settings.audio_url:
            shelf = Bucket(settings.audio_url)
        return cls(shelf, Vault(settings), encrypt=settings.encrypt_audio)

    def put(self, recording_id: str, audio: IO[bytes]) -> None:
        """Store a recording whole, or not at all."""
        self._write(recording_id, audio)

    def put_playable(self, recording_id: str, audio: IO[bytes]) -> None:
        self._write(_playable(recording_id), audio)

    def original(self, recording_id: str) -> Path | bytes:
        """Its file, or where there is none of its own what is in it. Raises FileNotFoundError."""
        return self._read(recording_id)

    def playable(self, recording_id: str) -> Path | bytes:
        """The copy for browsers, which is made where they cannot play the original. Raises FileNotFoundError."""
        return self._read(_playable(recording_id))

    def delete(self, recording_id: str) -> None:
        with _outages():
            self.shelf.delete(recording_id)
            self.shelf.delete(_playable(recording_id))

    def ping(self) -> None:
        """Raise if nothing can be written."""
        self.shelf.ping()

    def sweep(self, known: Container[str]) -> None:
        """Remove what belongs to no recording: an upload that never got its row, a deletion cut short."""
        for name, age_s in self.shelf.names():
            if name.split(".")[0] not in known and age_s > ABANDONED_AFTER_S:
                self.shelf.delete(name)

    def _write(self, name: str, audio: IO[bytes]) -> None:
        """Raises StorageFull or StorageUnavailable."""
        with _outages():
            self.shelf.write(name, io.BytesIO(self.vault.seal_bytes(audio.read())) if self.encrypt else audio)

    def _read(self, name: str) -> Path | bytes:
        """What was stored before encryption was turned on, or off, is read like the rest."""
        with _outages():
            stored = self.shelf.read(name)
        head = stored[: len(SEALED)] if isinstance(stored, bytes) else _head(stored)
        if head != SEALED:
            return stored
        return self.vault.open_bytes(stored if isinstance(stored, bytes) else stored.read_bytes())


@contextmanager
def _outages() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise storage_outage(error) from error


def _playable(recording_id: str) -> str:
    return f"{recording_id}.wav"


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(SEALED))


class Folder:
    """A folder on this machine, or one that all machines mount."""

    def __init__(self, folder: Path, min_free_mb: float) -> None:
        self.folder = folder
        self.min_free_mb = min_free_mb
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, content: IO[bytes]) -> None:
        if shutil.disk_usage(self.folder).free < self.min_free_mb * 1e6:  # the database needs room too
            raise OSError(errno.ENOSPC, "less free than AFTERBEEP_MIN_FREE_MB")
        with atomic_file(self.folder / name) as temporary, temporary.open("wb") as file:
            shutil.copyfileobj(content, file, 1 << 20)
        _sync(self.folder)

    def read(self, name: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            raise FileNotFoundError(name)
        return path

    def delete(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)

    def names(self) -> Iterator[tuple[str, float]]:
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):  # another process was quicker
                yield path.name, time.time() - path.stat().st_mtime

    def ping(self) -> None:
        with tempfile.TemporaryFile(dir=self.folder):
            pass


class Bucket:
    """Whatever fsspec can write to, above all s3://bucket/prefix; an object is there whole or not at all."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._opened: tuple[Any, str] | None = None

    def write(self, name: str, content: IO[bytes]) -> None:
        with self._at() as (files, root):
            files.pipe_file(f"{root}/{name}", content.read())

    def read(self, name: str) -> bytes:
        with self._at() as (files, root):
            stored: bytes = files.cat_file(f"{root}/{name}")
        return stored

    def delete(self, name: str) -> None:
        with suppress(FileNotFoundError), self._at() as (files, root):
            files.rm_file(f"{root}/{name}")

    def names(self) -> Iterator[tuple[str, float]]:
        with self._at(listed=True) as (files, root):
            now = datetime.now(UTC)
            ages = {path: (now - files.modified(path)).total_seconds() for path in files.find(root)}
        for path, age_s in ages.items():
            yield path.rsplit("/", 1)[-1], age_s

    def ping(self) -> None:
        with self._at() as (files, root):
            files.pipe_file(f"{root}/.ping", b"")

    @contextmanager
    def _at(self, *, listed: bool = False) -> Iterator[tuple[Any, str]]:
        """The file system, and the place in it; whatever goes wrong with it is an OSError.

        It remembers no listing, by which a recording that another process puts there later would not exist. One that is
        to be listed has a memory, which saves asking for each file, and goes with it.
        """
        try:
            from fsspec import url_to_fs  # type: ignore[import-untyped]  # heavy, with what it needs for S3

            if listed:
                yield url_to_fs(self.url, skip_instance_cache=True)
                return
            self._opened = self._opened or url_to_fs(self.url, use_listings_cache=False)
            yield self._opened
        except OSError:
            raise
        except Exception as error:  # each kind of bucket has errors of its own
            raise OSError(str(error)) from error


def _sync(folder: Path) -> None:
    """A renamed file is safe only when its folder is on disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
