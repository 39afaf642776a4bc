"""One prospect's messages as a page."""

from typing import NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.access import store_of
from app.pages import owners, page
from app.prospects import DAY, history
from app.schema import RecordingRow
from app.views.wording import days
from models.errors import NotFound

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


Rep = tuple[str | None, str | None]


class Message(NamedTuple):
    row: RecordingRow
    number: int  # of the same rep's
    after: str | None  # how long after the same rep's one before


@router.get("/prospects/{key:path}")
def prospect(request: Request, key: str) -> HTMLResponse:
    """Every message in order, each with its number and how long after the one before it came."""
    rows = history(store_of(request), key)
    if not rows:
        raise NotFound("No message for this person is stored. Takes of a script do not count, as they are practice.")
    last: dict[Rep, RecordingRow] = {}
    number: dict[Rep, int] = {}
    messages = []
    for row in rows:
        rep = row.rep_key, row.owner_id
        before = last.get(rep)
        number[rep] = number.get(rep, 0) + 1
        after = None if before is None else days((row.created_at - before.created_at) / DAY)
        messages.append(Message(row, number[rep], after))
        last[rep] = row
    name, reps = rows[-1].context.prospect, owners(request, rows)
    return page(request, "prospect.html", here="recordings", name=name, messages=messages, owners=reps)
