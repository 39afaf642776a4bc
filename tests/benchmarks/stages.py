"""Where the time of one recording goes, from its file to its report."""

import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from analysis.pipeline import analyze
from analysis.playbooks import load
from analysis.speech.batch import BatchTranscriber
from tests.benchmarks.corpus import Spoken


@dataclass(frozen=True)
class Share:
    stage: str
    seconds: float  # of a core, for each recording


def measure_stages(engine: BatchTranscriber, recordings: Sequence[Spoken]) -> list[Share]:
    """Analyse recordings one by one for everything but speech, and transcribe them as one batch for that."""
    heard = engine.transcribe([one.message for one in recordings])  # also what is done once only
    spent: dict[str, float] = defaultdict(float)
    for one, transcript in zip(recordings, heard, strict=True):
        _analyze(one, transcript, defaultdict(float))
        _analyze(one, transcript, spent)
    engine.streams = 1  # in this thread, so that its clock counts it
    engine.encode = _timed(engine.encode, "encoding", spent)  # type: ignore[method-assign]
    engine.decode = _timed(engine.decode, "decoding into words and times", spent)  # type: ignore[method-assign]
    engine.transcribe([one.message for one in recordings])
    del engine.encode, engine.decode, engine.streams
    return [Share(stage, seconds / len(recordings)) for stage, seconds in spent.items()]


class _Heard:
    def __init__(self, transcript: Any) -> None:
        self.transcript = transcript

    def transcribe(self, messages: Sequence[Any]) -> list[Any]:
        return [self.transcript]


def _analyze(one: Spoken, transcript: Any, spent: dict[str, float]) -> None:
    stages: list[tuple[str, float]] = []
    analyze(
        one.path,
        transcriber=_Heard(transcript),
        playbook=load(),
        report_id="bench",
        created_at=datetime.now(UTC),
        on_stage=lambda stage: stages.append((stage, time.process_time())),
    )
    stages.append(("", time.process_time()))
    names = {"decoding": "opening the file", "listening": "finding speech", "judging": "measures, rules and report"}
    for (stage, began_s), (_, ended_s) in itertools.pairwise(stages):
        if stage in names:
            spent[names[stage]] += ended_s - began_s


def _timed(work: Callable[..., Any], stage: str, spent: dict[str, float]) -> Callable[..., Any]:
    def timed(*given: Any) -> Any:
        began_s = time.process_time()
        try:
            return work(*given)
        finally:
            spent[stage] += time.process_time() - began_s

    return timed
