"""What one recording costs beside its transcription: rows, statements, requests to the bucket, bytes, time of a core.

The service and a worker run in this process on PostgreSQL and on a server that speaks S3, with words from a list in
place of the speech model; everything else is what runs in production.
"""

import io
import itertools
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import numpy as np
import soundfile
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr

from analysis.audio.decode import SAMPLE_RATE_HZ, Samples
from analysis.pipeline import Analysis, OnStage, analyze
from analysis.repeats import Earlier, Recall, Traces
from app.analyst import Analyst
from app.courier import courier_of
from app.jobs import launch_worker
from app.main import create_app
from app.retention import Forgetter
from app.schema import RecordingRow
from app.settings import Settings
from app.webhooks.postman import start_postmen
from app.workers import Roll
from models.transcript import Transcript
from tests.benchmarks import corpus
from tests.postgres import fresh_database
from tests.processes import wait_until
from tests.s3 import bucket_url, server
from tests.sounds import as_transcript

UPLOAD_HZ = 8_000
PITCHES = (0.92, 1.08)  # a sample played slower or faster is another recording to whatever knows recordings again
AT_ONCE = 48  # as a worker of two cores
IDLE_S = 10.0
SHOWN = 20
LONGEST_S = 180
WORDS = (40, 90)


@dataclass(frozen=True)
class Cost:
    """For each recording, or each second."""

    statements: float
    transactions: float
    our_core_s: float
    database_core_s: float


@dataclass(frozen=True)
class Footprint:
    recordings: int
    message_s: float
    service: Cost
    worker: Cost  # beside its analysis, and beside what it asks with nothing to do
    idle: Cost  # each second, of one worker with nothing to do
    worked_per_s: float
    table_bytes: dict[str, float]
    bucket_requests: dict[str, float]
    upload_bytes: float
    copy_bytes: float
    wire_bytes: dict[str, float]

    @property
    def row_bytes(self) -> float:
        return sum(self.table_bytes.values())


class Meter:
    """Counts from `begin` on. What is asked while `learning` is what a worker asks with nothing to do."""

    def __init__(self, engine: sa.Engine, bucket: "BucketMeter") -> None:
        self.database, self.bucket = str(engine.url.database), bucket
        self.usual: set[str] = set()
        self.learning = False
        self.count: Counter[str] = Counter()
        sa.event.listen(engine, "before_cursor_execute", self._statement)
        sa.event.listen(engine, "commit", self._transaction)

    def _statement(self, connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if self.learning:
            self.usual.add(statement)
        elif statement in self.usual:
            return
        self.count["statements"] += 1
        connection.info["ours"] = True

    def _transaction(self, connection: sa.Connection) -> None:
        self.count["transactions"] += connection.info.pop("ours", False)

    def begin(self, *, learning: bool = False) -> None:
        self.learning = learning
        self.count.clear()
        self.core_s, self.database_core_s = self._ours_s(), backends_core_s(self.database)

    def _ours_s(self) -> float:
        return time.process_time() - self.bucket.core_s

    def cost(self, per: float, idle: Cost | None = None, for_s: float = 0.0) -> Cost:
        """Since the beginning, for each of `per`; without what an idle worker takes of the cores in `for_s`."""
        our_s, database_s = self._ours_s() - self.core_s, backends_core_s(self.database) - self.database_core_s
        if idle:
            our_s, database_s = our_s - for_s * idle.our_core_s, database_s - for_s * idle.database_core_s
        return Cost(self.count["statements"] / per, self.count["transactions"] / per, our_s / per, database_s / per)


def backends_core_s(database: str) -> float:
    """What the server's processes that serve this database have used of a core."""
    ticks = 0
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            title = command.read_bytes()
            if title.startswith(b"postgres:") and f" {database} ".encode() in title:
                ticks += sum(map(int, (command.parent / "stat").read_text().rsplit(")", 1)[1].split()[11:13]))
        except OSError:
            continue  # it ended meanwhile
    return ticks / os.sysconf("SC_CLK_TCK")


class BucketMeter:
    """Stands in front of the server that speaks S3, in the same process: its own time is told from ours."""

    def __init__(self, moto: Any) -> None:
        self.application, moto._server.app = moto._server.app, self
        self.requests: Counter[str] = Counter()
        self.received_bytes = 0
        self.core_s = 0.0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        began_s = time.thread_time()
        self.requests[environ["REQUEST_METHOD"]] += 1
        self.received_bytes += int(environ.get("CONTENT_LENGTH") or 0)
        try:
            return self.application(environ, start_response)
        finally:
            self.core_s += time.thread_time() - began_s


class Replay:
    """In place of app.analyst.analyze: does it for the first ones, and remembers; then gives what it remembers, at once."""

    def __init__(self) -> None:
        self.made: list[tuple[Analysis, Traces]] = []
        self.played = 0
        self.playing = False

    def __call__(self, source: Any, *, recall: Recall, on_stage: OnStage, **given: Any) -> Analysis:
        if self.playing:
            return self._play(recall, on_stage, **given)
        kept: list[Traces] = []

        def noting(traces: Traces) -> Sequence[Earlier]:
            kept.append(traces)
            return recall(traces)

        analysis = analyze(source, recall=noting, on_stage=on_stage, **given)
        self.made.append((analysis, kept[0]))
        return analysis

    def _play(self, recall: Recall, on_stage: OnStage, *, report_id: str, left_before: Any, **_: Any) -> Analysis:
        self.played += 1
        analysis, traces = self.made[self.played % len(self.made)]
        for stage in ("decoding", "listening", "transcribing", "judging"):
            on_stage(stage)
        other = np.uint32(self.played)  # so that it is like no other
        recall(Traces(traces.landmarks + other, traces.word_pairs + other))
        left_before(analysis.report.transcript)
        return replace(analysis, report=analysis.report.model_copy(update={"id": report_id}))


class Words:
    """Hears one text after another, at once."""

    def __init__(self) -> None:
        texts = [text for text in corpus.texts() if WORDS[0] <= len(text.split()) <= WORDS[1]]
        self.texts = itertools.cycle(texts)

    def transcribe(self, messages: Sequence[Samples]) -> list[Transcript]:
        return [as_transcript(next(self.texts), end_s=message.size / SAMPLE_RATE_HZ) for message in messages]


def recordings(count: int) -> Iterator[bytes]:
    """The samples, each time at another speed, as a telephone line carries them: WAV, 8 kHz, µ-law."""
    import soxr

    messages = [one.message for one in corpus.samples()]
    for number, speed in enumerate(np.linspace(*PITCHES, count)):
        narrow = soxr.resample(messages[number % len(messages)], SAMPLE_RATE_HZ, UPLOAD_HZ * speed)
        file = io.BytesIO()
        soundfile.write(file, narrow, UPLOAD_HZ, format="WAV", subtype="ULAW")
        yield file.getvalue()


@contextmanager
def installation(**more: Any) -> Iterator[tuple[FastAPI, TestClient]]:
    """A service on an empty PostgreSQL database."""
    with tempfile.TemporaryDirectory(prefix="afterbeep-capacity-") as folder, fresh_database() as url:
        settings = Settings(
            data_dir=Path(folder),
            database_url=SecretStr(url),
            rate_limit_per_minute=0,
            max_queued=10**9,
            worker_id="capacity",
            **more,
        )
        app = create_app(settings)
        with TestClient(app) as client:
            yield app, client


def measure(count: int, played: int) -> Footprint:
    """`count` recordings analysed for what they leave behind, then `played` more that are not, for what is around it."""
    replay = Replay()
    with bucket_url() as url, installation(audio_url=url) as (app, client), patch("app.analyst.analyze", replay):
        engine, bucket = app.state.store.engine, BucketMeter(server())
        meter = Meter(engine, bucket)
        files = list(recordings(count))
        with working(app):
            upload(client, 0, files[0])  # what is done once only
            wait_until(lambda: done(app) == 1)
            before, stored = table_bytes(engine), bucket.received_bytes
            bucket.requests.clear()
            wire = sum((upload(client, number, one) for number, one in enumerate(files, 1)), Counter[str]())
            wait_until(lambda: done(app) == count + 1, LONGEST_S)
            after, requests, stored = table_bytes(engine), dict(bucket.requests), bucket.received_bytes - stored
            meter.begin(learning=True)
            time.sleep(IDLE_S)
            idle = meter.cost(per=IDLE_S)
        replay.playing = True
        meter.begin()
        for number in range(played):
            upload(client, count + number, files[number % count])
        service = meter.cost(per=played)
        with working(app):
            wait_until(lambda: done(app) > count + 1)
            first, first_s = done(app), time.monotonic()
            meter.begin()
            wait_until(lambda: done(app) == count + 1 + played, LONGEST_S)
            took_s, rest = time.monotonic() - first_s, count + 1 + played - first
            worker = meter.cost(per=rest, idle=idle, for_s=took_s)
        upload_bytes = sum(map(len, files)) / count
        return Footprint(
            recordings=count,
            message_s=sum(soundfile.info(io.BytesIO(one)).duration for one in files) / count,
            service=service,
            worker=worker,
            idle=idle,
            worked_per_s=rest / took_s,
            table_bytes={name: (after[name] - before[name]) / count for name in after if after[name] != before[name]},
            bucket_requests={method: made / count for method, made in requests.items()},
            upload_bytes=upload_bytes,
            copy_bytes=stored / count - upload_bytes,
            wire_bytes={what: size / count for what, size in wire.items()} | shown_bytes(app, client),
        )


@contextmanager
def working(app: FastAPI) -> Iterator[None]:
    """A worker in this process, with all its threads, as app/worker.py starts it."""
    state, stop, desk = app.state, threading.Event(), threading.Lock()
    workspaces, settings, words = state.workspaces, state.settings, Words()
    store, intake = workspaces.store, replace(state.intake, store=workspaces.store)
    worker = Analyst(store, state.audio, words, settings)

    def run(recording_id: str, _urgent: bool) -> None:
        with desk:  # one at a time, as the collector seats them
            worker.run(recording_id)

    courier = courier_of(settings, store, state.audio, workspaces.jobs)
    roll = Roll(store, workspaces.jobs.client, settings.worker_id, settings.gone_after_s)
    start_postmen(state.postman, stop)
    finish = launch_worker(store.engine, settings, run, courier.run, at_once=AT_ONCE, drain_s=5)
    for keep in (roll.keep, Forgetter(intake, settings.retention).keep):
        threading.Thread(target=keep, args=(stop,), daemon=True).start()
    try:
        yield
    finally:
        stop.set()
        finish()


def upload(client: TestClient, number: int, content: bytes) -> Counter[str]:
    """Hand one in as a calling tool would, named by its call; the bytes that went over the wire."""
    response = client.post(
        "/v1/voicemails",
        files={"file": (f"call-{number}.wav", content)},
        data={"rep": "Maya Ross", "prospect": f"Dana {number}", "company": "Bluepeak", "purpose": "cold"},
        headers={"Idempotency-Key": uuid4().hex},
    )
    response.raise_for_status()
    return Counter(uploaded=int(response.request.headers["Content-Length"]), acknowledged=len(response.content))


def shown_bytes(app: FastAPI, client: TestClient) -> dict[str, float]:
    """What one look takes: the report for a program, and the page for a person, without scripts and styles."""
    ids = [row.id for row in app.state.store.recordings(SHOWN)]
    sizes = {"report as JSON": "/v1/voicemails/{}/report", "page of a report": "/voicemails/{}"}
    return {what: sum(len(client.get(at.format(id)).content) for id in ids) / len(ids) for what, at in sizes.items()}


def done(app: FastAPI) -> int:
    """How many have their report; none may fail."""
    query = sa.select(RecordingRow.status, sa.func.count()).group_by(RecordingRow.status)
    with app.state.store.session() as session:
        counts = dict(session.execute(query).tuples().all())
    assert "failed" not in counts, "a recording could not be analysed"
    return counts.get("done", 0)


def table_bytes(engine: sa.Engine) -> dict[str, int]:
    """Every table with its indexes and what is kept beside it; those of the queue as one."""
    size = sa.text(
        "SELECT CASE schemaname WHEN 'dbos' THEN 'the queue (DBOS)' ELSE relname END, pg_total_relation_size(relid)"
        " FROM pg_stat_user_tables"
    )
    sizes: Counter[str] = Counter()
    with engine.connect() as connection:
        for name, bytes_ in connection.execute(size):
            sizes[name] += bytes_
    return sizes
