"""Traces from the upload to the delivery, with OpenTelemetry's own exporters; and none unless somebody asks."""

import os
import subprocess
import sys

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app import tracing
from app.courier import courier_of
from app.settings import Settings
from tests.conftest import ROOT
from tests.provider import provider_server
from tests.stored import WAV, analyse

sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="the extra traces is not installed")
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"fetch_inside": True})


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    monkeypatch.setattr(tracing, "_provider", None)  # put back afterwards
    exporter = InMemorySpanExporter()
    tracing.send_to(SimpleSpanProcessor(exporter))
    return exporter


def by_name(exporter: InMemorySpanExporter) -> dict:
    return {span.name: span for span in exporter.get_finished_spans()}


def parent_of(spans: dict, name: str) -> str | None:
    """The name of a span's parent."""
    parent = spans[name].parent
    return next((other for other, span in spans.items() if parent and span.context.span_id == parent.span_id), None)


def test_one_trace_from_the_upload_to_the_delivery(app: FastAPI, exporter: InMemorySpanExporter) -> None:
    state, client = app.state, TestClient(app)
    with provider_server() as other:
        state.webhooks.add("You", other.serve("/in", b""), ["report.ready"], "standard")
        link = other.serve("/take.wav", WAV)
        sent = client.post("/v1/voicemails", json={"url": link}, headers={"traceparent": CALLER})
        recording_id = sent.json()["id"]
        courier_of(state.settings, state.store, state.audio, state.intake.jobs).run(recording_id, 0)
        analyse(app, recording_id)
        assert state.postman.deliver_next()
    spans = by_name(exporter)
    stages = {"decoding", "listening", "transcribing", "judging", "saving"}
    request = "POST /v1/voicemails"
    assert set(spans) == {request, "fetching", "queued", "analysis", "webhook", *stages}
    assert {f"{span.context.trace_id:032x}" for span in spans.values()} == {CALLER.split("-")[1]}
    assert f"{spans[request].parent.span_id:016x}" == CALLER.split("-")[2]
    for name in ("fetching", "queued", "analysis", "webhook"):
        assert parent_of(spans, name) == request
    for name in stages:
        assert parent_of(spans, name) == "analysis"
        assert spans["analysis"].start_time <= spans[name].start_time <= spans[name].end_time
        assert spans[name].end_time <= spans["analysis"].end_time
    assert spans["queued"].start_time < spans["fetching"].end_time < spans["queued"].end_time
    assert spans[request].attributes["http.response.status_code"] == 202
    assert spans["analysis"].attributes["afterbeep.recording"] == recording_id
    assert spans["webhook"].attributes["afterbeep.delivered"] is True
    assert sent.headers["x-request-id"] == CALLER.split("-")[1]


def test_of_a_failure_a_span_tells_the_code_and_nothing_else(app: FastAPI, exporter: InMemorySpanExporter) -> None:
    sent = TestClient(app).post("/v1/voicemails", files={"file": ("Karen Hale.wav", b"RIFF" + bytes(2000))})
    analyse(app, sent.json()["id"], "")
    failed = by_name(exporter)["decoding"]
    assert not failed.status.is_ok
    assert failed.attributes["error.type"] == app.state.store.recording(sent.json()["id"]).error_code
    for span in exporter.get_finished_spans():
        assert "Karen" not in span.to_json()
        assert not span.events


def test_a_second_attempt_and_what_only_asks_for_health_tell_no_waiting(
    app: FastAPI, exporter: InMemorySpanExporter
) -> None:
    client = TestClient(app)
    recording_id = client.post("/v1/voicemails", files={"file": ("a.wav", WAV)}).json()["id"]
    app.state.store.begin(recording_id)  # and its worker died
    analyse(app, recording_id)
    for path in ("/healthz", "/readyz", "/metrics", "/static/style.css"):
        client.get(path)
    spans = by_name(exporter)
    assert "queued" not in spans
    assert spans["analysis"].attributes["afterbeep.attempt"] == 2
    assert [name for name in spans if name.startswith("GET")] == []


def test_spans_go_where_the_standard_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "_provider", None)
    with provider_server() as other:
        other.serve("/v1/traces", b"")
        monkeypatch.setenv(tracing.ENDPOINT, other.url(""))
        tracing.start()
        with tracing.span("analysis"):
            pass
        tracing.flush()
        assert [asked.path for asked in other.asked] == ["/v1/traces"]
        assert b"analysis" in other.asked[0].body
        tracing._provider.shutdown()  # type: ignore[union-attr]


def test_without_it_nothing_is_made_or_imported() -> None:
    code = (
        "import sys; from app import tracing, main, worker; tracing.start()\n"
        "with tracing.span('analysis') as made: assert made is None\n"
        "heavy = [name for name in sys.modules if name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))]\n"
        "assert not heavy, heavy"
    )
    environment = {name: value for name, value in os.environ.items() if name != tracing.ENDPOINT}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)


def test_without_the_extra_it_says_so_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tracing, "_provider", None)
    monkeypatch.setenv(tracing.ENDPOINT, "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    tracing.start()
    assert "extra for traces" in caplog.text
    with tracing.span("analysis") as made:
        assert made is None
