"""How long it takes to find a message among many stored ones: .venv/bin/python -m tests.measure_recall [MESSAGES]

Stored messages are made of seconds of the samples, each moved in pitch, and of sentences of tests/labelled: more alike
than real messages are, which makes the search slower, not faster.
"""

import json
import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from analysis.audio.decode import decode
from analysis.fingerprint import SECOND, Landmarks, find_landmarks
from analysis.repeats import Traces, find_repeats, word_pairs
from app.database import connect, migrate
from app.recall import STORED, recall
from app.schema import MarkRow, RecordingRow, TraceRow
from app.settings import Settings
from app.store import Store
from models.recording import CallContext
from tests.conftest import ROOT, SAMPLES

DICE = random.Random(1)
BATCH = 1000
ASKED = 50


def seconds_of_speech() -> list[Landmarks]:
    recordings = [path for path in SAMPLES.iterdir() if path.suffix != ".json"]
    found = [find_landmarks(decode(path).samples[-1]) for path in recordings]
    return [
        marks[(marks >> 8) // SECOND == second] - np.uint32(second * SECOND << 8)
        for marks in found
        for second in range(int(marks[-1] >> 8) // SECOND)
    ]


def sentences() -> list[str]:
    lines = (line for path in (ROOT / "tests/labelled").glob("*.jsonl") for line in path.read_text().splitlines())
    return [sentence for line in lines for sentence in json.loads(line)["text"].split(". ")]


def made_up(speech: list[Landmarks], said: list[str]) -> Traces:
    """A message of 30 s."""
    parts = []
    for second in range(30):
        marks = DICE.choice(speech)
        bins = (marks & 0xFF).astype(int) + DICE.randint(-20, 20)
        moved = ((marks >> 8) + second * SECOND) << 8 | bins.clip(0).astype(np.uint32)
        parts.append(moved[(bins >= 0) & (bins < 192)])
    return Traces(np.concatenate(parts), word_pairs(". ".join(DICE.choices(said, k=6))))


def main() -> None:
    stored = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    speech, said = seconds_of_speech(), sentences()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        migrate(settings)
        store = Store(connect(settings))
        for start in range(0, stored, BATCH):
            fill(store, start, [made_up(speech, said) for _ in range(BATCH)])
        size_mb = sum(path.stat().st_size for path in Path(folder).glob("*.db*")) / 1e6
        times_ms = [ask(store, number, made_up(speech, said)) for number in range(ASKED)]
        store.engine.dispose()
    ordered = sorted(times_ms)
    print(
        f"{stored} stored, {size_mb:.0f} MB; keep, find and compare one: median {statistics.median(times_ms):.0f} ms,"
    )
    print(f"95th percentile {ordered[int(ASKED * 0.95)]:.0f} ms, slowest {ordered[-1]:.0f} ms")


def row(key: str, prospect: str) -> dict[str, object]:
    plain = dict.fromkeys(("filename", "sha256", "playbook", "request_digest"), "-")
    context = CallContext(prospect=prospect)
    return {"id": key, "created_at": datetime.now(UTC), "status": "done", "attempts": 1, "demo": False,
            "size_bytes": 1, "context": context, **plain}  # fmt: skip


def fill(store: Store, start: int, batch: list[Traces]) -> None:
    with store.session() as session:
        session.execute(insert(RecordingRow), [row(f"s{start + n}", f"Prospect {n}") for n in range(len(batch))])
        traces = [
            {"id": start + n + 1, "recording_id": f"s{start + n}", "landmarks": one.landmarks.astype(STORED).tobytes(),
             "word_pairs": one.word_pairs.tobytes()}
            for n, one in enumerate(batch)
        ]  # fmt: skip
        session.execute(insert(TraceRow), traces)
        marks = [{"mark": mark, "trace_id": start + n + 1} for n, one in enumerate(batch) for mark in one.marks()]
        session.execute(insert(MarkRow), marks)


def ask(store: Store, number: int, traces: Traces) -> float:
    with store.session() as session:
        session.execute(insert(RecordingRow), [row(f"q{number}", "Somebody else")])
    began = time.perf_counter()
    find_repeats(traces, CallContext(prospect="Somebody else"), recall(store, f"q{number}", traces))
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
