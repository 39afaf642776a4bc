"""The pages for people: HTML from the server, over the same functions the API uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from pydantic import ValidationError

from analysis import playbooks
from analysis.advice import advise
from analysis.pipeline import analyze_script, rejudge
from app.access import assignments_of, person_of, reviews_of, store_of, workspace_of
from app.listing import Filter, filter_of
from app.schema import RecordingRow
from app.store import check_worded
from app.views import (
    advice,
    coaching,
    comparison,
    known,
    measures,
    pace,
    player,
    reviewing,
    rewriting,
    unknown,
    wording,
    words,
)
from models.errors import AfterbeepError, InvalidRequest
from models.playbook import Playbook
from models.recording import CallContext
from models.report import Report

ROWS_PER_PAGE = 50
FEW_ROWS = 5  # are seen at a glance, without filters

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
templates = Jinja2Templates(directory=Path(__file__).parent / "templates")
templates.env.trim_blocks = templates.env.lstrip_blocks = True
templates.env.filters.update(
    check_name=wording.check_name,
    clock=wording.clock,
    day=wording.day,
    decimal=wording.decimal,
    level=wording.level,
    limit=measures.limit,
    stage=wording.stage_sentence,
    unless=advice.unless_sentence,
    when=wording.when,
    with_blanks=coaching.with_blanks,
)
templates.env.globals.update(
    downloads=wording.DOWNLOADS,
    found_by=wording.FOUND_BY,
    levels=wording.LEVELS,
    measure_of={measure.name: measure for measure in (*measures.MEASURES, *measures.FACTS)},
    purposes=wording.PURPOSES,
    severities=wording.SEVERITIES,
    stages=wording.STAGES,
    statuses=wording.STATUSES,
)


@dataclass(frozen=True)
class Options:
    """What the form for a recording or a script offers."""

    purposes: dict[str, str]
    relationships: dict[str, str]
    playbooks: dict[str, str]


@router.get("/")
def home(request: Request, matching: Annotated[Filter, Depends(filter_of)], before: str | None = None) -> HTMLResponse:
    rows = store_of(request).recordings(ROWS_PER_PAGE, before, matching)
    return page(
        request,
        "home.html",
        here="recordings",
        rows=rows,
        owners=owners(request, rows),
        to_practise=() if person_of(request).is_coach else assignments_of(request).to_practise(),
        demo=any(row.demo for row in rows),
        older=matching.address("/", before=rows[-1].id) if len(rows) == ROWS_PER_PAGE else None,
        matching=matching,
        filtering=matching.is_set or before is not None or len(rows) > FEW_ROWS,
        rules={name: rule.title for name, rule in playbooks.load().rules.items()},
        options=options(request),
        given=CallContext(),
        playbook=request.app.state.settings.playbook,
    )


@router.get("/voicemails/{recording_id}")
def voicemail(request: Request, recording_id: str, playbook: str | None = None) -> HTMLResponse:
    """The report as it is stored, or, only to look at, the one another playbook would give."""
    store, shelf = store_of(request), workspace_of(request).playbooks
    row = store.recording(recording_id)
    report = store.report(recording_id) if row.status == "done" else None
    if report is None:
        return voicemail_page(request, row)
    made_by = shelf.find(report.playbook)
    other = shelf.load(playbook) if playbook else made_by
    if other not in (made_by, None):
        check_worded(report)
    judged = report if other in (made_by, None) else rejudge(report, other)
    shown = report_view(judged, store.waveform(recording_id), other, audio_removed_at=row.audio_removed_at)
    against = None if judged is report else comparison.comparison(report, judged, made_by, other)
    shown |= {"against": against, "playbooks": shelf.titles(), "suggests": request.app.state.rewriter}
    if judged is report:
        shown |= {"review": reviewing.review(reviews_of(request).said(recording_id), report, person_of(request))}
    return voicemail_page(request, row, **shown)


def voicemail_page(request: Request, row: RecordingRow, **shown: Any) -> HTMLResponse:
    person = person_of(request)
    mine = person.is_admin or row.owner_id == person.id
    shown |= {"deletable": mine, "owners": owners(request, [row])}
    return page(request, "voicemail.html", here="recordings", row=row, **shown)


@router.get("/voicemails/{recording_id}/row")
def list_row(request: Request, recording_id: str) -> HTMLResponse:
    """One row of the list, for a page that keeps itself up to date."""
    row = store_of(request).recording(recording_id)
    return page(request, "parts/row.html", row=row, owners=owners(request, [row]))


@router.get("/advise")
def before_the_call(request: Request) -> HTMLResponse:
    return advise_page(request, advice.AdviceForm(playbook=request.app.state.settings.playbook))


@router.post("/advise")
def advise_before_the_call(request: Request, form: Annotated[advice.AdviceForm, Form()]) -> HTMLResponse:
    """Leave one, try later, press zero or write; what was typed stays in the form and out of the address."""
    try:
        playbook = workspace_of(request).playbooks.load(form.playbook or request.app.state.settings.playbook)
        answer = advice.shown(advise(context_from(form.context()), playbook))
    except AfterbeepError as error:
        return advise_page(request, form, error.status, problem=str(error))
    return advise_page(request, form, answer=answer, playbook=playbook)


def advise_page(request: Request, form: advice.AdviceForm, status: int = 200, **shown: Any) -> HTMLResponse:
    return page(
        request,
        "advise.html",
        status,
        here="advise",
        given=form,
        options=options(request),
        channels=advice.CHANNELS,
        preferable={name: advice.CHANNELS[name] for name in advice.PREFERABLE},
        yes_no=advice.YES_NO,
        facts=advice.FACTS,
        **shown,
    )


def problem_page(request: Request, status: int, title: str, detail: str) -> HTMLResponse:
    """An error as a page, for whoever asked for HTML."""
    return page(request, "problem.html", status, title=title, detail=detail)


def page(request: Request, template: str, status: int = 200, **shown: Any) -> HTMLResponse:
    return templates.TemplateResponse(request, template, shown, status_code=status)


def owners(request: Request, rows: Sequence[RecordingRow]) -> dict[str, str]:
    """Names by account of those other than the reader whose recordings they are, for `left_by` of controls.html."""
    person = person_of(request)
    return store_of(request).owners(row for row in rows if row.owner_id != person.id) if person.is_coach else {}


def options(request: Request) -> Options:
    return Options(
        purposes={str(value): label for value, label in wording.PURPOSES.items()},
        relationships={str(value): label for value, label in wording.RELATIONSHIPS.items()},
        playbooks=workspace_of(request).playbooks.titles(),
    )


def context_from(typed: Mapping[str, str]) -> CallContext:
    """The form's fields, where an empty one means unknown."""
    try:
        return CallContext.model_validate({name: value.strip() for name, value in typed.items() if value.strip()})
    except ValidationError as error:
        fields = ", ".join(str(problem["loc"][0]) for problem in error.errors())
        raise InvalidRequest(f"Please check these fields: {fields}.") from error


def script_report(text: str, playbook: Playbook, context: CallContext) -> Report:
    if not text.strip():
        raise InvalidRequest("There is nothing to check yet: type or paste your script.")
    return analyze_script(
        text,
        playbook=playbook,
        context=context,
        report_id=uuid4().hex,
        created_at=datetime.now(UTC),
    )


def report_view(
    report: Report,
    peaks: Sequence[float] | None,
    playbook: Playbook | None = None,
    *,
    audio_removed_at: datetime | None = None,
) -> dict[str, Any]:
    """Everything `parts/report.html` shows. Without the playbook it was made with, no bands."""
    coached = coaching.coaching(report)
    return {
        "report": report,
        "audio": report.recording is not None,
        "audio_url": f"/v1/voicemails/{report.id}/audio" if report.recording and not audio_removed_at else None,
        "audio_removed_at": audio_removed_at,
        "coached": coached,
        "sum": coaching.sum_parts(report, coached),
        "runs": words.runs(report.transcript.words, coached),
        "unsure": any(word.is_unsure for word in report.transcript.words),
        "wave": player.wave(report, coached, peaks),
        "pace": pace.pace_line(report, playbook.limits if playbook else None),
        "measured": measures.measured(report, playbook.limits if playbook else None),
        "unknown": unknown.unknown(report),
        "playbook": playbook,
        "rewrite": rewriting.shown(report.rewrite) if report.rewrite else None,
        "said_before": known.said_before(report),
        "known": known.known_facts(report.context) | known.attempt_read(report),
    }
