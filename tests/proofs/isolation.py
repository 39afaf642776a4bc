"""The proof that workspaces are apart: every route, as every role of one, against every object of the other.

Two workspaces hold the same of everything: the same words, prospects, script ids and keys. A leak is an answer that
grants what names the other's object, an answer that holds anything only the other could tell, or a row of the other
that is no longer as it was. Run by `make prove-isolation`; ends with 1 if anything leaked.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from analysis import playbooks
from app import live_api
from app.access import COOKIE
from app.assignment_store import Assignments
from app.audit import AuditLog
from app.database import migrate
from app.links import LinkWanted, ShareLinks
from app.live import rows_of
from app.main import create_app
from app.review import Reviews
from app.schema import Row
from app.script_store import Scripts
from app.settings import Settings
from app.workspaces import Workspace
from models.person import DEFAULT_WORKSPACE, SCOPES
from models.recording import CallContext
from tests.furnished import SECRET, furnish
from tests.people import Cast, cast_of
from tests.proofs.table import Proof, arguments
from tests.scripted import CHECKING_IN
from tests.stored import WAV, store_report
from tests.test_people import OPEN, routes

ROLES = {"admin": "ada", "coach": "carla", "rep": "rob", "key of the admin": "ada", "nobody": None}
#: What names of one's own choosing lead to is one's own: there it is enough that nothing of the other shows or changes.
OWN_NAMES = {("PUT", "/v1/scripts/{script_id}"), ("PUT", "/v1/playbooks/{name}"), ("POST", "/playbooks/{source}")}
BUTTONS = {
    "/webhooks/{webhook_id}": ("test", "rotate", "pause", "go_on", "replay", "remove"),
    "/connections/{connection_id}": ("save", "test", "pause", "remove"),
}
LOGS = ("/v1/audit", "/people", "/v1/people/{person_id}/export")
REFUSED = (401, 403, 404, 409, 422)
QUERY = ("in the query",)
SHORTEST = 6  # letters of what is looked for in answers


@dataclass(frozen=True)
class Side:
    """One of the two, with something of everything in it."""

    number: int
    workspace: Workspace
    rooms: Any  # the same, as what furnishes an app takes it
    cast: Cast
    objects: Mapping[str, list[str]]  # by the name of their place in an address
    key: str
    token: str
    words: frozenset[str]  # what only this one could tell

    def headers(self, role: str) -> dict[str, str]:
        """Of somebody who has just signed in; some routes sign out."""
        if role.startswith("key"):
            return {"Authorization": f"Bearer {self.key}"}
        name = ROLES[role]
        if name is None:
            return {}
        return {"Cookie": f"{COOKIE}={self.cast.app.state.credentials.open_session(self.cast.people[name])}"}


@dataclass
class Line:
    """What was asked of one route."""

    roles: set[str] = field(default_factory=set)
    objects: set[str] = field(default_factory=set)
    answers: Counter[int] = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Ask:
    method: str
    path: str
    address: str
    foreign: tuple[str, ...]  # the objects of the other that it names
    sent: Mapping[str, Any] = field(default_factory=dict)


Found = dict[tuple[str, str], Line]


def two_sides(folder: Path) -> tuple[FastAPI, Side, Side]:
    app = create_app(Settings(data_dir=folder))
    migrate(app.state.settings)
    first = side(app, DEFAULT_WORKSPACE, "Aardwolf")
    app.state.workspaces.add("Bandicoot", "ada@bandicoot.example")
    second = side(app, DEFAULT_WORKSPACE + 1, "Bandicoot")
    mine, others = _words(app, first.number), _words(app, second.number)
    return app, replace(first, words=mine - others), replace(second, words=others - mine)


def side(app: FastAPI, number: int, word: str) -> Side:
    workspace = app.state.workspaces.open(number)
    people = cast_of(app, workspace.people, word)
    admin, coach, rep = (people.people[name] for name in ("ada", "carla", "rob"))
    shared = {"settings": app.state.settings, "audio": app.state.audio}
    rooms: Any = SimpleNamespace(state=SimpleNamespace(**vars(workspace), **shared))
    made = furnish(rooms, rep, coach)
    own = f"{word.lower()}-calls"
    workspace.playbooks.save(own, playbooks.shipped_text("cold-outreach").replace("Cold outreach", f"{word} calls"))
    only = Scripts(workspace.store.seen_by(rep), rep).put(
        f"only-{word}", title=f"{word} pitch", text=f"Hi, {word} here.", playbook=own, context=CallContext()
    )
    told = CallContext(rep=f"{word} Rob", prospect=f"{word} Prospect", purpose="cold")
    extra = store_report(
        rooms, CHECKING_IN, name=f"{word}.wav", owner_id=rep.id, context=told, idempotency_key="the same", playbook=own
    )
    reviews = Reviews(workspace.store, workspace.playbooks)
    comment = reviews.comment(rep, extra, f"{word} comment", 1.0)
    link, token = ShareLinks(workspace.store).add(extra, LinkWanted())
    (team,) = coach.teams
    tasks = Assignments(workspace.store.seen_by(coach), Scripts(workspace.store.seen_by(coach), coach), coach)
    task = tasks.give(only.id, due_on=comment.created_at.date(), playbook=own, reps=[rep.id], team_id=team)
    workspace.people.invite(admin, "rep", team)
    AuditLog(workspace.store).note(admin, "proof", f"{word} log")
    key, kept = app.state.credentials.make_key(admin, f"{word} key", SCOPES)
    connection = workspace.connections.add("generic", {"secret": SECRET}, {"name": f"{word} dialler"})
    webhook = made["webhook"]
    recordings = [extra, *(made[name] for name in ("done", "second", "failed", "silent"))]
    objects = {
        "recording_id": recordings,
        "other_id": [extra],
        "rule": ["checking_in"],
        "comment_id": [comment.id],
        "link_id": [link.id],
        "kind": ["vtt", "srt", "txt"],
        "name": [own],
        "source": [own],
        "person_id": [person.id for person in people.people.values()],
        "team_id": [team],
        "key_id": [kept.id],
        "connection_id": [connection.id, made["connection"]],
        "webhook_id": [webhook],
        "delivery_id": [workspace.webhooks.deliveries(webhook)[0].id],
        "assignment_id": [task.row.id],
        "script_id": [only.id],
        "key:path": [str(told.prospect_key)],
        "integration": ["generic"],
    }
    return Side(number, workspace, rooms, people, objects, key, token, frozenset())


#: Places that hold no object, but a word both know.
WORDS = {"rule", "kind", "integration"}


def rows(app: FastAPI, number: int) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the tables of one workspace."""
    found = {}
    with app.state.workspaces.store.engine.connect() as connection:
        for table in Row.metadata.sorted_tables:
            if "workspace_id" in table.c:
                query = sa.select(table).where(table.c.workspace_id == number).order_by(*table.primary_key)
                found[table.name] = [tuple(row) for row in connection.execute(query)]
    return found


def _words(app: FastAPI, number: int) -> frozenset[str]:
    """Every text in the tables of one workspace, and every text in their JSON."""
    found: set[str] = set()

    def read(value: Any) -> None:
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, dict):
            for one in (*value, *value.values()):
                read(one)
        elif isinstance(value, list | tuple):
            for one in value:
                read(one)
        elif isinstance(value, CallContext):
            read(value.model_dump())

    read(list(rows(app, number).values()))
    return frozenset(word for word in found if len(word) >= SHORTEST)


def asks(method: str, path: str, own: Side, other: Side, *, quick: bool) -> Iterator[Ask]:
    """A route with the other's objects in its address; or, where it has none there, in what is sent."""
    places = [part.split("}")[0] for part in path.split("{")[1:]]
    objects = [place for place in places if place not in WORDS]
    sent = _sent(method, path, other)
    if not objects:
        address = _filled(path, {place: own.objects[place][0] for place in places})
        yield Ask(method, path, address, (), sent)
        if method == "GET":
            yield Ask(method, path, f"{address}?{urlencode(_query(other))}", QUERY, sent)
        return
    count = 1 if quick else max(len(other.objects[place]) for place in objects)
    for at in zip_longest(*(other.objects[place][:count] for place in objects)):
        chosen = {place: value or other.objects[place][0] for place, value in zip(objects, at, strict=True)}
        shared = {place: other.objects[place][0] for place in places if place in WORDS}
        yield Ask(method, path, _filled(path, chosen | shared), tuple(objects), sent)
    if len(objects) > 1:  # one's own on the way to the other's, and the other way round
        for theirs in objects:
            chosen = {place: (other if place == theirs else own).objects[place][0] for place in places}
            yield Ask(method, path, _filled(path, chosen), (theirs,), sent)


def pressed(asked: Iterable[Ask], other: Side) -> Iterator[Ask]:
    """A form with several buttons is sent once for each."""
    for ask in asked:
        buttons = BUTTONS.get(ask.path, ()) if ask.method == "POST" else ()
        for button in buttons:
            yield replace(ask, sent={"data": {"do": button, "delivery": other.objects["delivery_id"][0]}})
        if not buttons:
            yield ask


def _filled(path: str, places: Mapping[str, str]) -> str:
    for place, value in places.items():
        path = path.replace(f"{{{place}}}", quote(value, safe=""))
    return path


def _query(other: Side) -> dict[str, str]:
    """Whatever a list can be narrowed by, as the other's."""
    first = {place: values[0] for place, values in other.objects.items()}
    return {
        "team": first["team_id"], "rep": "Rob", "cursor": first["recording_id"], "playbook": first["name"],
        "script": first["script_id"], "owner": other.cast.people["rob"].email or "", "limit": "50",
    }  # fmt: skip


def _sent(method: str, path: str, other: Side) -> dict[str, Any]:
    """A whole request, so that it is refused for whose object it names and for nothing else."""
    first = {place: values[0] for place, values in other.objects.items()}
    rob, day = other.cast.people["rob"], "2030-01-31"
    recording = {"files": {"file": ("b.wav", WAV)}}
    by_json: dict[tuple[str, str], Any] = {
        ("PUT", "/v1/voicemails/{recording_id}/message"): {"start_s": 0.5, "end_s": 5},
        ("PUT", "/v1/voicemails/{recording_id}/review"): {"reviewed": True, "example_of": "theft"},
        ("PUT", "/v1/voicemails/{recording_id}/findings/{rule}/verdict"): {"agrees": False},
        ("PUT", "/v1/voicemails/{recording_id}/findings/{rule}/appeal"): {"text": "No."},
        ("POST", "/v1/voicemails/{recording_id}/comments"): {"text": "Seen."},
        ("PUT", "/v1/voicemails/{recording_id}/transcript"): {"text": "Hi there, it's me."},
        ("POST", "/v1/voicemails/{recording_id}/links"): {},
        ("PUT", "/v1/scripts/{script_id}"): {"text": "Hi there, it's me."},
        ("PATCH", "/v1/scripts/{script_id}"): {"text": "Hi there, it's me."},
        ("POST", "/v1/scripts"): {"text": "Hi there, it's me.", "playbook": first["name"]},
        ("POST", "/v1/drafts"): {"facts": {"rep": "Me"}, "playbook": first["name"]},
        ("POST", "/v1/advice"): {"playbook": first["name"]},
        ("POST", "/v1/playbooks/try"): {"name": first["name"]},
        ("PUT", "/v1/playbooks/{name}"): {"text": playbooks.shipped_text("cold-outreach")},
        ("POST", "/v1/assignments"): {
            "script_id": first["script_id"], "due_on": day, "reps": [rob.email], "team_id": first["team_id"]
        },
        ("POST", "/v1/invitations"): {"role": "rep", "team_id": first["team_id"]},
        ("POST", "/v1/teams"): {"name": "Others"},
        ("POST", "/v1/keys"): {"name": "mine", "scopes": ["read"]},
        ("PATCH", "/v1/people/{person_id}"): {"role": "rep", "disabled": True},
        ("PATCH", "/v1/connections/{connection_id}"): {"paused": True, "playbook": first["name"]},
        ("POST", "/v1/connections"): {
            "integration": "generic", "credentials": {"secret": SECRET}, "playbook": first["name"]
        },
        ("PATCH", "/v1/webhooks/{webhook_id}"): {"paused": True},
        ("POST", "/v1/webhooks"): {"url": "https://hooks.example.com/mine"},
        ("POST", "/v1/batches"): {"urls": ["https://recordings.example.com/a.wav"], "owner": rob.email},
    }  # fmt: skip
    by_form: dict[tuple[str, str], Any] = {
        ("POST", "/scripts"): {"text": "Hi there, it's me.", "playbook": first["name"]},
        ("POST", "/scripts/{script_id}"): {"title": "Mine", "text": "Hi there, it's me."},
        ("POST", "/assignments"): {"due_on": day, "script": first["script_id"], "team": first["team_id"]},
        ("POST", "/people/invite"): {"role": "rep", "team_id": first["team_id"]},
        ("POST", "/people/{person_id}"): {"role": "rep", "shut": "true"},
        ("POST", "/people/teams"): {"name": "Others by form"},
        ("POST", "/account/keys"): {"name": "mine", "scopes": "read"},
        ("POST", "/advise"): {"playbook": first["name"]},
    }
    files = {
        ("POST", "/v1/voicemails"): {"owner": rob.email, "script_id": first["script_id"], "playbook": first["name"]},
        ("POST", "/scripts/{script_id}/takes"): {},
    }
    route = method, path
    if route in files:
        return recording | {"data": files[route]}
    if route in by_form:
        return {"data": by_form[route]}
    return {"json": by_json[route]} if route in by_json else {}


def guarded() -> list[tuple[str, str]]:
    """Every route but those a secret in the address or a signature opens (see `crossings`).

    Those that make something under the other's name come last: from then on that name is one's own too.
    """
    return sorted((route for route in routes() if route[1] not in OPEN), key=lambda route: route in OWN_NAMES)


def walk(client: TestClient, own: Side, other: Side, found: Found, *, quick: bool) -> None:
    client.follow_redirects = False
    app = own.cast.app
    before, asked = rows(app, other.number), ""
    for method, path in guarded():
        line = found.setdefault((method, path), Line())
        for role in ROLES:
            for ask in pressed(asks(method, path, own, other, quick=quick), other):
                answer = client.request(ask.method, ask.address, headers=own.headers(role), **ask.sent)
                client.cookies.clear()
                line.roles.add(role)
                line.objects.update(ask.foreign)
                line.answers[answer.status_code] += 1
                who = f"{role} of {own.number}: {method} {ask.address} → {answer.status_code}"
                if granted(ask, answer.status_code, role):
                    line.leaks.append(f"{who}, of what is the other's")
                asked += (sent := f"{ask.address} {ask.sent}")
                if path.startswith(LOGS):
                    sent = asked  # a log tells what was asked, also of what there is not
                if told := [word for word in other.words if word in answer.text and word not in sent]:
                    line.leaks.append(f"{who} tells {sorted(told)[:3]}")
                if method != "GET" and (after := rows(app, other.number)) != before:
                    changed = [table for table in after if after[table] != before[table]]
                    line.leaks.append(f"{who} changed {', '.join(changed)}")
                    before = after
    assert rows(app, other.number) == before, "a GET changed something of the other"


def granted(ask: Ask, status: int, role: str) -> bool:
    """Whether an answer gives what is asked for; who is not signed in is led to the page for it."""
    if not ask.foreign or ask.foreign == QUERY or (ask.method, ask.path) in OWN_NAMES:
        return False
    return status not in REFUSED and not (role == "nobody" and status == 303)


def crossings(app: FastAPI, one: Side, two: Side) -> dict[str, bool]:
    """What has no route of its own, or no account: whether it holds."""
    ours, theirs = one.workspace, two.workspace
    first, second = (side.objects["recording_id"] for side in (one, two))
    found = {}

    def findings(side: Side, recording_id: str) -> Any:
        report = side.workspace.store.finished(recording_id)
        return [(each.rule, each.status, each.evidence) for each in report.findings], report.score

    found["reports are as if the other were not there: drops, attempts, scores"] = all(
        findings(one, mine) == findings(two, other) for mine, other in zip(first[:3], second[:3], strict=True)
    )
    found["the same idempotency key made a recording in each"] = first[0] != second[0]
    found["the same script id is a script in each"] = all(
        Scripts(side.workspace.store).get("clinics").workspace_id == side.number for side in (one, two)
    )
    generic = two.objects["connection_id"][0]
    unsigned = TestClient(app).post(f"/v1/integrations/generic/{generic}", json={"call_id": "1"})
    found["a calling tool's event needs the secret of its own connection"] = unsigned.status_code in (401, 403)
    before, (webhook,) = rows(app, two.number), one.objects["webhook_id"]
    told = len(ours.webhooks.deliveries(webhook))
    store_report(one.rooms)
    found["a report of one is told to its own webhooks alone, and nothing else of the other changes"] = (
        len(ours.webhooks.deliveries(webhook)) == told + 1 and rows(app, two.number) == before
    )
    found["who opens a link of one is noted in its own log"] = (
        TestClient(app).get(f"/shared/{one.token}").status_code == 200 and rows(app, two.number) == before
    )
    listener = theirs.store.seen_by(two.cast.people["ada"])
    found["who follows all recordings is told of their own alone"] = [
        row.id for row in rows_of(listener, {first[0], second[0]})
    ] == [second[0]]
    found["an address has one workspace, whoever signs in"] = all(
        app.state.credentials.by_key(side.key).workspace_id == side.number for side in (one, two)
    )
    return found


def not_shown_to_their_own(client: TestClient, side: Side) -> list[str]:
    """The control: what is refused to the other is there, and its own admin is shown it."""
    wrong = []
    for method, path in guarded():
        for ask in asks(method, path, side, side, quick=True) if method == "GET" else ():
            status = client.get(ask.address, headers=side.headers("admin")).status_code
            if ask.foreign not in ((), QUERY) and status != 200:
                wrong.append(f"{ask.address} → {status}")
    return wrong


def main() -> None:
    write = arguments(__doc__).parse_args().write
    live_api.LONGEST_S = 0.0  # the stream that never ends, ends
    found: Found = {}
    proof = Proof("isolation")
    with TemporaryDirectory() as folder:
        app, one, two = two_sides(Path(folder))
        with TestClient(app) as client:
            for side in (one, two):
                for address in not_shown_to_their_own(client, side):
                    proof.promise(f"its own admin is not shown {address}", kept=False)
            walk(client, one, two, found, quick=False)
            walk(client, two, one, found, quick=False)
            kept = crossings(app, one, two)
    for leak in (leak for line in found.values() for leak in line.leaks):
        proof.promise(leak, kept=False)
    for what, holds in kept.items():
        proof.promise(f"does not hold: {what}", holds)
    asked = sum(line.answers.total() for line in found.values())
    proof.say(
        f"{asked:,} requests: {len(found)} routes, as {', '.join(ROLES)} of two workspaces, for all the other has; "
        f"{len(proof.broken)} leaks. Also kept:"
    )
    proof.say("\n".join(f"- {what}" for what, holds in kept.items() if holds))
    proof.table(("route", "roles", "the other's", "requests", "answers", "leaks"), map(_row, found.items()))
    proof.finish(write=write)


def _row(asked: tuple[tuple[str, str], Line]) -> tuple[object, ...]:
    (method, path), line = asked
    objects = ", ".join(sorted(line.objects)) or "what is sent"
    answers = ", ".join(f"{status}: {count}" for status, count in sorted(line.answers.items()))
    return f"`{method} {path}`", len(line.roles), objects, line.answers.total(), answers, len(line.leaks)


if __name__ == "__main__":
    main()
