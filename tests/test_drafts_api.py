"""Drafts over HTTP, on the script page and on the command line."""

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from app.cli import main
from tests.test_drafting import FULL


def test_a_draft_is_made_and_its_check_finds_nothing(client: TestClient) -> None:
    made = client.post("/v1/drafts", json={"facts": FULL, "playbook": "persistent-pursuit"}).json()
    assert made["missing"] == made["objections"] == []
    assert made["playbook"]["name"] == "persistent-pursuit"
    checked = {"text": made["message"]["text"], "playbook": "persistent-pursuit"}
    report = client.post("/v1/scripts", json=checked).json()
    assert {one["rule"] for one in report["findings"] if one["status"] == "flagged"} <= {"voicemail_advised"}


def test_no_facts_at_all_give_blanks(client: TestClient) -> None:
    made = client.post("/v1/drafts", json={}).json()
    assert "[your name]" in made["message"]["text"]
    assert "rep" in made["missing"]


@pytest.mark.parametrize("body", [{"facts": {"pane": "x"}}, {"facts": {"pain": "x" * 1001}}, {"playbook": "nope"}])
def test_what_cannot_be_drafted_is_a_problem(client: TestClient, body: dict[str, object]) -> None:
    answer = client.post("/v1/drafts", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_page_offers_both_and_opens_on_building(client: TestClient) -> None:
    page = client.get("/script").text
    assert 'id="build-form"' in page
    assert 'href="/script?tab=check"' in page
    assert 'id="script-form"' in client.get("/script?tab=check").text


def test_the_page_builds_a_script_to_be_changed_and_checked_again(client: TestClient) -> None:
    page = client.post("/script/build", data=FULL | {"playbook": "educate-first"}).text
    assert 'value="They lose two hours a day on paper forms"' in page
    assert "You lose two hours a day on paper forms." in page
    assert "It does not fit" not in page
    assert "Who got it before is left out: it does not fit into 22 seconds." in page
    assert '<input type="hidden" name="playbook" value="educate-first">' in page
    assert 'action="/script#result"' in page
    assert "Check again" in page


def test_the_page_says_in_place_what_is_wrong(client: TestClient) -> None:
    answer = client.post("/script/build", data={"rep": "x" * 201})
    assert answer.status_code == 422
    assert "Please check these fields: rep." in answer.text
    assert client.post("/script/build", data={"playbook": "nope"}).status_code == 422


def test_the_command_prints_a_draft_and_says_what_is_missing() -> None:
    result = CliRunner().invoke(main, ["draft", "--rep", "Maya Ross", "--value", "cut no-shows by a third"])
    assert result.exit_code == 1
    assert "Maya Ross" in result.output
    assert "Still needed" in result.output


def test_the_command_refuses_what_is_no_purpose() -> None:
    result = CliRunner().invoke(main, ["draft", "--purpose", "fun"])
    assert result.exit_code == 1
    assert "purpose" in result.output
