"""Calling tools, each from its documented event to a report, over HTTP; and what is not theirs leaves no trace."""

import hashlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import httpx2 as httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from twilio.request_validator import RequestValidator

from app.courier import courier_of
from app.fetching import Fetcher
from app.integrations import BY_NAME, INTEGRATIONS
from app.integrations.base import Delivery
from app.integrations.twilio import signature, with_and_without_port
from app.jobs import Jobs
from app.main import create_app
from app.settings import Settings
from models.errors import AfterbeepError
from tests.inside import serving
from tests.processes import Service, wait_until
from tests.provider import Provider, provider_server
from tests.stored import WAV, analyse, jobs
from tests.tool_events import NAMES, PUBLIC, WHSEC, Sent, Tool, hs256, send_generic, send_zoom, serve_generic, tools

pytestmark = pytest.mark.tools


class Running:
    """The service over HTTP, its worker's steps taken by the test."""

    def __init__(self, app: FastAPI, url: str, provider: Provider) -> None:
        self.app, self.provider = app, provider
        self.client = httpx.Client(base_url=url, timeout=30)

    def connect(self, tool: Tool, **more: object) -> str:
        told = {"integration": tool.name, "credentials": tool.credentials, "only_voicemails": tool.only_voicemails}
        hosts = {"hosts": tool.hosts} if tool.hosts else {}
        response = self.client.post("/v1/connections", json={**told, **hosts, **more})
        assert response.status_code == 201, response.text
        return response.json()["id"]

    def send(self, tool: Tool, connection: str, told: dict, at_s: float | None = None) -> httpx.Response:
        return self.post(tool, connection, self.signed(tool, connection, told, at_s))

    def signed(self, tool: Tool, connection: str, told: dict, at_s: float | None = None) -> Sent:
        url = f"{PUBLIC}/v1/integrations/{tool.name}/{connection}"
        return tool.send(url, told, time.time() if at_s is None else at_s)

    def post(self, tool: Tool, connection: str, sent: Sent) -> httpx.Response:
        url = f"/v1/integrations/{tool.name}/{connection}{sent.query}"
        return self.client.post(url, content=sent.body, headers=sent.headers)

    def events(self, connection: str) -> list[dict]:
        return self.client.get(f"/v1/connections/{connection}/events").json()["items"]

    def recordings(self) -> list[dict]:
        return self.client.get("/v1/voicemails").json()["items"]

    def work(self, recording_id: str, attempt: int = 0) -> None:
        """What the worker does, with every name resolved to the fake provider."""
        state = self.app.state
        fetcher = Fetcher(10_000_000, total_s=3, inside=True, resolve=lambda host, port: ["127.0.0.1"])
        courier_of(state.settings, state.store, state.audio, Jobs(state.store.engine), fetcher).run(
            recording_id, attempt
        )
        with suppress(FileNotFoundError):
            state.audio.original(recording_id)
            analyse(self.app, recording_id)

    def nothing_happened(self) -> bool:
        with self.app.state.store.engine.connect() as connection:
            rows = [connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) for table in ("call_events", "fetches")]
        return not (any(rows) or self.recordings() or jobs(self.app) or self.provider.asked)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FastAPI, str]]:
    app = create_app(Settings(data_dir=tmp_path_factory.mktemp("tools"), public_url=PUBLIC))
    with serving(app, starts=True) as url:
        yield app, url


@pytest.fixture
def running(served: tuple[FastAPI, str]) -> Iterator[Running]:
    """The one service, with nothing in it."""
    app, url = served
    with app.state.store.session() as session:
        for table in ("recordings", "connections", "workflow_status"):
            session.execute(sa.text(f"DELETE FROM {table}"))
    with provider_server() as provider:
        running = Running(app, url, provider)
        with running.client:
            yield running


def tool_of(running: Running, name: str) -> Tool:
    """One of NAMES, or the first of a tool."""
    named = zip(NAMES, tools(running.provider.port), strict=True)
    return next(tool for numbered, tool in named if name in (numbered, tool.name))


# From event to report


@pytest.mark.parametrize("name", NAMES)
def test_a_documented_event_becomes_a_report_once(running: Running, name: str) -> None:
    tool = tool_of(running, name)
    agents = {"u-7": "Tyler Reed", "7": "Tyler Reed", "tyler@example.com": "Tyler Reed"}
    connection = running.connect(tool, agents=agents, agent_channel=0, playbook="educate-first")
    told = tool.serve(running.provider)
    response = running.send(tool, connection, told)
    assert response.status_code == 200, response.text
    assert response.json()["taken"] == 1
    assert running.provider.asked == []
    for _ in range(3):
        assert running.send(tool, connection, told).json()["known"] == 1
    (recording,) = running.recordings()
    assert len(jobs(running.app)) == 1
    running.work(recording["id"])
    report = running.client.get(recording["links"]["report"])
    assert report.status_code == 200, report.text
    assert report.json()["playbook"]["name"] == "educate-first"
    assert report.json()["context"]["agent_channel"] == 0
    if tool.name not in ("vonage",) and "texml" not in tool.serve.__name__:
        assert report.json()["context"]["rep"] == "Tyler Reed"
    asked = running.provider.asked[-1]
    assert asked.headers.get("authorization", "").startswith(tool.fetched_with) or not tool.fetched_with
    if not tool.fetched_with:
        assert "authorization" not in asked.headers
    assert running.send(tool, connection, told).json()["known"] == 1
    (event,) = running.events(connection)
    assert (event["outcome"], event["recording_id"], event["status"]) == ("taken", recording["id"], "done")
    running.client.delete(recording["links"]["self"])
    assert running.send(tool, connection, told).json()["known"] == 1  # a deleted one does not come back
    assert running.recordings() == []


def test_the_acknowledgement_is_quick(running: Running) -> None:
    tool = tool_of(running, "generic")
    connection = running.connect(tool)
    took_s = []
    for number in range(20):
        told = serve_generic(running.provider)
        told["data"]["call_id"] = f"c-{number}"
        sent = running.signed(tool, connection, told)
        began_s = time.monotonic()
        assert running.post(tool, connection, sent).json()["taken"] == 1
        took_s.append(time.monotonic() - began_s)
    print(f"acknowledged in {1000 * sorted(took_s)[10]:.0f} ms (median), first {1000 * took_s[0]:.0f} ms")
    assert sorted(took_s)[10] < 0.2


def test_the_same_event_many_times_at_once_is_one_recording(running: Running) -> None:
    tool = tool_of(running, "generic")
    connection = running.connect(tool)
    sent = running.signed(tool, connection, serve_generic(running.provider))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: running.post(tool, connection, sent), range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert sum(answer.json()["taken"] for answer in answers) == 1
    assert len(running.recordings()) == len(jobs(running.app)) == 1


# What is not theirs


def broken(sent: Sent) -> Iterator[tuple[str, Sent]]:
    """A good event, spoiled in every way."""
    yield "truncated", replace(sent, body=sent.body[:-7])
    yield "nothing", replace(sent, body=b"", headers={}, query="")
    for number, header in enumerate(sent.headers):
        if header != "content-type":
            yield f"no {header}", replace(sent, headers={key: v for key, v in sent.headers.items() if key != header})
            flipped = sent.headers[header][:-3] + ("AAA" if not sent.headers[header].endswith("AAA") else "BBB")
            yield f"wrong {header} {number}", replace(sent, headers={**sent.headers, header: flipped})
            yield f"odd {header}", replace(sent, headers={**sent.headers, header: "x"})
    if sent.headers and "verification-token" not in sent.headers:
        spoilt = sent.body.replace(b"2", b"3", 1) if b"2" in sent.body else sent.body[:40] + b"A" + sent.body[41:]
        yield "changed", replace(sent, body=spoilt)
        yield "longer", replace(sent, body=sent.body + b" x")
    if sent.query:
        yield "no query", replace(sent, query="")
        yield "other query", replace(sent, query=sent.query.replace("=", "=x", 1))


@pytest.mark.parametrize("name", NAMES)
def test_forged_and_truncated_events_leave_no_trace(running: Running, name: str) -> None:
    tool = tool_of(running, name)
    connection = running.connect(tool)
    sent = running.signed(tool, connection, tool.serve(running.provider))
    for what, spoilt in broken(sent):
        response = running.post(tool, connection, spoilt)
        assert response.status_code in (401, 422, 503), (what, response.status_code, response.text)
        assert response.json()["code"] in ("event_refused", "event_unsigned", "invalid_event")
    assert running.nothing_happened()


@pytest.mark.parametrize("name", [name for name, tool in zip(NAMES, tools(0), strict=True) if tool.timed])
@pytest.mark.parametrize("late_s", [-7200, -360, 360])
def test_stale_events_are_refused_where_the_time_is_signed(running: Running, name: str, late_s: float) -> None:
    tool = tool_of(running, name)
    late_s = -abs(late_s) if tool.name == "gong" else late_s  # only an end is signed there
    connection = running.connect(tool)
    response = running.send(tool, connection, tool.serve(running.provider), time.time() + late_s)
    assert (response.status_code, response.json()["code"]) == (401, "event_refused")
    assert running.nothing_happened()


@pytest.mark.parametrize("name", NAMES)
def test_an_event_of_another_connection_is_refused(running: Running, name: str) -> None:
    tool = tool_of(running, name)
    connection = running.connect(tool)
    sent = running.signed(tool, connection, tool.serve(running.provider))
    assert running.post(tool, "0" * 32, sent).status_code == 404
    elsewhere = next(one.name for one in INTEGRATIONS if one.name != tool.name)
    assert running.post(replace(tool, name=elsewhere), connection, sent).status_code == 404
    assert running.nothing_happened()


@pytest.mark.parametrize("alg", ["none", "HS512", "RS256"])
def test_a_jwt_cannot_choose_its_algorithm(running: Running, alg: str) -> None:
    tool = tool_of(running, "dialpad")
    connection = running.connect(tool)
    forged = hs256(tool.serve(running.provider), tool.credentials["secret"], alg)
    assert running.post(tool, connection, Sent("", {}, forged.encode())).json()["code"] == "event_refused"
    assert running.nothing_happened()


def test_a_body_without_end_is_cut_off(running: Running) -> None:
    tool = tool_of(running, "aircall")
    connection = running.connect(tool)
    url = f"/v1/integrations/aircall/{connection}"
    response = running.client.post(url, content=(b" " * 100_000 for _ in range(50)))
    assert response.json()["code"] == "too_large"


# What is theirs and still not for us


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"direction": "inbound"}, "inbound"),
        ({"direction": None}, "which way"),
        ({"direction": "sideways"}, "which way"),
        ({"outcome": "answered"}, "did not end in a voicemail"),
        ({"outcome": None}, "does not say that it ended in a voicemail"),
        ({"recording_url": None}, "no recording"),
        ({"recording_url": ""}, "no recording"),
    ],
)
def test_other_calls_are_dropped_with_the_reason(running: Running, told: dict, reason: str) -> None:
    tool = tool_of(running, "generic")
    connection = running.connect(tool)
    good = serve_generic(running.provider)
    other = {**good, "data": {**good["data"], **told}}
    assert running.send(tool, connection, other).json()["dropped"] == 1
    (event,) = running.events(connection)
    assert (event["outcome"], event["recording_id"]) == ("dropped", None)
    assert reason in event["reason"]
    assert running.recordings() == jobs(running.app) == []
    assert running.send(tool, connection, good).json()["taken"] == 1  # the recording came later: now it is one
    assert [event["outcome"] for event in running.events(connection)] == ["taken"]


def test_only_voicemails_says_what_a_tool_leaves_unsaid_and_no_more(running: Running) -> None:
    tool = replace(tool_of(running, "generic"), only_voicemails=True)
    connection = running.connect(tool)
    good = serve_generic(running.provider)["data"]
    for number, (told, taken) in enumerate(
        [({"direction": None, "outcome": None}, 1), ({"direction": "inbound"}, 0), ({"outcome": "answered"}, 0)]
    ):
        answer = running.send(tool, connection, {**good, **told, "call_id": f"c-{number}"})
        assert answer.json()["taken"] == taken


def test_a_paused_connection_takes_nothing_and_keeps_the_tool_content(running: Running) -> None:
    tool = tool_of(running, "generic")
    connection = running.connect(tool)
    running.client.patch(f"/v1/connections/{connection}", json={"paused": True})
    assert running.send(tool, connection, serve_generic(running.provider)).json()["dropped"] == 1
    assert "paused" in running.events(connection)[0]["reason"]
    running.client.patch(f"/v1/connections/{connection}", json={"paused": False})
    assert running.send(tool, connection, serve_generic(running.provider)).json()["taken"] == 1


def test_events_that_are_no_calls_are_acknowledged(running: Running) -> None:
    tool = tool_of(running, "aircall")
    connection = running.connect(tool)
    for told in (
        {"event": "user.created", "data": {"id": 1}},
        {"event": "call.voicemail_left", "data": {"id": 9, "direction": "inbound", "recording": "https://a"}},
    ):
        assert running.send(tool, connection, told).json()["dropped"] == 1
    assert [event["call_id"] for event in running.events(connection)] == ["9"]


def test_zoom_is_answered_when_it_checks_the_address_and_deletes(running: Running) -> None:
    tool = tool_of(running, "zoom")
    connection = running.connect(tool)
    checked = running.send(tool, connection, {"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8"}})
    import hmac

    expected = hmac.new(b"zoom-token", b"qgg8", hashlib.sha256).hexdigest()
    assert checked.json() == {"plainToken": "qgg8", "encryptedToken": expected}
    told = tool.serve(running.provider)
    running.send(tool, connection, told)
    assert len(running.recordings()) == 1
    running.send(tool, connection, {**told, "event": "phone.recording_deleted"})
    assert running.recordings() == []
    assert running.send(tool, connection, told).json()["taken"] == 0
    forged = send_zoom("", {"event": "endpoint.url_validation", "payload": {"plainToken": "x"}}, time.time())
    other = replace(forged, headers={**forged.headers, "x-zm-signature": "v0=00"})
    assert running.post(tool, connection, other).status_code == 401


def test_ringcentral_hears_its_token_once_and_nothing_else_unsigned(running: Running) -> None:
    tool = tool_of(running, "ringcentral")
    connection = running.connect(tool)
    hello = running.post(tool, connection, Sent("", {"validation-token": "abc-123"}, b""))
    assert (hello.status_code, hello.headers["validation-token"]) == (200, "abc-123")
    with_body = Sent("", {"validation-token": "abc-123"}, json.dumps(tool.serve(running.provider)).encode())
    assert running.post(tool, connection, with_body).status_code == 401
    assert running.nothing_happened()


def test_vonage_is_asked_to_send_again_what_it_forgot_to_sign(running: Running) -> None:
    tool = tool_of(running, "vonage")
    connection = running.connect(tool)
    sent = running.signed(tool, connection, tool.serve(running.provider))
    assert running.post(tool, connection, replace(sent, headers={})).status_code == 503
    assert running.nothing_happened()


# Fetching for a connection


def taken(running: Running, tool: Tool, told: dict, **more: object) -> str:
    connection = running.connect(tool, **more)
    assert running.send(tool, connection, told).json()["taken"] == 1
    return running.recordings()[0]["id"]


def test_a_recording_elsewhere_than_the_tool_keeps_them_is_refused(running: Running) -> None:
    tool = tool_of(running, "twilio")
    told = tool.serve(running.provider)
    told["RecordingUrl"] = running.provider.url("/Recordings/RE1", "evil.example")
    recording = taken(running, tool, told)
    running.work(recording)
    assert running.client.get(f"/v1/voicemails/{recording}").json()["error"]["code"] == "fetch_refused"
    assert running.provider.asked == []


def test_what_the_tool_has_not_ready_is_asked_for_again(running: Running) -> None:
    tool = tool_of(running, "ringcentral")
    told = tool.serve(running.provider)
    log, empty = "/restapi/v1.0/account/~/call-log", (200, {}, b'{"records": []}')
    link = running.provider.url("/content/1", "media.ringcentral.com")
    ready = (200, {}, json.dumps({"records": [{"recording": {"contentUri": link}}]}).encode())
    running.provider.in_turn(log, empty, (503, {}, b""), ready)
    recording = taken(running, tool, told)
    for attempt in range(3):
        running.work(recording, attempt)
    assert running.client.get(f"/v1/voicemails/{recording}").json()["status"] == "done"


def test_wrong_credentials_end_in_a_failure_that_names_them(running: Running) -> None:
    tool = tool_of(running, "zoom")
    told = tool.serve(running.provider)
    running.provider.serve("/oauth/token", b"", 401)
    recording = taken(running, tool, told)
    running.work(recording)
    error = running.client.get(f"/v1/voicemails/{recording}").json()["error"]
    assert error["code"] == "fetch_denied"
    assert "credentials" in error["message"]


def test_a_connection_removed_meanwhile_is_not_fetched_for(running: Running) -> None:
    tool = tool_of(running, "generic")
    recording = taken(running, tool, serve_generic(running.provider))
    for item in running.client.get("/v1/connections").json()["items"]:
        running.client.delete(f"/v1/connections/{item['id']}")
    running.work(recording)
    assert running.client.get(f"/v1/voicemails/{recording}").json()["error"]["code"] == "fetch_refused"


# Signatures, against the tools' own libraries and published examples


def test_twilio_signatures_are_theirs() -> None:
    params = {
        "CallSid": "CA1234567890ABCDE", "Digits": "1234", "From": "+14158675309", "To": "+18005551212",
        "Caller": "+14158675309",
    }  # fmt: skip
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, list(params.items())) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    for address in (url, "https://a.example:8443/x", "http://a.example/x?y"):
        theirs = RequestValidator("12345").compute_signature(address, params)
        assert signature("12345", address, list(params.items())) == theirs
    assert "https://a.example:443/x" in with_and_without_port("https://a.example/x")
    assert "https://a.example/x" in with_and_without_port("https://a.example:443/x")


def test_standard_webhooks_signatures_are_theirs() -> None:
    sent = send_generic("", {"a": 1}, time.time())
    Webhook(WHSEC).verify(sent.body, sent.headers)
    sample = BY_NAME["generic"].sample("", {"secret": WHSEC})
    from svix.webhooks import Webhook as Svix

    assert sample is not None
    Svix(WHSEC).verify(sample.body, dict(sample.headers))


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["data", "event", "payload", "object", "recordings", "call_id", "id", "body", "parties",
                         "recording_url", "callData", "metaData", "direction", "status", "tags", "user", "state"]),
        inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_whatever_is_signed_is_read_or_refused_with_a_code(told: object) -> None:
    delivery = Delivery("https://a.example/", {}, json.dumps(told).encode())
    for integration in INTEGRATIONS:
        if integration.name == "dialpad":
            continue  # its body is a JWT
        with suppress(AfterbeepError):
            integration.read(delivery, {"account_sid": "AC", "secret_token": "s"})


# Connections


def test_credentials_are_stored_sealed_and_never_shown(running: Running) -> None:
    tool = tool_of(running, "callrail")
    connection = running.connect(tool, name="Dialler")
    shown = running.client.get(f"/v1/connections/{connection}")
    assert shown.json()["credentials_set"] == ["algorithm", "api_key", "encoding", "header", "secret"]
    assert shown.json()["url"] == f"{PUBLIC}/v1/integrations/callrail/{connection}"
    page = running.client.get(f"/connections/{connection}", headers={"Accept": "text/html"})
    folder = running.app.state.settings.data_dir
    stored = b"".join(path.read_bytes() for path in folder.glob("afterbeep.db*"))
    for text in (shown.text, page.text, running.client.get("/v1/connections").text):
        assert "callrail-secret" not in text
    assert b"callrail-secret" not in stored


def test_a_connection_is_changed_in_part_and_removed(running: Running) -> None:
    tool = tool_of(running, "callrail")
    connection = running.connect(tool, agents={"7": "Tyler"}, agent_channel=1)
    path = f"/v1/connections/{connection}"
    changed = running.client.patch(path, json={"agent_channel": None, "credentials": {"secret": "new"}}).json()
    assert (changed["agent_channel"], changed["agents"]) == (None, {"7": "Tyler"})
    assert running.send(tool, connection, tool.serve(running.provider)).status_code == 401
    assert running.client.delete(path).status_code == 204
    assert running.client.get(path).status_code == 404
    assert running.send(tool, connection, tool.serve(running.provider)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"integration": "fax", "credentials": {}},
        {"integration": "generic", "credentials": {}},
        {"integration": "generic", "credentials": {"secret": "whsec_c2hvcnQ="}},
        {"integration": "generic", "credentials": {"secret": WHSEC, "other": "x"}},
        {"integration": "generic", "credentials": {"secret": WHSEC}, "playbook": "none-such"},
        {"integration": "generic", "credentials": {"secret": WHSEC}, "agent_channel": 64},
        {"integration": "generic", "credentials": {"secret": WHSEC}, "colour": "red"},
        {"integration": "callrail", "credentials": {"secret": "s", "api_key": "k", "algorithm": "md5"}},
        {"integration": "telnyx", "credentials": {"public_key": "short"}},
        {"integration": "telnyx", "credentials": {"public_key": "???"}},
        {"integration": "vonage", "credentials": {"signature_secret": "s", "application_id": "a", "private_key": "x"}},
        {"integration": "gong", "credentials": {"access_key": "a", "access_secret": "b"}},
        {"integration": "gong", "credentials": {"access_key": "a", "access_secret": "b", "url_key": "short"}},
    ],
)
def test_what_cannot_be_connected(running: Running, body: dict) -> None:
    response = running.client.post("/v1/connections", json=body)
    assert response.status_code == 422, response.text
    assert running.client.get("/v1/connections").json()["items"] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_test_button_takes_a_signed_example_through(running: Running, name: str) -> None:
    tool = tool_of(running, name)
    connection = running.connect(tool)
    found = running.client.post(f"/v1/connections/{connection}/test").json()["found"]
    asymmetric = "public_key" in tool.credentials
    assert ("Only" in found) == asymmetric
    assert asymmetric or "would be taken" in found, found
    (event,) = running.events(connection)
    assert (event["call_id"], event["outcome"]) == ("test", "test")
    assert running.recordings() == jobs(running.app) == []


# Pages


def form_of(tool: Tool, **more: str) -> dict[str, str]:
    return {"name": "Dialler", **{f"credential.{key}": value for key, value in tool.credentials.items()}, **more}


@pytest.mark.parametrize("name", NAMES)
def test_a_connection_is_made_on_the_page(running: Running, name: str) -> None:
    tool = tool_of(running, name)
    assert f"/connections/new/{tool.name}" in running.client.get("/connections").text
    new = running.client.get(f"/connections/new/{tool.name}")
    for setting in BY_NAME[tool.name].settings:
        assert f'name="credential.{setting.name}"' in new.text
    sent = form_of(tool, agents="u-7 = Tyler Reed\n", hosts="*.a.example", only_voicemails="yes")
    made = running.client.post(f"/connections/new/{tool.name}", data=sent)
    assert made.status_code == 303, made.text
    (stored,) = running.client.get("/v1/connections").json()["items"]
    assert (stored["agents"], stored["hosts"], stored["only_voicemails"]) == (
        {"u-7": "Tyler Reed"},
        ["*.a.example"],
        True,
    )
    page = running.client.get(made.headers["location"])
    assert stored["url"] in page.text
    tested = running.client.post(f"/connections/{stored['id']}", data={"do": "test"})
    assert 'role="status"' in tested.text
    assert running.client.post(f"/connections/{stored['id']}", data={"do": "pause"}).status_code == 303
    assert running.client.get(f"/v1/connections/{stored['id']}").json()["paused"] is True
    kept = {
        key: "" if key.startswith("credential.") and key != "credential.oauth_url" else value
        for key, value in sent.items()
    }
    assert running.client.post(f"/connections/{stored['id']}", data={**kept, "name": "Other"}).status_code == 303
    assert running.client.get(f"/v1/connections/{stored['id']}").json()["name"] == "Other"
    assert running.client.post(f"/connections/{stored['id']}", data={"do": "remove"}).status_code == 303
    assert running.client.get("/v1/connections").json()["items"] == []


def test_what_is_wrong_is_said_beside_what_was_typed(running: Running) -> None:
    tool = tool_of(running, "generic")
    for wrong in ({"credential.secret": "short"}, {"agents": "u-7"}, {"agent_channel": "left"}):
        answer = running.client.post("/connections/new/generic", data={**form_of(tool, hosts="a.example"), **wrong})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert "a.example" in answer.text
        assert WHSEC not in answer.text
    assert running.client.get("/connections/new/fax", headers={"Accept": "text/html"}).status_code == 404


def test_pages_hold_nothing_the_security_policy_forbids(running: Running) -> None:
    tool = tool_of(running, "generic")
    connection = running.connect(tool)
    evil = serve_generic(running.provider)
    evil["data"].update(call_id="<script>alert(1)</script>", direction="inbound")
    running.send(tool, connection, evil)
    for path in ("/connections", "/connections/new/gong", f"/connections/{connection}"):
        text = running.client.get(path).text
        assert "<script>alert" not in text
        assert " style=" not in text
        assert "onclick" not in text


# The real thing


@pytest.mark.service
@pytest.mark.whisper
def test_a_call_is_heard_by_the_real_service(new_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERBEEP_FETCH_INSIDE", "1")
    new_service.start()
    with provider_server() as provider:
        told = {"integration": "generic", "credentials": {"secret": WHSEC, "authorization": "Bearer k"}}
        made = httpx.post(f"{new_service.url}/v1/connections", json={**told, "hosts": ["127.0.0.1"]}).json()
        provider.in_turn("/a.wav", (404, {}, b""), (200, {}, WAV))
        call = {
            "call_id": "1",
            "recording_url": provider.url("/a.wav"),
            "direction": "outbound",
            "outcome": "voicemail",
        }
        sent = send_generic(made["url"], call, time.time())
        for _ in range(2):
            assert httpx.post(made["url"], content=sent.body, headers=sent.headers).status_code == 200
        events = f"{new_service.url}/v1/connections/{made['id']}/events"
        wait_until(lambda: httpx.get(events).json()["items"][0]["status"] in ("done", "failed"))
        (event,) = httpx.get(events).json()["items"]
        assert event["status"] == "done"
        report = httpx.get(f"{new_service.url}/v1/voicemails/{event['recording_id']}/report").json()
        assert report["transcript"]["engine"] == "openai-whisper"
        assert len(report["transcript"]["words"]) > 5
        assert [asked.headers["authorization"] for asked in provider.asked] == ["Bearer k", "Bearer k"]


def test_nothing_equals_an_empty_secret() -> None:
    from app.integrations.base import same

    assert not same("", "")
    assert not same("", None)


# Accounts


def test_reports_belong_to_the_rep_a_connection_names_and_connections_to_admins(settings: Settings) -> None:
    from tests.people import cast

    with provider_server() as provider:
        app = create_app(settings.model_copy(update={"public_url": PUBLIC}))
        with TestClient(app):
            people = cast(app)
            admin, (rep, other) = people.client("ada"), [people.client(name) for name in ("rita", "rob")]
            tool = next(tool for tool in tools(provider.port) if tool.name == "generic")
            told = {"integration": "generic", "credentials": tool.credentials, "hosts": tool.hosts}
            for client, status in ((rep, 403), (people.client("carla"), 403), (people.client(None), 401)):
                assert client.post("/v1/connections", json=told).status_code == status
                assert client.get("/connections", headers={"Accept": "application/json"}).status_code in (status, 303)
            made = admin.post("/v1/connections", json={**told, "agents": {"u-7": "rita@example.com"}}).json()
            sent = tool.send(made["url"], tool.serve(provider), time.time())
            answer = people.client(None).post(made["url"].removeprefix(PUBLIC), content=sent.body, headers=sent.headers)
            assert answer.json()["taken"] == 1
            (recording,) = rep.get("/v1/voicemails").json()["items"]
            assert recording["context"]["rep"] == "Rita"
            assert other.get(recording["links"]["self"]).status_code == 404
            mine = rep.post("/v1/voicemails", json={"url": "https://a.example/x.wav"}).json()
            assert other.get(mine["links"]["self"]).status_code == 404
            foreign = {"url": "https://a.example/x.wav", "owner": "rob@example.com"}
            assert rep.post("/v1/voicemails", json=foreign).json()["code"] == "invalid_request"
