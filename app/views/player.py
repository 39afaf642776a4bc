"""The waveform as SVG geometry: bars, the message window, and a numbered marker for every second worth hearing."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from app.views.coaching import Coaching
from app.views.words import Kind
from models.report import Evidence, MessageWindow, Report

WIDTH, HEIGHT = 1000.0, 100.0  # The viewBox; the page stretches it to any width.
MOST_LANES = 3  # The player stays in sight while the page scrolls, so it has to stay low.
BARS = 160
QUIETEST_BAR = 1.5
MARKER_WIDTH_PERCENT = 8.5  # A 24-pixel marker on the narrowest phone; nearer ones move to another lane.


class Marker(NamedTuple):
    label: str
    kind: Kind
    title: str
    anchor: str
    x_percent: float
    width_percent: float
    lane: int

    @property
    def at_end(self) -> bool:
        """So near the end that its number stands before the end, not after its start."""
        return self.x_percent > 100 - MARKER_WIDTH_PERCENT


class Wave(NamedTuple):
    """Percentages are of the recording's length; paths are in viewBox units."""

    duration_s: float
    message_path: str
    outside_path: str
    message_x_percent: float
    message_width_percent: float
    beep_x_percent: float | None
    markers: tuple[Marker, ...]
    lanes: int


def wave(report: Report, coached: Coaching, peaks: Sequence[float] | None) -> Wave | None:
    """None for a script: there is nothing to play."""
    if report.recording is None or not report.recording.duration_s:
        return None
    duration_s = report.recording.duration_s
    window = report.message or MessageWindow(start_s=0, end_s=duration_s, found_by="whole_file", confidence=0)
    bars = bar_heights(peaks or (), BARS)
    inside = [window.start_s <= (index + 0.5) * duration_s / BARS <= window.end_s for index in range(BARS)]
    markers = in_lanes(found_markers(coached, duration_s))
    return Wave(
        duration_s=duration_s,
        message_path=path(bars, inside),
        outside_path=path(bars, [not shown for shown in inside]),
        message_x_percent=percent(window.start_s, duration_s),
        message_width_percent=percent(window.end_s - window.start_s, duration_s),
        beep_x_percent=None if window.beep_end_s is None else percent(window.beep_end_s, duration_s),
        markers=markers,
        lanes=max((marker.lane + 1 for marker in markers), default=0),
    )


def percent(part_s: float, duration_s: float) -> float:
    return round(min(max(100 * part_s / duration_s, 0.0), 100.0), 2)


def bar_heights(peaks: Sequence[float], count: int) -> list[float]:
    """The loudest peak in each of `count` slices, with the loudest of all drawn full height."""
    if not peaks:
        return [0.0] * count
    edges = [index * len(peaks) // count for index in range(count + 1)]
    slices = [max(peaks[start : max(end, start + 1)]) for start, end in pairwise(edges)]
    loudest = max(slices) or 1.0
    return [peak / loudest for peak in slices]


def path(bars: Sequence[float], shown: Sequence[bool]) -> str:
    middle, step = HEIGHT / 2, WIDTH / len(bars)
    return "".join(
        f"M{(index + 0.5) * step:.1f} {middle - half:.1f}v{2 * half:.1f}"
        for index, (bar, drawn) in enumerate(zip(bars, shown, strict=True))
        if drawn and (half := max(QUIETEST_BAR, 0.94 * middle * bar))
    )


def found_markers(coached: Coaching, duration_s: float) -> list[Marker]:
    found: list[Marker] = []

    def add(quotes: Sequence[Evidence], kind: Kind, label: str, title: str, anchor: str) -> None:
        for quote in quotes:
            if quote.start_s is not None and quote.end_s is not None:
                x, width = percent(quote.start_s, duration_s), percent(quote.end_s - quote.start_s, duration_s)
                found.append(Marker(label, kind, title, anchor, x, max(width, 0.4), lane=0))

    for change in coached.changes:
        add(change.quotes, "stop", str(change.number), change.finding.title, change.anchor)
    for kept in coached.kept:
        add(kept.quotes, "keep", "✓", kept.strength.title, kept.anchor)
    return found


def in_lanes(markers: Sequence[Marker]) -> tuple[Marker, ...]:
    """Each marker on the first lane where it touches no other; on the freest one when all lanes are taken."""
    lane_ends: list[float] = []
    placed = []
    for marker in sorted(markers, key=lambda marker: marker.x_percent):
        start = min(marker.x_percent, 100 - MARKER_WIDTH_PERCENT)
        lane = next((lane for lane, end in enumerate(lane_ends) if start >= end), len(lane_ends))
        if lane == MOST_LANES:
            lane = lane_ends.index(min(lane_ends))
        lane_ends[lane : lane + 1] = [start + max(MARKER_WIDTH_PERCENT, marker.width_percent)]
        placed.append(marker._replace(lane=lane))
    return tuple(placed)
