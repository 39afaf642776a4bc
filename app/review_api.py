"""Reviews as JSON: verdicts, appeals, comments, corrections, the queue, and what coaches disagree with."""

import json
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from app.access import change_of, coaches_may, person_of, reviews_of, store_of
from app.listing import Filter, filter_of
from app.openapi import holds, problems
from app.review import LONGEST_TEXT, Said, Why
from app.schema import RecordingRow
from app.shown import Shown
from app.voicemail import Voicemail
from models.errors import InvalidRequest, NotAllowed, NotFound, NotReady, OnHold, TranscriptRemoved
from models.report import Report

router = APIRouter(prefix="/v1", tags=["reviews"])
coaches = APIRouter(prefix="/v1/review", tags=["reviews"])


class Verdict(Shown):
    rule: str
    agrees: bool
    flagged: bool = Field(description="Whether the rule had been flagged.")
    person: str = Field(validation_alias="person_name")
    at: datetime


class Appeal(Shown):
    rule: str
    text: str
    person: str = Field(validation_alias="person_name")
    at: datetime
    settled: bool


class Comment(Shown):
    id: str
    text: str
    at_s: float | None
    person: str = Field(validation_alias="person_name")
    created_at: datetime


class Review(BaseModel):
    """What people said of a report."""

    reviewed_at: datetime | None
    reviewed_by: str | None
    example_of: str | None
    points: int | None = Field(description="The score once the coaches' word counts; null without a report.")
    verdicts: list[Verdict]
    appeals: list[Appeal]
    comments: list[Comment]

    @classmethod
    def of(cls, row: RecordingRow, said: Said, report: Report | None) -> Self:
        return cls(
            reviewed_at=row.reviewed_at,
            reviewed_by=row.reviewed_by,
            example_of=row.example_of,
            points=None if report is None else said.points(report),
            verdicts=[Verdict.of(one) for one in said.verdicts],
            appeals=[Appeal.of(one) for one in said.appeals],
            comments=[Comment.of(one) for one in said.comments],
        )


class QueueItem(BaseModel):
    why: Why
    voicemail: Voicemail


class Queue(BaseModel):
    items: list[QueueItem]


class Agreement(Shown):
    rule: str
    flags: int = Field(description="Flags that a coach has said something of.")
    wrong_flags: int
    missed: int = Field(description="Messages in which a coach saw what the rule did not.")
    disagreed_share: float


class Agreements(BaseModel):
    items: list[Agreement]


class NewVerdict(BaseModel):
    agrees: bool


class NewAppeal(BaseModel):
    text: str = Field(min_length=1, max_length=LONGEST_TEXT, description="Why the flag is not fair.")


class NewComment(BaseModel):
    text: str = Field(min_length=1, max_length=LONGEST_TEXT)
    at_s: float | None = Field(None, ge=0, description="Second of the recording; without it, on all of it.")


class Correction(BaseModel):
    text: str = Field(min_length=1, description="What was really said.")


class Mark(BaseModel):
    reviewed: bool | None = None
    example_of: str | None = Field(None, max_length=500, description="What it is a good example of; empty for none.")


@router.get("/voicemails/{recording_id}/review", responses=problems(NotFound), summary="What people said of a report")
def show_review(request: Request, recording_id: str) -> Review:
    return _review(request, recording_id)


@router.put(
    "/voicemails/{recording_id}/review", responses=problems(NotAllowed, NotFound), summary="Done, or an example"
)
def mark_review(request: Request, recording_id: str, mark: Mark) -> Review:
    coaches_may(request, recording_id)
    reviews_of(request).mark(person_of(request), recording_id, reviewed=mark.reviewed, example_of=mark.example_of)
    return _review(request, recording_id)


@router.put(
    "/voicemails/{recording_id}/findings/{rule}/verdict",
    responses=problems(NotAllowed, NotFound, NotReady),
    summary="Agree with a finding, or not",
)
def give_verdict(request: Request, recording_id: str, rule: str, verdict: NewVerdict) -> Review:
    """On a flag, or on a rule that was not flagged though it should have been."""
    coaches_may(request, recording_id)
    reviews_of(request).agree(person_of(request), recording_id, rule, verdict.agrees)
    return _review(request, recording_id)


@router.delete(
    "/voicemails/{recording_id}/findings/{rule}/verdict",
    responses=problems(NotAllowed, NotFound),
    summary="Take a verdict back",
)
def withdraw_verdict(request: Request, recording_id: str, rule: str) -> Review:
    coaches_may(request, recording_id)
    reviews_of(request).withdraw(person_of(request), recording_id, rule)
    return _review(request, recording_id)


@router.put(
    "/voicemails/{recording_id}/findings/{rule}/appeal",
    responses=problems(NotAllowed, NotFound, InvalidRequest),
    summary="Appeal a flag",
)
def appeal(request: Request, recording_id: str, rule: str, new: NewAppeal) -> Review:
    change_of(request, recording_id)
    reviews_of(request).appeal(person_of(request), recording_id, rule, new.text)
    return _review(request, recording_id)


@router.post(
    "/voicemails/{recording_id}/comments",
    status_code=201,
    responses=problems(NotAllowed, NotFound),
    summary="Comment on a recording",
)
def add_comment(request: Request, recording_id: str, new: NewComment) -> Comment:
    change_of(request, recording_id)
    return Comment.of(reviews_of(request).comment(person_of(request), recording_id, new.text, new.at_s))


@router.delete(
    "/voicemails/{recording_id}/comments/{comment_id}",
    status_code=204,
    responses=problems(NotFound, OnHold),
    summary="Take a comment back",
)
def remove_comment(request: Request, recording_id: str, comment_id: str) -> None:
    store_of(request).recording(recording_id)
    reviews_of(request).remove_comment(person_of(request), recording_id, comment_id)


@router.put(
    "/voicemails/{recording_id}/transcript",
    responses=problems(NotAllowed, NotFound, NotReady, TranscriptRemoved),
    summary="Correct the words",
)
def correct_transcript(request: Request, recording_id: str, correction: Correction) -> Report:
    """The message is judged again by what was really said; nothing is transcribed again."""
    coaches_may(request, recording_id)
    return reviews_of(request).correct(recording_id, correction.text)


@router.delete(
    "/voicemails/{recording_id}/transcript",
    responses=problems(NotAllowed, NotFound, NotReady, TranscriptRemoved),
    summary="Go back to the words that were heard",
)
def restore_transcript(request: Request, recording_id: str) -> Report:
    coaches_may(request, recording_id)
    return reviews_of(request).correct(recording_id, None)


@router.get("/examples", summary="The library of examples")
def list_examples(request: Request) -> list[Voicemail]:
    return [Voicemail.of(row) for row in reviews_of(request).examples()]


@coaches.get("/queue", summary="What needs a look")
def show_queue(request: Request, matching: Annotated[Filter, Depends(filter_of)]) -> Queue:
    """First what a rep appealed, then what is doubtful, then what is new; the oldest first."""
    waiting = reviews_of(request).queue(person_of(request), matching=matching)
    return Queue(items=[QueueItem(why=one.why, voicemail=Voicemail.of(one.row)) for one in waiting])


@coaches.get("/rules", summary="How often coaches disagree with each rule")
def show_agreement(request: Request, playbook: str | None = None) -> Agreements:
    return Agreements(items=[Agreement.of(one) for one in reviews_of(request).agreement(playbook)])


@coaches.get(
    "/cases.jsonl",
    response_class=StreamingResponse,
    responses=holds("application/jsonl"),
    summary="Coaches' verdicts as labelled messages",
)
def export_cases(request: Request) -> StreamingResponse:
    """A message a line, its labels the coaches' word; `afterbeep evaluate` reads the file."""
    lines = (json.dumps(case, ensure_ascii=False) + "\n" for case in reviews_of(request).cases())
    headers = {"Content-Disposition": 'attachment; filename="cases.jsonl"'}
    return StreamingResponse(lines, media_type="application/jsonl", headers=headers)


def _review(request: Request, recording_id: str) -> Review:
    store = store_of(request)
    row = store.recording(recording_id)
    return Review.of(row, reviews_of(request).said(recording_id), store.report(recording_id))
