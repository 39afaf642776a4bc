"""Workers that die, stop or come back: their jobs are done by others, and by nobody twice at a time."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from analysis.audio.decode import decode
from analysis.pipeline import Analysis
from app import worker
from app.database import connect, migrate
from app.jobs import Jobs
from app.main import create_app
from app.schema import DeliveryRow, WebhookRow
from app.settings import Settings
from app.store import Store
from app.webhooks.events import EVENTS
from app.workers import Roll, hand_back
from models.errors import AnalysisFailed
from models.recording import GivenWindow
from tests.stored import WAV, receive, store_report

ON_BOTH_DATABASES = True


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def jobs(settings: Settings) -> Iterator[Jobs]:
    """With three recordings in the queue."""
    with TestClient(create_app(settings)) as client:
        for _ in range(3):
            assert client.post("/v1/voicemails", files={"file": ("a.wav", WAV)}).status_code == 202
        yield Jobs(client.app.state.store.engine)


def begin(jobs: Jobs, worker_id: str, count: int) -> list[str]:
    """As if a worker had taken so many, and died."""
    waiting = [one.workflow_id for one in jobs.client.list_workflows(status="ENQUEUED")][:count]
    table = jobs.client._sys_db.tables.workflow_status
    with jobs.client._sys_db.engine.begin() as connection:
        taken = sa.update(table).where(table.c.workflow_uuid.in_(waiting))
        connection.execute(taken.values(status="PENDING", executor_id=worker_id))
    return waiting


def test_jobs_that_ended_long_ago_are_swept_away_and_no_others(jobs: Jobs) -> None:
    old, new, _ = waiting = [one.workflow_id for one in jobs.client.list_workflows(status="ENQUEUED")]
    now = datetime.now(UTC)
    table = jobs.client._sys_db.tables.workflow_status
    with jobs.client._sys_db.engine.begin() as connection:
        for job, ended in ((old, now - timedelta(days=3)), (new, now)):
            ending = sa.update(table).where(table.c.workflow_uuid == job)
            at_ms = int(ended.timestamp() * 1000)
            connection.execute(ending.values(status="SUCCESS", completed_at=at_ms, updated_at=at_ms))
    jobs.sweep(now - timedelta(days=1))
    assert {one.workflow_id for one in jobs.client.list_workflows()} == set(waiting) - {old}


def roll(jobs: Jobs, worker_id: str, clock: Clock) -> Roll:
    return Roll(Store(jobs.engine), jobs.client, worker_id, gone_after_s=60, clock=clock)


def waiting(jobs: Jobs) -> set[str]:
    return {one.workflow_id for one in jobs.client.list_workflows(status="ENQUEUED")}


def test_the_jobs_of_a_worker_without_a_beat_are_queued_again(jobs: Jobs) -> None:
    clock = Clock()
    dead, alive = roll(jobs, "dead-0", clock), roll(jobs, "alive-0", clock)
    dead.beat()
    taken = begin(jobs, "dead-0", 2)
    for clock.now_s in (0, 30, 59):
        assert alive.look_after() == 0
    clock.now_s = 61
    assert alive.look_after() == 2
    assert set(taken) <= waiting(jobs)
    assert alive.look_after() == 0, "they are nobody's now"


def test_queued_again_they_are_in_the_queue_they_came_from(jobs: Jobs) -> None:
    before = {one.workflow_id: one.queue_name for one in jobs.client.list_workflows()}
    begin(jobs, "dead-0", 3)
    hand_back(jobs.client, "dead-0")
    assert {one.workflow_id: one.queue_name for one in jobs.client.list_workflows()} == before


def test_a_worker_that_beats_keeps_its_jobs_however_long_they_take(jobs: Jobs) -> None:
    clock = Clock()
    busy, other = roll(jobs, "busy-0", clock), roll(jobs, "other-0", clock)
    begin(jobs, "busy-0", 1)
    for clock.now_s in range(0, 600, 50):
        busy.beat()
        assert other.look_after() == 0


def test_a_worker_that_was_never_heard_is_gone_too(jobs: Jobs) -> None:
    clock = Clock()
    begin(jobs, "an-older-release", 1)
    alive = roll(jobs, "alive-0", clock)
    assert alive.look_after() == 0
    clock.now_s = 60
    assert alive.look_after() == 1


def test_who_stops_gives_back_what_it_has_not_finished(jobs: Jobs) -> None:
    leaving = roll(jobs, "leaving-0", Clock())
    leaving.beat()
    begin(jobs, "leaving-0", 2)
    leaving.leave()
    assert len(waiting(jobs)) == 3


def end_together(*runs: Callable[[], None]) -> None:
    threads = [threading.Thread(target=run) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_of_two_workers_on_a_recording_the_first_gives_it_its_end(app: FastAPI) -> None:
    """One had only slept: it ends what others were given meanwhile, at the same time, later, or otherwise."""
    store = app.state.store
    analysis = Analysis(store.report(store_report(app)), decode(WAV), [0.5])
    with store.session() as session:
        session.add(
            WebhookRow(
                id="w1", url="", secret="", events=list(EVENTS), renderer="events",
                created_at=datetime.now(UTC), created_by="",
            )
        )  # fmt: skip
    recording_id = receive(app)
    for _ in range(2):
        assert store.begin(recording_id)
    end_together(*[partial(store.save_report, recording_id, analysis)] * 4)
    store.save_report(recording_id, replace(analysis, waveform=[0.25]))
    store.fail(recording_id, AnalysisFailed("No."))
    assert (store.recording(recording_id).status, store.waveform(recording_id)) == ("done", [0.5])
    with store.session() as session:
        told = session.scalars(sa.select(DeliveryRow.event)).all()
    assert told == ["report.ready"]


def test_who_slept_while_the_message_was_moved_does_not_end_the_later_analysis(app: FastAPI) -> None:
    store, recording_id = app.state.store, store_report(app)
    report = Analysis(store.report(recording_id), decode(WAV), [0.5])
    app.state.intake.mark_message(recording_id, GivenWindow(start_s=1, end_s=8))
    store.save_report(recording_id, report, revision=0)
    store.fail(recording_id, AnalysisFailed("No."), revision=0)
    assert store.recording(recording_id).status == "queued"
    store.save_report(recording_id, report, revision=1)
    assert store.recording(recording_id).status == "done"


def test_one_looks_on_through_a_database_that_does_not_answer(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from sqlalchemy.exc import OperationalError

    stop, beats = threading.Event(), []

    def beat() -> None:
        beats.append(1)
        if len(beats) == 1:
            raise OperationalError("SELECT 1", {}, Exception("the server closed the connection"))
        stop.set()

    alive = roll(jobs, "alive-0", Clock())
    monkeypatch.setattr(alive, "beat", beat)
    monkeypatch.setattr(alive, "beat_s", 0.01)
    alive.keep(stop)
    assert len(beats) == 2
    assert "the database does not answer" in caplog.text


def test_starting_together_migrates_once(settings: Settings) -> None:
    threads = [threading.Thread(target=migrate, args=(settings,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine = connect(settings)
    assert Store(engine).ids() == set()
    engine.dispose()


def test_workers_that_share_a_folder_keep_their_names_in_whatever_order_they_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named `one-1` because `two` had come first, it would not have resumed what it had begun as `one-0`."""
    monkeypatch.setattr(worker, "_locks", [])
    settings.data_dir.mkdir()
    one, two = (settings.model_copy(update={"worker_id": name}) for name in ("one/a", "two"))
    assert [worker._take_name(each) for each in (two, one, one)] == ["two-0", "one/a-0", "one/a-1"]
