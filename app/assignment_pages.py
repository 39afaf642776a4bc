"""Assignments as a page: a coach gives scripts and sees who has practised; a rep sees what is to be done."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.access import assignments_of, own_account, person_of, scripts_of, workspace_of
from app.pages import options, page
from models.errors import AfterbeepError

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/assignments")
def show(request: Request, script: str = "") -> HTMLResponse:
    return _page(request, chosen=script)


@router.post("/assignments")
def give(
    request: Request,
    due_on: Annotated[date, Form()],
    script: Annotated[str, Form(max_length=64)],
    playbook: Annotated[str, Form()] = "",
    team: Annotated[str, Form(max_length=32)] = "",
    reps: Annotated[list[str] | None, Form()] = None,
) -> Response:
    try:
        own_account(request)
        judged_by = workspace_of(request).playbooks.load(playbook or scripts_of(request).get(script).playbook).name
        assignments = assignments_of(request)
        assignments.give(script, due_on=due_on, playbook=judged_by, reps=reps or (), team_id=team or None)
    except AfterbeepError as error:
        return _page(request, error.status, chosen=script, problem=str(error))
    return RedirectResponse("/assignments", 303)


@router.post("/assignments/{assignment_id}/withdraw")
def withdraw(request: Request, assignment_id: str) -> Response:
    assignments_of(request).withdraw(assignment_id)
    return RedirectResponse("/assignments", 303)


def _page(request: Request, status: int = 200, *, chosen: str, problem: str | None = None) -> HTMLResponse:
    assignments, person = assignments_of(request), person_of(request)
    return page(
        request, "assignments.html", status, here="assignments", tasks=assignments.all(), chosen=chosen,
        problem=problem, options=options(request), today=datetime.now(UTC).date(),
        scripts={row.id: row.title for row, _ in scripts_of(request).all()} if person.is_coach else {},
        reps=assignments.reps() if person.is_coach else (),
        teams={team.id: team.name for team in assignments.teams()} if person.is_coach else {},
    )  # fmt: skip
