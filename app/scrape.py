"""What Prometheus reads at /metrics: what this service counts, what workers have, and what the database holds now."""

import hmac
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, get_args

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from app.access import admins_only, person_of
from app.metrics import SERVICE, living
from app.openapi import SIGNED_IN, holds, problems
from app.schema import DeliveryRow, RecordingRow, Status, WebhookRow, WorkerRow
from app.settings import QUEUES
from models.errors import NotAllowed, NotSignedIn, WrongKey
from models.person import DEFAULT_WORKSPACE

router = APIRouter(tags=["health"])

WEBHOOKS: Final = "webhooks"  # the queue that is a table of ours

Found = dict[tuple[str, str], tuple[int, float | None]]  # by queue and state: how many, and since when at the longest


def may_read_metrics(request: Request) -> None:
    """An admin of the first workspace, for it counts all, or whoever has the token. Raises what `admins_only` does."""
    token = request.app.state.settings.metrics_token
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if token and kind.lower() == "bearer":
        expected = token.get_secret_value().encode()
        if hmac.compare_digest(given.strip().encode(), expected):
            return
    admins_only(request)
    if person_of(request).workspace_id != DEFAULT_WORKSPACE:
        raise NotAllowed("What the whole installation counts is for those who run it.")


@router.get(
    "/metrics",
    summary="What Prometheus reads",
    response_class=Response,
    openapi_extra={"security": SIGNED_IN},
    responses=holds("text/plain") | problems(NotSignedIn, WrongKey, NotAllowed),
)
def metrics(request: Request) -> Response:
    stored = Stored(request.app.state.workspaces.store.engine)
    return Response(generate_latest(SERVICE) + generate_latest(stored), media_type=CONTENT_TYPE_PLAIN_0_0_4)


class Stored(Collector):
    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def collect(self) -> Iterator[Metric]:
        with self.engine.connect() as connection:
            yield from _queues(connection)
            yield from _recordings(connection)
        workers = living(self.engine)
        yield GaugeMetricFamily("afterbeep_workers", "Workers heard of within a minute.", value=len(workers))
        yield from _counted(workers)


def _counted(workers: Sequence[WorkerRow]) -> Iterator[Metric]:
    """Each family once, with the samples of every worker under its name."""
    families: dict[str, Metric] = {}
    for worker in workers:
        for written in worker.counts or ():
            family = families.setdefault(written["name"], Metric(written["name"], written["help"], written["type"]))
            for name, labels, value in written["samples"]:
                family.add_sample(name, {**labels, "worker": worker.id}, value)
    return iter(families.values())


def _queues(connection: sa.Connection) -> Iterator[Metric]:
    jobs = GaugeMetricFamily(
        "afterbeep_queue_jobs", "Jobs that wait, that run, and that are to be tried later.", labels=("queue", "state")
    )
    oldest = GaugeMetricFamily(
        "afterbeep_queue_oldest_seconds", "How long the oldest job has waited, 0 where none waits.", labels=("queue",)
    )
    found = {**_jobs(connection), **_deliveries(connection)}
    for queue in (*QUEUES, WEBHOOKS):
        for state in ("waiting", "running", "later"):
            count, since_s = found.get((queue, state), (0, None))
            jobs.add_metric((queue, state), count)
            if state == "waiting":
                oldest.add_metric((queue,), 0 if since_s is None else max(0.0, time.time() - since_s))
    yield jobs
    yield oldest


def _jobs(connection: sa.Connection) -> Found:
    """Read from the queue's own table: DBOS has no count to ask for."""
    table = sa.table(
        "workflow_status",
        *(sa.column(name, sa.BigInteger) for name in ("created_at", "delay_until_epoch_ms")),
        *(sa.column(name, sa.Text) for name in ("queue_name", "status")),
        schema=None if connection.dialect.name == "sqlite" else "dbos",
    )
    states = {"ENQUEUED": "waiting", "PENDING": "running", "DELAYED": "later"}
    since_ms = sa.func.min(sa.func.coalesce(table.c.delay_until_epoch_ms, table.c.created_at))
    query = sa.select(table.c.queue_name, table.c.status, sa.func.count(), since_ms)
    query = query.where(table.c.status.in_(states), table.c.queue_name.is_not(None))
    rows = connection.execute(query.group_by(table.c.queue_name, table.c.status))
    return {(queue, states[status]): (count, since_ms / 1000) for queue, status, count, since_ms in rows}


def _deliveries(connection: sa.Connection) -> Found:
    now = datetime.now(UTC)
    state = sa.case(
        (DeliveryRow.claimed_until > now, "running"), (DeliveryRow.next_attempt_at <= now, "waiting"), else_="later"
    )
    query = sa.select(state, sa.func.count(), sa.func.min(DeliveryRow.next_attempt_at)).join_from(
        DeliveryRow, WebhookRow
    )
    query = query.where(DeliveryRow.next_attempt_at.is_not(None), WebhookRow.paused_at.is_(None)).group_by(state)
    return {(WEBHOOKS, state): (count, since.timestamp()) for state, count, since in connection.execute(query)}


def _recordings(connection: sa.Connection) -> Iterator[Metric]:
    ends = GaugeMetricFamily(
        "afterbeep_recordings", "Recordings that are stored, by where they stand.", labels=("status",)
    )
    counts = dict(_counts(connection, RecordingRow.status))
    for status in get_args(Status):
        ends.add_metric((status,), counts.get(status, 0))
    yield ends
    failed = GaugeMetricFamily(
        "afterbeep_recordings_failed", "Recordings that are stored and failed, by error code.", labels=("code",)
    )
    for code, count in _counts(connection, RecordingRow.error_code, RecordingRow.status == "failed"):
        failed.add_metric((code,), count)
    yield failed


def _counts(
    connection: sa.Connection, by: sa.ColumnElement[Any] | Any, *where: sa.ColumnElement[bool]
) -> list[tuple[str, int]]:
    query = sa.select(by, sa.func.count()).where(*where).group_by(by)
    return [(name, count) for name, count in connection.execute(query)]
