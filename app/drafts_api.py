"""Scripts drafted from facts, as JSON."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from analysis.drafting import draft
from app.access import workspace_of
from app.openapi import problems
from models.draft import Draft, Facts
from models.errors import InvalidRequest, UnknownPlaybook

router = APIRouter(prefix="/v1")


class DraftRequest(BaseModel):
    facts: Facts = Field(Facts(), description="What the message is made of; every fact may be missing.")
    playbook: str | None = Field(None, description="Playbook whose order, length and rules it follows.")


@router.post("/drafts", responses=problems(UnknownPlaybook, InvalidRequest), summary="Draft a script")
def draft_script(request: Request, asked: DraftRequest) -> Draft:
    """A message that passes the playbook's own rules. What is missing is a blank in [brackets] and named in `missing`.

    A fact that the rules object to however it is said, or that does not fit, is left out and explained in `unused`.
    """
    return draft(
        asked.facts, workspace_of(request).playbooks.load(asked.playbook or request.app.state.settings.playbook)
    )
