"""Recordings that wait at the same time, gathered into batches; the one a person waits for goes ahead.

Each job runs the straight `analyze()` in a thread of its own. Only one of them runs at a time, since neither the
detector of speech nor the processor gains from more, until it hands its message to `transcribe` here and waits.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

from analysis.audio.decode import Samples
from analysis.speech.batch import BatchTranscriber
from analysis.speech.transcriber import GiveWay, Transcriber
from app.metrics import BATCH_RECORDINGS
from models.transcript import Transcript

GATHER_S = 0.05  # how long a lone recording waits for company


@dataclass
class Waiting:
    message: Samples
    transcript: Future[Transcript] = field(default_factory=Future)


class Collector:
    """`batch` recordings at once, by one thread of its own."""

    def __init__(self, transcriber: BatchTranscriber) -> None:
        self.transcriber = transcriber
        self.batch = transcriber.batch_size * transcriber.streams
        self.jobs = self.batch * 3 // 2  # while a batch is transcribed, the next one is made ready
        self.changed = threading.Condition()
        self.waiting: dict[bool, list[Waiting]] = {True: [], False: []}  # by whether somebody waits for it
        self.desk_taken, self.urgent_at_desk = False, 0
        threading.Thread(target=self._work, daemon=True).start()

    # The jobs' side

    @contextmanager
    def desk(self, *, urgent: bool) -> Iterator[Transcriber]:
        """The place for one job at a time, free while it waits for its transcript. Urgent ones are seated first."""
        self._sit(urgent)
        try:
            yield _Seat(self, urgent)
        finally:
            self._rise()

    def transcribe(self, message: Samples, *, urgent: bool) -> Transcript:
        one = Waiting(message)
        with self.changed:
            self.waiting[urgent].append(one)
            self.changed.notify_all()
        self._rise()
        try:
            return one.transcript.result()
        finally:
            self._sit(urgent)

    def _sit(self, urgent: bool) -> None:
        with self.changed:
            self.urgent_at_desk += urgent
            self.changed.wait_for(lambda: not self.desk_taken and (urgent or not self.urgent_at_desk))
            self.urgent_at_desk -= urgent
            self.desk_taken = True

    def _rise(self) -> None:
        with self.changed:
            self.desk_taken = False
            self.changed.notify_all()

    # The transcriber's side

    def _work(self) -> None:
        while True:
            self._transcribe(self._gather(), self._give_way)

    def _gather(self) -> list[Waiting]:
        """What waits, once there is a batch of it or nothing came for a while."""
        with self.changed:
            self.changed.wait_for(lambda: any(self.waiting.values()))
            deadline_s = time.monotonic() + GATHER_S
            while not self.waiting[True] and len(self.waiting[False]) < self.batch:
                if not self.changed.wait(deadline_s - time.monotonic()):
                    break
            lane = self.waiting[bool(self.waiting[True])]
            taken, lane[:] = lane[: self.batch], lane[self.batch :]
            return taken

    def _give_way(self) -> None:
        """Called within a batch, between two steps: whoever is urgent is heard now, and the batch goes on after."""
        with self.changed:
            taken = self.waiting[True][:1]
            del self.waiting[True][:1]
        if taken:
            self._transcribe(taken, lambda: None)

    def _transcribe(self, batch: Sequence[Waiting], give_way: GiveWay) -> None:
        BATCH_RECORDINGS.observe(len(batch))
        try:
            found = self.transcriber.transcribe([one.message for one in batch], give_way)
        except Exception as error:
            if len(batch) == 1:
                batch[0].transcript.set_exception(error)
                return
            for one in batch:  # so that only the one that cannot be transcribed fails
                self._transcribe([one], give_way)
            return
        for one, transcript in zip(batch, found, strict=True):
            one.transcript.set_result(transcript)


@dataclass(frozen=True)
class _Seat:
    collector: Collector
    urgent: bool

    def transcribe(self, messages: Sequence[Samples]) -> list[Transcript]:
        return [self.collector.transcribe(message, urgent=self.urgent) for message in messages]
