"""Assignments as JSON."""

from datetime import date, datetime
from typing import Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from app.access import assignments_of, own_account, scripts_of, workspace_of
from app.assignment_store import Practised, Task
from app.openapi import problems
from app.voicemail import Voicemail
from models.errors import InvalidRequest, NotAllowed, NotFound

router = APIRouter(prefix="/v1/assignments", tags=["assignments"])


class NewAssignment(BaseModel):
    script_id: str = Field(max_length=64, description="The kept script to practise.")
    due_on: date = Field(description="The day by which a take is expected.")
    playbook: str | None = Field(None, description="Playbook the takes are judged by; the script's if left out.")
    reps: list[str] = Field([], max_length=500, description="E-mail addresses of reps you look after.")
    team_id: str | None = Field(None, max_length=32, description="A whole team, whoever is in it then.")


class RepsPractice(BaseModel):
    name: str
    email: str
    done: bool = Field(description="Whether there is a take of the script.")
    best_score: int | None
    takes: list[Voicemail] = Field(description="The oldest first.")

    @classmethod
    def of(cls, one: Practised) -> Self:
        takes = [Voicemail.of(take) for take in one.takes]
        return cls(name=one.rep.name, email=one.rep.email, done=one.is_done, best_score=one.best, takes=takes)


class Assignment(BaseModel):
    id: str
    created_at: datetime
    coach: str
    script_id: str
    title: str
    playbook: str
    due_on: date
    team: str | None
    reps: list[RepsPractice] = Field(description="Whom it was given to, as far as you may see them.")

    @classmethod
    def of(cls, task: Task) -> Self:
        row = task.row
        return cls(
            id=row.id,
            created_at=row.created_at,
            coach=task.coach,
            script_id=row.script_id,
            title=task.script.title,
            playbook=row.playbook,
            due_on=row.due_on,
            team=task.team.name if task.team else None,
            reps=[RepsPractice.of(one) for one in task.reps],
        )


class AssignmentList(BaseModel):
    items: list[Assignment]


@router.get("", summary="What is to be practised, and who has done it")
def list_assignments(request: Request) -> AssignmentList:
    """A rep's own; for coaches those of their teams."""
    return AssignmentList(items=[Assignment.of(task) for task in assignments_of(request).all()])


@router.post("", status_code=201, responses=problems(NotAllowed, NotFound, InvalidRequest), summary="Give a script")
def give_assignment(request: Request, new: NewAssignment) -> Assignment:
    """To reps, to a team, or both. Whoever it is given to may read the script."""
    own_account(request)
    assignments = assignments_of(request)
    known = {rep.email: rep.id for rep in assignments.reps()}
    addresses = [email.strip().lower() for email in new.reps]
    if unknown := [email for email in addresses if email not in known]:
        raise InvalidRequest(f"You look after no rep with the address “{unknown[0]}”.")
    playbook = new.playbook or scripts_of(request).get(new.script_id).playbook
    reps = [known[email] for email in addresses]
    name = workspace_of(request).playbooks.load(playbook).name
    return Assignment.of(
        assignments.give(new.script_id, due_on=new.due_on, playbook=name, reps=reps, team_id=new.team_id)
    )


@router.delete(
    "/{assignment_id}", status_code=204, responses=problems(NotAllowed, NotFound), summary="Withdraw an assignment"
)
def withdraw_assignment(request: Request, assignment_id: str) -> None:
    """Its takes stay."""
    assignments_of(request).withdraw(assignment_id)
