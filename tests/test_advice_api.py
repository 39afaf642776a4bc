"""The advice before a call as programs, the terminal and people ask for it."""

import json
import re
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient

from analysis import playbooks
from app.cli import main as command
from app.views import advice
from models.advice import Advice
from models.playbook import Decision, Goal, Situation
from models.recording import CallContext, Channel, Purpose, Relationship
from tests.test_cli import run

HTML = {"Accept": "text/html"}


# Over HTTP


def test_a_program_asks_before_the_call(client: TestClient) -> None:
    context = {"relationship": "referred", "referrer": "Helen Marsh", "channels_tried": ["assistant"]}
    response = client.post("/v1/advice", json={"context": context, "playbook": "referral-only"})
    answer = Advice.model_validate(response.json())
    assert (response.status_code, answer.decision) == (200, "leave_one")
    assert answer.reasons[0].source
    assert "Helen Marsh suggested" in answer.message.template
    assert (answer.playbook.name, answer.message.goal) == ("referral-only", "meeting")


def test_without_facts_the_answer_names_what_is_missing(client: TestClient) -> None:
    answer = client.post("/v1/advice", json={}).json()
    assert (answer["decision"], answer["missing"]) == ("not_evaluated", ["relationship"])
    assert answer["playbook"]["name"] == "cold-outreach"
    assert answer["message"]["must_hold"]
    assert {script["situation"] for script in answer["reception"]} == set(get_args(Situation))


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ({"playbook": "nobody"}, "unknown_playbook", "nobody"),
        ({"context": {"attempt": 0}}, "invalid_request", "attempt"),
        ({"context": {"channels_tried": ["fax"]}}, "invalid_request", "channels_tried"),
        ({"context": {"mood": "good"}}, "invalid_request", "mood"),
    ],
)
def test_what_cannot_be_answered_is_a_problem(client: TestClient, body: dict[str, Any], code: str, said: str) -> None:
    response = client.post("/v1/advice", json=body)
    assert (response.status_code, response.json()["code"]) == (422, code)
    assert said in response.json()["detail"]


def test_the_api_describes_the_advice(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    assert "/v1/advice" in described["paths"]
    fields = described["components"]["schemas"]["CallContext"]["properties"]
    for name in CallContext.model_fields:
        assert fields[name]["description"], name


def test_a_recording_may_come_with_what_the_advice_needs(client: TestClient) -> None:
    form = {"channels_tried": "email, text", "planned_retry_today": "no", "preferred_channel": "phone"}
    upload = client.post("/v1/voicemails", files={"file": ("a.wav", b"RIFF0000WAVE")}, data=form)
    context = client.get(upload.json()["links"]["self"]).json()["context"]
    assert context["channels_tried"] == ["email", "text"]
    assert context["planned_retry_today"] is False
    assert context["preferred_channel"] == "phone"


# On the command line


def test_the_terminal_says_what_to_do_and_why() -> None:
    result = run("advise", "--relationship", "none", "--attempt", "2", "--no-retry-today", "--prospect", "Dana")
    assert result.exit_code == 0, result.output
    shown = " ".join(re.sub(r"[│╭╮╰╯─]", " ", result.output).split())
    assert "Leave one" in shown
    assert "in 15 to 30 seconds" in shown
    assert "Hi Dana, this is [your name]" in shown
    assert "They’re in a meeting" in shown
    assert "Unless" not in shown


def test_the_terminal_prints_json() -> None:
    arguments = ("--relationship", "known", "--tried", "email", "--tried", "text", "--playbook", "known-contacts-only")
    answer = json.loads(run("advise", "--json", *arguments).output)
    assert (answer["decision"], answer["missing"]) == ("leave_one", [])


def test_too_little_to_go_on_is_said_and_ends_in_status_1() -> None:
    result = run("advise")
    assert result.exit_code == 1
    assert "Please say how well they know you." in result.output
    assert json.loads(run("advise", "--json").output)["missing"] == ["relationship"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--relationship", "friends"), "relationship"),
        (("--attempt", "many"), "attempt"),
        (("--tried", "fax"), "channels tried"),
        (("--playbook", "nobody"), "nobody"),
    ],
)
def test_a_slip_on_the_command_line_is_a_sentence(arguments: tuple[str, ...], said: str) -> None:
    result = run("advise", *arguments)
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output


def test_the_help_names_every_word_there_is() -> None:
    shown = run("advise", "--help").output
    for word in (*get_args(Relationship), *get_args(Purpose), *get_args(Channel)):
        assert word in shown


def test_every_fact_can_be_given() -> None:
    """What the advice rests on, and the words it fills in; the channel of a recording is neither."""
    options = {parameter.name for parameter in command.commands["advise"].params}
    assert set(CallContext.model_fields) - {"agent_channel"} <= options


# The page


def test_the_page_asks_and_answers_in_place(client: TestClient) -> None:
    page = client.get("/advise", headers=HTML).text
    assert "Should you leave one at all?" in page
    assert 'aria-current="page">Before you call</a>' in page
    assert 'id="result"' not in page
    typed = {"playbook": "referral-only", "relationship": "none", "prospect": "<b>Dana</b>", "attempt": "3"}
    response = client.post("/advise", data=typed, headers=HTML)
    assert response.status_code == 200
    assert "Press zero</h2>" in response.text
    assert "You have tried the assistant in vain? Then hang up, try later." in response.text
    assert 'value="3"' in response.text
    assert "<b>Dana</b>" not in response.text
    assert '<span class="blank">your name</span>' in response.text


def test_the_page_keeps_every_answer_in_the_form(client: TestClient) -> None:
    typed = {
        "playbook": "known-contacts-only",
        "relationship": "known",
        "purpose": "warm_followup",
        "attempt": "2",
        "planned_retry_today": "no",
        "preferred_channel": "phone",
        "channels_tried": ["email", "assistant"],
        "referrer": "Helen",
        "prospect": "Dana",
        "rep": "Ann",
        "company": "Northline",
    }
    page = client.post("/advise", data=typed, headers=HTML).text
    for chosen in ("known-contacts-only", "known", "warm_followup", "no", "phone"):
        assert f'<option value="{chosen}" selected>' in page
    assert re.findall(r'value="(\w+)" checked', page) == ["email", "assistant"]
    for word in ("Helen", "Dana", "Ann", "Northline"):
        assert f'value="{word}"' in page


def test_what_is_missing_leads_to_its_field(client: TestClient) -> None:
    page = client.post("/advise", data={"playbook": "cold-outreach"}, headers=HTML).text
    assert "One more thing to know" in page
    assert '<a href="#relationship">how well they know you</a>' in page
    assert 'id="relationship"' in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"playbook": "nobody"}, "There is no playbook"),
        ({"playbook": "cold-outreach", "attempt": "many"}, "Please check these fields: attempt."),
        ({"playbook": "cold-outreach", "channels_tried": "fax"}, "Please check these fields: channels_tried."),
    ],
)
def test_what_the_form_gets_wrong_is_said_in_place(client: TestClient, typed: dict[str, str], said: str) -> None:
    response = client.post("/advise", data=typed, headers=HTML)
    assert response.status_code == 422
    assert said in response.text
    assert "Should you leave one at all?" in response.text


@pytest.mark.parametrize("school", playbooks.names())
def test_the_page_holds_nothing_the_security_policy_forbids(client: TestClient, school: str) -> None:
    page = client.post("/advise", data={"playbook": school, "relationship": "referred"}, headers=HTML).text
    assert " style=" not in page
    assert "<style" not in page
    assert not re.search(r" on\w+=", page)
    assert page.count("<script") == page.count('<script type="module" src="/static/js/')
    controls = re.findall(r'<(?:select|input)[^>]* id="(\w+)"', page)
    assert [name for name in controls if f'<label for="{name}"' not in page] == []


def test_every_word_of_the_models_has_a_name_for_readers() -> None:
    assert set(get_args(Decision)) | {"not_evaluated"} == set(advice.DECISIONS) == set(advice.TONES)
    assert set(get_args(Goal)) == set(advice.GOALS)
    assert set(get_args(Situation)) == set(advice.SITUATIONS)
    assert set(get_args(Channel)) == set(advice.CHANNELS)
    assert set(advice.FACTS) <= set(CallContext.model_fields)
