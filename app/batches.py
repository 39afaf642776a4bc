"""Many recordings in one request."""

from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile

from app.access import own_key, owner_for, person_of, workspace_of
from app.api import UploadForm, receive_file
from app.jobs import Lane
from app.linked import LinkedBatch, intake_body, is_json, read_json
from app.openapi import problems
from app.voicemail import Failure, Voicemail
from models.errors import AfterbeepError, InvalidRequest, TooLarge

router = APIRouter(prefix="/v1")

MAX_FILES = 100
MAX_SIZES = 10  # a batch may hold so many times the largest recording


class BatchItem(BaseModel):
    filename: str
    voicemail: Voicemail | None = Field(description="The recording as it was taken in; null if it was not.")
    error: Failure | None


class Batch(BaseModel):
    items: list[BatchItem] = Field(description="In the order of the files.")


FILES = {"type": "array", "items": {"type": "string", "format": "binary"}, "maxItems": MAX_FILES}


@router.post(
    "/batches",
    status_code=202,
    responses=problems(TooLarge, InvalidRequest),
    openapi_extra=intake_body(LinkedBatch, files=FILES),
    summary="Hand in many recordings",
)
async def receive_batch(
    request: Request, idempotency_key: Annotated[str | None, Header(max_length=240)] = None
) -> Batch:
    """Up to 100 files under `files`, or addresses as JSON under `urls`; the other fields describe all of them.

    They are analysed behind what is handed in one by one; several workspaces take turns.

    A file that is no recording has its error in the answer, and the others are taken. The same request with the same
    `Idempotency-Key` gives the same recordings.
    """
    settings = request.app.state.settings
    if is_json(request):
        linked = await read_json(request, LinkedBatch)
        return await run_in_threadpool(_order, request, linked, idempotency_key)
    limit_mb = settings.max_upload_mb * MAX_SIZES
    async with UploadForm(request, settings, max_files=MAX_FILES, limit_mb=limit_mb) as form:
        files = [file for file in form.getlist("files") if isinstance(file, UploadFile)]
        if not files:
            raise InvalidRequest("No recordings came with the form. Please send them as fields “files”.")
        items = []
        for number, file in enumerate(files):
            key = None if idempotency_key is None else f"{idempotency_key}/{number}"
            name = file.filename or "recording"
            try:
                row = await run_in_threadpool(receive_file, request, file, form, key, Lane.BULK)
                items.append(BatchItem(filename=name, voicemail=Voicemail.of(row), error=None))
            except AfterbeepError as error:
                items.append(_refused(name, error))
    return Batch(items=items)


def _order(request: Request, linked: LinkedBatch, idempotency_key: str | None) -> Batch:
    items = []
    owner_id = owner_for(request, linked.owner)
    for number, url in enumerate(linked.urls):
        key = None if idempotency_key is None else own_key(person_of(request), f"{idempotency_key}/{number}")
        try:
            arrival = linked.arrival(number, request.app.state.settings, key, owner_id)
            row = workspace_of(request).remotes.receive(arrival)
            items.append(BatchItem(filename=row.filename, voicemail=Voicemail.of(row), error=None))
        except AfterbeepError as error:
            items.append(_refused(url, error))
    return Batch(items=items)


def _refused(name: str, error: AfterbeepError) -> BatchItem:
    return BatchItem(filename=name, voicemail=None, error=Failure(code=error.code, message=str(error)))
