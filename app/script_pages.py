"""The script page: build one from facts, check one before it is spoken."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from analysis.drafting import draft
from app.access import workspace_of
from app.pages import context_from, options, page, report_view, script_report
from app.views import drafting, rewriting
from models.errors import AfterbeepError, InvalidRequest
from models.recording import CallContext

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/script")
def script(request: Request, tab: str = "build") -> HTMLResponse:
    name = request.app.state.settings.playbook
    return script_page(request, "check" if tab == "check" else "build", playbook_name=name)


@router.post("/script")
def check_script(
    request: Request,
    text: Annotated[str, Form()],
    playbook: Annotated[str, Form()],
    purpose: Annotated[str, Form()] = "",
    prospect: Annotated[str, Form()] = "",
    rep: Annotated[str, Form()] = "",
    company: Annotated[str, Form()] = "",
    relationship: Annotated[str, Form()] = "",
    attempt: Annotated[str, Form()] = "",
    referrer: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """The same report as a recording's, from words alone; what was typed stays in the form."""
    typed = {
        "purpose": purpose,
        "prospect": prospect,
        "rep": rep,
        "company": company,
        "relationship": relationship,
        "attempt": attempt,
        "referrer": referrer,
    }
    shown: dict[str, Any] = {"text": text, "playbook_name": playbook}
    try:
        shown["given"] = given = context_from(typed)
        judged_by = workspace_of(request).playbooks.load(playbook)
        report = script_report(text, judged_by, given)
    except AfterbeepError as error:
        return script_page(request, "check", error.status, problem=str(error), **shown)
    return script_page(request, "check", **shown, **report_view(report, None, judged_by))


@router.post("/script/build")
def build_script(request: Request, form: Annotated[drafting.DraftForm, Form()]) -> HTMLResponse:
    """A draft, with the report on it; the facts stay in the form."""
    shown: dict[str, Any] = {"form": form, "playbook_name": form.playbook or request.app.state.settings.playbook}
    try:
        playbook = workspace_of(request).playbooks.load(shown["playbook_name"])
        made = draft(form.facts(), playbook)
        report = script_report(made.message.text, playbook, context_from(form.told))
    except ValidationError as error:
        fields = ", ".join(str(problem["loc"][0]).replace("_", " ") for problem in error.errors())
        unreadable = InvalidRequest(f"Please check these fields: {fields}.")
        return script_page(request, "build", unreadable.status, problem=str(unreadable), **shown)
    except AfterbeepError as error:
        return script_page(request, "build", error.status, problem=str(error), **shown)
    shown |= report_view(report, None, playbook)
    shown |= {"draft": made, "rewrite": None, "drafted": rewriting.shown(made.message)}
    shown |= {"asks_for": drafting.asks_for(made), "left_out": drafting.left_out(made), "text": made.message.text}
    return script_page(request, "build", **shown)


def script_page(request: Request, tab: str, status: int = 200, **shown: Any) -> HTMLResponse:
    unset = {"text": "", "given": CallContext(), "form": drafting.DraftForm()}
    fields = {"who": drafting.WHO, "what": drafting.WHAT, "options": options(request)}
    return page(request, "script.html", status, here="script", tab=tab, **{**unset, **fields, **shown})
