"""The rewrite by a language model: off by default, numbers masked, and nothing it does can hurt."""

import json
import time
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr, ValidationError

from analysis.playbooks import load
from app.main import create_app
from app.rewriter import MAX_ANSWER_BYTES, BadAnswer, Rewriter, mask, restored, rewriter_of
from app.settings import Settings
from models.report import Report
from models.transcript import Transcript
from tests.provider import Provider, Route, cut_off, dripping, silent
from tests.scripted import script
from tests.stored import store_report

SAID = "Hi Karen, just checking in. Call me at 419-555-0128, again 419-555-0128, or the office, 419 555 0131."
BETTER = "Hi Karen, this is [your name]. I noticed [one fact]. I'm on <number 1>; again, <number 1>."
PATH = "/v1/chat/completions"


def sends(body: bytes, status: int = 200) -> Route:
    return lambda asked: (status, {}, body)


def completes(text: str) -> Route:
    return sends(
        json.dumps({"id": "c1", "choices": [{"index": 0, "message": {"role": "assistant", "content": text}}]}).encode()
    )


@pytest.fixture
def fake(provider: Provider) -> Provider:
    """A language model of somebody else's."""
    provider.routes[PATH] = completes(BETTER)
    return provider


def ask(fake: Provider, **options: Any) -> tuple[str | None, str | None]:
    suggestion = Rewriter(fake.url("/v1"), "some-model", **options).suggest(script(SAID), load())
    assert suggestion.machine_written is True
    assert suggestion.model == "some-model"
    return suggestion.text, suggestion.reason


def test_what_it_wrote_comes_back_with_the_numbers_in_place(fake: Provider) -> None:
    text, reason = ask(fake)
    assert reason is None
    assert text is not None
    assert text.count("<") == 0
    assert "[your name]" in text
    assert "0128" in text or "0131" in text


def test_no_telephone_number_leaves_the_machine(fake: Provider) -> None:
    ask(fake, api_key=SecretStr("s3cret"))
    (sent,) = fake.asked
    assert sent.path == PATH
    assert sent.headers["authorization"] == "Bearer s3cret"
    asked = sent.body.decode()
    assert json.loads(asked)["model"] == "some-model"
    assert "<number 1>" in asked
    assert "just checking in" in asked
    for digits in ("555", "0128", "0131", "419"):
        assert digits not in asked


def test_without_a_key_none_is_sent(fake: Provider) -> None:
    ask(fake)
    assert "authorization" not in fake.asked[0].headers


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (sends(b"no", 500), "status 500"),
        (sends(b"{}", 404), "status 404"),
        (sends(b"", 307), "status 307"),
        (sends(b"not json"), "cannot be read"),
        (sends(b'{"choices": []}'), "cannot be read"),
        (sends(b'{"choices": [{"message": {"content": null}}]}'), "cannot be read"),
        (sends(b'["choices"]'), "cannot be read"),
        (completes("   "), "no message"),
        (completes("word " * 2000), "no message"),
        (completes("Call me on 212-555-0199."), "made up a telephone number"),
        (sends(b" " * (MAX_ANSWER_BYTES + 1)), "far too much"),
        (cut_off, "cannot be reached"),
    ],
)
def test_whatever_goes_wrong_there_is_one_sentence(fake: Provider, answer: Route, reason: str) -> None:
    fake.routes[PATH] = answer
    text, said = ask(fake)
    assert text is None
    assert said is not None
    assert reason in said


@pytest.mark.parametrize("slow", [dripping("body"), silent], ids=["drips", "silent"])
def test_a_slow_answer_is_not_waited_for(fake: Provider, slow: Route) -> None:
    fake.routes[PATH] = slow
    started = time.monotonic()
    text, reason = ask(fake, timeout_s=0.4)
    assert (text, reason) == (None, "The language model did not answer in time. Please try again.")
    assert time.monotonic() - started < 2.5


def test_an_endpoint_that_is_not_there_is_no_rewrite() -> None:
    suggestion = Rewriter("http://127.0.0.1:9/v1", "some-model").suggest(script(SAID), None)
    assert (suggestion.text, suggestion.reason) == (None, "The language model cannot be reached.")


def test_the_same_number_has_one_marker() -> None:
    masked, numbers = mask(Transcript.of_script(SAID))
    assert len(numbers) == 2
    assert masked.count("<number 1>") + masked.count("<number 2>") == 3
    assert restored(masked, numbers) == SAID


def test_numbers_said_in_words_are_masked_too() -> None:
    masked, numbers = mask(Transcript.of_script("call me on four one nine five five five oh one two eight, okay"))
    assert masked == "call me on <number 1>, okay"
    assert list(numbers.values()) == ["four one nine five five five oh one two eight"]


def test_a_made_up_number_is_refused() -> None:
    with pytest.raises(BadAnswer):
        restored("I'm on <number 1> or 212-555-0199.", {"<number 1>": "419-555-0128"})


# The service


@pytest.mark.parametrize("given", [{}, {"rewrite_url": "http://127.0.0.1:9/v1"}, {"rewrite_model": "some-model"}])
def test_it_is_off_unless_the_owner_sets_address_and_model(given: dict[str, str]) -> None:
    assert rewriter_of(Settings.model_validate(given)) is None


def test_an_address_that_is_none_is_refused_and_the_key_is_never_shown() -> None:
    with pytest.raises(ValidationError):
        Settings(rewrite_url="file:///etc/passwd")
    assert "s3cret" not in repr(Settings(rewrite_api_key=SecretStr("s3cret")))


def stored(client: TestClient) -> Report:
    """A recording whose analysis is done."""
    report: Report = client.app.state.store.report(store_report(client.app, SAID))
    return report


def test_pressing_the_button_asks_and_leaves_report_and_score_alone(settings: Settings, fake: Provider) -> None:
    on = settings.model_copy(update={"rewrite_url": fake.url("/v1"), "rewrite_model": "some-model"})
    with TestClient(create_app(on)) as client:
        report = stored(client)
        page = client.get(f"/voicemails/{report.id}", headers={"Accept": "text/html"}).text
        assert "Suggest with AI" in page
        assert "some-model" in page
        assert fake.asked == []  # only when a person asks
        body = client.post(f"/v1/voicemails/{report.id}/rewrite").json()
        assert (body["machine_written"], body["model"], body["reason"]) == (True, "some-model", None)
        assert body["text"].startswith("Hi Karen")
        after = client.get(f"/v1/voicemails/{report.id}/report").json()
        assert after == report.model_dump(mode="json")
        assert client.post("/v1/voicemails/nowhere/rewrite").json()["code"] == "not_found"


def test_where_it_is_off_there_is_no_button_and_asking_says_so(settings: Settings) -> None:
    with TestClient(create_app(settings)) as client:
        report = stored(client)
        page = client.get(f"/voicemails/{report.id}", headers={"Accept": "text/html"}).text
        assert "Say it like this" in page
        assert "Suggest with AI" not in page
        refused = client.post(f"/v1/voicemails/{report.id}/rewrite")
        assert (refused.status_code, refused.json()["code"]) == (409, "rewrite_off")


def test_a_script_gets_its_rewrite_but_no_language_model(settings: Settings, fake: Provider) -> None:
    on = settings.model_copy(update={"rewrite_url": fake.url("/v1"), "rewrite_model": "some-model"})
    with TestClient(create_app(on), headers={"Accept": "text/html"}) as client:
        page = client.post("/script", data={"text": SAID, "playbook": "cold-outreach"}).text
    assert "Say it like this" in page
    assert '<span class="blank">your name</span>' in page
    assert '<span class="own">Karen</span>' in page
    assert "Suggest with AI" not in page
