"""People, teams, invitations and keys as JSON."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from app.access import credentials_of, log_of, note, own_account, people_of, person_of, store_of
from app.exports.person import everything, zipped
from app.openapi import holds, problems
from app.schema import PersonRow, TeamRow
from app.shown import Shown
from models.errors import AlreadyThere, InvalidRequest, NotAllowed, NotFound
from models.person import Person, Role, Scope

router = APIRouter(prefix="/v1", tags=["people"])
admin = APIRouter(prefix="/v1", tags=["people"])


class Team(Shown):
    id: str
    name: str


class Account(BaseModel):
    id: str
    email: str
    name: str
    role: Role
    teams: list[Team]
    disabled: bool

    @classmethod
    def of(cls, row: PersonRow, teams: list[TeamRow]) -> Self:
        return cls(
            id=row.id,
            email=row.email,
            name=row.name,
            role=row.role,
            teams=[Team.of(team) for team in teams],
            disabled=row.disabled_at is not None,
        )


class Accounts(BaseModel):
    items: list[Account]


class Teams(BaseModel):
    items: list[Team]


class Key(Shown):
    id: str
    name: str
    scopes: list[Scope]
    created_at: datetime
    last_used_at: datetime | None


class NewlyMadeKey(Key):
    key: str = Field(description="Shown this once: only a hash of it is kept.")


class Keys(BaseModel):
    items: list[Key]


class NewKey(BaseModel):
    name: str = Field(min_length=1, max_length=200, description="What uses it.")
    scopes: list[Scope] = Field(min_length=1)


class NewTeam(BaseModel):
    name: str = Field(min_length=1, max_length=200)


class NewInvitation(BaseModel):
    role: Role
    team_id: str | None = None


class Invitation(BaseModel):
    path: str = Field(description="The page at which the account is made; works once, for a week. Shown this once.")


class AccountChange(BaseModel):
    role: Role | None = None
    teams: list[str] | None = Field(None, description="Ids of all teams they are to be in.")
    disabled: bool | None = None


class LogLine(Shown):
    id: int
    at: datetime
    person_id: str
    person: str = Field(validation_alias="person_name")
    action: str
    object: str


class Log(BaseModel):
    items: list[LogLine]
    next_cursor: int | None = Field(description="Pass as cursor for the next page; null on the last.")


@router.get("/me", summary="Who you are here")
def show_me(request: Request) -> Person:
    return person_of(request)


@router.get("/keys", summary="Your API keys")
def list_keys(request: Request) -> Keys:
    return Keys(items=[Key.of(row) for row in credentials_of(request).keys(person_of(request))])


@router.post("/keys", status_code=201, responses=problems(InvalidRequest), summary="Make an API key")
def make_key(request: Request, new: NewKey) -> NewlyMadeKey:
    token, row = credentials_of(request).make_key(own_account(request), new.name, new.scopes)
    note(request, "key.made", row.name)
    return NewlyMadeKey(key=token, **Key.of(row).model_dump())


@router.delete(
    "/keys/{key_id}", status_code=204, responses=problems(NotFound, InvalidRequest), summary="Revoke an API key"
)
def revoke_key(request: Request, key_id: str) -> None:
    credentials_of(request).revoke_key(own_account(request), key_id)
    note(request, "key.revoked", key_id)


@router.get(
    "/people/{person_id}/export",
    response_class=StreamingResponse,
    responses=holds("application/zip") | problems(NotAllowed, NotFound),
    summary="Everything about one person",
)
def export_person(request: Request, person_id: str) -> StreamingResponse:
    """A ZIP of JSON files and their recordings, for themselves or an admin."""
    person = person_of(request)
    if not person.is_admin and person.id != person_id:
        raise NotAllowed("Only an admin and the person themselves may have everything about them.")
    entries = everything(store_of(request), request.app.state.audio, person_id)
    headers = {"Content-Disposition": 'attachment; filename="afterbeep-person.zip"'}
    return StreamingResponse(zipped(entries), media_type="application/zip", headers=headers)


@admin.get("/people", summary="All accounts")
def list_people(request: Request) -> Accounts:
    return Accounts(items=[Account.of(*one) for one in people_of(request).everyone()])


@admin.patch(
    "/people/{person_id}",
    responses=problems(NotFound, InvalidRequest),
    summary="Change an account's role or teams, shut or open it",
)
def change_person(request: Request, person_id: str, change: AccountChange) -> Person:
    changed = people_of(request).change(person_id, role=change.role, teams=change.teams, shut=change.disabled)
    note(request, "account.changed", f"{changed.name} {change.model_dump_json(exclude_none=True)}")
    return changed


@admin.get("/teams", summary="All teams")
def list_teams(request: Request) -> Teams:
    return Teams(items=[Team.of(row) for row in people_of(request).teams()])


@admin.post("/teams", status_code=201, responses=problems(AlreadyThere, InvalidRequest), summary="Make a team")
def make_team(request: Request, new: NewTeam) -> Team:
    team = people_of(request).add_team(new.name)
    note(request, "team.made", team.name)
    return Team.of(team)


@admin.delete(
    "/teams/{team_id}", status_code=204, responses=problems(NotFound), summary="Remove a team; its members stay"
)
def remove_team(request: Request, team_id: str) -> None:
    people_of(request).remove_team(team_id)
    note(request, "team.removed", team_id)


@admin.post(
    "/invitations", status_code=201, responses=problems(NotFound, InvalidRequest), summary="Invite somebody by a link"
)
def invite(request: Request, new: NewInvitation) -> Invitation:
    token = people_of(request).invite(own_account(request), new.role, new.team_id)
    note(request, "account.invited", new.role)
    return Invitation(path=f"/join/{token}")


@admin.get("/audit", summary="The log of who did what, the newest lines first")
def show_log(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
) -> Log:
    rows = log_of(request).newest(limit + 1, cursor)
    items = [LogLine.of(row) for row in rows[:limit]]
    return Log(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


@admin.get(
    "/audit.jsonl",
    response_class=StreamingResponse,
    responses=holds("application/jsonl"),
    summary="The whole log, a line of JSON each, the oldest first",
)
def export_log(request: Request) -> StreamingResponse:
    rows = log_of(request).walk()
    headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
    lines = (LogLine.of(row).model_dump_json() + "\n" for row in rows)
    return StreamingResponse(lines, media_type="application/jsonl", headers=headers)
