"""Progress, as JSON and as a page of small charts."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from app.access import store_of
from app.pages import page
from app.progress import progress, reps
from app.views import charts
from models.progress import Progress

router = APIRouter()

USUAL_SPAN = timedelta(weeks=12)


@router.get("/v1/progress", summary="Progress from week to week")
def show_progress(
    request: Request,
    since: Annotated[date | None, Query(description="First day, UTC; twelve weeks ago if left out.")] = None,
    rep: Annotated[str | None, Query(max_length=200, description="Whose recordings; everybody's if left out.")] = None,
) -> Progress:
    """Medians of score, length and pace, and how often each rule was flagged, with the number behind each figure."""
    return progress(store_of(request), since or usual_first_day(), rep or None)


@router.get("/progress", include_in_schema=False, response_class=HTMLResponse)
def progress_page(request: Request, since: str = "", rep: str = "") -> HTMLResponse:
    store = store_of(request)
    found = progress(store, first_day(since), rep or None)
    names = {name: name for name in reps(store)}
    return page(
        request, "progress.html", here="progress", progress=found, reps=names, charts=charts.medians(found.weeks),
        rules=charts.rules(found.weeks),
    )  # fmt: skip


def usual_first_day() -> date:
    return (datetime.now(UTC) - USUAL_SPAN).date()


def first_day(typed: str) -> date:
    """The day in a page's address, or the usual one where it is none."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return usual_first_day()
