"""Kept scripts, and the takes of one script side by side."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.people import cast
from tests.scripted import BETTER, CHECKING_IN
from tests.stored import WAV, store_report


@pytest.fixture
def script(client: TestClient) -> dict[str, Any]:
    body = {"text": BETTER, "title": "Clinics", "context": {"prospect": "Karen"}, "facts": {"rep": "Tyler"}}
    kept: dict[str, Any] = client.put("/v1/scripts/clinics", json=body).json()
    return kept


@pytest.fixture
def takes(client: TestClient, script: dict[str, Any]) -> tuple[str, str]:
    """The worse one first."""
    return tuple(store_report(client.app, text, script_id="clinics") for text in (CHECKING_IN, BETTER))  # type: ignore


def test_a_script_is_kept_changed_and_forgotten(client: TestClient, script: dict[str, Any]) -> None:
    assert script["title"] == "Clinics"
    assert script["facts"]["rep"] == "Tyler"
    assert client.put("/v1/scripts/clinics", json={"text": BETTER}).json()["title"].startswith("Hi Karen")
    changed = client.patch("/v1/scripts/clinics", json={"title": "Clinics, spring"}).json()
    assert (changed["title"], changed["text"]) == ("Clinics, spring", BETTER)
    assert [one["id"] for one in client.get("/v1/scripts").json()] == ["clinics"]
    assert client.delete("/v1/scripts/clinics").status_code == 204
    assert client.get("/v1/scripts/clinics").json()["code"] == "not_found"
    assert client.delete("/v1/scripts/clinics").status_code == 404


@pytest.mark.parametrize(
    ("name", "body"), [("a b", {"text": "Hi."}), ("a", {"text": "  "}), ("a", {"text": "Hi.", "playbook": "nope"})]
)
def test_what_cannot_be_kept_is_a_problem(client: TestClient, name: str, body: dict[str, str]) -> None:
    assert client.put(f"/v1/scripts/{name}", json=body).status_code == 422


def test_checking_a_text_keeps_nothing(client: TestClient) -> None:
    client.post("/v1/scripts", json={"text": BETTER})
    assert client.get("/v1/scripts").json() == []


def test_an_upload_is_a_take_of_the_script_it_names(client: TestClient, script: dict[str, Any]) -> None:
    take = client.post("/v1/voicemails", files={"file": ("a.wav", WAV)}, data={"script_id": "clinics"}).json()
    assert take["script_id"] == "clinics"
    kept = client.get("/v1/scripts/clinics").json()
    assert (kept["takes"], kept["recordings"][0]["id"]) == (1, take["id"])
    lost = client.post("/v1/voicemails", files={"file": ("a.wav", WAV)}, data={"script_id": "nope"})
    assert lost.json()["code"] == "not_found"
    client.delete("/v1/scripts/clinics")
    assert client.get(f"/v1/voicemails/{take['id']}").json()["script_id"] is None


def test_two_takes_are_compared(client: TestClient, takes: tuple[str, str]) -> None:
    worse, better = takes
    found = client.get(f"/v1/voicemails/{worse}/compare/{better}").json()
    assert "checking_in" in {one["rule"] for one in found["went"]}
    assert "specific_value" in {one["rule"] for one in found["strengths_gained"]}
    assert found["then"]["score"] < found["now"]["score"]
    back = client.get(f"/v1/voicemails/{better}/compare/{worse}").json()
    assert (back["came"], back["strengths_lost"]) == (found["went"], found["strengths_gained"])
    same = client.get(f"/v1/voicemails/{worse}/compare/{worse}").json()
    assert (same["went"], same["came"]) == ([], [])
    assert same["stayed"]


def test_what_is_not_analysed_cannot_be_compared(client: TestClient, takes: tuple[str, str]) -> None:
    waiting = client.post("/v1/voicemails", files={"file": ("a.wav", WAV)}).json()["id"]
    assert client.get(f"/v1/voicemails/{takes[0]}/compare/{waiting}").json()["code"] == "not_ready"
    assert client.get(f"/v1/voicemails/{takes[0]}/compare/nope").status_code == 404


def test_the_page_puts_the_last_two_takes_side_by_side(client: TestClient, takes: tuple[str, str]) -> None:
    page = client.get("/scripts/clinics").text
    assert page.index("Take 2</a>") < page.index("Take 1</a>")
    assert "Went" in page
    for take in takes:
        assert f'src="/v1/voicemails/{take}/audio?playable=true"' in page
    other = client.get(f"/scripts/clinics?then={takes[1]}&now={takes[0]}").text
    assert "Came" in other
    assert f'value="{takes[0]}" aria-label="Take 1 as now" checked' in other


def test_the_page_works_without_javascript(client: TestClient) -> None:
    kept = client.post("/scripts", data={"text": BETTER, "prospect": "Karen"}, follow_redirects=False)
    assert kept.status_code == 303
    address = kept.headers["location"]
    assert "Record it twice" not in client.get(address).text
    take = client.post(f"{address}/takes", files={"file": ("a.wav", WAV)}, follow_redirects=False)
    assert take.headers["location"].startswith("/voicemails/")
    assert "a take of your script" in client.get(take.headers["location"]).text
    changed = client.post(address, data={"text": "Hi Karen, other words.", "title": ""})
    assert "Hi Karen, other words" in changed.text
    assert "No script kept yet" in client.post(f"{address}/delete").text
    assert client.get(address, headers={"Accept": "text/html"}).status_code == 404


def test_scripts_are_their_owners_business(settings: Settings) -> None:
    app = create_app(settings)
    with TestClient(app):
        they = cast(app)
        rob = they.client("rob")
        assert rob.put("/v1/scripts/robs", json={"text": BETTER}).status_code == 200
        seen = {name: they.client(name).get("/v1/scripts/robs").status_code for name in they.people}
        assert seen == {"ada": 200, "carla": 200, "rob": 200, "casey": 404, "rita": 404}
        assert they.client("rita").get("/v1/scripts").json() == []
        assert they.client("rita").put("/v1/scripts/robs", json={"text": "Mine."}).status_code == 403
        assert they.client("carla").delete("/v1/scripts/robs").status_code == 403
        take = {"files": {"file": ("a.wav", WAV)}, "data": {"script_id": "robs"}}
        assert they.client("rita").post("/v1/voicemails", **take).status_code == 404
        assert rob.post("/scripts/robs/takes", files={"file": ("a.wav", WAV)}).status_code == 303
        assert rob.get("/v1/scripts/robs").json()["takes"] == 1
        assert they.client("ada").delete("/v1/scripts/robs").status_code == 204
