"""The log of who did what. Lines are only ever added, so of a recording they tell its id and nothing that is in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import sqlalchemy as sa
from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

from app.schema import AuditRow
from models.person import Person

if TYPE_CHECKING:
    from app.store import Store

RETENTION: Final = Person(id="retention", name="Retention", role="admin")
LINK: Final = Person(id="link", name="Whoever has a link", role="rep")
SAME_VISIT: Final = timedelta(minutes=10)  # a page asks for itself and its audio more than once

_ONE, _V1 = "/voicemails/{recording_id}", "/v1/voicemails/{recording_id}"
#: What is noted of a request that was granted, by its route; what else is noted, is noted with the change itself.
NOTED: Final[dict[tuple[str, str], str]] = {
    ("GET", _ONE): "recording.seen",
    ("GET", f"{_ONE}/review"): "recording.seen",
    ("GET", f"{_V1}/report"): "recording.seen",
    ("GET", f"{_V1}/review"): "recording.seen",
    ("GET", f"{_V1}/compare/{{other_id}}"): "recording.seen",
    ("GET", "/scripts/{script_id}"): "takes.seen",
    ("GET", f"{_V1}/audio"): "recording.heard",
    ("GET", f"{_V1}/transcript.{{kind}}"): "recording.exported",
    ("GET", f"{_V1}/report.html"): "recording.exported",
    ("GET", f"{_V1}/report.pdf"): "recording.exported",
    ("POST", f"{_V1}/rewrite"): "recording.sent",
    ("GET", "/v1/voicemails.csv"): "list.exported",
    ("GET", "/v1/voicemails.jsonl"): "list.exported",
    ("GET", "/v1/review/cases.jsonl"): "list.exported",
    ("GET", "/v1/people/{person_id}/export"): "person.exported",
    ("GET", "/v1/audit.jsonl"): "audit.exported",
    ("PUT", f"{_V1}/message"): "recording.changed",
    ("DELETE", f"{_V1}/message"): "recording.changed",
    ("PUT", f"{_V1}/transcript"): "recording.changed",
    ("DELETE", f"{_V1}/transcript"): "recording.changed",
    ("PUT", f"{_V1}/review"): "recording.changed",
    ("PUT", f"{_V1}/findings/{{rule}}/verdict"): "recording.changed",
    ("DELETE", f"{_V1}/findings/{{rule}}/verdict"): "recording.changed",
    ("PUT", f"{_V1}/findings/{{rule}}/appeal"): "recording.changed",
    ("POST", f"{_V1}/comments"): "recording.changed",
    ("DELETE", f"{_V1}/comments/{{comment_id}}"): "recording.changed",
    ("POST", f"{_V1}/hold"): "recording.held",
    ("DELETE", f"{_V1}/hold"): "recording.released",
    ("PUT", "/v1/playbooks/{name}"): "playbook.changed",
}
VISITS: Final = frozenset({"recording.seen", "recording.heard", "takes.seen"})


def add(session: Session, person: Person, action: str, what: str = "") -> None:
    """A line in the transaction of what it tells, so that neither is without the other."""
    session.add(
        AuditRow(at=datetime.now(UTC), person_id=person.id, person_name=person.name, action=action, object=what[:300])
    )


@dataclass(frozen=True)
class AuditLog:
    store: "Store"

    def note(self, person: Person, action: str, what: str = "") -> None:
        with self.store.session() as session:
            add(session, person, action, what)

    def note_visit(self, person: Person, action: str, what: str) -> None:
        """The same, once for what is one visit."""
        lately = AuditRow.at > datetime.now(UTC) - SAME_VISIT
        same = AuditRow.person_id == person.id, AuditRow.action == action, AuditRow.object == what[:300]
        with self.store.session() as session:
            if session.scalar(sa.select(AuditRow.id).where(lately, *same).limit(1)) is None:
                add(session, person, action, what)

    def newest(self, limit: int, before: int | None = None) -> Sequence[AuditRow]:
        """The newest lines, those older than the line `before` where it is given."""
        query = sa.select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
        with self.store.session() as session:
            return session.scalars(query if before is None else query.where(AuditRow.id < before)).all()

    def walk(self, at_once: int = 500) -> Iterator[AuditRow]:
        """Every line, the oldest first; only a few are in memory."""
        last, rest = 0, True
        while rest:
            query = sa.select(AuditRow).where(AuditRow.id > last).order_by(AuditRow.id).limit(at_once)
            with self.store.session() as session:
                rows = session.scalars(query).all()
            yield from rows
            rest = len(rows) == at_once
            last = rows[-1].id if rows else last


async def note_request(request: Request, response: Response) -> None:
    """Note what a request was granted before its answer is sent: nothing is shown that could not be noted."""
    route = getattr(request.scope.get("route"), "path", "")
    action = NOTED.get((request.method, route))
    person: Person | None = getattr(request.state, "person", None)
    if action is None or person is None or response.status_code >= 400:
        return
    log = AuditLog(request.app.state.workspaces.store.of(person.workspace_id))
    if action in VISITS:
        await run_in_threadpool(log.note_visit, person, action, " ".join(request.path_params.values()))
    else:
        await run_in_threadpool(log.note, person, action, _object(request))


def _object(request: Request) -> str:
    """The address without what is the same in all; of words that were searched for, only that there were some."""
    path = request.url.path.removeprefix("/v1/").removeprefix("voicemails/")
    asked = [(name, "…" if name == "text" else value) for name, value in request.query_params.multi_items()]
    return f"{path}?{urlencode(asked)}" if asked else path
