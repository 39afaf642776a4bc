"""A working day of voicemails, and the cores it takes: arrivals over business hours, one queue, first come first served."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Steps = npt.NDArray[np.float64]

STEP_S: Final = 1.0
DAY_S: Final = 86_400
BEGINS_H: Final = 6  # UTC: the quietest hour, so that nothing is left over from the day before
#: Where reps are: hours from UTC (winter), and their share.
ZONES: Final = ((-5, 0.30), (-6, 0.22), (-7, 0.06), (-8, 0.22), (0, 0.12), (1, 0.08))
#: How many they leave by the hour of their own day, in proportion; in between in a straight line.
HOURS: Final = ((0, 0.0), (7.5, 0.0), (9, 0.9), (10.5, 1.2), (12.5, 0.6), (14, 1.0), (16, 1.2), (17, 0.8), (18.5, 0.0))


def expected(a_day: int) -> Steps:
    """Voicemails expected in each second, from the quietest hour on."""
    utc_h = BEGINS_H + np.arange(0, DAY_S, STEP_S) / 3600
    hours, weights = zip(*HOURS, strict=True)
    curve = sum(share * np.interp((utc_h + offset_h) % 24, hours, weights, right=0) for offset_h, share in ZONES)
    return np.asarray(a_day * curve / np.sum(curve), np.float64)


def arrivals(a_day: int) -> Steps:
    """What came in each second of one day, the same at every run."""
    return np.random.default_rng(1).poisson(expected(a_day)).astype(np.float64)


@dataclass(frozen=True)
class Day:
    """What came, and how many waited at the end of each step."""

    arrived: Steps
    depth: Steps
    per_step: float  # that can be served

    @property
    def served(self) -> Steps:
        """Of all, up to each step."""
        done: Steps = np.cumsum(self.arrived) - self.depth
        return done

    def waited_s(self, percent: float) -> float:
        """How long so many percent waited at most; endless, where they were not served within the day."""
        came = np.cumsum(self.arrived)
        served_at = np.searchsorted(self.served + 1e-6, came)
        waited = np.where(served_at < came.size, (served_at - np.arange(came.size)) * STEP_S, np.inf)
        order = np.argsort(waited)
        reached = np.cumsum(self.arrived[order])
        return float(waited[order][np.searchsorted(reached, percent / 100 * reached[-1])])


def run(arrived: Steps, per_s: float) -> Day:
    """One queue, and cores that serve so many a second between them."""
    per_step = per_s * STEP_S
    surplus = np.cumsum(arrived - per_step)
    idle = np.minimum(0, np.minimum.accumulate(surplus))
    return Day(arrived, surplus - idle, per_step)


@dataclass(frozen=True)
class Fleet:
    """The fewest cores that keep the promise on one day."""

    cores: int
    day: Day

    @property
    def peak_per_s(self) -> float:
        """Of five minutes."""
        return float(np.max(self.day.arrived.reshape(-1, 300).mean(axis=1)) / STEP_S)


def fewest(arrived: Steps, core_s: float, within_s: float) -> Fleet:
    """Cores with which 95 % wait no longer than `within_s`, when each takes `core_s` of a core."""
    low, high = 0, 1
    while not _kept(arrived, high / core_s, within_s):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        kept = _kept(arrived, middle / core_s, within_s)
        low, high = (low, middle) if kept else (middle, high)
    return Fleet(high, run(arrived, high / core_s))


def _kept(arrived: Steps, per_s: float, within_s: float) -> bool:
    return run(arrived, per_s).waited_s(95) <= within_s


def fleets(volumes: Sequence[int], core_s: float, within_s: float) -> list[Fleet]:
    return [fewest(arrivals(a_day), core_s, within_s) for a_day in volumes]
