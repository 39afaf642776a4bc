"""A copy of the data folder while the service runs, in one tar file; and the folder again, made from it.

The database is copied first. A recording is on disk before its row is there, so every row of the copy has its audio,
unless it was deleted meanwhile: then it is deleted in the copy too.
"""

import re
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final

from analysis.speech.weights import atomic_file
from app.settings import Settings
from app.vault import KEY_FILE
from models.errors import InvalidRequest

DATABASE: Final = "afterbeep.db"
AUDIO: Final = re.compile(r"audio/[0-9a-f]{32}(\.wav)?")


def backup(settings: Settings, target: Path) -> int:
    """How many recordings are in it. Whole, or not there at all; readable for its owner only, since it holds the key.

    Raises InvalidRequest where the data are not in the data folder alone.
    """
    database = _database(settings)
    with TemporaryDirectory(dir=target.absolute().parent) as folder, atomic_file(target.absolute()) as whole:
        copy = Path(folder) / DATABASE
        copy_database(database, copy)
        with tarfile.open(whole, "w") as tar, closing(sqlite3.connect(copy)) as copied:
            ids = {recording_id for (recording_id,) in copied.execute("SELECT id FROM recordings")}
            there = set(_add_audio(tar, settings.data_dir / "audio", ids))
            with closing(sqlite3.connect(database)) as now:
                _follow(copied, now, ids - there)
            if not settings.secret_key:
                with suppress(FileNotFoundError):
                    tar.add(settings.data_dir / KEY_FILE, KEY_FILE)
            (count,) = copied.execute("SELECT count(*) FROM recordings").fetchone()
            copied.close()
            tar.add(copy, DATABASE)  # last: a file that breaks off before holds no backup
    return int(count)


def restore(settings: Settings, source: Path) -> None:
    """Raises InvalidRequest if anything is in the data folder already, or the file is not a whole backup."""
    database, folder = _database(settings, exists=False), settings.data_dir
    if folder.exists() and any(folder.iterdir()):
        raise InvalidRequest(f"{folder} is not empty. Please name a new folder with --data-dir, or empty this one.")
    (folder / "audio").mkdir(parents=True)
    try:
        with tarfile.open(source, "r:") as tar, atomic_file(database) as copied:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() else None
                if content is None or not (member.name in (DATABASE, KEY_FILE) or AUDIO.fullmatch(member.name)):
                    raise InvalidRequest(f"{source} is not a backup of Afterbeep: it holds “{member.name}”.")
                _write(content, copied if member.name == DATABASE else folder / member.name)
            _check(copied, source)
    except (tarfile.TarError, OSError, InvalidRequest) as error:
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if isinstance(error, tarfile.TarError):
            raise InvalidRequest(f"{source} is not a whole backup: {error}.") from error
        raise


def copy_database(database: Path, copy: Path) -> None:
    """As it is at one moment; who writes meanwhile neither waits nor is seen."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, not three


def _database(settings: Settings, *, exists: bool = True) -> Path:
    if settings.database_file is None or settings.audio_url is not None:
        raise InvalidRequest(
            "Only what is in a data folder is copied. PostgreSQL has pg_dump, a bucket the copies of its provider."
        )
    if exists and not settings.database_file.exists():
        raise InvalidRequest(f"There is nothing in {settings.data_dir} yet.")
    return settings.database_file


def _add_audio(tar: tarfile.TarFile, folder: Path, ids: set[str]) -> Iterator[str]:
    """The recordings of the copied rows with their copies for browsers; whose original is in it."""
    for recording_id in sorted(ids):
        for name in (recording_id, f"{recording_id}.wav"):
            with suppress(FileNotFoundError), (folder / name).open("rb") as file:
                tar.addfile(tar.gettarinfo(arcname=f"audio/{name}", fileobj=file), file)
                if name == recording_id:
                    yield recording_id


def _follow(copied: sqlite3.Connection, now: sqlite3.Connection, silent: set[str]) -> None:
    """What has no audio any more: in the copy too it is deleted, or said to have had its audio removed."""
    copied.execute("PRAGMA foreign_keys = ON")
    for recording_id in silent:
        row = now.execute("SELECT audio_removed_at FROM recordings WHERE id = ?", (recording_id,)).fetchone()
        if row is None:
            copied.execute("DELETE FROM recordings WHERE id = ?", (recording_id,))
        else:
            copied.execute("UPDATE recordings SET audio_removed_at = ? WHERE id = ?", (row[0], recording_id))
    copied.commit()


def _write(content: IO[bytes], path: Path) -> None:
    path.touch(0o600)
    with path.open("wb") as file:
        shutil.copyfileobj(content, file, 1 << 20)


def _check(database: Path, source: Path) -> None:
    try:
        with closing(sqlite3.connect(database)) as copied:
            (found,) = copied.execute("PRAGMA quick_check(1)").fetchone()
            copied.execute("SELECT count(*) FROM recordings")
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise InvalidRequest(f"{source} is not a whole backup: its database is damaged or missing ({found}).")
