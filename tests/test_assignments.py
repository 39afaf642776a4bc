"""Assignments: given by a coach, read and practised by reps, and done when there is a take."""

from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.main import create_app
from app.schema import AssigneeRow, AssignmentRow
from app.settings import Settings
from tests.people import Cast
from tests.stored import WAV, store_report

TASK = {"script_id": "opener", "due_on": "2026-03-31"}


@pytest.fixture
def they(they: Cast) -> Cast:
    script = {"text": "Hi Karen, this is Carla.", "context": {"rep": "Carla", "purpose": "cold"}}
    they.client("carla").put("/v1/scripts/opener", json=script)
    return they


def given(they: Cast, **more: Any) -> dict[str, Any]:
    answer = they.client("carla").post("/v1/assignments", json=TASK | ({"reps": ["Rob@example.com"]} | more))
    assert answer.status_code == 201, answer.text
    task: dict[str, Any] = answer.json()
    return task


def test_a_rep_reads_the_script_they_were_given_and_nobody_else(they: Cast) -> None:
    rob = they.client("rob")
    assert rob.get("/v1/scripts/opener").status_code == 404
    assert "Nothing to do" in rob.get("/assignments").text
    given(they)
    assert rob.get("/v1/scripts/opener").json()["text"].startswith("Hi Karen")
    assert rob.put("/v1/scripts/opener", json={"text": "Mine now."}).status_code == 403
    assert "Delete the script" not in rob.get("/scripts/opener").text
    for other in ("rita", "casey"):
        assert they.client(other).get("/v1/scripts/opener").status_code == 404
        assert they.client(other).get("/v1/assignments").json()["items"] == []


def test_practising_it_makes_a_take_and_the_take_makes_it_done(they: Cast) -> None:
    assert given(they, playbook="educate-first")["reps"][0]["done"] is False
    rob, carla = they.client("rob"), they.client("carla")
    page = rob.get("/assignments").text
    assert "To be done" in page or "Overdue" in page
    assert 'href="/record?script=opener&amp;playbook=educate-first"' in page
    recorder = rob.get("/record?script=opener&playbook=educate-first").text
    assert '<input type="hidden" name="script_id" value="opener">' in recorder
    assert '<option value="educate-first" selected>' in recorder
    assert 'value="Rob"' in recorder  # not the coach whose script it is
    assert "To practise by" in rob.get("/").text
    assert "To practise by" not in they.client("rita").get("/").text
    sent = rob.post("/v1/voicemails", files={"file": ("a.wav", WAV)}, data={"script_id": "opener"})
    assert sent.json()["script_id"] == "opener"
    assert "To practise by" not in rob.get("/").text
    take = store_report(they.app, owner_id=they.people["rob"].id, script_id="opener")
    (item,) = carla.get("/v1/assignments").json()["items"]
    (rep,) = item["reps"]
    assert (rep["name"], rep["done"], len(rep["takes"])) == ("Rob", True, 2)
    assert rep["best_score"] == rep["takes"][1]["score"]
    assert f'href="/voicemails/{take}"' in carla.get("/assignments").text
    assert "Done." in rob.get("/assignments").text


def test_a_team_is_whoever_is_in_it(they: Cast) -> None:
    (north,), (south,) = they.people["carla"].teams, they.people["casey"].teams
    assert [rep["name"] for rep in given(they, reps=[], team_id=north)["reps"]] == ["Rob"]
    they.app.state.people.change(they.people["rita"].id, teams=[north, south])
    (item,) = they.client("ada").get("/v1/assignments").json()["items"]
    assert [rep["name"] for rep in item["reps"]] == ["Rita", "Rob"]
    assert they.client("rita").get("/record?script=opener").status_code == 200
    (own,) = they.client("rita").get("/v1/assignments").json()["items"]
    assert [rep["name"] for rep in own["reps"]] == ["Rita"]  # a rep is told of nobody else


@pytest.mark.parametrize(
    ("more", "status"),
    [({"reps": ["rita@example.com"]}, 422), ({}, 422), ({"script_id": "none", "reps": ["rob@example.com"]}, 404),
     ({"reps": ["rob@example.com"], "playbook": "none"}, 422)],
)  # fmt: skip
def test_what_cannot_be_given(they: Cast, more: dict[str, Any], status: int) -> None:
    assert they.client("carla").post("/v1/assignments", json=TASK | more).status_code == status
    (south,) = they.people["casey"].teams
    assert they.client("carla").post("/v1/assignments", json=TASK | {"team_id": south}).status_code == 404


def test_it_is_given_on_the_page_and_withdrawn_by_its_coach(they: Cast) -> None:
    carla = they.client("carla")
    form = {"script": "opener", "due_on": "2026-03-31", "playbook": "", "team": ""}
    refused = carla.post("/assignments", data=form)
    assert (refused.status_code, "Choose at least one rep" in refused.text) == (422, True)
    assert carla.post("/assignments", data=form | {"reps": they.people["rob"].id}).status_code == 303
    (item,) = carla.get("/v1/assignments").json()["items"]
    path = f"/v1/assignments/{item['id']}"
    assert they.client("rob").delete(path).status_code == 403
    assert they.client("casey").delete(path).status_code == 404
    assert carla.post(f"/assignments/{item['id']}/withdraw").status_code == 303
    assert carla.get("/v1/assignments").json()["items"] == []


def test_a_script_that_is_forgotten_takes_its_assignments_along(they: Cast) -> None:
    given(they)
    they.client("carla").delete("/v1/scripts/opener")
    with they.app.state.store.session() as session:
        for table in (AssignmentRow, AssigneeRow):
            assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_without_accounts_there_is_nobody_to_give_it_to(settings: Settings) -> None:
    with TestClient(create_app(settings)) as client:
        client.put("/v1/scripts/opener", json={"text": "Hi Karen."})
        refused = client.post("/v1/assignments", json=TASK)
        assert "no accounts" in refused.json()["detail"]
        assert "Nothing given yet" in client.get("/assignments").text
        assert 'name="script_id" value="opener"' in client.get("/record?script=opener").text
        assert 'name="script_id"' not in client.get("/record").text
