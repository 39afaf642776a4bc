"""Where recordings are kept: a folder, each under its id, never under the name it came with."""

import os
import shutil
import tempfile
import time
from collections.abc import Container
from pathlib import Path
from typing import IO

from analysis.speech.weights import atomic_file

ABANDONED_AFTER_S = 3600  # longer than any upload takes between its file and its row


class AudioStore:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, recording_id: str, audio: IO[bytes]) -> None:
        """Store a recording whole and on disk, or not at all."""
        with atomic_file(self.original(recording_id)) as temporary, temporary.open("wb") as file:
            shutil.copyfileobj(audio, file, 1 << 20)
        _sync(self.folder)

    def original(self, recording_id: str) -> Path:
        return self.folder / recording_id

    def playable(self, recording_id: str) -> Path:
        """The copy for browsers, where they cannot play the original."""
        return self.folder / f"{recording_id}.wav"

    def delete(self, recording_id: str) -> None:
        self.original(recording_id).unlink(missing_ok=True)
        self.playable(recording_id).unlink(missing_ok=True)

    def ping(self) -> None:
        """Raise OSError if nothing can be written."""
        with tempfile.TemporaryFile(dir=self.folder):
            pass

    def sweep(self, known: Container[str]) -> None:
        """Remove what belongs to no recording: an upload that never got its row, a deletion cut short."""
        for path in self.folder.iterdir():
            if path.name.split(".")[0] not in known and time.time() - path.stat().st_mtime > ABANDONED_AFTER_S:
                path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """A renamed file is safe only when its folder is on disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
