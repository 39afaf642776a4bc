"""Signing in and out, one's own account, and for admins all of them."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.access import COOKIE, credentials_of, log_of, note, own_account, people_of, person_of, workspaces_of
from app.audit import AuditLog
from app.credentials import SESSION_LASTS
from app.pages import page
from app.people import People
from app.schema import InvitationRow
from models.errors import AfterbeepError
from models.person import MIN_PASSWORD_LENGTH, ROLES, SCOPES, Person, Role, Scope

ROLE_NAMES: dict[Role, str] = {"rep": "Rep", "coach": "Coach", "admin": "Admin"}

door = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
admin = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@door.get("/login")
def ask_to_sign_in(request: Request, next: str = "/") -> HTMLResponse:
    return _login_page(request, next)


@door.post("/login")
def sign_in(
    request: Request,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    try:
        person = credentials_of(request).sign_in(email, password)
    except AfterbeepError as error:
        return _login_page(request, next, error.status, email=email, problem=str(error))
    return signed_in_response(request, person, local_path(next))


@door.get("/join/{token}")
def ask_to_join(request: Request, token: str) -> HTMLResponse:
    return _join_page(request, _invited_by(request, token).invitation(token))


@door.post("/join/{token}")
def join(
    request: Request,
    token: str,
    email: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    people = _invited_by(request, token)
    invitation = people.invitation(token)
    try:
        person = people.accept(token, email, name, password)
    except AfterbeepError as error:
        return _join_page(request, invitation, error.status, email=email, name=name, problem=str(error))
    AuditLog(people.store).note(person, "account.made", person.role)
    return signed_in_response(request, person, "/")


@router.post("/logout")
def sign_out(request: Request) -> Response:
    if cookie := request.cookies.get(COOKIE):
        credentials_of(request).close_session(cookie)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE)
    return response


@router.get("/account")
def show_account(request: Request) -> HTMLResponse:
    return _account_page(request)


@router.post("/account/password")
def change_password(request: Request, old: Annotated[str, Form()] = "", new: Annotated[str, Form()] = "") -> Response:
    person = own_account(request)
    try:
        credentials_of(request).change_password(person, old, new)
    except AfterbeepError as error:
        return _account_page(request, error.status, password_problem=str(error))
    note(request, "password.changed")
    return signed_in_response(request, person, "/account?" + urlencode({"done": "password"}))


@router.post("/account/keys")
def make_key(
    request: Request, name: Annotated[str, Form()] = "", scopes: Annotated[list[Scope] | None, Form()] = None
) -> HTMLResponse:
    person = own_account(request)
    try:
        key, row = credentials_of(request).make_key(person, name, scopes or [])
    except AfterbeepError as error:
        return _account_page(request, error.status, key_problem=str(error))
    note(request, "key.made", row.name)
    return _account_page(request, new_key=key)


@router.post("/account/keys/{key_id}/revoke")
def revoke_key(request: Request, key_id: str) -> Response:
    credentials_of(request).revoke_key(own_account(request), key_id)
    note(request, "key.revoked", key_id)
    return RedirectResponse("/account", 303)


@admin.get("/people")
def show_people(request: Request) -> HTMLResponse:
    return _people_page(request)


@admin.post("/people/first")
def make_first_account(
    request: Request,
    email: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    """While there are no accounts, whoever sits at the machine makes the first one, an admin's."""
    people = people_of(request)
    if people.exist():
        return RedirectResponse("/people", 303)
    try:
        person = people.add(email, name, "admin", password)
    except AfterbeepError as error:
        return _people_page(request, error.status, email=email, name=name, problem=str(error))
    AuditLog(people.store).note(person, "account.made", person.role)
    return signed_in_response(request, person, "/people")


@admin.post("/people/invite")
def invite(request: Request, role: Annotated[Role, Form()], team_id: Annotated[str, Form()] = "") -> HTMLResponse:
    token = people_of(request).invite(own_account(request), role, team_id or None)
    note(request, "account.invited", role)
    invitation = str(request.base_url).rstrip("/") + f"/join/{token}"
    return _people_page(request, invitation=invitation, role=role, team_id=team_id)


@admin.post("/people/teams")
def make_team(request: Request, name: Annotated[str, Form()] = "") -> Response:
    try:
        team = people_of(request).add_team(name)
    except AfterbeepError as error:
        return _people_page(request, error.status, team_problem=str(error))
    note(request, "team.made", team.name)
    return RedirectResponse("/people", 303)


@admin.post("/people/teams/{team_id}/remove")
def remove_team(request: Request, team_id: str) -> Response:
    people_of(request).remove_team(team_id)
    note(request, "team.removed", team_id)
    return RedirectResponse("/people", 303)


@admin.post("/people/{person_id}")
def change_person(
    request: Request,
    person_id: str,
    role: Annotated[Role, Form()],
    teams: Annotated[list[str] | None, Form()] = None,
    shut: Annotated[bool, Form()] = False,
) -> Response:
    try:
        changed = people_of(request).change(person_id, role=role, teams=teams or [], shut=shut)
    except AfterbeepError as error:
        return _people_page(request, error.status, people_problem=str(error))
    note(request, "account.changed", f"{changed.name}: {role}{', shut' if shut else ''}")
    return RedirectResponse("/people", 303)


def signed_in_response(request: Request, person: Person, path: str) -> Response:
    response = RedirectResponse(path, 303)
    response.set_cookie(
        COOKIE,
        credentials_of(request).open_session(person),
        max_age=int(SESSION_LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


def local_path(path: str) -> str:
    """Where to go after signing in: never to another site."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


def _login_page(request: Request, next: str, status: int = 200, **shown: Any) -> HTMLResponse:
    by_provider = request.app.state.settings.oidc_issuer is not None
    return page(request, "login.html", status, next=local_path(next), by_provider=by_provider, **shown)


def _invited_by(request: Request, token: str) -> People:
    return workspaces_of(request).people.of_invitation(token)


def _join_page(request: Request, invitation: InvitationRow, status: int = 200, **shown: Any) -> HTMLResponse:
    role = ROLE_NAMES[invitation.role]
    return page(request, "join.html", status, role=role, least=MIN_PASSWORD_LENGTH, **shown)


def _account_page(request: Request, status: int = 200, **shown: Any) -> HTMLResponse:
    person = person_of(request)
    keys = () if person.is_local else credentials_of(request).keys(person)
    shown |= {"keys": keys, "scopes": SCOPES, "roles": ROLE_NAMES, "least": MIN_PASSWORD_LENGTH}
    return page(request, "account.html", status, here="account", done=request.query_params.get("done"), **shown)


def _people_page(request: Request, status: int = 200, **shown: Any) -> HTMLResponse:
    people = people_of(request)
    teams = people.teams()
    invited = {"role": "rep", "team_id": teams[0].id if len(teams) == 1 else ""}  # whom one is likely to invite
    shown = invited | shown | {"everyone": people.everyone(), "teams": teams, "log": log_of(request).newest(50)}
    shown |= {"team_names": {team.id: team.name for team in teams}}
    shown |= {"roles": {role: ROLE_NAMES[role] for role in ROLES}, "least": MIN_PASSWORD_LENGTH}
    return page(request, "people.html", status, here="people", **shown)
