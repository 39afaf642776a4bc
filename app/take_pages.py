"""Kept scripts as pages: the list, and a script with its takes side by side."""

from collections.abc import Sequence
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Form, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import UploadFile

from analysis.comparison import compare_takes
from app.access import owner_for, scripts_of, store_of, workspace_of
from app.api import UploadForm
from app.intake import Arrival
from app.jobs import Lane
from app.pages import context_from, page
from app.schema import RecordingRow
from app.script_store import title_of
from models.errors import InvalidRequest
from models.recording import CallContext
from models.takes import TakesCompared

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/scripts")
def scripts(request: Request) -> HTMLResponse:
    return page(request, "scripts.html", here="script", tab="kept", scripts=scripts_of(request).all())


@router.post("/scripts")
def keep(
    request: Request,
    text: Annotated[str, Form(max_length=10_000)],
    playbook: Annotated[str, Form()] = "",
    purpose: Annotated[str, Form()] = "",
    prospect: Annotated[str, Form()] = "",
    rep: Annotated[str, Form()] = "",
    company: Annotated[str, Form()] = "",
    relationship: Annotated[str, Form()] = "",
    referrer: Annotated[str, Form()] = "",
) -> Response:
    """Keep a script, and go on to where its takes will be."""
    typed = {"purpose": purpose, "prospect": prospect, "rep": rep, "company": company}
    context = context_from({**typed, "relationship": relationship, "referrer": referrer})
    shelf, default = workspace_of(request).playbooks, request.app.state.settings.playbook
    kept = scripts_of(request).put(
        uuid4().hex, title=title_of(text), text=text, playbook=shelf.load(playbook or default).name, context=context
    )
    return RedirectResponse(f"/scripts/{kept.id}", 303)


@router.get("/scripts/{script_id}")
def script(request: Request, script_id: str, then: str | None = None, now: str | None = None) -> HTMLResponse:
    """The script and its takes; the two named side by side, or the last two."""
    scripts = scripts_of(request)
    row, takes = scripts.get(script_id), scripts.takes(script_id)
    compared = _compared(request, takes, then, now)
    return page(
        request, "takes.html", here="script", script=row, takes=takes, compared=compared,
        title=workspace_of(request).playbooks.titles().get(row.playbook, row.playbook),
        changeable=scripts.may_change(row), silent={take.id for take in takes if take.audio_removed_at},
    )  # fmt: skip


@router.post("/scripts/{script_id}")
def change(
    request: Request,
    script_id: str,
    text: Annotated[str, Form(max_length=10_000)],
    title: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    scripts = scripts_of(request)
    row = scripts.get(script_id)
    title = title.strip() or title_of(text)
    scripts.put(script_id, title=title, text=text, playbook=row.playbook, context=row.context, facts=row.facts)
    return RedirectResponse(f"/scripts/{script_id}", 303)


@router.post("/scripts/{script_id}/delete")
def delete(request: Request, script_id: str) -> Response:
    scripts_of(request).delete(script_id)
    return RedirectResponse("/scripts", 303)


@router.post("/scripts/{script_id}/takes")
async def hand_in(request: Request, script_id: str) -> Response:
    """One more take, judged by the script's playbook; works without JavaScript."""
    settings, intake = request.app.state.settings, workspace_of(request).intake
    row = await run_in_threadpool(scripts_of(request).get, script_id)
    async with UploadForm(request, settings, limit_mb=settings.max_upload_mb) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise InvalidRequest("No recording came with the form. Please choose a file first.")
        arrival = Arrival(
            audio=file.file, filename=file.filename, playbook=row.playbook, context=row.context or CallContext(),
            lane=Lane.URGENT, script_id=script_id,
            owner_id=owner_for(request, None),
        )  # fmt: skip
        recording = await run_in_threadpool(intake.receive, arrival)
    return RedirectResponse(f"/voicemails/{recording.id}", 303)


def _compared(
    request: Request, takes: Sequence[RecordingRow], then: str | None, now: str | None
) -> TakesCompared | None:
    done = [take for take in takes if take.status == "done" and take.transcript_removed_at is None]
    if len(done) < 2:
        return None
    known = {take.id for take in done}
    newest, before = done[0].id, done[1].id
    first, second = (then if then in known else before), (now if now in known else newest)
    store = store_of(request)
    one, other = store.report(first), store.report(second)
    return compare_takes(one, other) if one and other else None
