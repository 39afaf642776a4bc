"""Server-sent events over real HTTP: the present at once, then what changes, from one look at the database for all."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import httpx2 as httpx
import pytest
from fastapi import FastAPI
from sse_starlette import ServerSentEvent

from app import live, live_api
from app.access import COOKIE
from app.database import migrate
from app.main import create_app
from app.schema import RecordingRow
from app.settings import Settings
from models.errors import NoSpeech
from models.person import LOCAL
from models.recording import CallContext
from tests.inside import serving
from tests.people import cast
from tests.processes import Service, wait_until
from tests.stored import analyse, receive, store_report


@dataclass
class Running:
    app: FastAPI
    url: str

    def listeners(self) -> int:
        return len(self.app.state.watcher._listeners)


@pytest.fixture
def running(settings: Settings) -> Iterator[Running]:
    migrate(settings)
    app = create_app(settings)
    with serving(app, starts=True) as url:
        yield Running(app, url)


class Following:
    """A stream, read event by event."""

    def __init__(self, url: str, cookies: dict[str, str] | None = None) -> None:
        self.context = httpx.stream("GET", url, timeout=30, cookies=cookies)
        self.response = self.context.__enter__()
        self.lines = self.response.iter_lines()

    def close(self) -> None:
        self.context.__exit__(None, None, None)

    def next(self) -> tuple[str, Any] | None:
        name = ""
        for line in self.lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            if line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))
        return None


def follow(running: Running, path: str) -> "closing[Following]":
    return closing(Following(running.url + path))


def test_a_recording_is_followed_from_the_present_to_its_report(running: Running) -> None:
    recording_id = receive(running.app)
    receive(running.app, name="another.wav")
    with follow(running, f"/v1/voicemails/{recording_id}/events") as stream:
        assert stream.response.headers["content-type"].startswith("text/event-stream")
        assert stream.response.headers["content-security-policy"]
        name, shown = stream.next()
        assert (name, shown["id"], shown["status"]) == ("status", recording_id, "queued")
        running.app.state.store.begin(recording_id)
        running.app.state.store.set_stage(recording_id, "transcribing")
        name, shown = stream.next()
        assert (name, shown["status"], shown["stage"]) == ("status", "running", "transcribing")
        analyse(running.app, recording_id)
        while (event := stream.next()) and event[0] == "status":
            pass
        name, shown = event
        assert (name, shown["status"]) == ("done", "done")
        assert shown == httpx.get(f"{running.url}/v1/voicemails/{recording_id}").json()
        assert stream.next() is None, "it ends by itself"


def test_who_comes_late_is_told_the_end_at_once(running: Running) -> None:
    done = store_report(running.app)
    failed, gone = receive(running.app, name="b.wav"), receive(running.app, name="c.wav")
    running.app.state.store.fail(failed, NoSpeech("Nobody speaks."))
    for recording_id, name in ((done, "done"), (failed, "failed")):
        with follow(running, f"/v1/voicemails/{recording_id}/events") as stream:
            told, shown = stream.next()
            assert (told, shown["id"]) == (name, recording_id)
            assert stream.next() is None
    with follow(running, f"/v1/voicemails/{gone}/events") as stream:
        assert stream.next()[0] == "status"
        running.app.state.intake.remove(gone, LOCAL)
        assert stream.next() == ("gone", {"id": gone})
        assert stream.next() is None
    answer = httpx.get(f"{running.url}/v1/voicemails/{gone}/events")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_list_tells_of_the_newest_then_of_every_change(running: Running) -> None:
    first = store_report(running.app)
    with follow(running, "/v1/events") as stream:
        name, shown = stream.next()
        assert (name, shown["id"], shown["status"]) == ("changed", first, "done")
        second = receive(running.app, name="b.wav")
        name, shown = stream.next()
        assert (name, shown["id"], shown["status"]) == ("changed", second, "queued")
        quick = store_report(running.app, name="quick.wav")  # may come and go between two looks
        told = []
        while not told or (told[-1]["id"], told[-1]["status"]) != (quick, "done"):
            told.append(stream.next()[1])
        running.app.state.intake.remove(second, LOCAL)
        assert stream.next() == ("gone", {"id": second})


def test_a_heartbeat_comes_while_nothing_changes(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    assert live_api.HEARTBEAT_S == 15
    monkeypatch.setattr(live_api, "HEARTBEAT_S", 0.2)
    with follow(running, "/v1/events") as stream:
        assert next(stream.lines) == ": still here"


def test_looking_takes_no_more_than_a_fifth_of_the_time(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[tuple[float, float]] = []
    look = live.look

    def slow(*given: Any) -> Any:
        began_s = time.monotonic()
        time.sleep(0.2)
        looks.append((began_s, time.monotonic()))
        return look(*given)

    monkeypatch.setattr(live, "look", slow)
    with follow(running, "/v1/events"):
        wait_until(lambda: len(looks) >= 3)
    for (_, ended_s), (next_s, _) in pairwise(looks):
        assert next_s - ended_s >= live.PAUSE * 0.2


def test_one_look_serves_everyone_and_ends_with_the_last(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    look = live.look
    monkeypatch.setattr(live, "look", lambda *given: (looks.append(time.monotonic()), look(*given))[1])
    recording_id = receive(running.app)
    streams = [Following(f"{running.url}/v1/voicemails/{recording_id}/events") for _ in range(20)]
    for stream in streams:
        assert stream.next()[0] == "status"
    assert running.listeners() == 20
    del looks[:]
    time.sleep(4 * live.LOOK_EVERY_S)
    assert 1 <= len(looks) <= 5
    began_s = time.monotonic()
    assert httpx.get(f"{running.url}/healthz").status_code == 200
    assert time.monotonic() - began_s < 1
    for stream in streams:
        stream.close()
    wait_until(lambda: running.listeners() == 0)
    del looks[:]
    time.sleep(2 * live.LOOK_EVERY_S)
    assert looks == []


def test_whoever_falls_behind_is_dropped_and_the_others_are_not(settings: Settings) -> None:
    migrate(settings)
    app = create_app(settings)

    async def fall_behind() -> None:
        watcher = app.state.watcher
        async with watcher.listen(backlog=2) as slow, watcher.listen() as quick:
            for name in ("a.wav", "b.wav", "c.wav"):
                receive(app, name=name)
            told = [await asyncio.wait_for(quick.get(), 5) for _ in range(3)]
            assert [change.row.filename for change in told] == ["a.wav", "b.wav", "c.wav"]
            assert await asyncio.wait_for(slow.get(), 5) is None
            assert len(watcher._listeners) == 1

    asyncio.run(fall_behind())
    app.state.store.engine.dispose()


def test_a_client_that_does_not_read_is_let_go() -> None:
    async def content() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent("{}", event="changed")

    async def stuck(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)

    async def receive() -> Any:
        await asyncio.sleep(60)

    async def let_go() -> None:
        scope = {"type": "http", "method": "GET"}
        await asyncio.wait_for(live_api.Events(content(), send_timeout=0.1)(scope, receive, stuck), 5)

    asyncio.run(let_go())


def test_each_is_told_what_is_theirs_only(running: Running) -> None:
    they = cast(running.app)
    credentials = running.app.state.credentials
    cookie = {COOKIE: credentials.open_session(they.people["rob"])}
    with closing(Following(f"{running.url}/v1/events", cookies=cookie)) as stream:
        wait_until(lambda: running.listeners() == 1)
        ids = {name: receive(running.app, owner_id=they.people[name].id) for name in ("rita", "rob")}
        assert stream.next()[1]["id"] == ids["rob"]
        for name in ("rita", "rob"):
            running.app.state.intake.remove(ids[name], LOCAL)
        assert stream.next() == ("gone", {"id": ids["rob"]})
    for path, status in ((f"/v1/voicemails/{ids['rita']}/events", 404), ("/v1/events", 401)):
        cookies = cookie if status == 404 else {}
        assert httpx.get(running.url + path, cookies=cookies).status_code == status


def test_after_a_while_one_is_asked_again_who_one_is(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_api, "LONGEST_S", 0.3)
    with follow(running, "/v1/events") as stream:
        assert stream.next() is None


@pytest.mark.service
@pytest.mark.whisper
def test_an_open_stream_does_not_keep_the_service_from_stopping(new_service: Service) -> None:
    new_service.start()
    with closing(Following(f"{new_service.url}/v1/events")):
        wait_until(lambda: httpx.get(f"{new_service.url}/healthz").status_code == 200)
        began_s = time.monotonic()
        new_service.stop()
        assert time.monotonic() - began_s < 12


def test_a_look_costs_little_while_much_waits(settings: Settings) -> None:
    migrate(settings)
    app = create_app(settings)
    store = app.state.store
    with store.session() as session:
        session.add_all(
            RecordingRow(
                id=f"{at:032d}", created_at=datetime.fromtimestamp(1.7e9 + at, UTC), status=("queued", "done")[at % 2],
                filename="a.wav", size_bytes=1, sha256="0", context=CallContext(), playbook="cold-outreach",
                request_digest="0",
            )
            for at in range(2000)
        )  # fmt: skip
    changes, seen = live.look(store, None)
    assert (len(changes), len(seen.pending)) == (0, 1000)
    began_s = time.monotonic()
    for _ in range(10):
        live.look(store, seen)
    each_s = (time.monotonic() - began_s) / 10
    store.engine.dispose()
    assert each_s < 0.05, f"{1000 * each_s:.1f} ms a look"
