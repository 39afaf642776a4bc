"""The API without a worker: what comes through the door, and what is refused at it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.settings import Settings
from tests.conftest import SAMPLES
from tests.stored import WAV, jobs, receive


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_upload_mb": 0.2})


def upload(client: TestClient, content: bytes = WAV, name: str = "take 1.wav", **fields: str):
    headers = {"Idempotency-Key": key} if (key := fields.pop("key", None)) else {}
    return client.post("/v1/voicemails", files={"file": (name, content)}, data=fields, headers=headers)


def audio_files(client: TestClient) -> list[Path]:
    return list(client.app.state.audio.shelf.folder.iterdir())


def test_an_upload_is_stored_whole_with_its_row_and_its_job(client: TestClient) -> None:
    response = upload(client, purpose="cold", prospect="Dana", attempt="2")
    assert response.status_code == 202
    voicemail = response.json()
    assert voicemail["status"] == "queued"
    assert voicemail["context"]["purpose"] == "cold"
    assert voicemail["context"]["attempt"] == 2
    assert response.headers["location"] == voicemail["links"]["self"]
    assert client.get(voicemail["links"]["self"]).json() == voicemail
    (stored,) = audio_files(client)
    assert stored.name == voicemail["id"]
    assert stored.read_bytes() == WAV
    assert jobs(client.app) == [voicemail["id"]]


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (b"", "empty.wav", 422, "empty_file"),
        (b"<html>not found</html>", "call.wav", 415, "not_audio"),
        (b"PK\x03\x04" + bytes(100), "call.mp3", 415, "not_audio"),
        (b"%PDF-1.7 ...", "notes.pdf", 415, "not_audio"),
        (WAV + bytes(200_000), "long.wav", 413, "too_large"),
    ],
)
def test_what_is_no_recording_is_refused_and_leaves_nothing(
    client: TestClient, content: bytes, name: str, status: int, code: str
) -> None:
    response = upload(client, content, name)
    problem = response.json()
    assert (response.status_code, problem["code"], problem["status"]) == (status, code, status)
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["detail"].endswith(".")
    assert audio_files(client) == []
    assert client.get("/v1/voicemails").json()["items"] == []


def test_a_body_without_length_is_cut_off_at_the_limit(client: TestClient) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' + WAV
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield head
        for _ in range(1000):
            sent += 10_000
            yield bytes(10_000)

    response = client.post(
        "/v1/voicemails", content=endless(), headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert response.json()["code"] == "too_large"
    assert audio_files(client) == []


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ({"json": {"url": "http://example.com/a.wav"}}, 422, "fetch_refused"),
        ({"json": {"url": "https://example.com/a.wav", "colour": "red"}}, 422, "invalid_request"),
        ({"content": b"hello", "headers": {"Content-Type": "text/plain"}}, 422, "invalid_request"),
        ({"content": b"hello", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 422, "invalid_request"),
        ({"content": b"hello", "headers": {"Content-Type": "multipart/form-data"}}, 422, "invalid_request"),
        ({"data": {"file": "text"}, "files": {"other": b"x"}}, 422, "invalid_request"),
        ({"files": {"file": ("a.wav", WAV)}, "data": {"purpose": "holiday"}}, 422, "invalid_request"),
        ({"files": {"file": ("a.wav", WAV)}, "data": {"attempt": "0"}}, 422, "invalid_request"),
        ({"files": {"file": ("a.wav", WAV)}, "data": {"playbook": "../../etc"}}, 422, "unknown_playbook"),
        ({"files": {"file": ("a.wav", WAV)}, "params": {"wait": -1}}, 422, "invalid_request"),
    ],
)
def test_requests_that_cannot_be_carried_out(client: TestClient, request_: dict, status: int, code: str) -> None:
    response = client.post("/v1/voicemails", **request_)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert audio_files(client) == []


def test_a_field_that_is_wrong_is_named(client: TestClient) -> None:
    problem = upload(client, purpose="holiday").json()
    assert problem["errors"][0]["field"] == "purpose"


def test_the_same_key_and_request_give_the_same_recording(client: TestClient) -> None:
    first = upload(client, key="k1")
    second = upload(client, key="k1")
    assert first.json()["id"] == second.json()["id"]
    assert len(audio_files(client)) == 1
    assert len(jobs(client.app)) == 1
    other = upload(client, key="k1", name="another.wav")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert upload(client, key="k2").json()["id"] != first.json()["id"]


def test_the_same_key_at_the_same_moment_gives_one_recording(client: TestClient, monkeypatch) -> None:
    """Regression for the race between asking for a key and storing it."""
    first = upload(client, key="k1").json()["id"]
    intake = type(client.app.state.intake)
    real = intake.known
    answers = iter([None])
    monkeypatch.setattr(intake, "known", lambda self, *given: next(answers, real(self, *given)))
    assert upload(client, key="k1").json()["id"] == first
    assert [path.name for path in audio_files(client)] == [first]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.wav", "C:\\calls\\a.wav", "a\r\nX: y.wav", "é“x”.wav", "x" * 400 + ".wav"]
)
def test_a_given_name_is_shown_but_never_used_as_a_path(client: TestClient, name: str) -> None:
    voicemail = upload(client, name=name).json()
    assert [path.name for path in audio_files(client)] == [voicemail["id"]]
    assert not set("/\\\r\n") & set(voicemail["filename"])
    response = client.get(voicemail["links"]["audio"])
    assert response.content == WAV
    assert response.headers["x-content-type-options"] == "nosniff"


def test_ranges_of_the_audio_can_be_asked_for(client: TestClient) -> None:
    audio = upload(client).json()["links"]["audio"]
    part = client.get(audio, headers={"Range": "bytes=4-11"})
    assert part.status_code == 206
    assert part.content == WAV[4:12]
    assert part.headers["content-range"] == f"bytes 4-11/{len(WAV)}"
    assert client.get(audio, headers={"Range": f"bytes={len(WAV) + 5}-"}).status_code == 416


def test_a_list_is_read_page_by_page_without_gaps(client: TestClient) -> None:
    ids = [upload(client, name=f"{number}.wav").json()["id"] for number in range(5)]
    seen, cursor = [], None
    while True:
        page = client.get("/v1/voicemails", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]
    assert client.get("/v1/voicemails", params={"cursor": "nobody"}).json()["code"] == "not_found"


def test_a_deleted_recording_is_gone(client: TestClient) -> None:
    voicemail = upload(client).json()
    assert client.delete(voicemail["links"]["self"]).status_code == 204
    assert audio_files(client) == []
    for link in ("self", "report", "audio", "waveform"):
        assert client.get(voicemail["links"][link]).json()["code"] == "not_found"
    assert client.delete(voicemail["links"]["self"]).json()["code"] == "not_found"


def test_a_report_that_is_not_ready_says_so(client: TestClient) -> None:
    links = upload(client).json()["links"]
    for link in ("report", "waveform"):
        response = client.get(links[link])
        assert (response.status_code, response.json()["code"]) == (409, "not_ready")


def test_a_script_is_checked_at_once(client: TestClient) -> None:
    text_ = "Hi Dana, it's Marcus with Northline. Just checking in to see how things are going. Call me back."
    report = client.post("/v1/scripts", json={"text": text_}).json()
    findings = {finding["rule"]: finding for finding in report["findings"]}
    assert findings["checking_in"]["status"] == "flagged"
    assert findings["too_fast"]["status"] == "not_evaluated"
    assert findings["too_fast"]["reason"]
    assert report["recording"] is None
    assert report["message"] is None


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "  "}, {"text": "hi", "context": {"attempt": 0}}])
def test_a_script_that_cannot_be_checked(client: TestClient, body: dict) -> None:
    response = client.post("/v1/scripts", json=body)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")


def test_another_sites_page_cannot_change_anything(client: TestClient) -> None:
    voicemail = upload(client).json()
    response = client.delete(voicemail["links"]["self"], headers={"Origin": "https://evil.example"})
    assert (response.status_code, response.json()["code"]) == (403, "cross_site")
    same = client.delete(voicemail["links"]["self"], headers={"Origin": "http://testserver"})
    assert same.status_code == 204


def test_the_samples_are_removed_together_and_nothing_else(client: TestClient) -> None:
    mine = upload(client).json()["id"]
    receive(client.app, demo=True)
    assert [item["demo"] for item in client.get("/v1/voicemails").json()["items"]] == [True, False]
    assert client.delete("/v1/demo").status_code == 204
    assert [item["id"] for item in client.get("/v1/voicemails").json()["items"]] == [mine]
    assert [path.name for path in audio_files(client)] == [mine]


def test_health_and_readiness(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"database": "ok", "audio": "ok", "workers": "none"}
    client.app.state.audio.shelf.folder = Path("/nowhere")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["audio"] != "ok"


def test_unknown_addresses_are_problems_for_programs_and_pages_for_people(client: TestClient) -> None:
    assert client.get("/v1/nothing").json()["code"] == "not_found"
    page = client.get("/nothing", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")


def test_the_api_describes_itself_without_the_network(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    assert {"/v1/voicemails", "/v1/scripts", "/healthz", "/readyz"} <= set(described["paths"])
    page = client.get("/docs").text
    assert "https://" not in page
    json.dumps(described)


def test_the_samples_are_shown_only_where_nothing_is_stored(client: TestClient) -> None:
    from app.serve import show_samples

    assert show_samples(client.app, SAMPLES) == 10
    shown = client.get("/v1/voicemails").json()["items"]
    assert [item["filename"][:2] for item in shown] == [f"{number:02d}" for number in range(1, 11)]
    assert all(item["demo"] for item in shown)
    assert shown[2]["context"]["purpose"] == "meeting_confirmation"
    assert show_samples(client.app, SAMPLES) == 0
