"""Recordings with reports in a test's store, made by the worker's own code with scripted words."""

import io
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI

from analysis.audio.decode import decode
from analysis.pipeline import Analysis
from app.analyst import Analyst
from app.intake import Arrival
from models.transcript import Transcript
from tests.conftest import SAMPLES
from tests.sounds import Samples, as_transcript

WAV = next(SAMPLES.glob("10-*.wav")).read_bytes()
CHECKING_IN = (
    "Hi Karen, it's Tyler with Bluepeak Software. I'm just checking in to see where things stand. "
    "Give me a call back at 615-555-0142. Thanks Karen."
)


class Scripted:
    """Hears the same words in every message."""

    def __init__(self, text: str) -> None:
        self.text = text

    def transcribe(self, messages: Sequence[Samples]) -> list[Transcript]:
        return [as_transcript(self.text, end_s=message.size / 16_000) for message in messages]


def receive(
    app: FastAPI, audio: bytes = WAV, *, playbook: str = "cold-outreach", name: str = "a.wav", **known: Any
) -> str:
    """The id of a recording that waits; `known` is what else came with it."""
    recording_id: str = app.state.intake.receive(Arrival(io.BytesIO(audio), name, playbook, **known)).id
    return recording_id


def analyse(app: FastAPI, recording_id: str, text: str = CHECKING_IN) -> None:
    """What a worker does that hears `text` in it."""
    Analyst(app.state.store, app.state.audio, Scripted(text), app.state.settings).run(recording_id)


def store_report(app: FastAPI, text: str = CHECKING_IN, **known: Any) -> str:
    """The id of a recording in which `text` was heard, analysed."""
    recording_id = receive(app, **known)
    analyse(app, recording_id, text)
    return recording_id


def store_again(app: FastAPI, recording_id: str, name: str, **known: Any) -> str:
    """The id of another recording of the same words; its report is copied, which takes no time."""
    store = app.state.store
    report, waveform = store.report(recording_id), store.waveform(recording_id)
    again = receive(app, name=name, playbook=report.playbook.name, **known)
    store.save_report(again, Analysis(report.model_copy(update={"id": again}), decode(WAV), waveform))
    return again
