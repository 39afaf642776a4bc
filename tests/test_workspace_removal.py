"""A workspace that leaves: all of it goes, the others keep theirs, and what is on hold stops it."""

import io
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.audit import AuditLog
from app.cli import main
from app.intake import Arrival
from app.workspaces import OPERATOR, Workspace
from models.errors import InvalidRequest, NotFound, OnHold, StorageUnavailable
from models.person import DEFAULT_WORKSPACE
from tests.people import PASSWORD
from tests.proofs.isolation import rows, side
from tests.stored import WAV

ON_BOTH_DATABASES = True

SECOND = DEFAULT_WORKSPACE + 1


@pytest.fixture
def second(app: FastAPI) -> Workspace:
    """Another workspace, with an admin and three recordings that wait."""
    app.state.people.add("ada@example.com", "Ada", "admin", PASSWORD)
    app.state.workspaces.add("Bandicoot", "new@bandicoot.example")
    workspace: Workspace = app.state.workspaces.open(SECOND)
    workspace.people.add("ann@bandicoot.example", "Ann", "admin", PASSWORD)
    for _ in range(3):
        workspace.intake.receive(Arrival(io.BytesIO(WAV), "a.wav", "cold-outreach"))
    return workspace


def jobs(app: FastAPI) -> set[str]:
    """Of which recordings the queue knows anything, in any of its tables."""
    with app.state.store.engine.connect() as connection:
        on_sqlite = connection.dialect.name == "sqlite"
        tables = [
            f"{'' if on_sqlite else 'dbos.'}{name}"
            for name in ("workflow_status", "workflow_input", "workflow_output", "operation_outputs")
        ]
        every = [connection.exec_driver_sql(f"SELECT workflow_uuid FROM {table}").scalars().all() for table in tables]
    return {job.split(".")[0] for ids in every for job in ids}


def sounds(app: FastAPI) -> set[str]:
    return {path.name.split(".")[0] for path in (app.state.settings.data_dir / "audio").iterdir()}


def test_all_of_it_goes_and_nothing_of_the_other(app: FastAPI) -> None:
    """With something in every table that has rows of a workspace."""
    first = side(app, DEFAULT_WORKSPACE, "Aardwolf")
    app.state.workspaces.add("Bandicoot", "new@bandicoot.example")
    second = side(app, SECOND, "Bandicoot")
    theirs, ours = second.workspace.store.ids(), first.workspace.store.ids()
    before = rows(app, DEFAULT_WORKSPACE)
    assert len([name for name, kept in rows(app, SECOND).items() if kept]) >= 20, "almost every table has some"
    assert (theirs | ours) <= jobs(app) & sounds(app)

    assert app.state.workspaces.removal.remove(SECOND, OPERATOR) == len(theirs)

    assert [name for name, kept in rows(app, SECOND).items() if kept] == ["audit"], "the log can only be added to"
    assert not theirs & (jobs(app) | sounds(app))
    assert ours <= jobs(app) & sounds(app)
    after = rows(app, DEFAULT_WORKSPACE)
    (line,) = AuditLog(first.workspace.store).newest(1)
    assert (line.person_name, line.action, line.object) == ("The operator", "workspace.deleted", f"{SECOND} Bandicoot")
    assert len(after.pop("audit")) == len(before.pop("audit")) + 1
    assert after == before
    with TestClient(app) as client:
        for side_, status in ((first, 200), (second, 401)):
            asked = client.get("/v1/voicemails", headers={"Authorization": f"Bearer {side_.key}"})
            assert asked.status_code == status
        assert client.get(f"/shared/{first.token}").status_code == 200
        assert client.get(f"/shared/{second.token}").status_code in (404, 410)


def test_nobody_signs_in_any_more_and_the_name_is_free(app: FastAPI, second: Workspace) -> None:
    with TestClient(app, follow_redirects=False) as client:
        form = {"email": "ann@bandicoot.example", "password": PASSWORD}
        assert client.post("/login", data=form).status_code == 303
        app.state.workspaces.removal.remove(SECOND, OPERATOR)
        assert client.get("/v1/voicemails").status_code == 401
        assert client.post("/login", data=form).status_code != 303
    assert [row.name for row in app.state.workspaces.all()] == ["default"]
    app.state.workspaces.add("Bandicoot", "ann@bandicoot.example")
    assert [row.id for row in app.state.workspaces.all()] == [DEFAULT_WORKSPACE, SECOND + 1]


def test_what_is_on_hold_stops_it_before_anything_is_touched(app: FastAPI, second: Workspace) -> None:
    held = min(second.store.ids())
    second.store.hold(held, OPERATOR)
    before = rows(app, SECOND)
    with pytest.raises(OnHold, match="on hold: 1"):
        app.state.workspaces.removal.remove(SECOND, OPERATOR)
    assert rows(app, SECOND) == before
    second.store.hold(held, None)
    assert app.state.workspaces.removal.remove(SECOND, OPERATOR) == 3


def test_what_broke_off_goes_on_when_it_is_asked_for_again(
    app: FastAPI, second: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recordings are away for a while: doors are shut already, and none is forgotten with its audio left."""
    theirs = second.store.ids()

    def away(_name: str) -> None:
        raise OSError("away")

    with monkeypatch.context() as patched:
        patched.setattr(app.state.audio.shelf, "delete", away)
        with pytest.raises(StorageUnavailable):
            app.state.workspaces.removal.remove(SECOND, OPERATOR)
    assert second.store.ids() == theirs
    assert rows(app, SECOND)["invitations"] == []
    assert app.state.workspaces.removal.remove(SECOND, OPERATOR) == 3
    assert not theirs & sounds(app)
    told = [line.action for line in AuditLog(app.state.store).newest(100)]
    assert told.count("workspace.deleted") == 1


def test_the_first_workspace_stays_and_an_unknown_one_is_not_found(app: FastAPI) -> None:
    with pytest.raises(InvalidRequest, match="first workspace"):
        app.state.workspaces.removal.remove(DEFAULT_WORKSPACE, OPERATOR)
    with pytest.raises(NotFound, match="workspaces list"):
        app.state.workspaces.removal.remove(99, OPERATOR)


# The command


@pytest.fixture
def command(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    settings = app.state.settings
    if settings.database_url:
        monkeypatch.setenv("AFTERBEEP_DATABASE_URL", settings.database_url.get_secret_value())

    def run(*arguments: str, told: str | None = None) -> Result:
        asked = ["workspaces", *arguments, "--data-dir", str(settings.data_dir)]
        return CliRunner().invoke(main, asked, input=told)

    return run


def test_the_command_asks_for_the_name(second: Workspace, command: Callable[..., Result]) -> None:
    assert command("list").output.splitlines()[2].split("\t")[::3] == ["Bandicoot", str(SECOND)]
    wrong = command("delete", str(SECOND), told="Bandicot\n")
    assert (wrong.exit_code, "Nothing was deleted" in wrong.output) == (1, True)
    assert len(second.store.ids()) == 3
    right = command("delete", str(SECOND), told="Bandicoot\n")
    assert (right.exit_code, "“Bandicoot” is gone, with 3 recordings" in right.output) == (0, True)
    again = command("delete", str(SECOND), "--yes")
    assert (again.exit_code, "is gone, with 0 recordings" in again.output) == (0, True)


def test_with_yes_it_asks_nothing_and_says_why_it_cannot(second: Workspace, command: Callable[..., Result]) -> None:
    held = min(second.store.ids())
    second.store.hold(held, OPERATOR)
    refused = command("delete", str(SECOND), "--yes")
    assert (refused.exit_code, "on hold" in refused.output) == (1, True)
    second.store.hold(held, None)
    assert command("delete", str(SECOND), "--yes").exit_code == 0
    assert second.store.ids() == set()
