"""The coach's pages: the queue, the library of examples, how often each rule was wrong; and a report's review."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from analysis import playbooks
from app.access import assignments_of, person_of, reviews_of, store_of, workspace_of
from app.listing import Filter, filter_of
from app.pages import options, owners, page
from app.views import reviewing

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
coaches = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@coaches.get("/queue")
def show_queue(request: Request, matching: Annotated[Filter, Depends(filter_of)]) -> HTMLResponse:
    waiting = reviews_of(request).queue(person_of(request), matching=matching)
    rules = {name: rule.title for name, rule in playbooks.load().rules.items()}
    return page(
        request, "queue.html", here="queue", waiting=waiting, reasons=reviewing.REASONS, matching=matching,
        first=matching.address("/queue/next"), rules=rules, owners=owners(request, [one.row for one in waiting]),
        options=options(request), teams={team.id: team.name for team in assignments_of(request).teams()},
    )  # fmt: skip


@coaches.get("/queue/next")
def next_in_queue(
    request: Request, matching: Annotated[Filter, Depends(filter_of)], done: str | None = None
) -> Response:
    """The first recording of the queue but the one just done with; the queue itself when it is empty.

    How the queue was filtered goes along in the address as `queue`.
    """
    waiting = [one.row.id for one in reviews_of(request).queue(person_of(request), limit=2, matching=matching)]
    following = [recording_id for recording_id in waiting if recording_id != done]
    if not following:
        return RedirectResponse(matching.address("/queue"), 303)
    along = "?" + urlencode({"queue": urlencode(matching.given)}) if matching.is_set else ""
    return RedirectResponse(f"/voicemails/{following[0]}{along}", 303)


@coaches.get("/review")
def show_agreement(request: Request, playbook: str | None = None) -> HTMLResponse:
    agreement = reviews_of(request).agreement(playbook or None)
    titles = workspace_of(request).playbooks.titles()
    return page(request, "agreement.html", here="queue", agreement=agreement, playbooks=titles, playbook=playbook)


@router.get("/examples")
def show_examples(request: Request) -> HTMLResponse:
    return page(request, "examples.html", here="examples", rows=reviews_of(request).examples())


@router.get("/voicemails/{recording_id}/review")
def show_review(request: Request, recording_id: str) -> HTMLResponse:
    """The review alone, for a page that keeps itself up to date."""
    store = store_of(request)
    row, report = store.recording(recording_id), store.finished(recording_id)
    review = reviewing.review(reviews_of(request).said(recording_id), report, person_of(request))
    return page(request, "parts/review.html", row=row, report=report, review=review)
