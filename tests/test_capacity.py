"""The simulation behind docs/capacity.md."""

import numpy as np
import pytest

from tests.benchmarks.simulation import ZONES, arrivals, expected, fewest, run

A_DAY = 50_000
CORE_S = 0.85


def test_a_day_holds_what_was_asked_for_and_comes_at_business_hours() -> None:
    assert expected(A_DAY).sum() == pytest.approx(A_DAY)
    assert sum(share for _, share in ZONES) == pytest.approx(1)
    assert expected(A_DAY)[0] < 0.01 * expected(A_DAY).max(), "the day begins where it is quiet"
    assert np.array_equal(arrivals(A_DAY), arrivals(A_DAY))


@pytest.mark.parametrize("per_s", [0.3, 0.8, 1.5, 10])
def test_no_recording_is_made_or_lost(per_s: float) -> None:
    day = run(arrivals(A_DAY), per_s)
    served = np.diff(day.served, prepend=0)
    assert served.sum() + day.depth[-1] == pytest.approx(day.arrived.sum())
    assert served.min() >= -1e-6
    assert served.max() <= per_s + 1e-6
    assert day.depth.min() >= -1e-6


@pytest.mark.parametrize("per_s", [0.3, 0.8, 1.5])
def test_twice_the_workers_never_lengthen_the_queue(per_s: float) -> None:
    once, twice = run(arrivals(A_DAY), per_s), run(arrivals(A_DAY), 2 * per_s)
    assert np.all(twice.depth <= once.depth + 1e-6)
    assert twice.waited_s(95) <= once.waited_s(95)


def test_waits_are_those_of_a_queue_worked_by_hand() -> None:
    """Ten come at once, one is served a second: the last waits nine seconds, the fifth four."""
    day = run(np.array([10.0, *[0.0] * 20]), 1.0)
    assert day.depth[:11].tolist() == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]
    assert day.waited_s(100) == 9
    assert run(np.array([10.0, 0.0]), 1.0).waited_s(100) == np.inf, "never served within the day"


def test_the_fewest_cores_are_enough_and_one_less_is_not() -> None:
    arrived = arrivals(A_DAY)
    fleet = fewest(arrived, CORE_S, within_s=270)
    assert fleet.day.waited_s(95) <= 270 < run(arrived, (fleet.cores - 1) / CORE_S).waited_s(95)
