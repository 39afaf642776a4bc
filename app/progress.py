"""Progress from stored reports: week by week, one rep's or everybody's."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from statistics import median
from typing import NamedTuple

import sqlalchemy as sa

from app.schema import RecordingRow, ReportRow
from app.store import Store
from models.progress import Median, Progress, Share, Week
from models.recording import CallContext

WEEK = timedelta(weeks=1)
MOST_READ = 5000  # reports, the newest


class Judged(NamedTuple):
    """What progress needs of one report."""

    monday: date
    score: int
    message_s: float | None
    message_wpm: float | None
    statuses: dict[str, str]


def progress(store: Store, since: date, rep: str | None = None) -> Progress:
    judged = sorted(_judged(store, since, rep), key=lambda one: one.monday)
    by_week = {monday: list(group) for monday, group in groupby(judged, key=lambda one: one.monday)}
    weeks: list[Week] = []
    monday = min(by_week, default=None)
    while monday is not None and monday <= max(by_week):
        weeks.append(_week(monday, by_week.get(monday, ())))
        monday += WEEK
    return Progress(since=since, rep=rep, weeks=tuple(weeks))


def reps(store: Store) -> list[str]:
    """Everybody who left a message, by a name they go by."""
    query = sa.select(RecordingRow.context).where(RecordingRow.rep_key.is_not(None), *_own(store))
    with store.session() as session:
        contexts = session.scalars(query).all()
    return sorted({str(context.rep_key): str(context.rep) for context in contexts}.values(), key=str.casefold)


def _own(store: Store, rep: str | None = None) -> tuple["sa.ColumnElement[bool]", ...]:
    """Whose recordings count: what the reader may see, without samples, which are nobody's."""
    key = CallContext(rep=rep).rep_key
    return store.sees, RecordingRow.demo.is_(False), *(() if key is None else (RecordingRow.rep_key == key,))


def _judged(store: Store, since: date, rep: str | None) -> Iterator[Judged]:
    query = (
        sa.select(RecordingRow.created_at, ReportRow.body)
        .join(ReportRow, ReportRow.recording_id == RecordingRow.id)
        .where(RecordingRow.created_at >= datetime.combine(since, time(), UTC), *_own(store, rep))
    )
    with store.session() as session:
        rows = session.execute(query.order_by(RecordingRow.created_at.desc()).limit(MOST_READ)).all()
    for created_at, body in rows:
        report = json.loads(body)
        day = created_at.date()
        measured = report["measurements"]
        statuses = {finding["rule"]: finding["status"] for finding in report["findings"]}
        monday = day - timedelta(days=day.weekday())
        yield Judged(monday, report["score"]["points"], measured["message_s"], measured["message_wpm"], statuses)


def _week(monday: date, judged: Sequence[Judged]) -> Week:
    flagged: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for one in judged:
        of.update(rule for rule, status in one.statuses.items() if status != "not_evaluated")
        flagged.update(rule for rule, status in one.statuses.items() if status == "flagged")
    return Week(
        monday=monday,
        recordings=len(judged),
        score=_median(one.score for one in judged),
        message_s=_median(one.message_s for one in judged),
        message_wpm=_median(one.message_wpm for one in judged),
        rules={rule: Share(flagged=flagged[rule], of=of[rule]) for rule in of},
    )


def _median(values: Iterable[float | None]) -> Median | None:
    known = [value for value in values if value is not None]
    return Median(value=round(median(known), 1), of=len(known)) if known else None
