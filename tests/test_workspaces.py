"""Several workspaces in one installation: apart whatever is asked, and taking turns."""

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import aliased, with_loader_criteria

from app import confining, live_api
from app.audit import AuditLog
from app.cli import main
from app.confining import ConfinedSession, Unconfined
from app.database import connect, migrate
from app.intake import Arrival
from app.jobs import Lane, launch_worker
from app.main import create_app
from app.schema import FindingRow, RecordingRow, ReportRow, Row, TeamRow
from app.settings import Settings
from app.store import Store
from app.workspaces import Workspace
from models.errors import AlreadyThere, InvalidRequest
from models.person import DEFAULT_WORKSPACE, LOCAL
from tests.conftest import ROOT
from tests.people import PASSWORD, cast
from tests.processes import wait_until
from tests.proofs import isolation
from tests.stored import WAV, store_report
from tests.test_upgrades import release


@pytest.fixture
def both(app: FastAPI) -> tuple[Workspace, Workspace]:
    """The first, with its cast, and another."""
    cast(app)
    app.state.workspaces.add("Elsewhere", "eve@elsewhere.example")
    return app.state.workspaces.open(DEFAULT_WORKSPACE), app.state.workspaces.open(DEFAULT_WORKSPACE + 1)


# The proof


def test_nothing_leaks_from_one_workspace_to_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick form of `make prove-isolation`: one object of each kind, one way."""
    monkeypatch.setattr(live_api, "LONGEST_S", 0.0)
    app, one, two = isolation.two_sides(tmp_path)
    found: isolation.Found = {}
    with TestClient(app) as client:
        assert isolation.not_shown_to_their_own(client, one) == []
        isolation.walk(client, two, one, found, quick=True)
        kept = isolation.crossings(app, one, two)
    assert [leak for line in found.values() for leak in line.leaks] == []
    assert [what for what, holds in kept.items() if not holds] == []
    refused = sum(line.answers[404] + line.answers[403] + line.answers[401] for line in found.values() if line.objects)
    unread = sum(line.answers[422] for line in found.values() if line.objects)
    assert unread < refused / 20, "refused because the request was not whole, which proves nothing"


def test_the_proof_finds_a_leak_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the one mechanism out of order, and what reads it again too, lists and objects are the other's as well."""
    monkeypatch.setattr(live_api, "LONGEST_S", 0.0)
    app, one, two = isolation.two_sides(tmp_path)
    monkeypatch.setattr(confining, "_unconfined", lambda *_, **__: None)
    monkeypatch.setattr(confining, "with_loader_criteria", lambda *_, **__: with_loader_criteria(Row, sa.true()))
    monkeypatch.setattr(
        isolation,
        "routes",
        lambda: [("GET", "/v1/voicemails"), ("GET", "/v1/people"), ("GET", "/v1/webhooks/{webhook_id}")],
    )
    found: isolation.Found = {}
    with TestClient(app) as client:
        isolation.walk(client, two, one, found, quick=True)
    assert all(line.leaks for line in found.values())


# The mechanism


@pytest.fixture
def session(app: FastAPI, both: tuple[Workspace, Workspace]) -> Iterator[ConfinedSession]:
    """Of a workspace with nothing in it but an invitation, beside one with a report."""
    recording_id = store_report(app)
    AuditLog(app.state.store).note(LOCAL, "made", recording_id)
    with both[1].store.session() as session:
        assert isinstance(session, ConfinedSession)
        yield session


QUERIES: dict[str, Callable[[], sa.Select[tuple[object]]]] = {
    "rows": lambda: sa.select(RecordingRow),
    "columns": lambda: sa.select(RecordingRow.id),
    "an alias": lambda: sa.select(aliased(RecordingRow)),
    "a join": lambda: sa.select(ReportRow).join(RecordingRow, RecordingRow.id == ReportRow.recording_id),
    "a subquery": lambda: sa.select(RecordingRow.id).where(RecordingRow.id.in_(sa.select(FindingRow.recording_id))),
    "a table of a subquery": lambda: sa.select(sa.select(TeamRow.id).subquery().c.id),
    "a distinct": lambda: sa.select(RecordingRow.playbook).distinct(),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_a_query_meets_its_own_workspace_only(session: ConfinedSession, query: Callable[[], sa.Select[object]]) -> None:
    assert session.execute(query()).all() == []
    with Store(session.get_bind().engine).session() as other:  # type: ignore[union-attr]
        assert other.execute(query()).all() != []


def test_changes_meet_their_own_workspace_only(app: FastAPI, session: ConfinedSession) -> None:
    (row,) = app.state.store.recordings()
    assert session.get(RecordingRow, row.id) is None
    assert session.execute(sa.update(RecordingRow).values(filename="stolen")).rowcount == 0  # type: ignore[attr-defined]
    assert session.execute(sa.delete(ReportRow)).rowcount == 0  # type: ignore[attr-defined]
    session.add(row)
    row.filename = "stolen"
    with pytest.raises(Unconfined, match="recordings of workspace 1"):
        session.flush()
    session.expunge_all()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM recordings",
        "SELECT id FROM recordings WHERE recordings.id IN (SELECT findings.recording_id FROM findings)",
        "SELECT 1 FROM recordings JOIN reports AS r ON recordings.id = recording_id WHERE recordings.workspace_id = 2",
        "INSERT INTO marks (mark, trace_id) VALUES (1, 1)",
    ],
)
def test_what_slips_through_is_not_sent(session: ConfinedSession, statement: str) -> None:
    with pytest.raises(Unconfined):
        session.execute(sa.text(statement))


def test_new_rows_are_of_the_workspace_and_without_one_of_none(app: FastAPI, session: ConfinedSession) -> None:
    session.add(row := TeamRow(id="t", name="North"))  # as there is one in the first
    session.flush()
    assert row.workspace_id == DEFAULT_WORKSPACE + 1
    with pytest.raises(Unconfined), app.state.workspaces.store.session() as everywhere:
        everywhere.add(TeamRow(id="u", name="South"))


def test_every_table_is_of_a_workspace() -> None:
    without = {name for name, table in Row.metadata.tables.items() if "workspace_id" not in table.c}
    assert without == {"workspaces", "workers", "turns"}


def test_routes_reach_what_is_stored_by_way_of_who_asks() -> None:
    """`app.state` holds the first workspace, for the command line; a route that took it would serve it to everybody."""
    shelves = "|".join(Workspace.__dataclass_fields__)
    for path in (ROOT / "app").rglob("*.py"):
        taken = re.findall(rf"request\.app\.state\.(?:{shelves})\b", path.read_text("utf-8"))
        assert not taken, f"{path.name}: {taken}"


def test_one_statement_looks_at_all_workspaces_from_within_one() -> None:
    using = {path.name for path in (ROOT / "app").rglob("*.py") if "EVERYWHERE" in path.read_text("utf-8")}
    assert using == {"confining.py", "jobs.py"}


# Making one


def test_the_operator_makes_a_workspace_whose_admin_joins_by_a_link(settings: Settings) -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(main, [*arguments, "--data-dir", str(settings.data_dir)])
        assert result.exit_code == 0, result.output
        return result.output

    early = CliRunner().invoke(
        main, ["workspaces", "add", "Acme", "--admin", "ann@acme.example", "--data-dir", str(settings.data_dir)]
    )
    assert (early.exit_code, "own account first" in early.output) == (1, True)
    run("people", "add", "op@example.com", "--name", "Op", "--role", "admin", "--password", PASSWORD)
    (path,) = re.findall(r"/join/\S+", run("workspaces", "add", "Acme", "--admin", "ann@acme.example"))
    with TestClient(create_app(settings), follow_redirects=False) as client:
        assert "You were invited as: Admin" in client.get(path).text
        form = {"name": "Ann", "email": "ann@acme.example", "password": PASSWORD}
        assert client.post(path, data=form).status_code == 303
        assert [one["email"] for one in client.get("/v1/people").json()["items"]] == ["ann@acme.example"]
        assert client.post("/v1/teams", json={"name": "North"}).status_code == 201
        lines = client.get("/v1/audit").json()["items"]
        assert [line["action"] for line in lines] == ["team.made", "account.made", "workspace.made"]
    assert [line.split("\t")[:2] for line in run("workspaces", "list").splitlines()] == [
        ["name", "accounts"],
        ["default", "1"],
        ["Acme", "1"],
    ]
    assert "ann@acme.example" in run("people", "list", "--workspace", "Acme")
    assert "ann@acme.example" not in run("people", "list")


def test_a_name_and_an_address_have_one_workspace(app: FastAPI, both: tuple[Workspace, Workspace]) -> None:
    with pytest.raises(AlreadyThere, match="a workspace"):
        app.state.workspaces.add("Elsewhere", "new@example.com")
    with pytest.raises(AlreadyThere, match="address"):
        app.state.workspaces.add("Third", "ada@example.com")
    with pytest.raises(AlreadyThere):
        both[1].people.add("ada@example.com", "Ada", "rep", None)


def test_each_workspace_keeps_an_admin_of_its_own(both: tuple[Workspace, Workspace]) -> None:
    eve = both[1].people.add("eve@elsewhere.example", "Eve", "admin", None)
    with pytest.raises(InvalidRequest, match="has to be an admin"):
        both[1].people.change(eve.id, role="rep")


# Turns


def hand_in(workspace: Workspace, lane: Lane = Lane.BULK) -> str:
    return workspace.intake.receive(Arrival(io.BytesIO(WAV), "a.wav", "cold-outreach", lane=lane)).id


def test_workspaces_take_turns_and_who_waits_for_one_goes_first(
    app: FastAPI, both: tuple[Workspace, Workspace], tmp_path: Path
) -> None:
    """By the queue itself: one imports many, the other a few; then one of theirs comes by a calling tool."""
    one, two = both
    many = [hand_in(one) for _ in range(6)]
    few = [hand_in(two) for _ in range(2)]
    soon = hand_in(one, Lane.SOON)
    ran: list[str] = []
    stop = launch_worker(
        app.state.store.engine, app.state.settings, lambda id, _: ran.append(id), lambda *_: None, at_once=1, drain_s=5
    )
    try:
        wait_until(lambda: len(ran) == 9)
    finally:
        stop()
    assert ran == [soon, many[0], few[0], many[1], few[1], *many[2:]]


def test_who_comes_later_gets_no_turns_for_the_time_before(both: tuple[Workspace, Workspace]) -> None:
    one, two = both

    def place(workspace: Workspace, recording_id: str) -> int | None:
        return workspace.store.recording(recording_id).place

    many = [hand_in(one) for _ in range(6)]
    for recording_id in many[:3]:
        one.store.begin(recording_id)
    assert place(two, hand_in(two)) == place(one, many[3]) == 4
    assert place(one, hand_in(one)) == 7


# What was there before


def test_an_upgrade_that_fails_leaves_everything_as_it_was(settings: Settings) -> None:
    with release(settings, "0019") as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("INSERT INTO teams VALUES ('t1', 'North')")
        connection.exec_driver_sql("INSERT INTO members VALUES ('t1', 'nobody')")
    with pytest.raises(RuntimeError, match="refer to nothing"):
        migrate(settings)
    engine = connect(settings)
    found = sa.inspect(engine)
    assert "workspaces" not in found.get_table_names()
    assert [column["name"] for column in found.get_columns("teams")] == ["id", "name"]
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT name FROM teams").scalars().all() == ["North"]
    engine.dispose()
