"""What /metrics says of a real application, who may read it, and that the dashboard asks for nothing else."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2 as httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from app import metrics
from app.jobs import Lane
from app.main import create_app
from app.schema import WorkerRow
from app.settings import Settings
from app.webhooks.events import message, trial_payload
from app.workers import Roll
from tests.conftest import ROOT
from tests.people import cast
from tests.processes import Service, wait_until
from tests.provider import provider_server
from tests.stored import receive, store_report

ON_BOTH_DATABASES = True

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"fetch_inside": True})


def scraped(app: FastAPI) -> Samples:
    answer = TestClient(app).get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


def beat(app: FastAPI, worker_id: str) -> None:
    Roll(app.state.store, app.state.intake.jobs.client, worker_id, gone_after_s=60).beat()


def test_what_waits_is_counted_queue_by_queue_with_its_age(app: FastAPI) -> None:
    for _ in range(2):
        receive(app)
    urgent = receive(app, lane=Lane.URGENT)
    TestClient(app).post("/v1/voicemails", json={"url": "http://127.0.0.1:9/a.wav"})
    engine = app.state.store.engine
    jobs = "workflow_status" if engine.dialect.name == "sqlite" else "dbos.workflow_status"
    with engine.begin() as connection:
        for change in (
            f"SET created_at = created_at - 90000 WHERE workflow_uuid = '{urgent}'",
            "SET status = 'PENDING' WHERE queue_name = 'fetches'",
        ):
            connection.execute(sa.text(f"UPDATE {jobs} {change}"))
    found = scraped(app)
    waiting = {
        queue: value(found, "afterbeep_queue_jobs", queue=queue, state="waiting")
        for queue in ("recordings", "urgent", "fetches", "webhooks")
    }
    assert waiting == {"recordings": 2, "urgent": 1, "fetches": 0, "webhooks": 0}
    assert value(found, "afterbeep_queue_jobs", queue="fetches", state="running") == 1
    assert 90 <= (value(found, "afterbeep_queue_oldest_seconds", queue="urgent") or 0) < 120
    assert 0 <= (value(found, "afterbeep_queue_oldest_seconds", queue="recordings") or 0) < 30
    assert value(found, "afterbeep_queue_oldest_seconds", queue="fetches") == 0


def test_recordings_are_counted_by_where_they_stand_and_failures_by_code(app: FastAPI) -> None:
    store_report(app)
    store_report(app, "")  # nothing is heard in it
    store_report(app, audio=b"RIFF" + bytes(2000))
    receive(app)
    found = scraped(app)
    stand = {one: value(found, "afterbeep_recordings", status=one) for one in ("queued", "running", "done", "failed")}
    assert stand == {"queued": 1, "running": 0, "done": 1, "failed": 2}
    failed = {dict(labels)["code"]: n for (name, labels), n in found.items() if name == "afterbeep_recordings_failed"}
    assert sum(failed.values()) == 2
    assert failed["no_speech"] == 1


def test_messages_of_webhooks_are_a_queue_too_unless_nobody_sends_them(app: FastAPI) -> None:
    webhook, _ = app.state.webhooks.add("You", "http://127.0.0.1:9/", ["report.ready"], "standard")
    now = datetime.now(UTC)
    due, later, sending = (message(webhook.id, trial_payload(now), now) for _ in range(3))
    due.next_attempt_at = now - timedelta(seconds=50)
    later.next_attempt_at = now + timedelta(hours=1)
    sending.claimed_until = now + timedelta(hours=1)
    with app.state.store.session() as session:
        session.add_all((due, later, sending))

    def depths_and_age_s() -> tuple[list[float | None], float | None]:
        found = scraped(app)
        states = ("waiting", "running", "later")
        depths = [value(found, "afterbeep_queue_jobs", queue="webhooks", state=state) for state in states]
        return depths, value(found, "afterbeep_queue_oldest_seconds", queue="webhooks")

    depths, age_s = depths_and_age_s()
    assert depths == [1, 1, 1]
    assert 50 <= (age_s or 0) < 600  # the one that is due, neither the later one nor the one being sent
    app.state.webhooks.pause(webhook.id, paused=True)
    assert depths_and_age_s() == ([0, 0, 0], 0)


def test_requests_are_timed_by_route_and_status_and_never_by_address(app: FastAPI) -> None:
    client = TestClient(app)
    labels = {"method": "GET", "route": "/v1/voicemails/{recording_id}", "status": "404"}
    before = value(scraped(app), "afterbeep_request_seconds_count", **labels) or 0
    for name in ("karen.hale@example.com", "615-555-0142"):
        client.get(f"/v1/voicemails/{name}")
        client.get(f"/nothing/{name}")
        client.request("KARENHALE", "/")
    found = scraped(app)
    assert value(found, "afterbeep_request_seconds_count", **labels) == before + 2
    page = client.get("/metrics").text
    assert not re.search(r"karen|615-555|KARENHALE", page)
    assert 'route="none"' in page
    assert 'method="other"' in page


def test_every_worker_shows_what_it_counted_as_long_as_it_lives(app: FastAPI, settings: Settings) -> None:
    assert TestClient(app).get("/readyz").json()["workers"] == "none"
    metrics.describe_engine(settings.model_copy(update={"model": "/home/karen/models/base.pt"}), "cpu")
    counted = metrics.STAGE_SECONDS.labels("transcribing")
    beat(app, "box-0")
    first = value(scraped(app), "afterbeep_stage_seconds_count", stage="transcribing", worker="box-0") or 0
    counted.observe(0.3)
    beat(app, "box-1")
    beat(app, "box-1")
    found = scraped(app)
    counts = [
        value(found, "afterbeep_stage_seconds_count", stage="transcribing", worker=f"box-{number}") for number in (0, 1)
    ]
    assert counts == [first, first + 1]
    assert value(found, "afterbeep_workers") == 2
    assert TestClient(app).get("/readyz").json()["workers"] == "ok"
    (engine_info,) = [
        dict(labels) for (name, labels) in found if name == "afterbeep_engine_info" and "box-1" in str(labels)
    ]
    assert engine_info["model"] == "base.pt"

    with app.state.store.session() as session:  # the first was heard of last a while ago
        session.execute(
            sa.update(WorkerRow)
            .where(WorkerRow.id == "box-0")
            .values(seen_at=datetime.now(UTC) - metrics.GONE_AFTER - timedelta(seconds=5))
        )
    found = scraped(app)
    assert value(found, "afterbeep_workers") == 1
    assert value(found, "afterbeep_stage_seconds_count", stage="transcribing", worker="box-0") is None


def test_stages_and_deliveries_are_counted_as_they_end(app: FastAPI) -> None:
    def count(name: str, **labels: str) -> float:
        return metrics.WORKER.get_sample_value(name, labels) or 0

    stages = ("queued", "decoding", "listening", "transcribing", "judging", "saving")
    before = {stage: count("afterbeep_stage_seconds_count", stage=stage) for stage in stages}
    outcomes = ("delivered", "again_later", "gone")
    sent = {one: count("afterbeep_webhook_attempts_total", outcome=one) for one in outcomes}
    with provider_server() as receiver:
        replies = [(status, {}, b"") for status in (500, 200, 410)]
        url = receiver.in_turn("/in", *replies)
        webhook, _ = app.state.webhooks.add("You", url, ["report.ready"], "standard")
        store_report(app)
        (row,) = app.state.webhooks.deliveries(webhook.id)
        for _ in replies:
            app.state.postman.send(row.id)
    assert {stage: count("afterbeep_stage_seconds_count", stage=stage) - before[stage] for stage in stages} == (
        dict.fromkeys(stages, 1)
    )
    assert [count("afterbeep_webhook_attempts_total", outcome=one) - sent[one] for one in outcomes] == [1, 1, 1]


def test_who_may_read_it(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"metrics_token": Settings(metrics_token="s3cret").metrics_token}))
    with TestClient(app):
        assert TestClient(app).get("/metrics").status_code == 200  # the one at the machine
        they = cast(app)
        statuses = {name: they.client(name).get("/metrics").status_code for name in ("ada", "carla", "rob", None)}
        assert statuses == {"ada": 200, "carla": 403, "rob": 403, None: 401}
        for token, status in (("s3cret", 200), ("s3cret ", 200), ("other", 401), ("", 401), ("é", 401)):
            headers = {"Authorization": f"Bearer {token}".encode()}
            assert TestClient(app).get("/metrics", headers=headers).status_code == status, token
        key = they.client("ada").post("/v1/keys", json={"name": "Prometheus", "scopes": ["read"]}).json()["key"]
        assert TestClient(app).get("/metrics", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    with TestClient(create_app(settings.model_copy(update={"host": "0.0.0.0"}))) as client:
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401


def exposed(app: FastAPI) -> set[str]:
    """Every name there is, whether or not something was counted yet."""
    families = [*metrics.SERVICE.collect(), *metrics.WORKER.collect()]
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "info": ("_info",)}
    names = {family.name + ending for family in families for ending in endings.get(family.type, ("",))}
    return names | {name for name, _ in scraped(app)} | {"afterbeep_recordings_failed"}


def test_the_dashboard_asks_for_what_there_is_with_labels_it_has(app: FastAPI) -> None:
    dashboard = json.loads((ROOT / "docs/grafana.json").read_text("utf-8"))
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    asked = {name for query in queries for name in re.findall(r"\bafterbeep_\w+", query)}
    assert len(asked) >= 10
    assert asked <= exposed(app)
    labels = {"queue", "state", "status", "code", "stage", "outcome", "worker", "route", "method", "le", "instance"}
    labels |= {"engine", "model", "device", "precision", "version"}
    for query in queries:
        named = set(re.findall(r"(\w+)\s*(?:=|!=|=~|!~)\s*\"", query))
        for group in re.findall(r"\b(?:by|without)\s*\(([^)]*)\)", query):
            named |= {name.strip() for name in group.split(",")}
        assert named <= labels, query
        assert query.count("(") == query.count(")")
        assert query.count("{") == query.count("}")


def test_the_guide_names_every_metric(app: FastAPI) -> None:
    guide = (ROOT / "docs/observability.md").read_text("utf-8")
    families = [*metrics.SERVICE.collect(), *metrics.WORKER.collect()]
    families += list(text_string_to_metric_families(TestClient(app).get("/metrics").text))
    for family in families:
        assert f"`{family.name}" in guide, family.name


@pytest.mark.whisper
@pytest.mark.service
def test_a_worker_of_its_own_is_seen_through_the_service(live_service: Service, short_sample: Path) -> None:
    with short_sample.open("rb") as audio:
        answer = httpx.post(f"{live_service.url}/v1/voicemails?wait=120", files={"file": audio}, timeout=150)
    assert answer.status_code == 200
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])

    def seen() -> str:
        return httpx.get(f"{live_service.url}/metrics").text

    pattern = r'afterbeep_stage_seconds_count{stage="transcribing",worker="[^"]+-\d+"} [1-9]'
    wait_until(lambda: bool(re.search(pattern, seen())))
    assert re.search(r'afterbeep_engine_info{[^}]*engine="openai-whisper"[^}]*} 1\.0', seen())
    assert re.search(r'afterbeep_batch_recordings_count{worker="[^"]+"} [1-9]', seen())
    assert httpx.get(f"{live_service.url}/readyz").json()["workers"] == "ok"
