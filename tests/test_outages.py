"""What the service rests on does not answer: nothing is acknowledged, nothing is lost, and workers wait."""

import errno
import io
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, ProgrammingError

from analysis.speech.transcriber import Transcriber
from app.analyst import Analyst
from app.audio_store import AudioStore
from app.main import create_app
from app.outages import PATIENCE_S, outage_of, outlast
from app.settings import Settings
from app.store import Store
from models.errors import DatabaseUnavailable, NotFound, StorageFull, StorageUnavailable
from tests.postgres import fresh_database
from tests.stored import WAV

GONE = OperationalError("SELECT 1", {}, Exception("server closed the connection unexpectedly"))


@pytest.fixture
def client(settings: Settings) -> Any:
    app = create_app(settings.model_copy(update={"max_queued": 2}))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def upload(client: TestClient) -> Any:
    return client.post("/v1/voicemails", files={"file": ("a.wav", WAV)})


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (GONE, DatabaseUnavailable),
        (InterfaceError("SELECT 1", {}, Exception("connection already closed")), DatabaseUnavailable),
        (OperationalError("INSERT", {}, Exception("database or disk is full")), StorageFull),
        (ProgrammingError("SELECT", {}, Exception("no such column")), None),
        (IntegrityError("INSERT", {}, Exception("UNIQUE")), None),
        (OSError(errno.ENOSPC, "No space left on device"), StorageFull),
        (OSError(errno.EROFS, "Read-only file system"), StorageUnavailable),
        (ValueError("ours"), None),
    ],
)
def test_an_outage_is_told_from_a_fault_of_ours(error: Exception, kind: type | None) -> None:
    assert type(outage_of(error)) is (kind or type(None))


def test_an_outage_is_outlasted_and_other_errors_are_not() -> None:
    failures: list[Exception] = [GONE, StorageUnavailable("no bucket")]
    pauses: list[float] = []

    def work() -> str:
        if failures:
            raise failures.pop(0)
        return "done"

    assert outlast(work, pauses.append) == "done"
    assert pauses == [1, 2]
    for error in (NotFound("gone"), ProgrammingError("SELECT", {}, Exception("no such column"))):
        failures.append(error)
        with pytest.raises(type(error)):
            outlast(work, pauses.append)
    assert len(pauses) == 2


def test_patience_ends_after_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 10.0, PATIENCE_S + 1])
    monkeypatch.setattr("app.outages.time.monotonic", lambda: next(clock))

    def work() -> None:
        raise GONE

    with pytest.raises(OperationalError):
        outlast(work, lambda _: None)


def refused(response: Any, status: int, code: str) -> None:
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert int(response.headers["retry-after"]) > 0


def test_too_much_waiting_is_refused_until_some_is_done(client: TestClient) -> None:
    assert [upload(client).status_code for _ in range(2)] == [202, 202]
    refused(upload(client), 429, "busy")
    linked = client.post("/v1/voicemails", json={"url": "https://media.example.com/a.wav"})
    refused(linked, 429, "busy")
    one = client.get("/v1/voicemails").json()["items"][0]["id"]
    client.delete(f"/v1/voicemails/{one}")
    assert upload(client).status_code == 202


def test_before_the_disk_is_full_nothing_is_taken(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("app.audio_store.shutil.disk_usage", lambda _: usage(1, 1, 199_000_000))
    refused(upload(client), 507, "storage_full")
    assert client.get("/v1/voicemails").json()["items"] == []
    monkeypatch.setattr("app.audio_store.shutil.disk_usage", lambda _: usage(1, 1, 201_000_000))
    assert upload(client).status_code == 202


def test_a_folder_that_cannot_be_written_takes_nothing(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("app.audio_store.Folder.write", write)
    refused(upload(client), 503, "storage_unavailable")
    assert client.get("/v1/voicemails").json()["items"] == []


def test_a_database_that_is_away_is_said_to_be(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise GONE

    monkeypatch.setattr("app.store.Store.recordings", away)
    refused(client.get("/v1/voicemails"), 503, "database_unavailable")
    monkeypatch.setattr("app.store.Store.recordings", lambda *_, **__: [][1])
    assert client.get("/v1/voicemails").json()["code"] == "internal_error"


def test_a_worker_waits_for_the_audio_instead_of_giving_the_recording_up(
    client: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read twice in vain, then there: the recording fails for what is in it, not for the outage."""
    one = client.post("/v1/voicemails", files={"file": ("a.wav", b"RIFF" + bytes(500))}).json()["id"]
    store: Store = client.app.state.store  # type: ignore[attr-defined]
    audio = AudioStore.of(settings)
    read, failures = audio.original, [1, 2]

    def original(recording_id: str) -> Path | bytes:
        if failures:
            failures.pop()
            raise StorageUnavailable("no bucket")
        return read(recording_id)

    monkeypatch.setattr(audio, "original", original)
    monkeypatch.setattr("app.outages.PAUSES_S", (0,))

    class Nobody(Transcriber):
        def load(self) -> None: ...

        def transcribe(self, messages: Any) -> Any: ...

    Analyst(store, audio, Nobody(), settings).run(one)  # type: ignore[abstract]
    row = store.recording(one)
    assert (row.status, row.error_code, row.attempts) == ("failed", "not_audio", 1)


def test_bytes_and_files_are_put_the_same(settings: Settings) -> None:
    audio = AudioStore.of(settings)
    audio.put("a", io.BytesIO(WAV))
    stored = audio.original("a")
    assert isinstance(stored, Path)
    assert stored.read_bytes() == WAV


def test_what_no_database_can_store_is_an_invalid_request(settings: Settings) -> None:
    """PostgreSQL takes no NUL in a text, SQLite no number above its own."""
    with fresh_database() as url:
        app = create_app(settings.model_copy(update={"database_url": SecretStr(url)}))
        with TestClient(app, raise_server_exceptions=False) as client:
            assert client.get("/v1/playbooks/a%00b").status_code == 422
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        assert client.get("/v1/playbooks/cold-outreach", params={"version": 10**20}).status_code == 422
