"""A recording as it is sent to whoever may hear it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from fastapi import Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from analysis.masking import audible
from app.audio_store import AudioStore
from app.playback import media_type
from app.schema import RecordingRow
from app.store import check_audio
from models.errors import NotFound
from models.report import Report


def audio_file(request: Request, row: RecordingRow, *, playable: bool) -> FileResponse:
    """The recording as it came, or what browsers can play of it. Raises NotFound or AudioRemoved."""
    check_audio(row)
    audio: AudioStore = request.app.state.audio
    if playable:
        with suppress(FileNotFoundError):
            return _sent(audio.playable(row.id), row.created_at, media_type="audio/wav")
    with _there():
        original = audio.original(row.id)
    return _sent(
        original,
        row.created_at,
        media_type=media_type(row.format),
        filename=row.filename,
        content_disposition_type="inline" if playable else "attachment",
    )


def bleeped_file(request: Request, row: RecordingRow, report: Report) -> FileResponse:
    """The recording as a masked report may be heard. Raises NotFound or AudioRemoved."""
    check_audio(row)
    if (cut := audible(report)) is None:
        raise NotFound("It is not known when each word was said here, so the recording cannot be heard masked.")
    with _there():
        wav = request.app.state.bleeper.wav(row.id, cut)
    return _sent(wav, row.created_at, media_type="audio/wav")


@contextmanager
def _there() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("The audio of this recording is no longer there.") from error


def _sent(audio: Path | bytes, created_at: datetime, **more: Any) -> FileResponse:
    """Ranges are answered from a file; what is in none is put into one for as long as it is sent."""
    if isinstance(audio, Path):
        return FileResponse(audio, **more)
    with NamedTemporaryFile(delete=False) as file:
        file.write(audio)
    os.utime(file.name, (created_at.timestamp(),) * 2)  # of it the tag is made by which ranges are known to fit
    return FileResponse(file.name, background=BackgroundTask(Path(file.name).unlink), **more)
