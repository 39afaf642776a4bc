"""What gets slower the more recordings wait, and what many workers cost each other."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import sqlalchemy as sa
from fastapi import FastAPI

from app.jobs import POLLING_S, launch_worker, place_of
from app.live import look
from app.workers import _holding
from tests.benchmarks.footprint import installation, recordings, upload

CLAIMING_S: Final = 5.0
CLAIMED_AT_ONCE: Final = 48  # as a worker of two cores
PENDING: Final = 5_000
#: Each table of what waits, its key, which rows may be copied, and what else must not be the same in two rows.
TABLES: Final = (
    ("recordings", "id", "status = 'queued'", {"place": "place + g", "idempotency_key": "NULL"}),
    ("dbos.workflow_status", "workflow_uuid", "status = 'ENQUEUED'", {"priority": "priority + g"}),
    ("dbos.workflow_input", "workflow_uuid", "true", {}),
)


@dataclass(frozen=True)
class Depth:
    """Milliseconds each, while so many wait."""

    waiting: int
    place_ms: float
    count_ms: float
    list_ms: float
    look_ms: float
    claimed_per_s: float | None  # None where too few wait to tell


@dataclass(frozen=True)
class Pressure:
    depths: list[Depth]
    pending: int
    gone_ms: float  # one worker asking who holds jobs, while so many are being worked on


def measure(depths: Sequence[int]) -> Pressure:
    """Each depth deeper than the one before."""
    with installation() as (app, client):
        upload(client, 0, next(recordings(1)))
        engine, there = app.state.store.engine, 1
        found = []
        for depth in depths:
            add(engine, there, depth)
            there = depth
            found.append(at_depth(app, depth))
        with engine.begin() as connection:
            some = "SELECT workflow_uuid FROM dbos.workflow_status WHERE status = 'ENQUEUED' LIMIT :count"
            taken = f"UPDATE dbos.workflow_status SET status = 'PENDING' WHERE workflow_uuid IN ({some})"
            connection.execute(sa.text(taken), {"count": PENDING})
        gone_ms = _ms(lambda: _holding(app.state.workspaces.jobs.client))
        return Pressure(found, PENDING, gone_ms)


def at_depth(app: FastAPI, depth: int) -> Depth:
    store = app.state.store
    (row,) = store.recordings(1)

    def place() -> None:
        with store.session() as session:
            place_of(session, row)

    return Depth(
        waiting=depth,
        place_ms=_ms(place),
        count_ms=_ms(store.waiting),
        list_ms=_ms(lambda: store.recordings(50)),
        look_ms=_ms(lambda: look(app.state.workspaces.store, None)),
        claimed_per_s=_claimed_per_s(app) if depth > CLAIMED_AT_ONCE * CLAIMING_S / POLLING_S else None,
    )


def add(engine: sa.Engine, there: int, depth: int) -> None:
    """More of what waits, until there are so many: one of them again, under other ids and behind it."""
    with engine.begin() as connection:
        for table, key, waits, told in TABLES:
            schema, _, name = table.rpartition(".")
            names = [one["name"] for one in sa.inspect(connection).get_columns(name, schema or None)]
            columns = [f'"{one}"' for one in names]
            values = [told.get(one, "'more-' || g" if one == key else f'"{one}"') for one in names]
            first = f"(SELECT * FROM {table} WHERE {waits} LIMIT 1) first"
            numbers = f"generate_series({there}, {depth - 1}) g"
            connection.exec_driver_sql(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {first}, {numbers}"
            )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _claimed_per_s(app: FastAPI) -> float:
    """How many jobs one worker takes from the queue and ends, when there is nothing to do for them."""
    ran: list[str] = []
    stop = launch_worker(
        app.state.store.engine,
        app.state.settings,
        lambda recording_id, _: ran.append(recording_id),
        lambda *_: None,
        at_once=CLAIMED_AT_ONCE,
        drain_s=5,
    )
    began_s = time.monotonic()
    time.sleep(CLAIMING_S)
    per_s = len(ran) / (time.monotonic() - began_s)
    stop()
    return per_s


def _ms(work: Callable[[], object]) -> float:
    work()
    took = []
    for _ in range(5):
        began_s = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - began_s))
    return median(took)
