"""The addresses of what travels; all but the captions' words come masked where that is asked for."""

from collections.abc import Iterator, Sequence
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from analysis.masking import masked
from app.access import store_of, workspace_of
from app.exports.captions import MEDIA_TYPES, Captions, captions
from app.exports.handout import Handout, handout
from app.exports.handout_page import handout_page, policy
from app.exports.tables import as_csv, as_jsonl
from app.listing import Filter, filter_of
from app.openapi import holds, problems
from models.errors import NotFound, NotReady, TranscriptRemoved

router = APIRouter(prefix="/v1")

PROBLEMS = problems(NotFound, NotReady)
Mask = Annotated[bool, Query(description="Replace names, companies and telephone numbers by what they are.")]
Matching = Annotated[Filter, Depends(filter_of)]


@router.get(
    "/voicemails.csv",
    response_class=StreamingResponse,
    responses=holds("text/csv"),
    summary="A list as CSV, filtered as the list is",
)
def list_as_csv(request: Request, matching: Matching, mask: Mask = False) -> StreamingResponse:
    """UTF-8 with a byte order mark, for spreadsheets; a cell that would be a formula begins with an apostrophe."""
    rows = as_csv(store_of(request).walk(matching), mask=mask)
    return _stream(rows, "text/csv", "voicemails.csv")


@router.get(
    "/voicemails.jsonl",
    response_class=StreamingResponse,
    responses=holds("application/jsonl"),
    summary="A list's reports, one a line",
)
def list_as_jsonl(request: Request, matching: Matching, mask: Mask = False) -> StreamingResponse:
    lines = as_jsonl(store_of(request).walk(matching), mask=mask)
    return _stream(lines, "application/jsonl", "voicemails.jsonl")


@router.get(
    "/voicemails/{recording_id}/transcript.{kind}",
    response_class=Response,
    responses=holds(*MEDIA_TYPES.values()) | problems(NotFound, NotReady, TranscriptRemoved),
    summary="The words as captions or text",
)
def show_captions(request: Request, recording_id: str, kind: Captions, mask: Mask = False) -> Response:
    """A sentence a cue, at most two lines of 42 characters, at the seconds of the recording."""
    report = store_of(request).worded(recording_id)
    report = masked(report) if mask else report
    return _file(captions(report.transcript, kind), f"{MEDIA_TYPES[kind]}; charset=utf-8", f"transcript.{kind}")


@router.get(
    "/voicemails/{recording_id}/report.html",
    response_class=HTMLResponse,
    responses=PROBLEMS,
    summary="The report as one file to hand over",
)
def show_page(request: Request, recording_id: str, mask: Mask = False) -> Response:
    made, _ = _handout(request, recording_id, mask)
    response = _file(handout_page(made), "text/html; charset=utf-8", f"{made.filename}.html")
    response.headers["Content-Security-Policy"] = f"{policy()}; frame-ancestors 'none'"
    return response


@router.get(
    "/voicemails/{recording_id}/report.pdf",
    response_class=Response,
    responses=holds("application/pdf") | PROBLEMS,
    summary="The report as PDF",
)
def show_pdf(request: Request, recording_id: str, mask: Mask = False) -> Response:
    from app.exports.handout_pdf import handout_pdf  # heavy

    made, peaks = _handout(request, recording_id, mask)
    pdf = handout_pdf(made, peaks)
    return _file(pdf, "application/pdf", f"{made.filename}.pdf")


def _handout(request: Request, recording_id: str, mask: bool) -> tuple[Handout, Sequence[float] | None]:
    """What is handed over, and the peaks its waveform is drawn from."""
    store = store_of(request)
    report, peaks = store.finished(recording_id), store.waveform(recording_id)
    playbook = workspace_of(request).playbooks.find(report.playbook)
    return handout(masked(report) if mask else report, peaks, playbook, masked=mask), peaks


def _file(content: str | bytes, media_type: str, filename: str) -> Response:
    return Response(content, media_type=media_type, headers=_named(filename, "inline"))


def _stream(lines: Iterator[str], media_type: str, filename: str) -> StreamingResponse:
    return StreamingResponse(lines, media_type=f"{media_type}; charset=utf-8", headers=_named(filename, "attachment"))


def _named(filename: str, shown: str) -> dict[str, str]:
    return {"Content-Disposition": f"{shown}; filename*=UTF-8''{quote(filename, safe='')}"}
