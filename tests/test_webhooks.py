"""Webhooks against a real receiver over HTTP: signed, tried again, paused, replayed, and never lost."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx2 as httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from standardwebhooks import Webhook, WebhookVerificationError

from app.main import create_app
from app.review import Reviews
from app.schema import DeliveryRow, PersonRow, RecordingRow
from app.settings import Settings
from app.webhooks import postman as postmen
from app.webhooks.events import EVENTS, tell
from app.webhooks.postman import AFTER_S, PAUSED_AFTER, Postman
from app.webhooks.renderers import BY_NAME, RENDERERS
from models.errors import AnalysisFailed
from models.person import LOCAL
from tests.conftest import ROOT
from tests.processes import Service, wait_until
from tests.provider import Provider, silent
from tests.stored import receive, store_report

pytestmark = pytest.mark.tools

BROKEN, TAKEN = (500, {}, b""), (200, {}, b"ok")


@pytest.fixture
def receiver(provider: Provider) -> Provider:
    return provider


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    inside = {"fetch_inside": True, "public_url": "https://afterbeep.example.com"}
    with TestClient(create_app(settings.model_copy(update=inside)), follow_redirects=False) as client:
        yield client


def app_of(client: TestClient) -> FastAPI:
    app = client.app
    assert isinstance(app, FastAPI)
    return app


def subscribe(client: TestClient, url: str, **more: object) -> dict:
    made = client.post("/v1/webhooks", json={"url": url, **more})
    assert made.status_code == 201, made.text
    return made.json()


def deliveries(client: TestClient, webhook: dict) -> list[dict]:
    return client.get(f"/v1/webhooks/{webhook['id']}/deliveries").json()["items"]


def later(client: TestClient, by_s: float) -> Postman:
    """The postman at some later time."""
    return replace(app_of(client).state.postman, now=lambda: datetime.now(UTC) + timedelta(seconds=by_s))


def deliver(client: TestClient, by_s: float = 0) -> int:
    postman, count = later(client, by_s), 0
    while postman.deliver_next():
        count += 1
    return count


def verified(webhook: dict, asked: object) -> dict:
    return Webhook(webhook["secret"]).verify(asked.body, asked.headers)  # type: ignore[attr-defined]


def fail(app: FastAPI, **known: object) -> str:
    """Something quick to tell of."""
    recording_id = receive(app, **known)
    app.state.store.fail(recording_id, AnalysisFailed("No."))
    return recording_id


# What is told


def test_every_event_is_told_once_signed_and_without_a_transcript(client: TestClient, receiver: Provider) -> None:
    webhook = subscribe(client, receiver.serve("/in", b""))
    state = app_of(client).state
    done = store_report(app_of(client))
    failed = fail(app_of(client))
    Reviews(state.store, state.playbooks).comment(LOCAL, done, "Good.", None)
    client.delete(f"/v1/voicemails/{done}")
    assert deliver(client) == 4
    told = [verified(webhook, asked) for asked in receiver.asked]
    assert [one["type"] for one in told] == list(EVENTS)
    ready, missed, _, gone = (one["data"] for one in told)
    assert set(ready) == {"id", "links", "status", "score", "flags", "top_flag", "owner"}
    assert (ready["id"], ready["status"], ready["owner"]) == (done, "done", None)
    assert ready["flags"] > 0
    assert ready["links"]["page"] == f"https://afterbeep.example.com/voicemails/{done}"
    assert isinstance(ready["score"], int)
    assert ready["top_flag"]
    assert (missed["id"], missed["status"], missed["score"]) == (failed, "failed", None)
    assert gone == {**dict.fromkeys(gone), "id": done, "status": "deleted", "links": {}}
    assert all(b"Karen" not in asked.body and len(asked.body) < 1000 for asked in receiver.asked)
    assert len({asked.headers["webhook-id"] for asked in receiver.asked}) == 4
    assert deliver(client) == 0


def test_whatever_is_said_of_a_report_is_told(client: TestClient, receiver: Provider) -> None:
    state = app_of(client).state
    done = store_report(app_of(client))
    reviews = Reviews(state.store, state.playbooks)
    flag = state.store.report(done).flagged[0].rule
    webhook = subscribe(client, receiver.serve("/in", b""), events=["review.changed"])
    said = (
        lambda: reviews.agree(LOCAL, done, flag, False),
        lambda: reviews.withdraw(LOCAL, done, flag),
        lambda: reviews.appeal(LOCAL, done, flag, "Not so."),
        lambda: reviews.remove_comment(LOCAL, done, reviews.comment(LOCAL, done, "Good.", 1.0).id),
        lambda: reviews.mark(LOCAL, done, reviewed=True, example_of=None),
        lambda: reviews.correct(done, "Hi Karen, this is Tyler."),
    )
    for number, say in enumerate(said, start=1):
        say()
        more = number > 3  # a comment came and went
        assert [one["event"] for one in deliveries(client, webhook)] == ["review.changed"] * (number + more)


def test_a_change_and_its_event_are_stored_together_or_not_at_all(client: TestClient, receiver: Provider) -> None:
    webhook = subscribe(client, receiver.serve("/in", b""))
    state = app_of(client).state
    recording_id = receive(app_of(client))

    def broken_off() -> None:
        with state.store.session() as session:
            kept = session.get(RecordingRow, recording_id)
            kept.status = "failed"
            tell(session, "report.failed", kept)
            raise KeyError("power cut")

    with pytest.raises(KeyError):
        broken_off()
    assert state.store.recording(recording_id).status == "queued"
    assert deliveries(client, webhook) == []


def test_only_what_was_asked_for_is_told_and_never_of_samples(client: TestClient, receiver: Provider) -> None:
    webhook = subscribe(client, receiver.serve("/in", b""), events=["report.ready"])
    fail(app_of(client))
    sample = fail(app_of(client), demo=True)
    client.delete(f"/v1/voicemails/{sample}")
    assert deliveries(client, webhook) == []


# Receivers that are ill


def test_a_broken_receiver_is_tried_again_with_one_id_until_it_recovers(client: TestClient, receiver: Provider) -> None:
    webhook = subscribe(client, receiver.in_turn("/in", *[BROKEN] * 3, TAKEN))
    fail(app_of(client))
    assert deliver(client) == 1
    for wait_s, early_s in ((30, 25), (30 + 120, 145), (30 + 120 + 600, 740)):
        assert deliver(client, early_s) == 0
        assert deliver(client, wait_s + 1) == 1
    (one,) = deliveries(client, webhook)
    assert (one["attempts"], one["last_status"], one["next_attempt_at"]) == (4, 200, None)
    assert one["delivered_at"]
    assert {asked.headers["webhook-id"] for asked in receiver.asked} == {one["id"]}
    assert client.get(f"/v1/webhooks/{webhook['id']}").json()["failures"] == 0


def test_after_five_messages_in_vain_it_is_paused_and_says_so_and_nothing_is_lost(
    client: TestClient, receiver: Provider
) -> None:
    webhook = subscribe(client, receiver.serve("/in", b"", 503))
    for number in range(PAUSED_AFTER + 1):
        fail(app_of(client), name=f"{number}.wav")
    for by_s in range(0, 8 * 86_460, 86_460):
        deliver(client, by_s)
    shown = client.get(f"/v1/webhooks/{webhook['id']}").json()
    assert shown["paused_at"]
    assert "5 messages in a row" in shown["paused_because"]
    assert shown["paused_because"] in client.get(f"/webhooks/{webhook['id']}").text
    ends = [(one["next_attempt_at"] is None, one["attempts"]) for one in deliveries(client, webhook)]
    assert ends.count((True, len(AFTER_S))) == PAUSED_AFTER
    receiver.serve("/in", b"")
    assert deliver(client, 90 * 86400) == 0
    assert client.patch(f"/v1/webhooks/{webhook['id']}", json={"paused": False}).json()["failures"] == 0
    for one in deliveries(client, webhook):
        if one["next_attempt_at"] is None:
            path = f"/v1/webhooks/{webhook['id']}/deliveries/{one['id']}/replay"
            assert client.post(path).status_code == 202
    deliver(client, 90 * 86400)
    assert all(one["delivered_at"] for one in deliveries(client, webhook))


def test_410_pauses_at_once(client: TestClient, receiver: Provider) -> None:
    webhook = subscribe(client, receiver.in_turn("/in", (410, {}, b""), TAKEN))
    fail(app_of(client))
    assert deliver(client) == 1
    assert "410" in client.get(f"/v1/webhooks/{webhook['id']}").json()["paused_because"]
    assert deliver(client, 90 * 86400) == 0
    assert client.post(f"/webhooks/{webhook['id']}", data={"do": "go_on"}).status_code == 303
    assert deliver(client) == 1
    assert deliveries(client, webhook)[0]["delivered_at"]


def test_a_slow_receiver_is_left_in_time_and_holds_up_nobody_else(client: TestClient, receiver: Provider) -> None:
    receiver.routes["/slow"] = silent
    slow, quick = subscribe(client, receiver.url("/slow")), subscribe(client, receiver.serve("/quick", b""))
    fail(app_of(client))
    postman = app_of(client).state.postman
    hasty = replace(postman, sender=replace(postman.sender, total_s=2.0))
    while hasty.deliver_next():
        pass
    (one,) = deliveries(client, slow)
    assert "too long" in one["last_problem"]
    assert one["next_attempt_at"]
    assert deliveries(client, quick)[0]["delivered_at"]
    assert postman.sender.total_s == 10


def test_redirects_are_not_followed(client: TestClient, receiver: Provider) -> None:
    webhook = subscribe(client, receiver.serve("/in", b"", 302, location=receiver.serve("/other", b"")))
    fail(app_of(client))
    deliver(client)
    assert [asked.path for asked in receiver.asked] == ["/in"]
    assert deliveries(client, webhook)[0]["last_status"] == 302


def test_one_message_is_sent_by_one_postman_only(client: TestClient, receiver: Provider) -> None:
    subscribe(client, receiver.serve("/in", b""))
    fail(app_of(client))
    fail(app_of(client), name="b.wav")
    first, second = later(client, 0), later(client, 0)
    assert first._claim() is not None
    assert second._claim() is None  # of each receiver one at a time
    assert later(client, 60)._claim() is not None  # whoever claimed it has died


# Addresses


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/in", "https://127.0.0.1/in", "https://2130706433/", "https://[::1]/", "https://10.0.0.8/",
        "https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/", "https://localhost/", "ftp://example.com/",
        "https://u:p@example.com/", "https://example.com\\@127.0.0.1/", "x",
    ],
)  # fmt: skip
def test_addresses_of_this_network_are_refused_when_made(settings: Settings, url: str) -> None:
    with TestClient(create_app(settings)) as client:
        refused = client.post("/v1/webhooks", json={"url": url})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
        assert client.get("/v1/webhooks").json()["items"] == []


def test_a_name_that_points_inside_later_is_refused_when_delivered(client: TestClient, receiver: Provider) -> None:
    receiver.serve("/in", b"")
    webhook = subscribe(client, f"https://hooks.example.com:{receiver.port}/in")
    fail(app_of(client))
    postman = app_of(client).state.postman
    outside = replace(postman.sender, inside=False, resolve=lambda host, port: ["127.0.0.1"])
    assert replace(postman, sender=outside).deliver_next()
    (one,) = deliveries(client, webhook)
    assert "public addresses" in one["last_problem"]
    assert receiver.asked == []


# Secrets, tests, replay, pages


def test_for_a_day_both_secrets_sign(client: TestClient, receiver: Provider) -> None:
    old = subscribe(client, receiver.serve("/in", b""))
    new = client.post(f"/v1/webhooks/{old['id']}/secret").json()
    assert new["secret"] != old["secret"]
    fail(app_of(client))
    deliver(client)
    for webhook in (old, new):
        assert verified(webhook, receiver.asked[-1])["type"] == "report.failed"
    (one,) = deliveries(client, old)
    client.post(f"/v1/webhooks/{old['id']}/deliveries/{one['id']}/replay")
    deliver(client, 25 * 3600)
    assert len(receiver.asked[-1].headers["webhook-signature"].split()) == 1
    with pytest.raises(WebhookVerificationError):
        verified({"secret": "whsec_" + "A" * 44}, receiver.asked[0])


def test_secrets_are_shown_once_and_kept_encrypted(client: TestClient, receiver: Provider) -> None:
    url = receiver.serve("/services/T0/B0/hush", b"")
    webhook = subscribe(client, url, renderer="slack", authorization="Bearer pat-hush")
    assert "secret" not in client.get(f"/v1/webhooks/{webhook['id']}").json()
    kept = b"".join(path.read_bytes() for path in app_of(client).state.settings.data_dir.glob("afterbeep.db*"))
    for secret in (webhook["secret"], "hush"):
        assert secret.encode() not in kept
    assert client.post(f"/v1/webhooks/{webhook['id']}/test").json()["last_status"] == 200
    assert receiver.asked[-1].headers["authorization"] == "Bearer pat-hush"
    assert json.loads(receiver.asked[-1].body)["text"].startswith("Test message from Afterbeep")


def test_a_test_message_is_sent_once_at_once_also_while_paused(client: TestClient, receiver: Provider) -> None:
    webhook = subscribe(client, receiver.serve("/in", b"", 500))
    client.patch(f"/v1/webhooks/{webhook['id']}", json={"paused": True})
    tried = client.post(f"/v1/webhooks/{webhook['id']}/test").json()
    assert (tried["event"], tried["last_status"], tried["next_attempt_at"]) == ("webhook.test", 500, None)
    assert verified(webhook, receiver.asked[0])["type"] == "webhook.test"
    assert deliver(client, 86400) == 0


def test_webhooks_are_made_tried_and_removed_on_the_page(client: TestClient, receiver: Provider) -> None:
    form = {"url": receiver.serve("/in", b""), "renderer": "standard", "events": ["report.failed"]}
    wrong = client.post("/webhooks", data=form | {"url": "https://u:p@a.example/<script>"})
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.text
    assert "<script>" not in wrong.text.split("</head>")[1]
    made = client.post("/webhooks", data=form)
    assert "whsec_" in made.text
    (webhook,) = client.get("/v1/webhooks").json()["items"]
    assert webhook["events"] == ["report.failed"]
    address = f"/webhooks/{webhook['id']}"
    assert address in client.get("/webhooks").text
    assert "whsec_" not in client.get(address).text
    assert "answered with 200" in client.post(address, data={"do": "test"}).text
    assert "whsec_" in client.post(address, data={"do": "rotate"}).text
    fail(app_of(client))
    deliver(client)
    one = deliveries(client, webhook)[0]
    assert "Send again" in client.get(address).text
    assert client.post(address, data={"do": "replay", "delivery": one["id"]}).status_code == 303
    assert deliver(client) == 1
    assert client.post(address, data={"do": "remove"}).status_code == 303
    assert client.get(address, headers={"Accept": "text/html"}).status_code == 404


def test_old_messages_are_forgotten_waiting_ones_never(client: TestClient, receiver: Provider) -> None:
    webhook = subscribe(client, receiver.in_turn("/in", TAKEN, BROKEN))
    for name in ("a.wav", "b.wav"):
        fail(app_of(client), name=name)
    deliver(client)
    later(client, 31 * 86400).sweep()
    assert [one["last_status"] for one in deliveries(client, webhook)] == [500]


def test_the_owner_is_told_by_address(client: TestClient, receiver: Provider) -> None:
    subscribe(client, receiver.serve("/in", b""))
    person = app_of(client).state.people.add("rob@example.com", "Rob", "rep", None)
    fail(app_of(client), owner_id=person.id)
    deliver(client)
    assert json.loads(receiver.asked[0].body)["data"]["owner"] == "rob@example.com"
    with app_of(client).state.store.session() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(PersonRow)) == 1


# Documents


def examples() -> dict[str, dict]:
    guide = (ROOT / "docs/webhooks.md").read_text("utf-8")
    return {name: json.loads(body) for name, body in re.findall(r"### `(\w+)`.*?```json\n(.*?)```", guide, re.DOTALL)}


def test_the_guide_shows_what_is_sent(client: TestClient, receiver: Provider) -> None:
    shown = examples()
    assert set(shown) == {one.name for one in RENDERERS}
    for name, body in shown.items():
        assert BY_NAME[name].render(shown["standard"]) == body
    guide = (ROOT / "docs/webhooks.md").read_text("utf-8")
    for event, sentence in EVENTS.items():
        assert f"| `{event}` | {sentence} |" in guide
    subscribe(client, receiver.serve("/in", b""))
    store_report(app_of(client))
    deliver(client)
    sent, example = json.loads(receiver.asked[0].body), shown["standard"]
    assert (set(sent), set(sent["data"])) == (set(example), set(example["data"]))
    assert set(sent["data"]["links"]) == set(example["data"]["links"])


@pytest.mark.parametrize("name", list(BY_NAME))
def test_what_is_rendered_holds_no_markup_of_others(name: str) -> None:
    data = {"id": "1", "links": {}, "status": "done", "score": 9, "flags": 0, "top_flag": "<b>&", "owner": None}
    text = json.dumps(BY_NAME[name].render({"type": "report.ready", "timestamp": "2026-03-02T09:30:00Z", "data": data}))
    assert name == "standard" or "<b>" not in text


# Killed


LONE_POSTMAN = """
import threading
from app.database import connect
from app.settings import Settings
from app.store import Store
from app.webhooks.postman import Postman
settings = Settings()
Postman.of(settings, Store(connect(settings))).walk(threading.Event())
"""


def test_kill_9_in_the_middle_of_an_attempt_and_between_two_loses_nothing(
    client: TestClient, receiver: Provider
) -> None:
    receiver.routes["/in"] = silent
    settings = app_of(client).state.settings
    webhook = subscribe(client, receiver.url("/in"))
    fail(app_of(client))
    environment = os.environ | {
        "AFTERBEEP_DATA_DIR": str(settings.data_dir), "AFTERBEEP_FETCH_INSIDE": "1", "PYTHONPATH": str(ROOT),
    }  # fmt: skip

    def started() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", LONE_POSTMAN], env=environment, cwd=ROOT)

    def kill(process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait(20)

    def hurry() -> None:
        with app_of(client).state.store.session() as session:
            session.execute(sa.update(DeliveryRow).values(claimed_until=None, next_attempt_at=datetime.now(UTC)))

    process = started()
    wait_until(lambda: len(receiver.asked) == 1)
    kill(process)
    (one,) = deliveries(client, webhook)
    assert one["delivered_at"] is None
    assert one["next_attempt_at"]
    receiver.serve("/in", b"", 500)
    hurry()  # the claim of the dead runs out
    process = started()
    wait_until(lambda: deliveries(client, webhook)[0]["last_status"] == 500)
    kill(process)
    receiver.serve("/in", b"")
    hurry()
    process = started()
    wait_until(lambda: bool(deliveries(client, webhook)[0]["delivered_at"]))
    kill(process)
    assert [asked.headers["webhook-id"] for asked in receiver.asked] == [one["id"]] * 3
    assert deliveries(client, webhook)[0]["attempts"] == 3


@pytest.mark.service
@pytest.mark.whisper
def test_the_real_worker_is_killed_and_the_message_arrives(
    new_service: Service, receiver: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTERBEEP_FETCH_INSIDE", "1")
    new_service.start()
    made = httpx.post(f"{new_service.url}/v1/webhooks", json={"url": receiver.serve("/in", b"", 500)}).json()
    broken = {"file": ("a.wav", b"RIFF" + bytes(2000))}
    httpx.post(f"{new_service.url}/v1/voicemails", files=broken)
    wait_until(lambda: len(receiver.asked) == 1)
    for pid in new_service.worker_pids():
        os.kill(pid, signal.SIGKILL)
    receiver.serve("/in", b"")
    with sqlite3.connect(new_service.data_dir / "afterbeep.db", timeout=30) as database:
        database.execute("UPDATE deliveries SET next_attempt_at = created_at, claimed_until = NULL")
    database.close()
    log = f"{new_service.url}/v1/webhooks/{made['id']}/deliveries"
    wait_until(lambda: bool(httpx.get(log).json()["items"][0]["delivered_at"]))
    assert len({asked.headers["webhook-id"] for asked in receiver.asked}) == 1
    assert (
        Webhook(made["secret"]).verify(receiver.asked[-1].body, receiver.asked[-1].headers)["type"] == "report.failed"
    )


def test_the_waits_are_those_that_were_promised() -> None:
    assert postmen.AFTER_S == (0, 30, 120, 600, 3600, 21600, 86400)
