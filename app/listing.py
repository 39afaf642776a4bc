"""Which recordings a list holds: the same filters for API, pages and exports."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any
from urllib.parse import urlencode

import sqlalchemy as sa
from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy.orm import aliased

from app.schema import FindingRow, MemberRow, PersonRow, RecordingRow, ReportRow, Status
from models.recording import Purpose


def _unset(given: Any) -> Any:
    """A form sends its empty fields too."""
    return None if isinstance(given, str) and not given.strip() else given


Unset = BeforeValidator(_unset)


class Filter(BaseModel):
    """Every part narrows the list; a part that is None does not. Days are those of UTC."""

    model_config = ConfigDict(frozen=True)

    since: Annotated[date | None, Unset] = Field(None, description="Received on this day or later (YYYY-MM-DD).")
    until: Annotated[date | None, Unset] = Field(None, description="Received on this day or earlier (YYYY-MM-DD).")
    rule: Annotated[str | None, Unset] = Field(None, max_length=80, description="This rule was flagged.")
    playbook: Annotated[str | None, Unset] = Field(None, max_length=100, description="Judged by this playbook.")
    purpose: Annotated[Purpose | None, Unset] = Field(None, description="What the call was for.")
    status: Annotated[Status | None, Unset] = Field(None, description="Where the analysis stands.")
    text: Annotated[str | None, Unset] = Field(None, max_length=200, description="These words are in the transcript.")
    min_score: Annotated[int | None, Unset] = Field(None, ge=0, le=100, description="At least this score.")
    max_score: Annotated[int | None, Unset] = Field(None, ge=0, le=100, description="At most this score.")
    rep: Annotated[str | None, Unset] = Field(None, max_length=200, description="This is in the rep's name.")
    team: Annotated[str | None, Unset] = Field(
        None, max_length=32, description="Whose it is, is in this team (its id)."
    )

    @property
    def is_set(self) -> bool:
        return bool(self.given)

    @property
    def has_more(self) -> bool:
        """More than what the page asks for first."""
        return bool(self.given.keys() - {"text", "rule", "rep"})

    @property
    def given(self) -> dict[str, str]:
        """What was asked for, as it stands in an address."""
        return {name: str(value) for name, value in self.model_dump(exclude_none=True).items()}

    def address(self, path: str, **more: str) -> str:
        """A path that asks for the same list."""
        query = urlencode(self.given | more)
        return f"{path}?{query}" if query else path


def filter_of(given: Annotated[Filter, Query()]) -> Filter:
    return given


def newest(matching: Filter) -> sa.Select[RecordingRow]:
    """The recordings of a list, newest first."""
    query = sa.select(RecordingRow).where(*conditions(matching))
    return query.order_by(RecordingRow.created_at.desc(), RecordingRow.id.desc())


def older_than(last: RecordingRow) -> sa.ColumnElement[bool]:
    """What follows this row in a list."""
    return sa.tuple_(RecordingRow.created_at, RecordingRow.id) < sa.tuple_(
        sa.literal(last.created_at, RecordingRow.created_at.type), sa.literal(last.id)
    )


def conditions(matching: Filter) -> list[sa.ColumnElement[bool]]:
    context = sa.type_coerce(RecordingRow.context, sa.JSON)
    found: list[sa.ColumnElement[bool]] = []
    if matching.since is not None:
        found.append(RecordingRow.created_at >= datetime.combine(matching.since, time.min, UTC))
    if matching.until is not None:
        found.append(RecordingRow.created_at <= datetime.combine(matching.until, time.max, UTC))
    if matching.rule is not None:
        of_it = FindingRow.recording_id == RecordingRow.id
        found.append(sa.exists().where(of_it, FindingRow.rule == matching.rule, FindingRow.status == "flagged"))
    if matching.playbook is not None:
        found.append(RecordingRow.playbook == matching.playbook)
    if matching.purpose is not None:
        found.append(context["purpose"].as_string() == matching.purpose)
    if matching.status is not None:
        found.append(RecordingRow.status == matching.status)
    if matching.text is not None:
        words = " ".join(matching.text.split())
        report = aliased(ReportRow)  # the list may hold reports of its own
        said = report.transcript.icontains(words, autoescape=True)
        found.append(sa.exists().where(report.recording_id == RecordingRow.id, said))
    if matching.min_score is not None:
        found.append(RecordingRow.score >= matching.min_score)
    if matching.max_score is not None:
        found.append(RecordingRow.score <= matching.max_score)
    if matching.rep is not None:
        rep = matching.rep.strip()
        owners = sa.select(PersonRow.id).where(PersonRow.name.icontains(rep, autoescape=True))
        named = context["rep"].as_string().icontains(rep, autoescape=True)
        found.append(named | (context["rep"].as_string().is_(None) & RecordingRow.owner_id.in_(owners)))
    if matching.team is not None:
        members = sa.select(MemberRow.person_id).where(MemberRow.team_id == matching.team)
        found.append(RecordingRow.owner_id.in_(members))
    return found
