"""The real service: processes, HTTP, database and speech model."""

import os
import signal
import time
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.conftest import SAMPLES
from tests.processes import Service, wait_until
from tests.sounds import silence, wav16

pytestmark = [pytest.mark.service, pytest.mark.whisper]


def upload(service: Service, path: Path, *, key: str | None = None, wait_s: float = 0) -> httpx.Response:
    with path.open("rb") as audio:
        return httpx.post(
            f"{service.url}/v1/voicemails",
            params={"wait": wait_s},
            files={"file": (path.name, audio)},
            headers={"Idempotency-Key": key} if key else {},
            timeout=wait_s + 30,
        )


def test_wait_answers_with_the_report(live_service: Service) -> None:
    response = upload(live_service, SAMPLES / "04-just-checking-in.wav", wait_s=120)
    assert response.status_code == 200, response.text
    report = response.json()
    flagged = {finding["rule"] for finding in report["findings"] if finding["status"] == "flagged"}
    assert "checking_in" in flagged
    shown = live_service.show(report["id"])
    assert (shown["status"], shown["score"]) == ("done", report["score"]["points"])
    assert httpx.get(live_service.url + shown["links"]["report"]).json() == report
    waveform = httpx.get(live_service.url + shown["links"]["waveform"]).json()
    assert len(waveform["peaks"]) == 600
    copy = httpx.get(live_service.url + shown["links"]["audio"], params={"playable": True})
    assert copy.headers["content-type"] == "audio/wav"
    assert copy.content[:4] == b"RIFF"


def test_one_recording_for_two_prospects_is_a_drop(live_service: Service, short_sample: Path) -> None:
    found = []
    for prospect in ("Dana", "Karen"):
        files = {"file": ("take.wav", short_sample.read_bytes())}
        url = f"{live_service.url}/v1/voicemails"
        report = httpx.post(url, params={"wait": 120}, files=files, data={"prospect": prospect}, timeout=150).json()
        found += [one for one in report["findings"] if one["rule"] == "prerecorded_drop"]
    assert [one["status"] for one in found] == ["passed", "flagged"]
    assert found[1]["detail"]["kind"] == "same_recording"


def test_silence_ends_in_no_speech(live_service: Service, tmp_path: Path) -> None:
    silent = tmp_path / "silent.wav"
    silent.write_bytes(wav16(silence(5)))
    response = upload(live_service, silent, wait_s=120)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "no_speech"
    assert live_service.show(response.json()["id"])["error"]["code"] == "no_speech"


def test_what_only_looks_like_audio_ends_in_not_audio(live_service: Service, tmp_path: Path) -> None:
    pretender = tmp_path / "call.mp3"
    pretender.write_bytes(b"ID3" + bytes(4000))
    response = upload(live_service, pretender, wait_s=120)
    assert (response.status_code, response.json()["code"]) == (415, "not_audio")


def test_the_service_answers_while_the_worker_is_busy(live_service: Service, short_sample: Path) -> None:
    ids = [upload(live_service, short_sample).json()["id"] for _ in range(2)]
    wait_until(lambda: live_service.show(ids[0])["status"] != "queued")
    asked = 0
    while live_service.show(ids[1])["status"] in ("queued", "running"):
        assert httpx.get(f"{live_service.url}/healthz", timeout=5).status_code == 200
        asked += 1
        time.sleep(0.05)
    assert asked > 3
    assert all(live_service.wait_for_end(one)["status"] == "done" for one in ids)


def test_kill_9_of_worker_and_service_loses_nothing(new_service: Service, short_sample: Path) -> None:
    new_service.start()
    ids = []
    for number in range(3):
        response = upload(new_service, short_sample, key=f"take-{number}")
        assert response.status_code == 202
        ids.append(response.json()["id"])
    wait_until(lambda: new_service.show(ids[0])["stage"] == "transcribing")
    for pid in new_service.worker_pids():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: any(new_service.show(one)["status"] == "done" for one in ids))
    new_service.kill()
    wait_until(lambda: not new_service.worker_pids())
    new_service.start()
    again = [upload(new_service, short_sample, key=f"take-{number}").json()["id"] for number in range(3)]
    assert again == ids
    assert all(new_service.wait_for_end(one)["status"] == "done" for one in ids)
    listed = httpx.get(f"{new_service.url}/v1/voicemails").json()["items"]
    assert sorted(item["id"] for item in listed) == sorted(ids)


def test_a_deleted_recording_is_gone_even_while_it_is_analysed(live_service: Service, short_sample: Path) -> None:
    recording_id = upload(live_service, short_sample).json()["id"]
    wait_until(lambda: live_service.show(recording_id).get("status") == "running")
    assert httpx.delete(f"{live_service.url}/v1/voicemails/{recording_id}").status_code == 204
    after = upload(live_service, short_sample).json()["id"]
    assert live_service.wait_for_end(after)["status"] == "done"
    assert httpx.get(f"{live_service.url}/v1/voicemails/{recording_id}").status_code == 404
    left = [path.name for path in (live_service.data_dir / "audio").iterdir() if recording_id in path.name]
    assert left == []
