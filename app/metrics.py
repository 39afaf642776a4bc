"""What each process counts. Names of stages, routes and outcomes; nothing of anybody's.

Workers have no door of their own: each leaves what it has counted in its row of the database, and whichever service is
asked for /metrics shows all of them.
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Histogram, Info, disable_created_metrics
from sqlalchemy.orm import Session

from analysis import __version__
from app.schema import UtcDateTime, WorkerRow
from app.settings import Settings

GONE_AFTER: Final = timedelta(seconds=60)
BATCH_SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)

disable_created_metrics()  # type: ignore[no-untyped-call]
SERVICE: Final = CollectorRegistry()  # what this service counts
WORKER: Final = CollectorRegistry()  # what a worker counts
REQUEST_SECONDS: Final = Histogram(
    "afterbeep_request_seconds",
    "Time from a request to the beginning of its answer.",
    ("method", "route", "status"),
    registry=SERVICE,
    buckets=SECONDS,
)
STAGE_SECONDS: Final = Histogram(
    "afterbeep_stage_seconds",
    "Time a recording spent in a stage, its waiting there included.",
    ("stage",),
    registry=WORKER,
    buckets=SECONDS,
)
BATCH_RECORDINGS: Final = Histogram(
    "afterbeep_batch_recordings", "Recordings transcribed together.", registry=WORKER, buckets=BATCH_SIZES
)
WEBHOOK_ATTEMPTS: Final = Counter(
    "afterbeep_webhook_attempts", "Attempts to deliver a webhook's message, by outcome.", ("outcome",), registry=WORKER
)
ENGINE: Final = Info("afterbeep_engine", "What a worker takes from, and what it transcribes with.", registry=WORKER)


def describe_engine(settings: Settings, device: str) -> None:
    model = Path(settings.model).name  # of a path no more than its end
    told = {"engine": settings.engine, "model": model, "device": device, "precision": settings.precision}
    if not settings.transcribes:
        told = dict.fromkeys(told, "none")
    ENGINE.info({**told, "queues": ",".join(settings.queues), "version": __version__})


def counted() -> list[dict[str, Any]]:
    """All that this worker has counted since it began, as its row holds it."""
    return [
        {
            "name": family.name,
            "help": family.documentation,
            "type": family.type,
            "samples": [(one.name, one.labels, one.value) for one in family.samples],
        }
        for family in WORKER.collect()
    ]


def living(engine: sa.Engine) -> Sequence[WorkerRow]:
    """The workers that were heard of lately, by one clock for all machines: the database's."""
    with Session(engine) as session:
        now = session.execute(sa.select(sa.type_coerce(sa.func.current_timestamp(), UtcDateTime))).scalar_one()
        query = sa.select(WorkerRow).where(WorkerRow.seen_at >= now - GONE_AFTER).order_by(WorkerRow.id)
        return session.scalars(query).all()
