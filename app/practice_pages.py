"""The page where a rep practises: record a message in the browser, hear it, hand it in."""

from dataclasses import asdict, dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.access import person_of, scripts_of, workspace_of
from app.pages import options, page
from app.schema import ScriptRow
from models.person import Person
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
def record(request: Request, script: str = "", playbook: str = "") -> HTMLResponse:
    """With the id of a kept script, what is recorded is a take of it."""
    settings, shelf = request.app.state.settings, workspace_of(request).playbooks
    offered = options(request)
    kept = scripts_of(request).get(script) if script else None
    known = CallContext(purpose="cold") if kept is None else _take_of(kept, person_of(request))
    judged_by = playbook or (kept.playbook if kept else settings.playbook)
    return page(
        request,
        "record.html",
        here="record",
        options=offered,
        given=known,
        kept=kept,
        playbook=judged_by if judged_by in offered.playbooks else settings.playbook,
        bands={name: asdict(LengthBand.of(one.limits)) for name, one in shelf.readable().items()},
        longest_s=settings.max_duration_s,
    )


def _take_of(script: ScriptRow, person: Person) -> CallContext:
    """What is known of the calls a script is for; whose name is said in it is another's where it was given."""
    mine = person.is_local or script.owner_id == person.id
    return script.context if mine else script.context.model_copy(update={"rep": person.name})
