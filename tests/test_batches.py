"""Many recordings in one request: each taken or refused by itself."""

import pytest
from fastapi.testclient import TestClient

from app.settings import Settings
from tests.stored import WAV


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_upload_mb": 0.2})


def send(client: TestClient, *files: tuple[str, bytes], key: str | None = None, **fields: str):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post("/v1/batches", files=[("files", file) for file in files], data=fields, headers=headers)


def test_each_file_is_taken_or_refused_by_itself(client: TestClient) -> None:
    response = send(client, ("a.wav", WAV), ("b.pdf", b"%PDF-1.7"), ("c.wav", WAV), purpose="cold")
    assert response.status_code == 202
    taken, refused, other = response.json()["items"]
    assert (taken["filename"], taken["voicemail"]["status"], taken["error"]) == ("a.wav", "queued", None)
    assert (refused["voicemail"], refused["error"]["code"]) == (None, "not_audio")
    assert other["voicemail"]["context"]["purpose"] == "cold"
    assert len(client.get("/v1/voicemails").json()["items"]) == 2


def test_the_same_key_gives_the_same_recordings(client: TestClient) -> None:
    first, again = (send(client, ("a.wav", WAV), ("b.wav", WAV), key="monday").json() for _ in range(2))
    ids = [[item["voicemail"]["id"] for item in answer["items"]] for answer in (first, again)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


def test_what_is_refused_as_a_whole(client: TestClient) -> None:
    assert client.post("/v1/batches", data={"purpose": "cold"}, files={"x": ("", b"")}).status_code == 422
    assert client.post("/v1/batches", json={"urls": []}).json()["code"] == "invalid_request"
    many = [(f"{number}.wav", b"RIFF") for number in range(101)]
    assert send(client, *many).json()["code"] == "invalid_request"
    assert send(client, *[("a.wav", WAV)] * 12).status_code == 413
    assert client.get("/v1/voicemails").json()["items"] == []
