"""The page where a rep practises: record a message in the browser, hear it, hand it in."""

from dataclasses import asdict, dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.pages import options, page
from models.playbook import Limits
from models.recording import CallContext

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@dataclass(frozen=True)
class LengthBand:
    """How long a school lets a message be, and the length it aims at."""

    least_s: float
    most_s: float
    target_from_s: float
    target_to_s: float

    @classmethod
    def of(cls, limits: Limits) -> "LengthBand":
        return cls(*limits.length_s, *limits.length_target_s)


@router.get("/record")
def record(request: Request) -> HTMLResponse:
    settings, shelf = request.app.state.settings, request.app.state.playbooks
    offered = options(request)
    return page(
        request,
        "record.html",
        here="record",
        options=offered,
        given=CallContext(purpose="cold"),
        playbook=settings.playbook,
        bands={name: asdict(LengthBand.of(shelf.load(name).limits)) for name in offered.playbooks},
        longest_s=settings.max_duration_s,
    )
