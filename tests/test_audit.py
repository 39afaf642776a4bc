"""The log of who did what: what stands in it, and that nobody changes it."""

import json

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy.exc import DBAPIError

from app import audit
from app.audit import NOTED, RETENTION
from app.main import ROUTERS
from models.recording import CallContext
from tests.people import Cast
from tests.stored import store_report

ON_BOTH_DATABASES = True


def lines(app: FastAPI) -> list[tuple[str, str, str]]:
    """Who, what and of what, the oldest first."""
    return [(row.person_name, row.action, row.object) for row in audit.AuditLog(app.state.store).walk()]


def of_rob(they: Cast) -> str:
    return store_report(they.app, name="secret-name.wav", owner_id=they.people["rob"].id, context=CallContext(rep="R"))


@pytest.mark.parametrize("path", ["/voicemails/{id}", "/v1/voicemails/{id}/report"])
def test_who_saw_a_report_is_noted_once_a_visit(they: Cast, path: str) -> None:
    recording_id = of_rob(they)
    for name in ("carla", "carla", "ada"):
        assert they.client(name).get(path.replace("{id}", recording_id)).status_code == 200
    assert lines(they.app) == [(who, "recording.seen", recording_id) for who in ("Carla", "Ada")]


def test_who_was_refused_saw_nothing(they: Cast) -> None:
    recording_id = of_rob(they)
    assert they.client("rita").get(f"/v1/voicemails/{recording_id}/report").status_code == 404
    assert they.client(None).get(f"/v1/voicemails/{recording_id}/report").status_code == 401
    assert lines(they.app) == []


def test_hearing_exporting_changing_and_sharing_are_noted(they: Cast) -> None:
    recording_id = of_rob(they)
    path, carla = f"/v1/voicemails/{recording_id}", they.client("carla")
    for asked in (f"{path}/audio", f"{path}/report.pdf?mask=true", f"{path}/transcript.vtt"):
        assert carla.get(asked).status_code == 200
    assert carla.get("/v1/voicemails.csv?text=checking&rule=checking_in").status_code == 200
    assert carla.put(f"{path}/findings/checking_in/verdict", json={"agrees": True}).status_code == 200
    link = carla.post(f"{path}/links", json={"mask": True, "expires_in_hours": 1}).json()
    assert they.client(None).get(link["url"]).status_code == 200
    carla.delete(f"{path}/links/{link['id']}")
    found = lines(they.app)
    assert found[:5] == [
        ("Carla", "recording.heard", recording_id),
        ("Carla", "recording.exported", f"{recording_id}/report.pdf?mask=true"),
        ("Carla", "recording.exported", f"{recording_id}/transcript.vtt"),
        ("Carla", "list.exported", "voicemails.csv?text=%E2%80%A6&rule=checking_in"),
        ("Carla", "recording.changed", f"{recording_id}/findings/checking_in/verdict"),
    ]
    assert [(who, action) for who, action, _ in found[5:]] == [
        ("Carla", "link.made"), ("Whoever has a link", "recording.seen"), ("Carla", "link.taken_back"),
    ]  # fmt: skip
    assert all(f"{recording_id} {link['id']}" in told for _, _, told in found[5:])


def test_of_what_is_deleted_stays_which_when_and_by_whom(they: Cast) -> None:
    recording_id, other = of_rob(they), of_rob(they)
    assert they.client("rob").delete(f"/v1/voicemails/{recording_id}").status_code == 204
    they.app.state.intake.remove(other, RETENTION)
    assert lines(they.app) == [
        ("Rob", "recording.deleted", recording_id), ("Retention", "recording.deleted", other),
    ]  # fmt: skip


def test_nothing_is_shown_that_could_not_be_noted(they: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    recording_id = of_rob(they)

    def full(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(audit, "add", full)
    client = TestClient(they.app, raise_server_exceptions=False, cookies=they.client("rob").cookies)
    answer = client.get(f"/v1/voicemails/{recording_id}/report")
    assert answer.status_code == 500
    assert "transcript" not in answer.text


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET person_name = 'Nobody'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT id, at, person_id, 'Nobody', action, object, 1 FROM audit",  # SQLite's
        "TRUNCATE audit",  # PostgreSQL's
    ],
)
def test_the_database_refuses_to_change_a_line(app: FastAPI, change: str) -> None:
    store = app.state.store
    if change.split()[0] == ("TRUNCATE" if store.engine.dialect.name == "sqlite" else "INSERT"):
        pytest.skip("said in the words of the other database")
    log = audit.AuditLog(store)
    log.note(RETENTION, "audio.removed", "x")
    with pytest.raises(DBAPIError, match="only ever added"), store.everywhere().session() as session:
        session.execute(sa.text(change))
    assert lines(app) == [("Retention", "audio.removed", "x")]
    log.note(RETENTION, "audio.removed", "y")
    assert len(lines(app)) == 2


def test_the_log_comes_page_by_page_and_as_a_whole(they: Cast) -> None:
    log = audit.AuditLog(they.app.state.store)
    for number in range(7):
        log.note(RETENTION, "audio.removed", str(number))
    ada = they.client("ada")
    first = ada.get("/v1/audit?limit=4").json()
    log.note(RETENTION, "audio.removed", "meanwhile")
    rest = ada.get(f"/v1/audit?limit=4&cursor={first['next_cursor']}").json()
    assert [line["object"] for line in first["items"] + rest["items"]] == list("6543210")
    assert rest["next_cursor"] is None
    whole = ada.get("/v1/audit.jsonl")
    assert whole.headers["content-type"] == "application/jsonl"
    assert [json.loads(line)["object"] for line in whole.text.splitlines()][:8] == [*"0123456", "meanwhile"]
    assert lines(they.app)[-1][:2] == ("Ada", "audit.exported")
    for path in ("/v1/audit", "/v1/audit.jsonl"):
        assert they.client("carla").get(path).status_code == 403
    assert [row.object for row in log.walk(at_once=3)][:8] == [*"0123456", "meanwhile"]


def test_the_table_names_routes_there_are() -> None:
    there = {
        (method, route.path)
        for router, _ in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert set(NOTED) <= there
