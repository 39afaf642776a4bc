"""A service and three workers that share a database and a bucket and nothing else: one dies, the others finish."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy.orm import Session

from app.database import connect
from app.jobs import Jobs
from app.schema import DeliveryRow, RecordingRow, ReportRow, WorkerRow
from app.settings import Settings
from tests.postgres import fresh_database
from tests.processes import Program, free_port, wait_until
from tests.provider import provider_server
from tests.s3 import bucket_url
from tests.stored import WAV

pytestmark = [pytest.mark.service, pytest.mark.whisper]

RECORDINGS = 6


@dataclass(frozen=True)
class Fleet:
    url: str
    engine: sa.Engine
    workers: dict[str, Program]  # by the name each has in the database

    def held(self, worker_id: str) -> set[str]:
        """The recordings a worker is on."""
        jobs = Jobs(self.engine).client.list_workflows(status="PENDING", executor_id=worker_id)
        return {job.workflow_id for job in jobs}

    def begun(self, worker_id: str) -> set[str]:
        """Of these, those it does not only hold."""
        running = {row.id for row in rows(self.engine, RecordingRow) if row.status == "running"}
        return self.held(worker_id) & running

    def done_by(self) -> dict[str, str | None]:
        return {job.workflow_id: job.executor_id for job in Jobs(self.engine).client.list_workflows(status="SUCCESS")}


@pytest.fixture
def fleet(tmp_path: Path, model_dir: Path) -> Iterator[Fleet]:
    with ExitStack() as stack:
        database, bucket = stack.enter_context(fresh_database()), stack.enter_context(bucket_url())
        told = {
            "AFTERBEEP_DATABASE_URL": database,
            "AFTERBEEP_AUDIO_URL": bucket,
            "AFTERBEEP_SECRET_KEY": Fernet.generate_key().decode(),
            "AFTERBEEP_MODEL_DIR": str(model_dir),
            "AFTERBEEP_BATCH_SIZE": "1",  # so that none of them takes all there is
            "AFTERBEEP_GONE_AFTER_S": "3",
            "AFTERBEEP_FETCH_INSIDE": "1",
        }
        port, workers = free_port(), {}
        serve = ["serve", "--no-worker", "--port", str(port), "--data-dir", str(tmp_path / "service")]
        stack.enter_context(Program(*serve, log=tmp_path / "service.log", **told))
        for name in ("one", "two", "three"):
            command = ["worker", "--data-dir", str(tmp_path / name)]
            program = Program(*command, log=tmp_path / f"{name}.log", **told, AFTERBEEP_WORKER_ID=name)
            workers[f"{name}-0"] = stack.enter_context(program)
        engine = connect(Settings(data_dir=tmp_path, database_url=SecretStr(database)))
        stack.callback(engine.dispose)
        made = Fleet(f"http://127.0.0.1:{port}", engine, workers)
        wait_until(lambda: httpx.get(f"{made.url}/readyz").status_code == 200)
        wait_until(lambda: {row.id for row in rows(engine, WorkerRow)} == set(workers))
        yield made


def rows(engine: sa.Engine, kind: type[Any]) -> list[Any]:
    with Session(engine) as session:
        return list(session.scalars(sa.select(kind)))


def test_two_workers_finish_what_a_third_began(fleet: Fleet) -> None:
    with provider_server() as provider:
        httpx.post(f"{fleet.url}/v1/webhooks", json={"url": provider.serve("/told", b"")}).raise_for_status()
        handed_in = set()
        for number in range(RECORDINGS):
            response = httpx.post(f"{fleet.url}/v1/voicemails", files={"file": (f"{number}.wav", WAV)})
            assert response.status_code == 202, response.text
            handed_in.add(response.json()["id"])
        wait_until(lambda: any(map(fleet.begun, fleet.workers)))
        dead = max(fleet.workers, key=lambda worker_id: len(fleet.begun(worker_id)))
        fleet.workers[dead].kill()
        held = fleet.held(dead)
        assert held, "it had begun some and ended none of these"
        wait_until(lambda: set(fleet.done_by()) == handed_in)
    recordings = {row.id: row for row in rows(fleet.engine, RecordingRow)}
    assert {(row.status, row.error_code) for row in recordings.values()} == {("done", None)}
    assert {row.recording_id for row in rows(fleet.engine, ReportRow)} == handed_in == set(recordings)
    assert dead not in {fleet.done_by()[recording_id] for recording_id in held}
    assert any(recordings[recording_id].attempts == 2 for recording_id in held)
    ends = Counter(row.payload["data"]["id"] for row in rows(fleet.engine, DeliveryRow) if row.event == "report.ready")
    assert ends == dict.fromkeys(handed_in, 1)
