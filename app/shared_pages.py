"""What a share link shows: one report to read, and nothing of the rest."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from analysis.masking import audible, masked, masked_context
from app.access import workspaces_of
from app.audio_response import audio_file, bleeped_file
from app.audit import LINK, AuditLog
from app.links import ShareLinks
from app.pages import page, report_view
from app.schema import LinkRow
from app.workspaces import Workspace
from models.report import Report

router = APIRouter(include_in_schema=False)

HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


@router.get("/shared/{token}", response_class=HTMLResponse)
def shared(request: Request, token: str) -> Response:
    found = _find(request, token)
    if found is None:
        return _gone(request)
    link, workspace, report = found
    store = workspace.store
    row = store.recording(link.recording_id)
    playbook = workspace.playbooks.find(report.playbook)
    silent = row.audio_removed_at is not None or (link.mask and audible(report) is None)
    report = masked(report) if link.mask else report
    shown = report_view(report, store.waveform(row.id), playbook, audio_removed_at=row.audio_removed_at)
    shown |= {
        "audio_url": None if silent else str(request.app.url_path_for("shared_audio", token=token)),
        "title": "A voicemail" if link.mask else row.filename,
        "context": masked_context(row.context) if link.mask else row.context,
        "created_at": row.created_at,
        "duration_s": row.duration_s,
        "link": link,
    }
    AuditLog(store).note_visit(LINK, "recording.seen", f"{row.id} {link.id}")
    response = page(request, "shared.html", **shown)
    response.headers.update(HEADERS)
    return response


@router.get("/shared/{token}/audio", response_class=FileResponse)
def shared_audio(request: Request, token: str, playable: bool = False) -> Response:
    """Of a masked link names and numbers are bleeped over, or nothing is played."""
    found = _find(request, token)
    if found is None:
        return _gone(request)
    link, workspace, report = found
    store = workspace.store
    row = store.recording(link.recording_id)
    response = bleeped_file(request, row, report) if link.mask else audio_file(request, row, playable=playable)
    AuditLog(store).note_visit(LINK, "recording.heard", f"{link.recording_id} {link.id}")
    response.headers.update(HEADERS)
    return response


def _find(request: Request, token: str) -> tuple[LinkRow, Workspace, Report] | None:
    """What a link shows, and the workspace it is in."""
    workspaces = workspaces_of(request)
    link = ShareLinks(workspaces.store).find(token)
    if link is None:
        return None
    workspace = workspaces.open(link.workspace_id)
    report = workspace.store.report(link.recording_id)
    return None if report is None else (link, workspace, report)


def _gone(request: Request) -> Response:
    """The same for a link that expired, was taken back or never was: none of them tells which."""
    response = page(request, "shared_gone.html", HTTPStatus.NOT_FOUND)
    response.headers.update(HEADERS)
    return response
