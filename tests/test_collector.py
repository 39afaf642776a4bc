"""Recordings that wait together are heard together; the urgent one goes ahead; one that fails fails alone."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.collector import Collector
from models.transcript import Transcript
from tests.processes import wait_until
from tests.sounds import Samples, as_transcript, silence


class Listener:
    """A transcriber that says how many seconds it was given, and can be held up in the middle of a batch."""

    batch_size, streams = 4, 1

    def __init__(self) -> None:
        self.batches: list[list[float]] = []
        self.open = threading.Event()
        self.open.set()

    def transcribe(self, messages: Sequence[Samples], give_way: Callable[[], None]) -> list[Transcript]:
        self.batches.append([message.size / 16_000 for message in messages])
        while not self.open.wait(0.01) and len(messages) > 1:
            give_way()
        if 13 in self.batches[-1]:
            raise RuntimeError("unlucky")
        return [as_transcript(f"heard {message.size // 16_000}") for message in messages]


@pytest.fixture
def listener() -> Listener:
    return Listener()


def hear(collector: Collector, seconds: float, *, urgent: bool = False) -> str:
    with collector.desk(urgent=urgent) as seat:
        (transcript,) = seat.transcribe([silence(seconds)])
    return transcript.text


def test_what_waits_together_is_heard_together_and_answered_each(listener: Listener) -> None:
    collector = Collector(listener)  # type: ignore[arg-type]
    with ThreadPoolExecutor(4) as jobs:
        assert list(jobs.map(lambda n: hear(collector, n), (1, 2, 3, 4))) == [f"heard {n}" for n in (1, 2, 3, 4)]
    assert len(listener.batches) == 1


def test_a_batch_is_no_larger_than_it_may_be(listener: Listener) -> None:
    collector = Collector(listener)  # type: ignore[arg-type]
    with ThreadPoolExecutor(10) as jobs:
        list(jobs.map(lambda n: hear(collector, n), range(1, 11)))
    assert max(map(len, listener.batches)) <= 4
    assert len(listener.batches) <= 4


def test_a_lone_recording_hardly_waits(listener: Listener) -> None:
    collector = Collector(listener)  # type: ignore[arg-type]
    began_s = time.monotonic()
    assert hear(collector, 1) == "heard 1"
    assert time.monotonic() - began_s < 0.5


def test_an_urgent_one_is_heard_in_the_middle_of_a_batch(listener: Listener) -> None:
    collector = Collector(listener)  # type: ignore[arg-type]
    listener.open.clear()
    with ThreadPoolExecutor(4) as jobs:
        bulk = [jobs.submit(hear, collector, n) for n in (1, 2, 3)]
        wait_until(lambda: bool(listener.batches))
        urgent = jobs.submit(hear, collector, 9, urgent=True)
        wait_until(lambda: [9] in listener.batches)
        assert not any(one.done() for one in bulk)
        listener.open.set()
        assert urgent.result(5) == "heard 9"
        assert sorted(one.result(5) for one in bulk) == ["heard 1", "heard 2", "heard 3"]


def test_an_urgent_one_is_seated_first(listener: Listener) -> None:
    collector = Collector(listener)  # type: ignore[arg-type]
    order: list[str] = []

    def sit(name: str, urgent: bool) -> None:
        with collector.desk(urgent=urgent):
            order.append(name)

    with ThreadPoolExecutor(4) as jobs, collector.desk(urgent=False):
        jobs.submit(sit, "bulk", False)
        time.sleep(0.05)
        jobs.submit(sit, "urgent", True)
        wait_until(lambda: collector.urgent_at_desk == 1)
    assert order == ["urgent", "bulk"]


def test_one_that_cannot_be_heard_fails_alone(listener: Listener) -> None:
    collector = Collector(listener)  # type: ignore[arg-type]
    with ThreadPoolExecutor(3) as jobs:
        good, bad, other = (jobs.submit(hear, collector, n) for n in (1, 13, 2))
        assert (good.result(5), other.result(5)) == ("heard 1", "heard 2")
        with pytest.raises(RuntimeError, match="unlucky"):
            bad.result(5)
    assert hear(collector, 3) == "heard 3"
