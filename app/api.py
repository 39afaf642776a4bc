"""The JSON API, version 1."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from analysis.advice import advise
from analysis.pipeline import analyze_script
from app.access import (
    admins_only,
    change_of,
    deletion_of,
    own_key,
    owner_for,
    person_of,
    scripts_of,
    store_of,
    workspace_of,
)
from app.audio_response import audio_file, bleeped_file
from app.intake import Arrival
from app.jobs import Lane
from app.linked import Linked, intake_body, is_json, read_json
from app.listing import Filter, filter_of
from app.openapi import holds, problems
from app.problems import problem
from app.rewriter import Rewriter, Suggestion
from app.schema import RecordingRow
from app.settings import Settings
from app.voicemail import Voicemail, VoicemailPage, Waveform
from models import errors
from models.advice import Advice
from models.errors import (
    AfterbeepError,
    AudioRemoved,
    Busy,
    EmptyFile,
    FetchDenied,
    FetchFailed,
    FetchRefused,
    IdempotencyKeyReused,
    InvalidRequest,
    NoSpeech,
    NotAllowed,
    NotAudio,
    NotFound,
    NothingAfterBeep,
    NotReady,
    OnHold,
    RewriteOff,
    StorageFull,
    StorageUnavailable,
    TooLarge,
    TooLong,
    TranscriptRemoved,
    UnknownPlaybook,
)
from models.recording import CallContext, GivenWindow
from models.report import Report

router = APIRouter(prefix="/v1")

MAX_WAIT_S = 120
WAIT_POLL_S = 0.05
FORM_OVERHEAD_BYTES = 64_000  # the form's other fields and boundaries
CONTEXT_FIELDS = tuple(CallContext.model_fields)
ERRORS_BY_CODE = {
    error.code: error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, AfterbeepError)
}

FILE = {"type": "string", "format": "binary", "description": "The recording."}
UPLOAD_FAILS = problems(
    NotFound, TooLarge, NotAudio, EmptyFile, TooLong, NoSpeech, NothingAfterBeep, FetchRefused, FetchDenied,
    FetchFailed, UnknownPlaybook, IdempotencyKeyReused, InvalidRequest, Busy, StorageFull, StorageUnavailable,
)  # fmt: skip


@router.post(
    "/voicemails",
    status_code=202,
    response_model=Voicemail,
    responses={200: {"model": Report}, **UPLOAD_FAILS},
    openapi_extra=intake_body(Linked, file=FILE),
    summary="Hand in a recording",
)
async def receive_voicemail(
    request: Request,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_S, description="Seconds to wait for the report.")] = 0,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> Response:
    """202 with the recording's id and links; with `wait`, 200 and the report if it is done in time.

    Sent as JSON with its `url`, the recording is fetched from there first, and tried again while that may help.
    A recording that proves unusable within `wait` answers with its problem. The same request with the same
    `Idempotency-Key` gives the same recording.
    """
    settings: Settings = request.app.state.settings
    lane = Lane.URGENT if wait else Lane.SOON
    if is_json(request):
        linked = await read_json(request, Linked)
        row = await run_in_threadpool(_receive_link, request, linked, idempotency_key, lane)
        return await _answer(request, row, wait)
    async with UploadForm(request, settings, limit_mb=settings.max_upload_mb) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise InvalidRequest("No recording came with the form. Please send it as the field “file”.")
        row = await run_in_threadpool(receive_file, request, file, form, idempotency_key, lane)
    return await _answer(request, row, wait)


@router.get("/voicemails", responses=problems(NotFound), summary="List recordings, the newest first")
def list_voicemails(
    request: Request,
    matching: Annotated[Filter, Depends(filter_of)],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> VoicemailPage:
    rows = store_of(request).recordings(limit + 1, before=cursor, matching=matching)
    return VoicemailPage.of(rows, limit)


@router.get("/voicemails/{recording_id}", responses=problems(NotFound), summary="Where a recording stands")
def show_voicemail(request: Request, recording_id: str) -> Voicemail:
    return Voicemail.of(store_of(request).recording(recording_id))


@router.get(
    "/voicemails/{recording_id}/report",
    response_model=Report,
    responses=problems(NotFound, NotReady, InvalidRequest),
    summary="The coaching report",
)
def show_report(request: Request, recording_id: str) -> Response:
    store = store_of(request)
    row = store.recording(recording_id)
    if row.status == "failed":
        return _failure(request, row)
    report = store.report_json(recording_id)
    if report is None:
        raise NotReady("This recording is still being analysed. Please ask again in a few seconds.")
    return Response(report, media_type="application/json")


@router.put(
    "/voicemails/{recording_id}/message",
    status_code=202,
    responses=problems(NotFound, NotReady, InvalidRequest, OnHold, AudioRemoved, TranscriptRemoved),
    summary="Say where the message is",
)
def mark_message(request: Request, recording_id: str, window: GivenWindow) -> Voicemail:
    """The recording is analysed again, its message taken from there; the old report stays until the new one is done."""
    return Voicemail.of(_mark(request, recording_id, window))


@router.delete(
    "/voicemails/{recording_id}/message",
    status_code=202,
    responses=problems(NotFound, NotReady, OnHold, AudioRemoved, TranscriptRemoved),
    summary="Let Afterbeep find the message again",
)
def find_message_again(request: Request, recording_id: str) -> Voicemail:
    return Voicemail.of(_mark(request, recording_id, None))


@router.post(
    "/voicemails/{recording_id}/rewrite",
    responses=problems(NotFound, NotReady, RewriteOff, TranscriptRemoved),
    summary="Have a language model suggest a rewrite",
)
def suggest_rewrite(request: Request, recording_id: str) -> Suggestion:
    """Only where the owner has set an endpoint for it. Machine-written, kept nowhere, never part of the score."""
    store, rewriter = store_of(request), _rewriter(request)
    row = store.recording(recording_id)
    if rewriter is None:
        raise RewriteOff("No language model is set up here. The report holds a rewrite from the rep's own words.")
    report = store.worded(row.id)
    return rewriter.suggest(report, workspace_of(request).playbooks.find(report.playbook))


@router.get(
    "/voicemails/{recording_id}/audio",
    response_class=FileResponse,
    responses=holds("audio/*") | problems(NotFound, NotReady, AudioRemoved),
    summary="The recording; ranges allowed",
)
def show_audio(
    request: Request,
    recording_id: str,
    playable: Annotated[bool, Query(description="A copy for browsers, where they cannot play the original.")] = False,
    mask: Annotated[bool, Query(description="The message alone, as WAV; a tone over names and numbers.")] = False,
) -> FileResponse:
    store = store_of(request)
    row = store.recording(recording_id)
    if mask:
        return bleeped_file(request, row, store.finished(recording_id))
    return audio_file(request, row, playable=playable)


@router.get("/voicemails/{recording_id}/waveform", responses=problems(NotFound, NotReady), summary="Its waveform")
def show_waveform(request: Request, recording_id: str) -> Waveform:
    store = store_of(request)
    row = store.recording(recording_id)
    peaks = store.waveform(recording_id)
    if peaks is None or row.duration_s is None:
        raise NotReady("The waveform is drawn when the analysis is done.")
    return Waveform(duration_s=row.duration_s, peaks=peaks)


@router.delete(
    "/voicemails/{recording_id}",
    status_code=204,
    responses=problems(NotAllowed, NotFound, OnHold),
    summary="Delete for good",
)
def delete_voicemail(request: Request, recording_id: str) -> None:
    deletion_of(request, recording_id)
    workspace_of(request).intake.remove(recording_id, person_of(request))


@router.post(
    "/voicemails/{recording_id}/hold",
    responses=problems(NotFound),
    summary="Put a recording on hold",
    dependencies=[Depends(admins_only)],
)
def hold_voicemail(request: Request, recording_id: str) -> Voicemail:
    """Until it is released nobody deletes anything of it, whatever its age."""
    return Voicemail.of(store_of(request).hold(recording_id, person_of(request)))


@router.delete(
    "/voicemails/{recording_id}/hold",
    responses=problems(NotFound),
    summary="Release a recording that is on hold",
    dependencies=[Depends(admins_only)],
)
def release_voicemail(request: Request, recording_id: str) -> Voicemail:
    return Voicemail.of(store_of(request).hold(recording_id, None))


@router.delete("/demo", status_code=204, dependencies=[Depends(admins_only)], summary="Remove the samples")
def delete_demo(request: Request) -> None:
    workspace_of(request).intake.remove_demo(person_of(request))


class Script(BaseModel):
    text: str = Field(min_length=1, max_length=20_000, description="What will be said.")
    context: CallContext = CallContext()
    playbook: str | None = Field(None, description="Playbook to judge by.")


@router.post(
    "/scripts", responses=problems(InvalidRequest, UnknownPlaybook), summary="Check a text before it is spoken"
)
def check_script(request: Request, script: Script) -> Report:
    playbook = workspace_of(request).playbooks.load(script.playbook or request.app.state.settings.playbook)
    if not script.text.strip():
        raise InvalidRequest("The script is empty. Please write what you want to say.")
    return analyze_script(
        script.text, playbook=playbook, context=script.context, report_id=uuid4().hex, created_at=datetime.now(UTC)
    )


class Call(BaseModel):
    context: CallContext = Field(CallContext(), description="What is known about the call before it is made.")
    playbook: str | None = Field(None, description="Playbook to judge by.")


@router.post(
    "/advice",
    responses=problems(InvalidRequest, UnknownPlaybook),
    summary="Ask before a call whether to leave a voicemail",
)
def give_advice(request: Request, call: Call) -> Advice:
    """Leave one, hang up and try later, press zero, or write instead; `missing` names what is needed to say so."""
    playbook = workspace_of(request).playbooks.load(call.playbook or request.app.state.settings.playbook)
    return advise(call.context, playbook)


def _mark(request: Request, recording_id: str, window: GivenWindow | None) -> RecordingRow:
    change_of(request, recording_id)
    return workspace_of(request).intake.mark_message(recording_id, window)


def _rewriter(request: Request) -> Rewriter | None:
    rewriter: Rewriter | None = request.app.state.rewriter
    return rewriter


class UploadForm:
    """The request's form, parsed to disk as it arrives; closed, and its temporary files gone, when the block ends."""

    def __init__(self, request: Request, settings: Settings, *, limit_mb: float, max_files: int = 1) -> None:
        self.request = request
        self.settings = settings
        self.limit_mb = limit_mb
        self.max_files = max_files
        self.form: FormData | None = None

    async def __aenter__(self) -> FormData:
        kind = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "multipart/form-data":
            raise InvalidRequest(
                "Please send the recording as a form (multipart/form-data) with a field “file”, or its “url” as JSON."
            )
        try:
            self.form = await MultiPartParser(
                self.request.headers, self._limited(), max_files=self.max_files, max_fields=50
            ).parse()
        except MultiPartException as error:
            raise InvalidRequest(f"The form could not be read: {error.message}") from error
        return self.form

    async def __aexit__(self, *_: object) -> None:
        if self.form is not None:
            await self.form.close()

    async def _limited(self) -> AsyncGenerator[bytes, None]:
        limit_bytes = int(self.limit_mb * 1_000_000) + FORM_OVERHEAD_BYTES
        less = "a shorter one" if self.max_files == 1 else "fewer at once"
        too_large = TooLarge(f"More than {self.limit_mb:g} MB cannot be taken. Please send {less}.")
        if int(self.request.headers.get("content-length") or 0) > limit_bytes:
            raise too_large
        received = 0
        async for chunk in self.request.stream():
            received += len(chunk)
            if received > limit_bytes:
                raise too_large
            yield chunk


def receive_file(
    request: Request, file: UploadFile, form: FormData, idempotency_key: str | None, lane: Lane
) -> RecordingRow:
    """Raises TooLarge, RequestValidationError where the form does not describe a call, or what the intake raises.

    A script the recording is a take of has to be one the sender may see.
    """
    settings: Settings = request.app.state.settings
    if (file.size or 0) > settings.max_upload_bytes:
        raise TooLarge(f"The file is larger than {settings.max_upload_mb:g} MB. Please send a shorter one.")
    script_id = str(form.get("script_id") or "") or None
    if script_id:
        scripts_of(request).get(script_id)
    return workspace_of(request).intake.receive(
        Arrival(
            audio=file.file,
            filename=file.filename or "recording",
            playbook=str(form.get("playbook") or settings.playbook),
            context=_context(form),
            script_id=script_id,
            owner_id=owner_for(request, str(form.get("owner") or "")),
            idempotency_key=own_key(person_of(request), idempotency_key),
            lane=lane,
        )
    )


def _receive_link(request: Request, linked: Linked, idempotency_key: str | None, lane: Lane) -> RecordingRow:
    key, owner_id = own_key(person_of(request), idempotency_key), owner_for(request, linked.owner)
    return workspace_of(request).remotes.receive(linked.arrival(request.app.state.settings, key, owner_id, lane))


def _context(form: Mapping[str, Any]) -> CallContext:
    given = {name: form[name] for name in CONTEXT_FIELDS if form.get(name) not in (None, "")}
    try:
        return CallContext.model_validate(given)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error


async def at_its_end(request: Request, row: RecordingRow, wait_s: float) -> RecordingRow:
    """The recording when it is done or failed, or as it is when that took too long."""
    deadline = time.monotonic() + wait_s
    while row.status in ("queued", "running") and time.monotonic() < deadline:
        await asyncio.sleep(WAIT_POLL_S)
        row = await run_in_threadpool(store_of(request).recording, row.id)
    return row


async def _answer(request: Request, row: RecordingRow, wait_s: float) -> Response:
    row = await at_its_end(request, row, wait_s)
    if wait_s and row.status == "failed":
        return _failure(request, row)
    if wait_s and row.status == "done":
        report = await run_in_threadpool(store_of(request).report_json, row.id)
        if report is not None:
            return Response(report, media_type="application/json")
    voicemail = Voicemail.of(row)
    return JSONResponse(voicemail.model_dump(mode="json"), 202, headers={"Location": voicemail.links.self})


def _failure(request: Request, row: RecordingRow) -> Response:
    """The problem a failed recording ended with, as if it had been found at once."""
    error = ERRORS_BY_CODE.get(row.error_code or "", AfterbeepError)
    return problem(request, error.status, error.code, error.title, row.error_message or "", id=row.id)
