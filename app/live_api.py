"""Server-sent events: where a recording stands, and what changes in the list."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send

from app.access import store_of
from app.live import Change, Changes, Watcher, rows_of
from app.openapi import holds, problems
from app.schema import RecordingRow
from app.voicemail import Voicemail
from models.errors import NotFound

router = APIRouter(prefix="/v1")

HEARTBEAT_S = 15
SLOWEST_SEND_S = 20  # a client that takes longer to read an event is let go
LONGEST_S = 600  # then the browser asks again, and shows again who it is
LIST_LENGTH = 50  # what one page of the list shows
STREAM = holds("text/event-stream")


class Gone(BaseModel):
    id: str


class Events(EventSourceResponse):
    """A stream that ends quietly for a client who does not read it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            return


@router.get(
    "/voicemails/{recording_id}/events",
    responses=STREAM | problems(NotFound),
    response_class=Events,
    summary="Follow a recording",
)
async def follow_voicemail(request: Request, recording_id: str) -> Events:
    """Where it stands at once, then every change as `status`; ends by itself with `done`, `failed` or `gone`.

    The data is the same as of `GET /v1/voicemails/{id}`. A comment every 15 s keeps the connection open; who lost it
    asks again and gets the present.
    """
    await run_in_threadpool(store_of(request).recording, recording_id)
    return _events(_one(request, recording_id))


@router.get("/events", responses=STREAM | problems(NotFound), response_class=Events, summary="Follow all recordings")
async def follow_voicemails(request: Request) -> Events:
    """The newest recordings at once and then every one that arrives or changes, as `changed`; `gone` when deleted."""
    return _events(_all(request))


async def _one(request: Request, recording_id: str) -> AsyncIterator[ServerSentEvent]:
    ends = _end()
    async with _watcher(request).listen(recording_id) as changes:
        try:
            change: Change | None = Change(
                recording_id, await run_in_threadpool(store_of(request).recording, recording_id)
            )
        except NotFound:
            change = Change(recording_id, None)
        while change is not None:
            yield _event(_name(change.row), change)
            if change.row is None or change.row.status in ("done", "failed"):
                return
            change = await _next(changes, ends)


async def _all(request: Request) -> AsyncIterator[ServerSentEvent]:
    """Only what the one who asks may see; after a while they are asked who they are again."""
    store, told = store_of(request), set[str]()
    ends = _end()
    async with _watcher(request).listen() as changes:
        rows = list(reversed(await run_in_threadpool(store.recordings, LIST_LENGTH)))
        while True:
            for row in rows:
                told.add(row.id)
                yield _event("changed", Change(row.id, row))
            changed = [await _next(changes, ends)]
            while not changes.empty():
                changed.append(changes.get_nowait())
            if None in changed:
                return
            present = [change for change in changed if change]
            for change in present:
                if change.row is None and change.id in told:
                    yield _event("gone", change)
            rows = list(await run_in_threadpool(rows_of, store, {change.id for change in present if change.row}))


def _end() -> float:
    return asyncio.get_running_loop().time() + LONGEST_S


async def _next(changes: Changes, ends: float) -> Change | None:
    """None if there is none before the stream's end, or too many came to keep up with."""
    try:
        async with asyncio.timeout_at(ends):
            return await changes.get()
    except TimeoutError:
        return None


def _name(row: RecordingRow | None) -> str:
    if row is None:
        return "gone"
    return row.status if row.status in ("done", "failed") else "status"


def _event(name: str, change: Change) -> ServerSentEvent:
    shown = Voicemail.of(change.row) if change.row else Gone(id=change.id)
    return ServerSentEvent(shown.model_dump_json(), event=name)


def _events(content: AsyncIterator[ServerSentEvent]) -> Events:
    return Events(
        content,
        ping=HEARTBEAT_S,
        ping_message_factory=lambda: ServerSentEvent(comment="still here"),
        send_timeout=SLOWEST_SEND_S,
    )


def _watcher(request: Request) -> Watcher:
    watcher: Watcher = request.app.state.watcher
    return watcher
