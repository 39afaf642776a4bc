"""The JSON API of the playbooks: read them, save versions of one's own, try one on what is stored."""

from typing import Annotated, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, model_validator

from analysis import playbooks
from app.access import store_of, workspace_of
from app.openapi import problems
from app.playbook_store import Playbooks
from app.trial import MOST_RECORDINGS, Trial, trial
from models.errors import InvalidPlaybook, InvalidRequest, NotFound, ShippedPlaybook, UnknownPlaybook
from models.playbook import Limits, Playbook

router = APIRouter(prefix="/v1/playbooks")

LONGEST_TEXT = 1_000_000
Toml = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT, description="The playbook as TOML.")]


class PlaybookSummary(BaseModel):
    name: str
    version: int
    title: str
    summary: str
    shipped: bool = Field(description="It comes with Afterbeep and cannot be changed.")
    problem: str | None = Field(description="Why this release cannot use it; null if it can.")


class PlaybookList(BaseModel):
    items: list[PlaybookSummary]


class PlaybookDetail(BaseModel):
    name: str
    version: int
    title: str
    summary: str
    shipped: bool = Field(description="It comes with Afterbeep and cannot be changed.")
    limits: Limits
    text: str = Field(description="The playbook as TOML; what it is based_on is not repeated in it.")

    @classmethod
    def of(cls, playbook: Playbook, shelf: Playbooks) -> Self:
        return cls(
            name=playbook.name,
            version=playbook.version,
            title=playbook.title,
            summary=playbook.summary,
            shipped=shelf.is_shipped(playbook.name),
            limits=playbook.limits,
            text=shelf.text(playbook.name, playbook.version),
        )


class NewVersion(BaseModel):
    text: Toml


class TrialRequest(BaseModel):
    """A playbook by its name, or as the text it would have."""

    text: Toml | None = None
    name: str | None = None
    limit: int = Field(200, ge=1, le=MOST_RECORDINGS, description="How many of the newest recordings.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.text is None) == (self.name is None):
            raise ValueError("please send either the “text” or the “name” of a playbook")
        return self


@router.get("", summary="List the playbooks")
def list_playbooks(request: Request) -> PlaybookList:
    items = [PlaybookSummary.model_validate(card, from_attributes=True) for card in _shelf(request).cards()]
    return PlaybookList(items=items)


@router.get("/{name}", responses=problems(NotFound), summary="One playbook, its text and its limits")
def show_playbook(
    request: Request,
    name: str,
    version: Annotated[int | None, Query(ge=1, lt=2**31, description="Else the newest.")] = None,
) -> PlaybookDetail:
    shelf = _shelf(request)
    try:
        return PlaybookDetail.of(shelf.load(name, version), shelf)
    except UnknownPlaybook as error:
        raise NotFound(str(error)) from error


@router.put(
    "/{name}",
    responses={201: {"model": PlaybookDetail}, **problems(ShippedPlaybook, InvalidPlaybook, InvalidRequest)},
    summary="Save a text as the next version of a playbook",
)
def save_playbook(request: Request, name: str, new: NewVersion, response: Response) -> PlaybookDetail:
    """201 for the first version of a name, else 200. The text of the newest version makes no new one."""
    shelf = _shelf(request)
    is_new = name not in shelf.names()
    playbook = shelf.save(name, new.text)
    response.status_code = 201 if is_new else 200
    return PlaybookDetail.of(playbook, shelf)


@router.post(
    "/try",
    responses=problems(InvalidPlaybook, UnknownPlaybook, InvalidRequest),
    summary="Which stored reports a playbook would change",
)
def try_playbook(request: Request, asked: TrialRequest) -> Trial:
    """The newest stored reports judged anew from their transcripts and measures. Nothing is stored."""
    if asked.text is not None:
        playbook = playbooks.parse(asked.text, "text", given={"name": "draft", "version": 1})
    else:
        playbook = _shelf(request).load(asked.name or "")
    return trial(store_of(request), playbook, asked.limit)


def _shelf(request: Request) -> Playbooks:
    return workspace_of(request).playbooks
