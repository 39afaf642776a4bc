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


def store_report(
    app: FastAPI, text: str = CHECKING_IN, *, playbook: str = "cold-outreach", name: str = "a.wav", **known: Any
) -> str:
    """The id of a recording in which `text` was heard, analysed; `known` is what else came with it."""
    row = app.state.intake.receive(Arrival(io.BytesIO(WAV), name, playbook, **known))
    Analyst(app.state.store, app.state.audio, Scripted(text), app.state.settings).run(row.id)
    recording_id: str = row.id
    return recording_id


def store_again(app: FastAPI, recording_id: str, name: str, **known: Any) -> str:
    """The id of another recording of the same words; its report is copied, which takes no time."""
    store = app.state.store
    report, waveform = store.report(recording_id), store.waveform(recording_id)
    row = app.state.intake.receive(Arrival(io.BytesIO(WAV), name, report.playbook.name, **known))
    store.save_report(row.id, Analysis(report.model_copy(update={"id": row.id}), decode(WAV), waveform))
    again: str = row.id
    return again
