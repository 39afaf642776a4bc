"""A tool that speaks OpenAI's dialect points here; its own client is what asks."""

import io
from pathlib import Path
from threading import Thread

import openai
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.processes import Service, wait_until
from tests.scripted import CHECKING_IN
from tests.stored import WAV, analyse

PATH = "/v1/audio/transcriptions"


def ask(app: FastAPI, text: str = CHECKING_IN, **fields: str | list[str]):  # type: ignore[no-untyped-def]
    """The answer, while a worker hears `text` in what was handed in."""
    store = app.state.store

    def work() -> None:
        wait_until(lambda: bool(store.recordings(1)))
        analyse(app, store.recordings(1)[0].id, text)

    worker = Thread(target=work)
    worker.start()
    answer = TestClient(app).post(PATH, files={"file": ("a.wav", WAV)}, data={"model": "whisper-1", **fields})
    worker.join()
    return answer


@pytest.mark.parametrize(
    ("wanted", "kind", "begins"),
    [
        ("json", "application/json", '{"text":"Hi Karen'),
        ("text", "text/plain; charset=utf-8", "Hi Karen"),
        ("srt", "text/plain; charset=utf-8", "1\n00:00:"),
        ("vtt", "text/plain; charset=utf-8", "WEBVTT\n\n00:00:"),
    ],
)
def test_the_words_come_in_the_format_asked_for(app: FastAPI, wanted: str, kind: str, begins: str) -> None:
    answer = ask(app, response_format=wanted)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind), answer.text
    assert answer.text.startswith(begins)
    assert app.state.store.recordings(1) == []  # and nothing is kept


def test_verbose_json_has_segments_and_words_as_asked(app: FastAPI) -> None:
    asked = {"response_format": "verbose_json", "timestamp_granularities[]": ["word", "segment"], "language": "en"}
    told = ask(app, **asked).json()
    assert (told["task"], told["language"], told["text"]) == ("transcribe", "english", CHECKING_IN)
    assert [word["word"] for word in told["words"]] == CHECKING_IN.split()
    assert " ".join(segment["text"] for segment in told["segments"]) == CHECKING_IN
    assert told["duration"] > 9


def test_it_is_kept_where_that_is_asked_for(app: FastAPI) -> None:
    assert ask(app, keep="true").status_code == 200
    assert [row.status for row in app.state.store.recordings(2)] == ["done"]


def test_a_recording_without_words_fails_as_elsewhere_and_is_not_kept(app: FastAPI) -> None:
    answer = ask(app, "")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "no_speech")
    assert app.state.store.recordings(1) == []


@pytest.mark.parametrize(
    "fields",
    [{"response_format": "xml"}, {"language": "fr"}, {"timestamp_granularities[]": "syllable"}],
)
def test_what_cannot_be_had_is_refused_before_any_work(app: FastAPI, fields: dict[str, str]) -> None:
    answer = TestClient(app).post(PATH, files={"file": ("a.wav", WAV)}, data={"model": "whisper-1", **fields})
    assert answer.status_code == 422
    assert answer.json()["error"] | {"message": ""} == {
        "message": "", "type": "invalid_request_error", "param": None, "code": "invalid_request"
    }  # fmt: skip
    assert app.state.store.recordings(1) == []


@pytest.mark.whisper
@pytest.mark.service
def test_the_official_client_gets_words_and_typed_errors(live_service: Service, short_sample: Path) -> None:
    with openai.OpenAI(base_url=f"{live_service.url}/v1", api_key="none", max_retries=0) as client:
        with pytest.raises(openai.APIStatusError) as fault:
            client.audio.transcriptions.create(model="whisper-1", file=("a.txt", io.BytesIO(b"no recording")))
        assert (fault.value.status_code, fault.value.code) == (415, "not_audio")
        heard = client.audio.transcriptions.create(
            model="whisper-1", file=short_sample, response_format="verbose_json", timestamp_granularities=["word"]
        )
    assert heard.language == "english"
    assert heard.words
    assert " ".join(word.word for word in heard.words) == heard.text
