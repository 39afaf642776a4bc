"""docs/performance.md and its chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from tests.benchmarks.lone import Lone
from tests.benchmarks.machine import Machine
from tests.benchmarks.stages import Share

if TYPE_CHECKING:
    from tests.benchmarks.run import Result

BASELINE = "faster-whisper int8, one by one"
OURS = "Afterbeep"
BAR_HEIGHT, CHART_WIDTH, LABEL_WIDTH, BAR_WIDTH = 26, 860, 280, 460


@dataclass(frozen=True)
class Page:
    recordings: int
    seconds: float  # of speech in each
    spoken: bool
    model: str
    threads: int
    results: "Sequence[Result]"
    skipped: dict[str, str]
    shares: Sequence[Share]
    costs: dict[int, float]
    lone: Lone
    limits: Machine
    limit_s: float


def markdown(page: Page) -> str:
    kind = "voicemails" if page.spoken else "samples (no speaking tool was given)"
    lines = [
        "# Performance",
        "",
        f"Written by `make bench`. {page.recordings} {kind} of {page.seconds:.1f} s on average, model `{page.model}`, "
        f"{page.threads} cores, greedy decoding, word times included, in turn within one run. Other work on the "
        "machine moves all figures alike: read the ratios.",
        "",
        "![Seconds for each recording](performance.svg)",
        "",
        f"| way | s a recording | CPU s a recording | times “{BASELINE}” | word errors |",
        "|---|---|---|---|---|",
        *(_row(result, page) for result in page.results),
        *(f"| {name} | {why} | | | |" for name, why in page.skipped.items()),
        "",
        *_same_words(page.results),
        "",
        "## Where the time goes",
        "",
        "CPU seconds for each recording, openai-whisper, batched.",
        "",
        "| stage | CPU s | share |",
        "|---|---|---|",
        *_stages(page.shares),
        "",
        "## How many at once",
        "",
        "| recordings | s each |",
        "|---|---|",
        *(f"| {count} | {seconds:.2f} |" for count, seconds in page.costs.items()),
        "",
        page.lone.sentence,
        "",
        "## The limit",
        "",
        f"In the same run this machine multiplied {page.limits.bfloat16_gflops:.0f} GFLOP/s in bfloat16, "
        f"{page.limits.float32_gflops:.0f} in float32, and read {page.limits.memory_gb_per_s:.0f} GB/s. At these rates "
        f"one recording of the batch cannot take less than {page.limit_s:.2f} s.",
        "",
    ]
    return "\n".join(lines)


def _row(result: "Result", page: Page) -> str:
    baseline = next(one.wall_s for one in page.results if one.name == BASELINE)
    each, cpu = result.wall_s / page.recordings, result.cpu_s / page.recordings
    return f"| {result.name} | {each:.2f} | {cpu:.2f} | {baseline / result.wall_s:.2f} | {result.word_errors:.1f} % |"


def _same_words(results: "Sequence[Result]") -> list[str]:
    """Whether a recording's words depend on what else was in its batch."""
    texts = {result.name: result.texts for result in results}
    sentences = []
    for name, batched in texts.items():
        if name.startswith(OURS) and name.endswith("batched"):
            engine = name.removesuffix(", batched")
            pairs = zip(batched, texts[f"{engine}, alone"], strict=True)
            differ = sum(one != other for one, other in pairs)
            sentences.append(f"{engine}: of {len(batched)} recordings {differ} read otherwise alone than in the batch.")
    return sentences


def _stages(shares: Sequence[Share]) -> list[str]:
    total = sum(share.seconds for share in shares)
    return [f"| {share.stage} | {share.seconds:.3f} | {share.seconds / total:.0%} |" for share in shares]


def chart(results: "Sequence[Result]") -> str:
    """Bars, the slowest the longest."""
    each = {result.name: result.wall_s / len(result.texts) for result in results}
    bars = []
    for number, (name, seconds) in enumerate(sorted(each.items(), key=lambda one: one[1])):
        y, width = 8 + number * BAR_HEIGHT, BAR_WIDTH * seconds / max(each.values())
        color = "#1d6f5c" if name.startswith(OURS) else "#a9b4b8"
        bars.append(
            f'<text x="{LABEL_WIDTH - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{LABEL_WIDTH}" y="{y}" width="{width:.1f}" height="{BAR_HEIGHT - 8}" fill="{color}"/>'
            f'<text x="{LABEL_WIDTH + width + 6:.1f}" y="{y + 14}">{seconds:.2f} s</text>'
        )
    height = 16 + len(bars) * BAR_HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{CHART_WIDTH}" height="{height}" font-family="sans-serif" '
        f'font-size="13"><rect width="100%" height="100%" fill="#fff"/>{"".join(bars)}</svg>\n'
    )
