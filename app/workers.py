"""Which workers live, what they have counted, and what becomes of the jobs of one that does not come back.

A worker that starts again resumes its own jobs. Those of a machine that is gone are put back into their queues by any
other worker that has seen no beat of it for a while, by its own clock: clocks of machines differ, and jump.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from app.metrics import counted
from app.outages import keep_doing
from app.schema import WorkerRow
from app.store import Store

if TYPE_CHECKING:
    from dbos import DBOSClient

log = logging.getLogger(__name__)

BEAT_S: Final = 5.0
BEATS: Final = 4  # within the time after which a worker is given up, at the least


class Roll:
    """The beats of all workers, as one of them sees them."""

    def __init__(
        self,
        store: Store,
        client: "DBOSClient",
        worker_id: str,
        gone_after_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store
        self.client = client
        self.worker_id = worker_id
        self.gone_after_s = gone_after_s
        self.beat_s = min(BEAT_S, gone_after_s / BEATS)
        self.clock = clock
        self.seen: dict[str, tuple[int, float]] = {}

    def beat(self) -> None:
        with self.store.session() as session:
            row = session.get(WorkerRow, self.worker_id) or WorkerRow(id=self.worker_id, beats=0)
            row.beats += 1
            row.seen_at = sa.func.current_timestamp()
            row.counts = counted()
            session.add(row)

    def leave(self) -> None:
        """Take this worker off the roll, and give back what it has not finished."""
        hand_back(self.client, self.worker_id)
        with self.store.session() as session:
            session.execute(sa.delete(WorkerRow).where(WorkerRow.id == self.worker_id))

    def look_after(self) -> int:
        """Put the jobs of workers that are gone back into their queues; how many."""
        return sum(hand_back(self.client, gone) for gone in self.gone())

    def gone(self) -> list[str]:
        """Who holds jobs, and has not been heard for so long."""
        with self.store.session() as session:
            beats = {row.id: row.beats for row in session.scalars(sa.select(WorkerRow))}
        now_s = self.clock()
        gone = []
        for worker_id in _holding(self.client) - {self.worker_id}:
            beat = beats.get(worker_id, 0)
            before, since_s = self.seen.get(worker_id, (None, now_s))
            if beat != before:
                self.seen[worker_id] = beat, now_s
            elif now_s - since_s >= self.gone_after_s:
                gone.append(worker_id)
        return gone

    def keep(self, stop: threading.Event) -> None:
        """Beat and look until `stop` is set."""
        keep_doing(self._beat_and_look, self.beat_s, stop)

    def _beat_and_look(self) -> None:
        self.beat()
        if count := self.look_after():
            log.warning("%d jobs of workers that are gone are queued again", count)


def hand_back(client: "DBOSClient", worker_id: str) -> int:
    """Queue again what a worker has begun and not finished; how many jobs. One that is still running runs twice.

    Nothing comes of that but work: a report is stored once, whoever is first.
    """
    by_queue: defaultdict[str | None, list[str]] = defaultdict(list)
    for job in client.list_workflows(status="PENDING", executor_id=worker_id, load_input=False, load_output=False):
        by_queue[job.queue_name].append(job.workflow_id)
    for queue, ids in by_queue.items():
        client.resume_workflows(ids, queue_name=queue)
    return sum(map(len, by_queue.values()))


def _holding(client: "DBOSClient") -> set[str]:
    pending = client.list_workflows(status="PENDING", load_input=False, load_output=False)
    return {job.executor_id for job in pending if job.executor_id}
