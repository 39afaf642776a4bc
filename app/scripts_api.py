"""Kept scripts and their takes, as JSON. `POST /v1/scripts`, which checks a text and keeps nothing, is in api.py."""

from datetime import datetime
from typing import Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from analysis.comparison import compare_takes
from app.access import scripts_of, store_of, workspace_of
from app.openapi import problems
from app.schema import ScriptRow
from app.script_store import title_of
from app.store import check_worded
from app.voicemail import Voicemail
from models.draft import Facts
from models.errors import InvalidRequest, NotFound, NotReady, TranscriptRemoved
from models.recording import CallContext
from models.report import Report
from models.takes import TakesCompared

router = APIRouter(prefix="/v1")


class ScriptBody(BaseModel):
    text: str = Field(min_length=1, max_length=20_000, description="What is said.")
    title: str | None = Field(None, max_length=200, description="What it is called; its first words if left out.")
    playbook: str | None = Field(None, description="Playbook its takes are meant to be judged by.")
    context: CallContext = Field(CallContext(), description="What is known of the calls it is for.")
    facts: Facts | None = Field(None, description="What it was drafted from.")


class ScriptChange(BaseModel):
    """Only what is given is changed."""

    text: str | None = Field(None, min_length=1, max_length=20_000)
    title: str | None = Field(None, min_length=1, max_length=200)
    playbook: str | None = None
    context: CallContext | None = None
    facts: Facts | None = None


class KeptScript(BaseModel):
    id: str
    created_at: datetime
    title: str
    text: str
    playbook: str
    context: CallContext
    facts: Facts | None
    takes: int = Field(description="How many recordings are takes of it.")

    @classmethod
    def of(cls, row: ScriptRow, takes: int) -> Self:
        facts = None if row.facts is None else Facts.model_validate(row.facts)
        told = {name: getattr(row, name) for name in ("id", "created_at", "title", "text", "playbook", "context")}
        return cls(**told, facts=facts, takes=takes)


class ScriptWithTakes(KeptScript):
    recordings: list[Voicemail] = Field(description="Its takes, the newest first.")


@router.get("/scripts", summary="List the kept scripts, the newest first")
def list_scripts(request: Request) -> list[KeptScript]:
    return [KeptScript.of(row, takes) for row, takes in scripts_of(request).all()]


@router.put("/scripts/{script_id}", responses=problems(InvalidRequest), summary="Keep a script")
def keep_script(request: Request, script_id: str, body: ScriptBody) -> ScriptWithTakes:
    """Under an id of your choice, in place of what was kept there; sending it twice is harmless.

    Recordings uploaded with this `script_id` are its takes. `POST /v1/scripts` checks a text and keeps nothing.
    """
    playbook = workspace_of(request).playbooks.load(body.playbook or request.app.state.settings.playbook).name
    facts = None if body.facts is None else body.facts.model_dump(exclude_none=True)
    title = body.title or title_of(body.text)
    scripts_of(request).put(
        script_id, title=title, text=body.text, playbook=playbook, context=body.context, facts=facts
    )
    return show_script(request, script_id)


@router.get("/scripts/{script_id}", responses=problems(NotFound), summary="A kept script with its takes")
def show_script(request: Request, script_id: str) -> ScriptWithTakes:
    scripts = scripts_of(request)
    takes = scripts.takes(script_id)
    kept = KeptScript.of(scripts.get(script_id), len(takes))
    return ScriptWithTakes(**dict(kept), recordings=[Voicemail.of(row) for row in takes])


@router.patch("/scripts/{script_id}", responses=problems(NotFound, InvalidRequest), summary="Change a kept script")
def change_script(request: Request, script_id: str, change: ScriptChange) -> ScriptWithTakes:
    given = {name: getattr(change, name) for name in change.model_fields_set if getattr(change, name) is not None}
    now = show_script(request, script_id)
    kept = ScriptBody.model_validate({**{name: getattr(now, name) for name in ScriptBody.model_fields}, **given})
    return keep_script(request, script_id, kept)


@router.delete("/scripts/{script_id}", status_code=204, responses=problems(NotFound), summary="Forget a kept script")
def forget_script(request: Request, script_id: str) -> None:
    """Its takes stay as recordings."""
    scripts_of(request).delete(script_id)


@router.get(
    "/voicemails/{recording_id}/compare/{other_id}",
    responses=problems(NotFound, NotReady, TranscriptRemoved),
    summary="Compare two takes",
)
def compare(request: Request, recording_id: str, other_id: str) -> TakesCompared:
    """From the first to the second: what went, what came, what stayed, and the figures then and now."""
    return compare_takes(_report(request, recording_id), _report(request, other_id))


def _report(request: Request, recording_id: str) -> Report:
    store = store_of(request)
    report: Report | None = store.report(store.recording(recording_id).id)
    if report is None:
        raise NotReady("One of the two has no report yet. Please ask again when both are analysed.")
    check_worded(report)
    return report
