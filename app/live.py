"""What changed, as it changes: one watcher of the database a process, for everyone who looks."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError

from app.schema import RecordingRow
from app.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.3
PAUSE = 4  # times what a look took, at least: the more is unfinished, the longer it takes
BACKLOG = 1000  # changes somebody may be behind before they are dropped; a new connection gives them the present
IDS_A_QUERY = 500
PENDING = ("queued", "running")


@dataclass(frozen=True)
class Change:
    """A recording as it is now; `row` is None once it is deleted."""

    id: str
    row: RecordingRow | None


Changes = asyncio.Queue[Change | None]  # None: too far behind, come again


@dataclass(frozen=True)
class Seen:
    """What the last look saw: where every unfinished recording stood, and the newest arrival."""

    pending: frozenset[str]
    newest: datetime | None


class Watcher:
    """Looks while anyone listens, once for all of them, in a thread of its own."""

    def __init__(self, store: Store) -> None:
        self.store = store.everywhere()  # who listens, looks up in their own what they are told of
        self._listeners: dict[Changes, str | None] = {}
        self._looking: asyncio.Task[None] | None = None
        self._began = asyncio.Event()

    @asynccontextmanager
    async def listen(self, recording_id: str | None = None, backlog: int = BACKLOG) -> AsyncIterator[Changes]:
        """Changes from now on: of one recording, or of all."""
        changes: Changes = asyncio.Queue(backlog)
        self._listeners[changes] = recording_id
        if self._looking is None:
            self._began = asyncio.Event()
            self._looking = asyncio.create_task(self._look_on(self._began))
        try:
            await self._began.wait()
            yield changes
        finally:
            self._listeners.pop(changes, None)
            if not self._listeners and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def _look_on(self, began: asyncio.Event) -> None:
        seen: Seen | None = None
        while True:
            began_s, pause_s = time.monotonic(), LOOK_EVERY_S
            try:
                changes, seen = await run_in_threadpool(look, self.store, seen)
                pause_s = max(pause_s, PAUSE * (time.monotonic() - began_s))
            except SQLAlchemyError:
                log.warning("the database could not be read for live status; trying again", exc_info=True)
                changes = ()
            for change in changes:
                self._tell(change)
            if seen is not None:
                began.set()
            await asyncio.sleep(pause_s)

    def _tell(self, change: Change) -> None:
        for changes, wanted in list(self._listeners.items()):
            if wanted not in (None, change.id):
                continue
            try:
                changes.put_nowait(change)
            except asyncio.QueueFull:
                del self._listeners[changes]
                while not changes.empty():
                    changes.get_nowait()
                changes.put_nowait(None)


def look(store: Store, before: Seen | None) -> tuple[Sequence[Change], Seen]:
    """What changed since `before`, the oldest first; nothing at the first look."""
    stage, revision = sa.func.coalesce(RecordingRow.stage, ""), sa.cast(RecordingRow.revision, sa.String)
    stands = RecordingRow.id + ":" + RecordingRow.status + ":" + stage + ":" + revision
    # Joined by the database: row by row it took four times as long, and much may wait.
    unfinished = sa.select(sa.func.aggregate_strings(stands, " ")).where(RecordingRow.status.in_(PENDING))
    with store.session() as session:
        newest = session.scalar(sa.select(sa.func.max(RecordingRow.created_at)))
        now = Seen(frozenset((session.scalar(unfinished) or "").split()), newest)
        if before is None:
            return (), now
        arrived = sa.select(RecordingRow.id)
        if before.newest is not None:
            arrived = arrived.where(RecordingRow.created_at > before.newest)
        # What came and went between two looks was never seen unfinished.
        changed = {one.partition(":")[0] for one in now.pending ^ before.pending} | set(session.scalars(arrived))
    rows = rows_of(store, changed)
    gone = changed - {row.id for row in rows}
    return [*(Change(id, None) for id in gone), *(Change(row.id, row) for row in rows)], now


def rows_of(store: Store, ids: Collection[str]) -> Sequence[RecordingRow]:
    """Those of these recordings that the store lets see, the oldest first."""
    rows: list[RecordingRow] = []
    wanted = sorted(ids)
    with store.session() as session:
        for at in range(0, len(wanted), IDS_A_QUERY):
            some = RecordingRow.id.in_(wanted[at : at + IDS_A_QUERY])
            rows += session.scalars(sa.select(RecordingRow).where(some, store.sees))
    return sorted(rows, key=lambda row: (row.created_at, row.id))
