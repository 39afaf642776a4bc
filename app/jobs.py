"""Work that survives any process: a durable queue in the database itself (DBOS, no broker).

A recording's id is its job's id. The job is stored in the transaction that stores the recording, is taken by any
worker, and is safe to run again: a report is saved once, whole, or not at all.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.confining import EVERYWHERE
from app.schema import RecordingRow
from app.settings import Queue, Settings

if TYPE_CHECKING:
    from dbos import DBOSClient, EnqueueOptions

log = logging.getLogger(__name__)

APPLICATION = "afterbeep"
URGENT_AT_ONCE = 4  # recordings somebody waits for
FETCHES_AT_ONCE = 8
WORKFLOW = "analyze_recording"
FETCH_WORKFLOW = "fetch_recording"
# Jobs of every release share this name, so that a job queued before an upgrade is finished after it.
JOB_VERSION = "1"
POLLING_S, URGENT_POLLING_S = 0.5, 0.1  # a look costs some milliseconds of a core, work or no work
ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
SWEPT_AT_ONCE = 500
PLACES = 2**29  # in each lane


class Lane(IntEnum):
    """Who goes first, whatever the place."""

    URGENT = 0  # somebody waits for it
    SOON = 1  # what people and calling tools hand in one by one
    BULK = 2  # batches


class Jobs:
    """The service's side: puts jobs into the queue."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._client: DBOSClient | None = None

    @property
    def client(self) -> "DBOSClient":
        if self._client is None:
            from dbos import DBOSClient  # heavy

            self._client = DBOSClient(system_database_engine=self.engine, application_name=APPLICATION)
        return self._client

    def enqueue(self, session: Session, row: RecordingRow) -> None:
        """Queue the analysis of a recording, or a later one, within the caller's transaction."""
        session.flush()  # who writes first gets the first place
        row.place = place_of(session, row)
        urgent = row.lane == Lane.URGENT
        queue: Queue = "urgent" if urgent else "recordings"
        job_id = f"{row.id}.{row.revision}" if row.revision else row.id
        self.client.enqueue_in_transaction(session, _job(row, WORKFLOW, queue, job_id), row.id, urgent)
        log.info("queued", extra={"recording": row.id, "queue": queue})

    def enqueue_fetch(self, session: Session, row: RecordingRow, *, attempt: int, delay_s: float | None = None) -> None:
        """Queue an attempt to fetch a recording, now or later, within the caller's transaction."""
        session.flush()
        row.place = place_of(session, row) if row.place is None else row.place
        job = _job(row, FETCH_WORKFLOW, "fetches", f"{row.id}.fetch.{attempt}")
        if delay_s is not None:
            job["delay_seconds"] = delay_s
        self.client.enqueue_in_transaction(session, job, row.id, attempt)
        log.info("queued", extra={"recording": row.id, "queue": "fetches", "attempt": attempt + 1})

    def forget(self, recording_ids: Sequence[str]) -> None:
        """Delete every job these recordings ever had, waiting or done, with what it was given."""
        if recording_ids:
            jobs = self.client.list_workflows(
                workflow_id_prefix=list(recording_ids), load_input=False, load_output=False
            )
            self.client.delete_workflows([job.workflow_id for job in jobs])

    def sweep(self, before: datetime) -> None:
        """Delete the jobs that ended before then: what came of them stands in the rows of their recordings."""
        while ended := self.client.list_workflows(
            status=ENDED, completed_before=before.isoformat(), limit=SWEPT_AT_ONCE, load_input=False, load_output=False
        ):
            self.client.delete_workflows([job.workflow_id for job in ended])


def _job(row: RecordingRow, workflow: str, queue: Queue, job_id: str) -> "EnqueueOptions":
    assert row.place is not None
    return {
        "workflow_name": workflow,
        "queue_name": queue,
        "workflow_id": job_id,
        "app_version": JOB_VERSION,
        "priority": row.lane * PLACES + row.place,
    }


def place_of(session: Session, row: RecordingRow) -> int:
    """One behind the last of its own workspace, and no sooner than whoever's turn is next.

    So workspaces take turns: what one hands in by the thousand does not keep another's few waiting, and one that comes
    seldom saves up no turns.
    """
    waiting = (
        RecordingRow.status == "queued",
        RecordingRow.stage.is_not_distinct_from(row.stage),  # to be fetched, or to be analysed
        RecordingRow.lane == row.lane,
        RecordingRow.id != row.id,
    )
    own = session.scalar(sa.select(sa.func.max(RecordingRow.place)).where(*waiting))
    next_of_all = sa.select(sa.func.min(RecordingRow.place)).where(*waiting)
    return max((own or 0) + 1, session.scalar(next_of_all, execution_options=EVERYWHERE) or 1)


def launch_worker(
    engine: sa.Engine,
    settings: Settings,
    run: Callable[[str, bool], None],
    fetch: Callable[[str, int], None],
    *,
    at_once: int,
    drain_s: int,
) -> Callable[[], None]:
    """Take jobs from the queues of the settings. What this worker was on when it died is queued again, whoever takes
    it. Returns the way to stop, which takes up to `drain_s` for what has begun.

    `run` is called with a recording's id and whether somebody waits for it, by up to `at_once` threads and a few more
    for the urgent ones; `fetch` with a recording's id and the number of the attempt, by a few of their own.
    """
    from dbos import DBOS

    limits: dict[Queue, int] = {"urgent": URGENT_AT_ONCE, "recordings": at_once, "fetches": FETCHES_AT_ONCE}
    limits = {queue: limits[queue] for queue in settings.queues}
    DBOS(
        config={
            "name": APPLICATION,
            "system_database_engine": engine,
            "system_database_url": settings.database,
            "application_version": JOB_VERSION,
            "executor_id": settings.worker_id,
            "log_level": "WARNING",
            "run_migrations": False,
            "max_executor_threads": sum(limits.values()),
        }
    )

    @DBOS.step()
    def analyze_step(recording_id: str, urgent: bool) -> None:
        run(recording_id, urgent)

    @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
    def analyze_recording(recording_id: str, urgent: bool = False) -> None:
        analyze_step(recording_id, urgent)

    @DBOS.step()
    def fetch_step(recording_id: str, attempt: int) -> None:
        fetch(recording_id, attempt)

    @DBOS.workflow(name=FETCH_WORKFLOW, max_recovery_attempts=None)
    def fetch_recording(recording_id: str, attempt: int) -> None:
        fetch_step(recording_id, attempt)

    DBOS.listen_queues(list(limits))
    DBOS.launch()
    for queue, limit in limits.items():  # no others: of a queue every worker obeys the limit that was set last
        polling_s = URGENT_POLLING_S if queue == "urgent" else POLLING_S
        DBOS.register_queue(
            queue, worker_concurrency=limit, polling_interval_sec=polling_s, on_conflict="always_update"
        )
    return partial(DBOS.destroy, workflow_completion_timeout_sec=drain_s)
