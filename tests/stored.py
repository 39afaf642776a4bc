"""Recordings with reports in a test's store, made by the worker's own code with scripted words."""

import io
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI

from analysis.audio.decode import decode
from analysis.pipeline import Analysis
from app.analyst import Analyst
from app.intake import Arrival
from tests.conftest import SAMPLES
from tests.scripted import CHECKING_IN, Scripted

WAV = next(SAMPLES.glob("10-*.wav")).read_bytes()


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


def jobs(app: FastAPI) -> list[str]:
    """The ids of all there are, of whatever has been handed in."""
    with app.state.store.engine.connect() as connection:
        return sorted(connection.scalars(sa.text("SELECT workflow_uuid FROM workflow_status")))


def store_again(app: FastAPI, recording_id: str, name: str, **known: Any) -> str:
    """The id of another recording of the same words; its report is copied, which takes no time."""
    store = app.state.store
    report, waveform = store.report(recording_id), store.waveform(recording_id)
    again = receive(app, name=name, playbook=report.playbook.name, **known)
    store.save_report(again, Analysis(report.model_copy(update={"id": again}), decode(WAV), waveform))
    return again
