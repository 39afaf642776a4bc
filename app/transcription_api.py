"""The words alone, in the dialect of OpenAI's `POST /v1/audio/transcriptions`, for tools that speak no other."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, Field
from starlette.datastructures import FormData, UploadFile

from analysis.cues import cues
from app.access import person_of, store_of, workspace_of
from app.api import ERRORS_BY_CODE, MAX_WAIT_S, UploadForm, at_its_end, receive_file
from app.exports.captions import captions
from app.jobs import Lane
from app.openapi import holds, problems
from app.schema import RecordingRow
from app.settings import Settings
from models.errors import (
    AfterbeepError,
    EmptyFile,
    InvalidRequest,
    NoSpeech,
    NotAudio,
    NothingAfterBeep,
    NotReady,
    OnHold,
    TooLarge,
    TooLong,
)
from models.report import Report

router = APIRouter(prefix="/v1/audio")

FORMATS: Final = ("json", "text", "srt", "vtt", "verbose_json")
KINDS: Final = ("segment", "word")
LANGUAGES: Final = {"en": "english"}  # as OpenAI writes it; others come as their codes


class TranscriptionForm(BaseModel):
    """The fields of OpenAI's form. Others of theirs, such as `prompt`, are taken and change nothing."""

    file: str = Field(json_schema_extra={"format": "binary"}, description="The recording.")
    model: str = Field("", description="Taken and not used: the service's own model listens.")
    language: str | None = Field(None, description="Of two letters; has to be the one the service listens for.")
    response_format: str = Field("json", json_schema_extra={"enum": list(FORMATS)})
    keep: bool = Field(False, description="Keep the recording with its report; else it is deleted at once.")
    timestamp_granularities: list[str] = Field(
        ["segment"],
        alias="timestamp_granularities[]",
        description="Of verbose_json: segment, word, or both.",
    )


class Transcription(BaseModel):
    text: str


FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": {"schema": TranscriptionForm.model_json_schema()}},
    }
}


@router.post(
    "/transcriptions",
    response_model=Transcription,
    responses=holds("text/plain")
    | problems(TooLarge, NotAudio, EmptyFile, TooLong, NoSpeech, NothingAfterBeep, InvalidRequest, NotReady),
    openapi_extra=FORM,
    summary="The words of a recording, as OpenAI gives them",
)
async def transcribe(request: Request) -> Response:
    """Of a call the message alone is heard: not the greeting, not the other side. Seconds are those of the recording.

    The recording is handed in like any other, before all that nobody waits for, and with its report deleted again
    before the answer is sent, unless `keep` is set. Failures come in OpenAI's shape, with this service's codes.
    """
    settings: Settings = request.app.state.settings
    async with UploadForm(request, settings, limit_mb=settings.max_upload_mb) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise InvalidRequest("No recording came with the form. Please send it as the field “file”.")
        write = _writer(form, settings)
        keep = str(form.get("keep") or "").lower() in ("1", "true")
        row = await run_in_threadpool(receive_file, request, file, FormData(), None, Lane.URGENT)
    try:
        return write(await _report(request, row))
    finally:
        if not keep:
            with suppress(OnHold):  # the words were heard, whoever keeps them
                await run_in_threadpool(workspace_of(request).intake.remove, row.id, person_of(request))


def _writer(form: FormData, settings: Settings) -> Callable[[Report], Response]:
    """Raises InvalidRequest for what is asked for and cannot be had."""
    wanted = str(form.get("response_format") or "json")
    kinds = {str(kind) for kind in form.getlist("timestamp_granularities[]")} or {"segment"}
    language, spoken = str(form.get("language") or ""), settings.spoken_language
    if wanted not in FORMATS:
        raise InvalidRequest(f"There is no response_format “{wanted}”. Please ask for one of {', '.join(FORMATS)}.")
    if unknown := kinds - set(KINDS):
        raise InvalidRequest(f"There are no timestamps by {', '.join(sorted(unknown))}; by segment and word there are.")
    if language and spoken and language != spoken:
        raise InvalidRequest(f"This service listens for “{spoken}”, not “{language}”.")
    if wanted == "json":
        return lambda report: JSONResponse({"text": report.transcript.text})
    if wanted == "verbose_json":
        return lambda report: JSONResponse(verbose(report, kinds))
    if wanted == "text":
        return lambda report: PlainTextResponse(report.transcript.text + "\n")
    return lambda report: PlainTextResponse(captions(report.transcript, "srt" if wanted == "srt" else "vtt"))


def verbose(report: Report, kinds: set[str]) -> dict[str, Any]:
    """Segments are the captions' cues. What Whisper's decoder thought of them is not kept, so it is left out."""
    transcript, recording = report.transcript, report.recording
    told: dict[str, Any] = {
        "task": "transcribe",
        "language": LANGUAGES.get(transcript.language, transcript.language),
        "duration": recording.duration_s if recording else 0.0,
        "text": transcript.text,
    }
    if "segment" in kinds:
        told["segments"] = [
            {"id": number, "start": cue.start_s, "end": cue.end_s, "text": cue.text}
            for number, cue in enumerate(cues(transcript))
        ]
    if "word" in kinds:
        told["words"] = [{"word": word.text, "start": word.start_s, "end": word.end_s} for word in transcript.words]
    return told


async def _report(request: Request, row: RecordingRow) -> Report:
    """Raises what the recording failed with, or NotReady after two minutes."""
    row = await at_its_end(request, row, MAX_WAIT_S)
    if row.status == "failed":
        raise ERRORS_BY_CODE.get(row.error_code or "", AfterbeepError)(row.error_message or "")
    report: Report | None = await run_in_threadpool(store_of(request).report, row.id)
    if report is None:
        raise NotReady(f"The recording was not transcribed within {MAX_WAIT_S} s. Please send it again later.")
    return report
