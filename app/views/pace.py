"""Pace over time as SVG geometry, on the waveform's scale of time."""

from typing import NamedTuple

from analysis.pace import Stretch, pace_over_time
from app.views.wording import decimal
from models.playbook import Limits
from models.report import Report

WIDTH, HEIGHT = 1000.0, 100.0  # the viewBox, as wide as the waveform's


class PaceLine(NamedTuple):
    """A line over the bands the playbook allows and aims at; heights are in viewBox units, from the top."""

    points: str
    allowed_y: float
    allowed_height: float
    target_y: float
    target_height: float
    slowest: Stretch
    fastest: Stretch
    said: str


def pace_line(report: Report, limits: Limits | None) -> PaceLine | None:
    """None where no pace was measured, or the message is too short for it to change."""
    if limits is None or report.message is None or report.recording is None or not report.recording.duration_s:
        return None
    if report.measurements.message_wpm is None:
        return None
    stretches = pace_over_time(report.transcript.words, report.message)
    if not stretches:
        return None
    slowest, fastest = min(stretches, key=lambda one: one.wpm), max(stretches, key=lambda one: one.wpm)
    low, high = limits.message_wpm
    bottom, top = min(0.75 * low, slowest.wpm), max(1.2 * high, fastest.wpm)

    def y(wpm: float) -> float:
        return round(HEIGHT * (top - wpm) / (top - bottom), 1)

    x_per_s = WIDTH / report.recording.duration_s
    target_low, target_high = limits.message_wpm_target
    return PaceLine(
        points=" ".join(f"{one.middle_s * x_per_s:.1f},{y(one.wpm)}" for one in stretches),
        allowed_y=y(high),
        allowed_height=round(y(low) - y(high), 1),
        target_y=y(target_high),
        target_height=round(y(target_low) - y(target_high), 1),
        slowest=slowest,
        fastest=fastest,
        said=f"Pace over time: from {decimal(slowest.wpm)} to {decimal(fastest.wpm)} words a minute.",
    )
