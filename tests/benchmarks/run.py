"""Afterbeep beside the alternatives: the same messages, the same model, in turn, within one run.

    make bench SPEAK="…/python …/speak.py --dir …"

Other work on the machine slows everyone down alike, so read the ratios; CPU seconds count what each thread was busy,
waiting for another one included.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from analysis.speech.openai_whisper import OpenAIWhisper
from app.settings import Settings
from tests.benchmarks import corpus, lone, machine, report
from tests.benchmarks.contestants import Transcribe, batched, contestants
from tests.benchmarks.stages import Share, measure_stages
from tests.benchmarks.wer import word_error_rate

LONE = 16  # recordings that are also handed in one at a time


@dataclass
class Result:
    name: str
    wall_s: float = 0.0
    cpu_s: float = 0.0
    texts: list[str] = field(default_factory=list)
    word_errors: float = 0.0  # percent

    def add(self, transcribe: Transcribe, recordings: Sequence[corpus.Spoken], rounds: int) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        self.texts = transcribe([one.message for one in recordings])
        self.wall_s += (time.perf_counter() - wall) / rounds
        self.cpu_s += (time.process_time() - cpu) / rounds


def compete(ways: dict[str, Transcribe], recordings: Sequence[corpus.Spoken], rounds: int) -> list[Result]:
    """Each in turn, all recordings at once, round after round; the mean of the rounds is what counts."""
    results = {name: Result(name) for name in ways}
    for way in ways.values():
        way([recordings[0].message])  # whatever is done once only
    for number in range(rounds):
        for name, way in ways.items():
            results[name].add(way, recordings, rounds)
            print(f"round {number + 1}/{rounds}: {name}: {results[name].wall_s:.0f} s", file=sys.stderr)
    said = [one.text for one in recordings]
    for result in results.values():
        result.word_errors = word_error_rate(zip(said, result.texts, strict=True))
    return list(results.values())


def cost_by_count(way: Transcribe, recordings: Sequence[corpus.Spoken], counts: Sequence[int]) -> dict[int, float]:
    """Seconds for each recording when so many come at once."""
    costs = {}
    for count in counts:
        messages = [recordings[number % len(recordings)].message for number in range(count)]
        began_s = time.perf_counter()
        way(messages)
        costs[count] = (time.perf_counter() - began_s) / count
    return costs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speak", metavar="COMMAND", help="speaks a text; without it the samples are used")
    parser.add_argument("--corpus", type=Path, default=Path("build/benchmark"), help="folder of what was spoken")
    parser.add_argument("--recordings", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--counts", type=int, nargs="*", default=[1, 10, 100, 1000])
    parser.add_argument("--model", default="base")
    parser.add_argument("--out", type=Path, default=Path("docs/performance.md"))
    args = parser.parse_args()
    import torch

    model_dir, threads = Settings().model_dir, torch.get_num_threads()
    recordings = corpus.spoken(args.speak, args.corpus, args.recordings) if args.speak else corpus.samples()
    engine = OpenAIWhisper(args.model, model_dir=model_dir)
    limits = machine.measure()
    shares: list[Share] = measure_stages(engine, recordings[:16])
    ways = contestants(args.model, model_dir, threads)
    results = compete({name: way for name, way in ways.items() if not isinstance(way, str)}, recordings, args.rounds)
    seconds = sum(one.duration_s for one in recordings) / len(recordings)
    encode = engine.tokenizer("en").encode
    tokens = sum(len(encode(one.text)) for one in recordings) / len(recordings)
    page = report.Page(
        recordings=len(recordings),
        seconds=seconds,
        spoken=bool(args.speak),
        model=args.model,
        threads=threads,
        results=results,
        skipped={name: why for name, why in ways.items() if isinstance(why, str)},
        shares=shares,
        costs=cost_by_count(batched(engine), recordings, args.counts),
        lone=lone.measure([one.path for one in recordings[:LONE]]),
        limits=limits,
        limit_s=limits.limit_s(engine.model.dims, seconds, tokens, engine.batch_size),
    )
    args.out.write_text(report.markdown(page), "utf-8")
    args.out.with_suffix(".svg").write_text(report.chart(results), "utf-8")
    print(report.markdown(page))


if __name__ == "__main__":
    main()
