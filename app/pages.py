"""The pages for people: HTML from the server, over the same functions the API uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from pydantic import ValidationError

from analysis import playbooks
from analysis.pipeline import analyze_script
from app.views import coaching, measures, player, unknown, wording, words
from models.errors import AfterbeepError, InvalidRequest, UnknownPlaybook
from models.recording import CallContext
from models.report import Report

ROWS_PER_PAGE = 50

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
templates = Jinja2Templates(directory=Path(__file__).parent / "templates")
templates.env.trim_blocks = templates.env.lstrip_blocks = True
templates.env.filters.update(
    check_name=wording.check_name,
    clock=wording.clock,
    decimal=wording.decimal,
    level=wording.level,
    limit=measures.limit,
    stage=wording.stage_sentence,
    when=wording.when,
    with_blanks=coaching.with_blanks,
)
templates.env.globals.update(
    found_by=wording.FOUND_BY,
    levels=wording.LEVELS,
    measure_of={measure.name: measure for measure in (*measures.MEASURES, *measures.FACTS)},
    purposes=wording.PURPOSES,
    severities=wording.SEVERITIES,
    stages=wording.STAGES,
)


@dataclass(frozen=True)
class Options:
    """What the form for a recording or a script offers."""

    purposes: dict[str, str]
    relationships: dict[str, str]
    playbooks: dict[str, str]


@router.get("/")
def home(request: Request, before: str | None = None) -> HTMLResponse:
    rows = request.app.state.store.recordings(ROWS_PER_PAGE, before)
    return page(
        request,
        "home.html",
        here="recordings",
        rows=rows,
        demo=any(row.demo for row in rows),
        older=rows[-1].id if len(rows) == ROWS_PER_PAGE else None,
        options=options(),
        given=CallContext(),
        playbook=request.app.state.settings.playbook,
    )


@router.get("/voicemails/{recording_id}")
def voicemail(request: Request, recording_id: str) -> HTMLResponse:
    store = request.app.state.store
    row = store.recording(recording_id)
    report = store.report(recording_id) if row.status == "done" else None
    shown = report_view(report, store.waveform(recording_id)) if report else {}
    return page(request, "voicemail.html", here="recordings", row=row, **shown)


@router.get("/voicemails/{recording_id}/row")
def list_row(request: Request, recording_id: str) -> HTMLResponse:
    """One row of the list, for a page that keeps itself up to date."""
    return page(request, "parts/row.html", row=request.app.state.store.recording(recording_id))


@router.get("/script")
def script(request: Request) -> HTMLResponse:
    return script_page(request, text="", given=CallContext(), playbook_name=request.app.state.settings.playbook)


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
    given = CallContext()
    try:
        given = context_from(typed)
        report = script_report(text, playbook, given)
    except AfterbeepError as error:
        return script_page(request, text, given, playbook, status=error.status, problem=str(error))
    return script_page(request, text, given, playbook, **report_view(report, None))


def script_page(
    request: Request, text: str, given: CallContext, playbook_name: str, status: int = 200, **shown: Any
) -> HTMLResponse:
    return page(
        request,
        "script.html",
        status,
        here="script",
        text=text,
        given=given,
        playbook_name=playbook_name,
        options=options(),
        **shown,
    )


def problem_page(request: Request, status: int, title: str, detail: str) -> HTMLResponse:
    """An error as a page, for whoever asked for HTML."""
    return page(request, "problem.html", status, title=title, detail=detail)


def page(request: Request, template: str, status: int = 200, **shown: Any) -> HTMLResponse:
    return templates.TemplateResponse(request, template, shown, status_code=status)


def options() -> Options:
    return Options(
        purposes={str(value): label for value, label in wording.PURPOSES.items()},
        relationships={str(value): label for value, label in wording.RELATIONSHIPS.items()},
        playbooks={name: playbooks.load(name).title for name in playbooks.names()},
    )


def context_from(typed: Mapping[str, str]) -> CallContext:
    """The form's fields, where an empty one means unknown."""
    try:
        return CallContext.model_validate({name: value.strip() for name, value in typed.items() if value.strip()})
    except ValidationError as error:
        fields = ", ".join(str(problem["loc"][0]) for problem in error.errors())
        raise InvalidRequest(f"Please check these fields: {fields}.") from error


def script_report(text: str, playbook_name: str, context: CallContext) -> Report:
    if playbook_name not in playbooks.names():
        raise UnknownPlaybook(f"There is no playbook called “{playbook_name}”.")
    if not text.strip():
        raise InvalidRequest("There is nothing to check yet: type or paste your script.")
    return analyze_script(
        text,
        playbook=playbooks.load(playbook_name),
        context=context,
        report_id=uuid4().hex,
        created_at=datetime.now(UTC),
    )


def report_view(report: Report, peaks: Sequence[float] | None) -> dict[str, Any]:
    """Everything `parts/report.html` shows."""
    coached = coaching.coaching(report)
    playbook = playbooks.load(report.playbook.name) if report.playbook.name in playbooks.names() else None
    return {
        "report": report,
        "audio": report.recording is not None,
        "coached": coached,
        "sum": coaching.sum_parts(report, coached),
        "runs": words.runs(report.transcript.words, coached),
        "unsure": any(words.is_unsure(word) for word in report.transcript.words),
        "wave": player.wave(report, coached, peaks),
        "measured": measures.measured(report, playbook.limits if playbook else None),
        "unknown": unknown.unknown(report),
        "playbook": playbook,
        "known": known_facts(report.context),
    }


def known_facts(context: CallContext) -> dict[str, str]:
    """What the rep said about the call, where they said it."""
    facts = {
        "Left by": context.rep,
        "Company": context.company,
        "Known to them": context.relationship and wording.RELATIONSHIPS[context.relationship],
        "Message number": context.attempt and str(context.attempt),
        "Call suggested by": context.referrer,
    }
    return {label: value for label, value in facts.items() if value}
