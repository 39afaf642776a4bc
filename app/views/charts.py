"""Small line charts as SVG: where each week's point stands, and what its table says."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from app.views.wording import CHECKS, decimal
from models.progress import Median, Week

WIDTH, HEIGHT, EDGE = 320, 96, 12


class Point(NamedTuple):
    """One week: its place in the drawing, its figure, and how many messages are behind it."""

    x: float
    y: float
    monday: date
    figure: str
    of: int


class Chart(NamedTuple):
    title: str
    points: tuple[Point, ...]
    lines: tuple[str, ...]  # SVG points of each run of weeks without a gap
    said: str  # what the drawing shows, for who does not see it


class Row(NamedTuple):
    """A rule over all weeks, for the table."""

    title: str
    flagged: int
    of: int
    chart: Chart


def medians(weeks: Sequence[Week]) -> tuple[Chart, ...]:
    kinds: tuple[tuple[str, Callable[[Week], Median | None], str, float | None], ...] = (
        ("Score", lambda week: week.score, "of 100", 100),
        ("Length", lambda week: week.message_s, "s", None),
        ("Pace", lambda week: week.message_wpm, "words a minute", None),
    )
    return tuple(
        _chart(title, [(one.value, one.of) if (one := of(week)) else None for week in weeks], weeks, unit, top)
        for title, of, unit, top in kinds
    )


def score(weeks: Sequence[Week]) -> Chart:
    return medians(weeks)[0]


def share(weeks: Sequence[Week], rule: str | None) -> Chart:
    """How many were flagged, in per cent: for one rule, or for any."""
    shares = [week.flagged if rule is None else week.rules.get(rule) for week in weeks]
    values = [(100 * one.share, one.of) if one else None for one in shares]
    return _chart("Flagged" if rule is None else CHECKS.get(rule, rule), values, weeks, "%", 100)


def rules(weeks: Sequence[Week]) -> tuple[Row, ...]:
    """Rules flagged at least once, the most often flagged first."""
    rows = [_row(rule, weeks) for rule in dict.fromkeys(rule for week in weeks for rule in week.rules)]
    return tuple(sorted((row for row in rows if row.flagged), key=lambda row: -row.flagged))


def _row(rule: str, weeks: Sequence[Week]) -> Row:
    known = [one for week in weeks if (one := week.rules.get(rule))]
    chart = share(weeks, rule)
    return Row(chart.title, sum(one.flagged for one in known), sum(one.of for one in known), chart)


def _chart(
    title: str, values: Sequence[tuple[float, int] | None], weeks: Sequence[Week], unit: str, top: float | None
) -> Chart:
    known = [value for value in values if value is not None]
    high = top or max((value for value, _ in known), default=1.0) * 1.15 or 1.0
    step = (WIDTH - 2 * EDGE) / max(len(weeks) - 1, 1)
    points: list[Point] = []
    runs: list[list[Point]] = [[]]
    for number, (week, value) in enumerate(zip(weeks, values, strict=True)):
        if value is None:
            runs.append([])
            continue
        figure, of = value
        y = HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * min(figure / high, 1)
        point = Point(round(EDGE + number * step, 1), round(y, 1), week.monday, f"{decimal(figure)} {unit}", of)
        points.append(point)
        runs[-1].append(point)
    lines = tuple(_line(run) for run in runs if len(run) > 1)
    return Chart(title, tuple(points), lines, _said(points))


def _line(points: Iterable[Point]) -> str:
    return " ".join(f"{point.x},{point.y}" for point in points)


def _said(points: Sequence[Point]) -> str:
    if not points:
        return "Nothing measured yet."
    first, last = points[0], points[-1]
    if len(points) == 1:
        return f"{first.figure} in the only week, from {first.of} messages."
    return f"From {first.figure} in the week of {first.monday} to {last.figure} in the week of {last.monday}."
