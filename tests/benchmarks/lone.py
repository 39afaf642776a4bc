"""A lone recording, from upload to report, beside faster-whisper transcribing the same file, in turn.

python -m tests.benchmarks.lone [--corpus build/benchmark] [--recordings 16] [--rounds 3]
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import torch

from app.settings import Settings
from tests.benchmarks.contestants import faster_whisper
from tests.conftest import SAMPLES
from tests.processes import Service, wait_until


@dataclass(frozen=True)
class Lone:
    recordings: int
    ours_s: float  # from upload to report, on average
    theirs_s: float  # to the transcript

    @property
    def sentence(self) -> str:
        return (
            f"{self.recordings} recordings handed in one at a time, the model warm: {self.ours_s:.2f} s from upload to "
            f"report with the engine of faster-whisper; faster-whisper itself, in turn, {self.theirs_s:.2f} s to the "
            f"words of the same file, {self.theirs_s / self.ours_s:.2f} times as long."
        )


def _seconds(work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s


def measure(files: Sequence[Path], rounds: int = 1) -> Lone:
    """With the real service on the engine of faster-whisper."""
    os.environ["AFTERBEEP_ENGINE"] = "faster-whisper"
    with tempfile.TemporaryDirectory() as folder, Service(Path(folder) / "data") as service:
        wait_until(lambda: bool(service.worker_pids()))
        ours, theirs = _compete(service.url, files, rounds)
    return Lone(len(files), statistics.mean(ours), statistics.mean(theirs))


def _compete(url: str, files: Sequence[Path], rounds: int) -> tuple[list[float], list[float]]:
    """Seconds for each file in each round: ours, and theirs."""
    settings = Settings()
    theirs, _ = faster_whisper(settings.model, settings.model_dir, torch.get_num_threads())
    client = httpx.Client(base_url=url, timeout=150)

    def report(path: Path) -> None:
        answer = client.post("/v1/voicemails", params={"wait": 120}, files={"file": (path.name, path.read_bytes())})
        assert answer.status_code == 200, answer.text

    def transcript(path: Path) -> None:
        theirs([str(path)])

    took: tuple[list[float], list[float]] = ([], [])
    for number in range(-1, rounds):  # the first round only warms up
        for path in files:
            for way, each in zip((report, transcript), took, strict=True):
                spent_s = _seconds(lambda way=way, path=path: way(path))
                if number >= 0:
                    each.append(spent_s)
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=SAMPLES, help="folder of recordings; without it the samples")
    parser.add_argument("--recordings", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print(measure(sorted(args.corpus.glob("*.wav"))[: args.recordings], args.rounds).sentence)


if __name__ == "__main__":
    main()
