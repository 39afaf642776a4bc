"""Progress from stored reports: week by week, one rep's or everybody's."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import NamedTuple

import sqlalchemy as sa

from app.schema import RecordingRow, ReportRow
from app.store import Store
from models.progress import Median, Progress, Share, Tally, Week
from models.recording import CallContext

WEEK = timedelta(weeks=1)
MOST_READ = 5000  # reports, the newest


class Judged(NamedTuple):
    """What progress needs of one report, and whose it is."""

    rep: str | None
    owner_id: str | None
    monday: date
    score: int
    message_s: float | None
    message_wpm: float | None
    statuses: dict[str, str]


def progress(store: Store, since: date, rep: str | None = None) -> Progress:
    found = list(judged(store, since, rep))
    return Progress(since=since, rep=rep, weeks=tuple(weeks_of(found, mondays_of(found))))


def mondays_of(found: Iterable[Judged]) -> list[date]:
    """Every week from the first to the last, those without a recording too."""
    known = {one.monday for one in found}
    return [min(known) + number * WEEK for number in range((max(known) - min(known)) // WEEK + 1)] if known else []


def weeks_of(found: Iterable[Judged], mondays: Iterable[date]) -> Iterator[Week]:
    by_week: defaultdict[date, list[Judged]] = defaultdict(list)
    for one in found:
        by_week[one.monday].append(one)
    for monday in mondays:
        yield Week(monday=monday, **dict(tally(by_week[monday])))


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


def judged(store: Store, since: date, rep: str | None = None) -> Iterator[Judged]:
    query = (
        sa.select(RecordingRow, ReportRow.body)
        .join(ReportRow, ReportRow.recording_id == RecordingRow.id)
        .where(RecordingRow.created_at >= datetime.combine(since, time(), UTC), *_own(store, rep))
    )
    with store.session() as session:
        rows = session.execute(query.order_by(RecordingRow.created_at.desc()).limit(MOST_READ)).all()
    for row, body in rows:
        report = json.loads(body)
        day = row.created_at.date()
        measured = report["measurements"]
        statuses = {finding["rule"]: finding["status"] for finding in report["findings"]}
        monday = day - timedelta(days=day.weekday())
        figures = report["score"]["points"], measured["message_s"], measured["message_wpm"]
        yield Judged(row.context.rep, row.owner_id, monday, *figures, statuses)


def tally(found: Sequence[Judged]) -> Tally:
    flagged: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for one in found:
        of.update(rule for rule, status in one.statuses.items() if status != "not_evaluated")
        flagged.update(rule for rule, status in one.statuses.items() if status == "flagged")
    with_flag = sum("flagged" in one.statuses.values() for one in found)
    return Tally(
        recordings=len(found),
        flagged=Share(flagged=with_flag, of=len(found)) if found else None,
        score=_median(one.score for one in found),
        message_s=_median(one.message_s for one in found),
        message_wpm=_median(one.message_wpm for one in found),
        rules={rule: Share(flagged=flagged[rule], of=of[rule]) for rule in of},
    )


def _median(values: Iterable[float | None]) -> Median | None:
    known = [value for value in values if value is not None]
    return Median(value=round(median(known), 1), of=len(known)) if known else None
