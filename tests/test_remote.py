"""Recordings given by address: acknowledged at once, fetched by the worker, tried again, and never lost."""

import stat
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2 as httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.courier import Courier, courier_of
from app.fetching import Order
from app.jobs import Jobs
from app.main import create_app
from app.schema import FetchRow
from app.settings import Settings
from app.vault import Vault
from models.errors import AfterbeepError, FetchFailed, NotAudio, SecretUnreadable
from tests.processes import Service, wait_until
from tests.provider import Provider, endless
from tests.stored import WAV, analyse, jobs

pytestmark = pytest.mark.tools


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    inside = {"fetch_inside": True, "max_upload_mb": 2.0, "fetch_timeout_s": 2.0}
    with TestClient(create_app(settings.model_copy(update=inside))) as client:
        yield client


def courier(client: TestClient) -> Courier:
    state = client.app.state
    return courier_of(state.settings, state.store, state.audio, Jobs(state.store.engine))


def hand_in(client: TestClient, url: str, **more: object) -> dict:
    response = client.post("/v1/voicemails", json={"url": url, **more})
    assert response.status_code == 202, response.text
    return response.json()


def fetches(client: TestClient) -> list[FetchRow]:
    with client.app.state.store.session() as session:
        return list(session.scalars(sa.select(FetchRow)))


def test_an_address_is_acknowledged_at_once_and_asked_by_nobody_yet(client: TestClient, provider: Provider) -> None:
    url = provider.serve("/calls/take%201.wav", WAV)
    began_s = time.monotonic()
    voicemail = hand_in(client, url + "?key=geheim", purpose="cold", prospect="Dana", channels_tried=["email"])
    assert time.monotonic() - began_s < 1
    assert (voicemail["status"], voicemail["stage"], voicemail["filename"]) == ("queued", "fetching", "take 1.wav")
    assert voicemail["context"]["channels_tried"] == ["email"]
    assert provider.asked == []
    assert jobs(client.app) == [f"{voicemail['id']}.fetch.0"]
    database = Path(client.app.state.settings.data_dir / "afterbeep.db").read_bytes()
    assert b"geheim" not in database
    assert "Fetching the recording" in client.get(f"/voicemails/{voicemail['id']}").text


@pytest.mark.parametrize("error", [NotAudio("This is no recording."), FetchFailed("Nobody is there.", passing=True)])
@pytest.mark.parametrize("status", [200, 503])
def test_a_run_that_slept_leaves_alone_what_another_did_meanwhile(
    client: TestClient, provider: Provider, status: int, error: AfterbeepError
) -> None:
    voicemail = hand_in(client, provider.serve("/a.wav", WAV, status=status))
    quick = courier(client)

    def slow(_fetch: FetchRow, _link: str) -> Order:
        quick.run(voicemail["id"], 0)
        raise error

    replace(quick, order=slow).run(voicemail["id"], 0)
    shown = client.get(f"/v1/voicemails/{voicemail['id']}").json()
    assert (shown["status"], shown["error"]) == ("queued", None)
    following = voicemail["id"] if status == 200 else f"{voicemail['id']}.fetch.1"
    assert jobs(client.app) == sorted([f"{voicemail['id']}.fetch.0", following])


def test_what_was_fetched_becomes_a_report(client: TestClient, provider: Provider) -> None:
    voicemail = hand_in(client, provider.serve("/a.wav", WAV))
    courier(client).run(voicemail["id"], 0)
    assert jobs(client.app)[0] == voicemail["id"]
    assert fetches(client) == []
    assert client.get(voicemail["links"]["audio"]).content == WAV
    analyse(client.app, voicemail["id"])
    assert client.get(voicemail["links"]["report"]).status_code == 200


def test_the_same_attempt_again_does_nothing(client: TestClient, provider: Provider) -> None:
    """A worker that died after its work is done once more by the next."""
    voicemail = hand_in(client, provider.in_turn("/a.wav", (503, {}, b""), (200, {}, WAV)))
    for attempt in (0, 0, 1, 1, 0):
        courier(client).run(voicemail["id"], attempt)
    assert len(provider.asked) == 2
    assert jobs(client.app) == [voicemail["id"], *(f"{voicemail['id']}.fetch.{number}" for number in (0, 1))]


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_what_may_pass_is_tried_again_later_while_the_link_may_live(
    client: TestClient, provider: Provider, status: int
) -> None:
    voicemail = hand_in(client, provider.serve("/a.wav", b"", status))
    for attempt in range(3):
        courier(client).run(voicemail["id"], attempt)
    assert client.get(voicemail["links"]["self"]).json()["status"] == "queued"
    with client.app.state.store.engine.connect() as connection:
        waits = connection.execute(
            sa.text("SELECT delay_until_epoch_ms, created_at FROM workflow_status WHERE delay_until_epoch_ms > 0")
        ).all()
    assert sorted((until - made) / 1000 for until, made in waits) == pytest.approx([2, 10, 30], abs=1)
    with client.app.state.store.session() as session:
        session.execute(sa.update(FetchRow).values(give_up_at=datetime.now(UTC) + timedelta(seconds=1)))
    courier(client).run(voicemail["id"], 3)
    error = client.get(voicemail["links"]["self"]).json()["error"]
    assert error["code"] == "fetch_failed"
    assert str(status) in error["message"]
    assert fetches(client) == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((403, {}, b""), "fetch_denied"), ((410, {}, b""), "fetch_failed"), ((200, {}, b""), "empty_file"),
        ((200, {}, b"<html>please log in</html>"), "not_audio"),
        ((302, {"location": "ftp://a/"}, b""), "fetch_refused"),
    ],
)  # fmt: skip
def test_what_fails_for_good_says_why(client: TestClient, provider: Provider, answer, code: str) -> None:
    voicemail = hand_in(client, provider.in_turn("/a.wav", answer))
    courier(client).run(voicemail["id"], 0)
    shown = client.get(voicemail["links"]["self"]).json()
    assert (shown["status"], shown["error"]["code"]) == ("failed", code)
    assert client.get(voicemail["links"]["report"]).json()["code"] == code
    assert client.get(voicemail["links"]["audio"]).status_code == 404
    assert fetches(client) == []
    assert list(client.app.state.audio.shelf.folder.iterdir()) == []
    window = client.put(f"/v1/voicemails/{voicemail['id']}/message", json={"start_s": 0, "end_s": 5})
    assert window.json()["code"] == "not_ready"


def test_a_body_without_end_is_too_large(client: TestClient, provider: Provider) -> None:
    provider.routes["/a.wav"] = endless
    voicemail = hand_in(client, provider.url("/a.wav"))
    courier(client).run(voicemail["id"], 0)
    assert client.get(voicemail["links"]["self"]).json()["error"]["code"] == "fetch_too_large"


def test_a_recording_deleted_meanwhile_is_not_fetched(client: TestClient, provider: Provider) -> None:
    voicemail = hand_in(client, provider.serve("/a.wav", WAV))
    assert client.delete(voicemail["links"]["self"]).status_code == 204
    courier(client).run(voicemail["id"], 0)
    assert provider.asked == []
    assert fetches(client) == []


def test_strangers_addresses_are_refused_at_the_door_or_by_the_worker(settings: Settings) -> None:
    with TestClient(create_app(settings)) as client:
        for url in ("http://a.example/", "https://u:p@a.example/", "file:///etc/passwd"):
            assert client.post("/v1/voicemails", json={"url": url}).json()["code"] == "fetch_refused"
        voicemail = hand_in(client, "https://2130706433/a.wav")
        courier(client).run(voicemail["id"], 0)
        assert client.get(voicemail["links"]["self"]).json()["error"]["code"] == "fetch_refused"


def test_only_named_hosts_where_some_are_named(settings: Settings) -> None:
    with TestClient(create_app(settings.model_copy(update={"fetch_hosts": "*.a.example, b.example"}))) as client:
        assert client.post("/v1/voicemails", json={"url": "https://x.a.example/1"}).status_code == 202
        assert client.post("/v1/voicemails", json={"url": "https://c.example/1"}).json()["code"] == "fetch_refused"


def test_the_same_key_gives_the_same_recording(client: TestClient, provider: Provider) -> None:
    def send(url: str):
        return client.post("/v1/voicemails", json={"url": url}, headers={"Idempotency-Key": "call-1"})

    url = provider.url("/a.wav")
    assert send(url).json()["id"] == send(url).json()["id"]
    assert send(url + "?other").json()["code"] == "idempotency_key_reused"
    assert len(jobs(client.app)) == 1


def test_many_addresses_in_one_request(client: TestClient, provider: Provider) -> None:
    urls = [provider.url("/a.wav"), "ftp://a.example/b.wav", provider.url("/c.wav")]
    answer = client.post("/v1/batches", json={"urls": urls, "purpose": "cold"}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 202
    first, refused, last = answer.json()["items"]
    assert (first["filename"], last["voicemail"]["context"]["purpose"]) == ("a.wav", "cold")
    assert (refused["filename"], refused["error"]["code"]) == (urls[1], "fetch_refused")
    assert len(jobs(client.app)) == 2
    for body in ({"urls": []}, {"urls": ["https://a.example/"] * 101}, {"urls": [1]}, {}):
        assert client.post("/v1/batches", json=body).json()["code"] == "invalid_request"


@pytest.mark.parametrize("body", [b"", b"{", b'{"url": 1}', b"[]", b'{"url": "https://a.example/", "purpose": "fun"}'])
def test_json_that_is_no_request(client: TestClient, body: bytes) -> None:
    response = client.post("/v1/voicemails", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")


def test_json_without_end_is_cut_off(client: TestClient) -> None:
    endless_body = (b"[" * 100_000 for _ in range(100))
    response = client.post("/v1/voicemails", content=endless_body, headers={"Content-Type": "application/json"})
    assert response.json()["code"] == "too_large"


def test_secrets_are_sealed_with_a_key_only_the_owner_reads(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    settings = Settings(data_dir=tmp_path / "data")
    sealed = Vault(settings).seal("key")
    file = tmp_path / "data" / "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "key" not in sealed
    assert Vault(settings).open(sealed) == "key"
    from cryptography.fernet import Fernet

    old, new = file.read_text(), Fernet.generate_key().decode()
    assert Vault(Settings(data_dir=tmp_path, secret_key=f"{new} {old}")).open(sealed) == "key"
    for wrong in (new, "short"):
        with pytest.raises(SecretUnreadable):
            Vault(Settings(data_dir=tmp_path, secret_key=wrong)).open(sealed)


@pytest.mark.service
@pytest.mark.whisper
def test_kill_9_between_two_attempts_loses_nothing(
    new_service: Service, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real service and worker: fetched over HTTP, failing first, both processes killed, then reported."""
    monkeypatch.setenv("AFTERBEEP_FETCH_INSIDE", "1")
    url = provider.in_turn("/a.wav", (503, {}, b""), (503, {}, b""), (200, {"content-type": "audio/wav"}, WAV))
    new_service.start()
    voicemail = httpx.post(f"{new_service.url}/v1/voicemails", json={"url": url, "purpose": "cold"}).json()
    wait_until(lambda: len(provider.asked) == 1)
    new_service.kill()
    wait_until(lambda: not new_service.worker_pids())
    new_service.start()
    shown = new_service.wait_for_end(voicemail["id"])
    assert (shown["status"], shown["error"]) == ("done", None)
    assert len(provider.asked) == 3
    assert len(httpx.get(f"{new_service.url}/v1/voicemails").json()["items"]) == 1
    assert new_service.show(voicemail["id"])["context"]["purpose"] == "cold"
