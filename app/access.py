"""Who is asking, and what they may do: decided here and nowhere else. What they may see, `Store.seen_by` decides.

Routes reach what is stored through these functions only, so that each request meets its own workspace; a test says so.
"""

import ipaddress
from typing import Final

from fastapi import Request

from app.assignment_store import Assignments
from app.audit import AuditLog
from app.credentials import Credentials
from app.people import People
from app.rate_limit import RateLimit
from app.review import Reviews
from app.schema import RecordingRow
from app.script_store import Scripts
from app.secrets import fingerprint
from app.settings import Settings
from app.store import Store
from app.workspaces import Workspace, Workspaces
from models.errors import InvalidRequest, NotAllowed, NotSignedIn
from models.person import LOCAL, Person, Scope

COOKIE: Final = "afterbeep_session"
#: What a key with the scope `upload` may post to.
UPLOADS: Final = (
    "/v1/voicemails",
    "/v1/batches",
    "/v1/scripts",
    "/v1/advice",
    "/v1/drafts",
    "/v1/audio/transcriptions",
)


def signed_in(request: Request) -> None:
    """For every route that is not open to all.

    Raises NotSignedIn, WrongKey, RateLimited, or NotAllowed for a key of less scope.
    """
    person = _who(request)
    limit: RateLimit = request.app.state.rate_limit
    limit.count(request, person)
    if (needed := _scope(request)) not in person.scopes:
        raise NotAllowed(f"This API key may not do that: it lacks the scope “{needed}”.")
    request.state.person = person


def coaches_only(request: Request) -> None:
    signed_in(request)
    _be_a_coach(request)


def admins_only(request: Request) -> None:
    signed_in(request)
    if not person_of(request).is_admin:
        raise NotAllowed("Only an admin may do this.")


def coaches_change(request: Request) -> None:
    """For what all may read."""
    (signed_in if request.method in ("GET", "HEAD") else coaches_only)(request)


def person_of(request: Request) -> Person:
    person: Person = request.state.person
    return person


def own_account(request: Request) -> Person:
    """For what only an account can have. Raises InvalidRequest while there are none."""
    person = person_of(request)
    if person.is_local:
        raise InvalidRequest("There are no accounts here yet. Make the first one on the page “People”.")
    return person


def workspaces_of(request: Request) -> Workspaces:
    """For the doors at which nobody is known yet: signing in, links, calling tools."""
    workspaces: Workspaces = request.app.state.workspaces
    return workspaces


def workspace_of(request: Request) -> Workspace:
    """All there is for the one who asks. What they may see of its recordings, `store_of` narrows further."""
    return workspaces_of(request).open(person_of(request).workspace_id)


def people_of(request: Request) -> People:
    return workspace_of(request).people


def log_of(request: Request) -> AuditLog:
    return AuditLog(workspace_of(request).store)


def note(request: Request, action: str, what: str = "") -> None:
    """Add to the log what the one who asks has done."""
    log_of(request).note(person_of(request), action, what)


def credentials_of(request: Request) -> Credentials:
    credentials: Credentials = request.app.state.credentials
    return credentials


def reviews_of(request: Request) -> Reviews:
    """Reviews of what the one who asks may see."""
    return Reviews(store_of(request), workspace_of(request).playbooks)


def store_of(request: Request) -> Store:
    """What is stored, as far as the one who asks may see it."""
    return workspaces_of(request).store.seen_by(person_of(request))


def scripts_of(request: Request) -> Scripts:
    """The kept scripts, in the same way."""
    return Scripts(store_of(request), person_of(request))


def assignments_of(request: Request) -> Assignments:
    """What one is to practise, or gave others to practise."""
    return Assignments(store_of(request), scripts_of(request), person_of(request))


def owner_for(request: Request, email: str | None) -> str | None:
    """Whose a recording is that somebody hands in: theirs, or that of a rep they look after."""
    person = person_of(request)
    if not email:
        return None if person.is_local else person.id
    owner = people_of(request).by_email(email)
    if owner is None or not _looks_after(person, owner):
        raise InvalidRequest(f"You hand in no recordings for “{email}”. Please give the address of one of your reps.")
    return owner.id


def _looks_after(person: Person, rep: Person) -> bool:
    return person.is_admin or rep.id == person.id or (person.is_coach and bool(rep.teams & person.teams))


def change_of(request: Request, recording_id: str) -> RecordingRow:
    """A recording its owner, their coach or an admin is about to change. Raises NotFound, or NotAllowed for others."""
    row, person = store_of(request).recording(recording_id), person_of(request)
    if not person.is_coach and row.owner_id != person.id:
        raise NotAllowed("This is an example for you to listen to. Only its owner and coaches may change it.")
    return row


def coaches_may(request: Request, recording_id: str) -> RecordingRow:
    """A recording a coach is about to judge. Raises NotFound or NotAllowed."""
    row = store_of(request).recording(recording_id)
    _be_a_coach(request)
    return row


def _be_a_coach(request: Request) -> None:
    if not person_of(request).is_coach:
        raise NotAllowed("Only coaches and admins may do this.")


def deletion_of(request: Request, recording_id: str) -> RecordingRow:
    """A recording about to be deleted: by an admin, or by its owner as long as no coach has reviewed it."""
    row, person = store_of(request).recording(recording_id), person_of(request)
    if person.is_admin:
        return row
    if row.owner_id != person.id:
        raise NotAllowed("Only the one whose message it is and an admin may delete a recording.")
    workspace = workspace_of(request)
    if Reviews(workspace.store, workspace.playbooks).is_reviewed(recording_id):
        raise NotAllowed("A coach has reviewed this recording, so only an admin may delete it.")
    return row


def own_key(person: Person, idempotency_key: str | None) -> str | None:
    """Keys of different people never meet, so nobody learns from one what others have sent."""
    if idempotency_key is None or person.is_local:
        return idempotency_key
    return fingerprint(f"{person.id}/{idempotency_key}")


def is_loopback(settings: Settings) -> bool:
    try:
        return ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        return settings.host == "localhost"


def _who(request: Request) -> Person:
    if is_loopback(request.app.state.settings) and not _accounts_exist(request):
        return LOCAL  # even with a key: many programs send one anyhow, and without accounts there are none
    credentials = credentials_of(request)
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return credentials.by_key(token.strip())
    if (cookie := request.cookies.get(COOKIE)) and (known := credentials.by_session(cookie)):
        return known
    raise NotSignedIn("Please sign in, or send an API key as “Authorization: Bearer ab_…”.")


def _accounts_exist(request: Request) -> bool:
    """Asked for until there is one, whoever makes it. Only a workspace's end deletes any: then this stays shut."""
    state = request.app.state
    state.accounts_exist = state.accounts_exist or workspaces_of(request).people.exist()
    return bool(state.accounts_exist)


def _scope(request: Request) -> Scope:
    if request.method in ("GET", "HEAD"):
        return "read"
    return "upload" if request.method == "POST" and request.url.path in UPLOADS else "manage"
