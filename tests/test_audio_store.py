"""Recordings in a folder and in a bucket, plain and encrypted: kept whole, found again, forgotten."""

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import fsspec  # type: ignore[import-untyped]
import pytest
from fastapi.testclient import TestClient

from app.audio_store import ABANDONED_AFTER_S, AudioStore, Bucket, Folder
from app.main import create_app
from app.settings import Settings
from app.vault import SEALED
from models.errors import SecretUnreadable
from tests.s3 import bucket_url
from tests.stored import WAV

SOUND = bytes(range(256)) * 40


@pytest.fixture(params=["folder", "memory", "s3"])
def place(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Settings]:
    if request.param == "folder":
        yield settings
    elif request.param == "memory":
        yield settings.model_copy(update={"audio_url": f"memory://{uuid4().hex}/audio"})
    else:
        with bucket_url() as url:
            yield settings.model_copy(update={"audio_url": url})


def content(stored: Path | bytes) -> bytes:
    return stored.read_bytes() if isinstance(stored, Path) else stored


@pytest.mark.parametrize("encrypt", [False, True])
def test_what_was_put_is_there_until_it_is_deleted(place: Settings, encrypt: bool) -> None:
    audio = AudioStore.of(place.model_copy(update={"encrypt_audio": encrypt}))
    audio.ping()
    audio.put("a" * 32, io.BytesIO(SOUND))
    with pytest.raises(FileNotFoundError):
        audio.playable("a" * 32)
    audio.put_playable("a" * 32, io.BytesIO(b"RIFF"))
    assert content(audio.original("a" * 32)) == SOUND
    assert content(audio.playable("a" * 32)) == b"RIFF"
    audio.put("a" * 32, io.BytesIO(b"another"))
    assert content(audio.original("a" * 32)) == b"another"
    for _ in range(2):  # deleting again is harmless
        audio.delete("a" * 32)
    for read in (audio.original, audio.playable):
        with pytest.raises(FileNotFoundError):
            read("a" * 32)


def test_what_another_process_puts_there_after_a_sweep_is_found(place: Settings) -> None:
    audio, other = AudioStore.of(place), AudioStore.of(place)
    if isinstance(other.shelf, Bucket):  # with a connection and a memory of its own
        other.shelf._opened = fsspec.url_to_fs(place.audio_url, skip_instance_cache=True)
    audio.put("a", io.BytesIO(SOUND))
    audio.sweep({"a"})
    other.put("b", io.BytesIO(SOUND))
    assert content(audio.original("b")) == SOUND
    other.delete("b")
    with pytest.raises(FileNotFoundError):
        audio.original("b")


def test_encrypted_recordings_hold_nothing_to_be_heard_and_open_with_their_key_only(settings: Settings) -> None:
    audio = AudioStore.of(settings.model_copy(update={"encrypt_audio": True}))
    audio.put("a", io.BytesIO(SOUND))
    stored = (settings.data_dir / "audio" / "a").read_bytes()
    assert stored.startswith(SEALED)
    assert SOUND[:64] not in stored
    assert AudioStore.of(settings).original("a") == SOUND, "turned off later, it still opens"
    (settings.data_dir / "secret.key").unlink()
    with pytest.raises(SecretUnreadable):
        AudioStore.of(settings).original("a")


def test_what_belongs_to_no_recording_is_swept_when_it_is_old(place: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    audio = AudioStore.of(place)
    for name in ("kept", "lost"):
        audio.put(name, io.BytesIO(SOUND))
        audio.put_playable(name, io.BytesIO(SOUND))
    audio.sweep({"kept"})
    assert content(audio.original("lost")) == SOUND, "it may be an upload on its way"
    monkeypatch.setattr("app.audio_store.ABANDONED_AFTER_S", -1)
    audio.sweep({"kept"})
    assert content(audio.original("kept")) == SOUND
    for read in (audio.original, audio.playable):
        with pytest.raises(FileNotFoundError):
            read("lost")


def test_a_file_of_the_folder_goes_by_its_age(settings: Settings) -> None:
    audio = AudioStore.of(settings)
    assert isinstance(audio.shelf, Folder)
    audio.put("old", io.BytesIO(SOUND))
    before = time.time() - ABANDONED_AFTER_S - 1
    os.utime(audio.shelf.folder / "old", (before, before))
    audio.sweep(set())
    assert list(audio.shelf.names()) == []


@pytest.mark.parametrize("encrypt", [False, True])
def test_ranges_are_answered_wherever_it_lies(place: Settings, encrypt: bool) -> None:
    with TestClient(create_app(place.model_copy(update={"encrypt_audio": encrypt}))) as client:
        one = client.post("/v1/voicemails", files={"file": ("a.wav", WAV)}).json()["id"]
        url = f"/v1/voicemails/{one}/audio"
        whole = client.get(url)
        assert whole.content == WAV
        part = client.get(url, headers={"Range": "bytes=100-199", "If-Range": whole.headers["etag"]})
        assert (part.status_code, part.content) == (206, WAV[100:200])
        assert client.delete(f"/v1/voicemails/{one}").status_code == 204
        assert client.get(url).status_code == 404
