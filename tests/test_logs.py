"""Log lines: one form for every process, one id through all of them, and nothing of anybody's in any of them."""

import ast
import io
import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from app import logs
from app.analyst import Analyst
from app.courier import Courier, courier_of
from app.settings import Settings
from models.errors import AnalysisFailed
from tests.conftest import ROOT
from tests.people import PASSWORD
from tests.provider import provider_server
from tests.scripted import Scripted
from tests.stored import WAV, analyse, receive

#: Of every kind that must not be told; each is handed in somewhere below.
EMAIL, OTHER_EMAIL = "karen.hale@bluepeak.example", "maya+calls@northline.example"
NUMBER, FILE, NAME = "615-555-0142", "Karen Hale 615-555-0142.wav", "Karen Hale"
WORDS = "I'm just checking in about the zeppelin contract. Call me at 615-555-0142."
KEY, SECRET = "ab_thisisnokeybutlookslikeone", "hooksecret4711"
PERSONAL = (EMAIL, OTHER_EMAIL, NUMBER, FILE, NAME, "zeppelin", KEY, SECRET, PASSWORD, "Karen", "Hale")


class Lines:
    """What a process would write, as JSON and plain."""

    def __init__(self) -> None:
        self.json, self.plain = io.StringIO(), io.StringIO()
        self.handlers = []
        for stream, formatter in ((self.json, logs.Json("service")), (self.plain, logs.Plain("service"))):
            handler = logging.StreamHandler(stream)
            handler.setFormatter(formatter)
            self.handlers.append(handler)

    def all(self) -> list[dict]:
        return [json.loads(line) for line in self.json.getvalue().splitlines()]

    def named(self, message: str) -> list[dict]:
        return [line for line in self.all() if line["message"] == message]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """All that is ours, and what a process shows of its libraries."""
    lines, root, ours = Lines(), logging.getLogger(), logging.getLogger("app")
    seen, dbos = logging.getLogger("app.seen"), logging.getLogger("dbos")
    levels = root.level, ours.level
    seen.setLevel(logging.NOTSET)  # an earlier test may have configured this process
    dbos.propagate = True
    root.setLevel(logging.WARNING)
    ours.setLevel(logging.DEBUG)
    for handler in lines.handlers:
        root.addHandler(handler)
    yield lines
    for handler in lines.handlers:
        root.removeHandler(handler)
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"fetch_inside": True})


class Broken:
    """An engine that says what it heard as it fails."""

    def transcribe(self, messages: object) -> list:
        try:
            raise KeyError(WORDS)
        except KeyError as error:
            raise ValueError(f"{WORDS} from {FILE} of {EMAIL}") from error


def upload(client: TestClient, **headers: str) -> dict:
    call = {"rep": NAME, "prospect": NAME, "company": NAME, "purpose": "cold"}
    answer = client.post("/v1/voicemails", files={"file": (FILE, WAV)}, data=call, headers=headers)
    assert answer.status_code == 202, answer.text
    return {**answer.json(), "request": answer.headers["x-request-id"]}


def everything(app: FastAPI) -> None:
    """What people and programs do, with personal facts wherever one can put them, done right and done wrong."""
    client, state = TestClient(app, raise_server_exceptions=False), app.state
    for engine in (Scripted(WORDS), Broken(), Scripted("")):
        sent = upload(client, **{"Idempotency-Key": f"{NAME} {id(engine)}"})
        Analyst(state.store, state.audio, engine, state.settings).run(sent["id"])
    client.get(f"/v1/voicemails/{EMAIL}")
    client.get("/v1/voicemails", params={"q": WORDS, "rep": NAME})
    client.get(f"/shared/{SECRET}")
    client.get(f"/{NUMBER}", headers={"User-Agent": NAME, "X-Request-ID": EMAIL, "traceparent": EMAIL})
    client.post("/v1/scripts", json={"text": WORDS, "context": {"rep": NAME}})
    client.post("/v1/scripts", json={"text": [WORDS]})
    client.post("/v1/voicemails", files={"file": (FILE, b"no recording")})
    client.post(f"/v1/integrations/generic/{SECRET}", content=WORDS)
    with provider_server() as other:
        other.serve("/" + SECRET, b"", status=500)
        state.webhooks.add(NAME, other.url(f"/{SECRET}"), ["report.ready", "report.failed"], "standard")
        for path, body in ((f"/{SECRET}.wav", b"no recording"), (f"/{NUMBER}.wav", b"")):
            link = other.serve(path, body)
            row = client.post("/v1/voicemails", json={"url": link, "rep": NAME}).json()
            courier_of(state.settings, state.store, state.audio, state.intake.jobs).run(row["id"], 0)
        while state.postman.deliver_next():
            pass
    row = client.post("/v1/voicemails", json={"url": f"http://127.0.0.1:9/{SECRET}"}).json()
    courier = courier_of(state.settings, state.store, state.audio, state.intake.jobs)
    courier.run(row["id"], 0)  # nobody is there
    row = client.post("/v1/voicemails", json={"url": f"http://127.0.0.1:9/{SECRET}"}).json()
    Courier(courier.store, courier.audio, courier.jobs, courier.vault, courier.fetcher, _unforeseen).run(row["id"], 0)
    state.people.add(EMAIL, NAME, "admin", PASSWORD)
    for email, password in ((EMAIL, PASSWORD), (EMAIL, "wrong" + PASSWORD), (OTHER_EMAIL, PASSWORD)):
        client.post("/login", data={"email": email, "password": password})
    client.get("/v1/me", headers={"Authorization": f"Bearer {KEY}"})


def _unforeseen(*_: object) -> None:
    raise RuntimeError(f"{EMAIL} {WORDS}")


def test_no_line_holds_anything_of_anybodys(app: FastAPI, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    everything(app)
    monkeypatch.setattr(app.state.store.__class__, "ping", lambda self: None)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"{EMAIL} said: {WORDS}")

    monkeypatch.setattr("app.script_pages.page", broken, raising=False)
    monkeypatch.setattr(app.state.credentials.__class__, "by_session", broken)
    client = TestClient(app, raise_server_exceptions=False, cookies={"afterbeep_session": SECRET})
    assert client.get("/v1/me").status_code == 500
    assert len(lines.all()) > 30
    for written in (lines.json.getvalue(), lines.plain.getvalue()):
        for fact in PERSONAL:
            assert fact.lower() not in written.lower(), fact


def test_lines_hold_only_what_they_may(app: FastAPI, lines: Lines) -> None:
    everything(app)
    known = {"at", "level", "process", "logger", "message", "request", "errors", *logs.FIELDS}
    for line in lines.all():
        assert set(line) <= known
        if line["logger"].startswith("app"):
            assert not re.search(r"[\[…]", line["message"]), line  # ours need no masking


def test_one_id_leads_from_the_request_to_the_worker_and_the_delivery(app: FastAPI, lines: Lines) -> None:
    with provider_server() as receiver:
        app.state.webhooks.add("You", receiver.serve("/in", b""), ["report.ready"], "standard")
        sent = upload(TestClient(app))
        analyse(app, sent["id"], WORDS)
        assert app.state.postman.deliver_next()
    about = [line for line in lines.all() if line.get("recording") == sent["id"]]
    assert [line["message"] for line in about] == ["queued", "analysed", "a webhook's message: delivered"]
    assert {line["request"] for line in about} == {sent["request"]}
    (request,) = [line for line in lines.named("request") if line["request"] == sent["request"]]
    assert (request["method"], request["route"], request["status"]) == ("POST", "/v1/voicemails", 202)


def test_a_request_keeps_the_id_it_came_with_if_it_is_one(app: FastAPI) -> None:
    client = TestClient(app)
    given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert client.get("/v1/me", headers={"traceparent": given}).headers["x-request-id"] == given.split("-")[1]
    for other in (EMAIL, given + "0", "00-" + "0" * 32 + "-00f067aa0ba902b7-01"):
        made = client.get("/v1/me", headers={"traceparent": other}).headers["x-request-id"]
        assert re.fullmatch(r"[0-9a-f]{32}", made)
        assert made not in other


def test_a_fault_of_ours_is_answered_with_the_id_the_log_has(
    app: FastAPI, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state.people.__class__, "exist", _unforeseen)
    answer = TestClient(app, raise_server_exceptions=False).get("/v1/me")
    assert answer.status_code == 500
    (line,) = lines.named("a request failed")
    assert line["request"] == answer.headers["x-request-id"]
    assert line["errors"][0]["kind"] == "RuntimeError"
    assert "tests.test_logs" in line["errors"][0]["where"][0]


def test_an_error_is_told_by_its_kind_its_code_and_where_it_came_from(lines: Lines) -> None:
    log = logging.getLogger("app.test")
    try:
        try:
            open("/nowhere/" + FILE)  # noqa: PTH123, SIM115
        except OSError as error:
            raise AnalysisFailed(WORDS) from error
    except AnalysisFailed:
        log.exception("broken")
    (line,) = lines.named("broken")
    assert [one["kind"] for one in line["errors"]] == ["AnalysisFailed analysis_failed", "FileNotFoundError ENOENT"]
    assert "FileNotFoundError ENOENT: tests.test_logs:" in lines.plain.getvalue()


PHONES = st.from_regex(r"\+?1?[ .-]?\(?[2-9][0-9]{2}\)?[ .-]?[0-9]{3}[ .-]?[0-9]{4}", fullmatch=True)
KEYS = st.from_regex(r"(ab_|whsec_|sk-|Bearer )[A-Za-z0-9_-]{16,43}", fullmatch=True)
QUOTED = st.text(st.characters(codec="utf-8", exclude_characters="“”\n"), min_size=6).map("“{}”".format)
LINKS = st.from_regex(r"/[a-zA-Z0-9]{8,30}\.wav\?token=[a-z0-9]{8}", fullmatch=True)
AROUND = st.sampled_from(("", "for ", "could not read: ", "(", "key=", "to\t"))


@given(st.emails(), AROUND)
def test_addresses_are_masked_in_what_libraries_say(email: str, before: str) -> None:
    local, _, domain = email.partition("@")
    said = logs.masked(f"{before}{email}").split()
    assert not {email, local, domain, "@"} & set(said)
    assert not any("@" in word for word in said)


@given(st.one_of(PHONES, KEYS), AROUND, st.sampled_from(("", ".", ", again", " )")))
def test_numbers_and_keys_are_masked(secret: str, before: str, after: str) -> None:
    assert secret.split()[-1].strip() not in logs.masked(f"{before}{secret}{after}")


@given(QUOTED, LINKS)
def test_what_is_quoted_and_where_links_lead_is_masked(quoted: str, path: str) -> None:
    said = logs.masked(f"failed on {quoted} at https://user:pw@calls.example.com{path}")
    assert "calls.example.com" in said
    assert path not in said
    assert "user:pw" not in said
    assert quoted not in said


def test_a_library_says_no_more_than_a_line(lines: Lines) -> None:
    logging.getLogger("dbos").warning("Exception in step: %s\nTraceback: %s", f"“{FILE}”", WORDS)
    assert "zeppelin" not in lines.json.getvalue()
    assert lines.all()[-1]["message"] == "Exception in step: […]"


ALLOWED = {"ENDPOINT", "outage.code", "count", "pause_s", "drain_s", "settings.worker_id", "outcome"}


def calls_of_log() -> Iterator[tuple[str, ast.Call]]:
    levels = {f"log.{level}" for level in ("debug", "info", "warning", "error", "exception", "critical", "log")}
    for path in sorted((ROOT / "app").rglob("*.py")):
        source = path.read_text("utf-8")
        assert "getLogger(" not in source or "log = logging.getLogger(__name__)" in source or path.name == "logs.py"
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in levels:
                yield str(path.relative_to(ROOT)), node


def test_our_own_messages_are_constants_with_ids_and_codes_only() -> None:
    found = list(calls_of_log())
    assert len(found) > 15
    for path, call in found:
        message, *values = call.args
        assert isinstance(message, ast.Constant), f"{path}:{call.lineno}: the message is no constant"
        assert {ast.unparse(one) for one in values} <= ALLOWED, f"{path}:{call.lineno}"


SPEAKING = """
import logging, sys, threading
from app import logs
from app.settings import Settings
logs.configure(Settings(log_format=sys.argv[1]), "worker")
import dbos
dbos._logger.init_logger()
for name in ("app.jobs", "dbos", "uvicorn.error", "sqlalchemy.pool"):
    logging.getLogger(name).warning("something is wrong")
thread = threading.Thread(target=lambda: open("/nowhere/Karen Hale.wav"))
thread.start()
thread.join()
with logs.about("r1"):
    logging.getLogger("app.seen").info("request", extra={"status": 200})
"""


def spoken(form: str) -> list[str]:
    command = [sys.executable, "-c", SPEAKING, form]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stderr.splitlines()


def test_a_process_writes_one_form_whatever_library_speaks() -> None:
    lines = [json.loads(line) for line in spoken("json")]
    assert [line["logger"] for line in lines] == [
        "app.jobs",
        "dbos",
        "uvicorn.error",
        "sqlalchemy.pool",
        "app",
        "app.seen",
    ]
    assert lines[4]["errors"][0]["kind"] == "FileNotFoundError ENOENT"
    assert "Karen" not in str(lines)
    assert lines[-1] == {
        "at": lines[-1]["at"], "level": "info", "process": "worker", "logger": "app.seen", "message": "request",
        "recording": "r1", "status": 200,
    }  # fmt: skip


def test_who_reads_plain_lines_sees_no_line_for_each_request() -> None:
    lines = spoken("plain")
    assert len(lines) == 6  # the error of the thread has two
    assert re.fullmatch(r"\d\d:\d\d:\d\d worker: something is wrong", lines[1])
    assert lines[5].startswith("  FileNotFoundError ENOENT: __main__:")


def test_the_inner_context_counts_and_ends() -> None:
    record = logging.makeLogRecord({"msg": "x"})
    with logs.about("a"), logs.about("b"):
        assert logs.told(record)["recording"] == "b"
    assert "recording" not in logs.told(record)


def test_an_arrival_without_a_request_has_no_id(app: FastAPI) -> None:
    assert app.state.store.recording(receive(app)).traceparent is None
