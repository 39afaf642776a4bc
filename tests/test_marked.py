"""A person says where the message is, and it is analysed again."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import ValidationError

from models.recording import GivenWindow
from tests.sounds import tone, wav16
from tests.stored import analyse, receive, store_report


def test_the_message_is_taken_from_where_it_was_marked(app: FastAPI, client: TestClient) -> None:
    id_ = store_report(app)
    answer = client.put(f"/v1/voicemails/{id_}/message", json={"start_s": 2, "end_s": 6.5})
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    old = client.get(f"/v1/voicemails/{id_}/report").json()["message"]
    assert old["found_by"] == "whole_file"  # the old report stays until the new one is there
    analyse(app, id_)
    report = client.get(f"/v1/voicemails/{id_}/report").json()
    assert report["message"] == {
        "start_s": 2.0, "end_s": 6.5, "found_by": "given", "beep_end_s": None, "channel": None, "confidence": 1.0,
    }  # fmt: skip
    assert report["measurements"]["message_s"] == 4.5
    assert all(2 <= word["start_s"] <= 6.5 for word in report["transcript"]["words"])


def test_each_time_it_is_another_job(app: FastAPI, client: TestClient) -> None:
    id_ = store_report(app)
    jobs = app.state.intake.jobs.client
    for revision in (1, 2):
        assert client.put(f"/v1/voicemails/{id_}/message", json={"start_s": 1, "end_s": 6}).status_code == 202
        assert jobs.retrieve_workflow(f"{id_}.{revision}").get_status().status == "ENQUEUED"
        analyse(app, id_)


def test_afterbeep_finds_it_again(app: FastAPI, client: TestClient) -> None:
    id_ = store_report(app)
    client.put(f"/v1/voicemails/{id_}/message", json={"start_s": 2, "end_s": 6})
    analyse(app, id_)
    assert client.delete(f"/v1/voicemails/{id_}/message").status_code == 202
    analyse(app, id_)
    assert client.get(f"/v1/voicemails/{id_}/report").json()["message"]["found_by"] == "whole_file"


def test_while_it_is_analysed_it_cannot_be_marked(app: FastAPI, client: TestClient) -> None:
    id_ = store_report(app)
    body = {"start_s": 2, "end_s": 6}
    client.put(f"/v1/voicemails/{id_}/message", json=body)
    answer = client.put(f"/v1/voicemails/{id_}/message", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")


@pytest.mark.parametrize(
    ("start_s", "end_s"), [(5, 5.2), (6, 2), (-1, 2), (500, 510)], ids=["too short", "backwards", "before", "beyond"]
)
def test_windows_that_cannot_be_are_refused(app: FastAPI, client: TestClient, start_s: float, end_s: float) -> None:
    id_ = store_report(app)
    answer = client.put(f"/v1/voicemails/{id_}/message", json={"start_s": start_s, "end_s": end_s})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert app.state.store.recording(id_).status == "done"


def test_of_nothing_there_is_nothing_to_mark(client: TestClient) -> None:
    assert client.put("/v1/voicemails/none/message", json={"start_s": 2, "end_s": 6}).status_code == 404
    assert client.delete("/v1/voicemails/none/message").status_code == 404


def test_a_recording_without_a_report_can_be_marked_too(app: FastAPI, client: TestClient) -> None:
    """Where Afterbeep hears nobody, a person may."""
    id_ = receive(app, wav16(tone(120, 8)))
    analyse(app, id_)
    assert app.state.store.recording(id_).error_code == "no_speech"
    assert "Mark the message by hand" in client.get(f"/voicemails/{id_}").text
    client.put(f"/v1/voicemails/{id_}/message", json={"start_s": 1, "end_s": 7})
    analyse(app, id_)
    assert client.get(f"/v1/voicemails/{id_}/report").json()["message"]["found_by"] == "given"


def test_the_page_says_where_the_message_is_and_lets_it_be_moved(app: FastAPI, client: TestClient) -> None:
    page = client.get(f"/voicemails/{store_report(app)}").text
    assert "no beep was found" in page
    assert 'id="window-form"' in page
    assert "Find it automatically" not in page


def test_a_window_holds_at_least_a_word() -> None:
    with pytest.raises(ValidationError, match=r"0\.5 s"):
        GivenWindow(start_s=1, end_s=1.4)
