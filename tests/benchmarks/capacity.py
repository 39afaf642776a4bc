"""One to ten million voicemails a day: what it would take, from what one takes here.

    make capacity ARGS="--database-cores 32 --core-hour 0.03"

What a recording costs is measured in the run, on PostgreSQL and on a server that speaks S3; its transcription is taken from
docs/performance.md, which `make bench` writes. A day is then simulated second by second, and each measured limit pushed
until it gives way. Writes docs/capacity.md. Takes three minutes.
"""

import argparse
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.jobs import POLLING_S, URGENT_POLLING_S
from app.live import LOOK_EVERY_S
from app.workers import BEAT_S
from tests.benchmarks import footprint, pressure
from tests.benchmarks.footprint import Footprint
from tests.benchmarks.pressure import Pressure
from tests.benchmarks.simulation import HOURS, ZONES, Fleet, fleets

MILLION: Final = 1_000_000
VOLUMES: Final = (1 * MILLION, 2 * MILLION, 5 * MILLION, 10 * MILLION)
WITHIN_S: Final = 300.0
BATCH: Final = 16  # recordings a core decodes together
TRANSCRIBED: Final = ("encoding", "decoding into words and times")
PERFORMANCE: Final = Path("docs/performance.md")
LARGEST_INT: Final = 2**31


@dataclass(frozen=True)
class Assumed:
    """What was not measured, and can be given."""

    working_days: int
    cores_per_worker: int
    database_cores: int
    core_hour: float
    database_gb_month: float
    bucket_gb_month: float
    thousand_writes: float
    thousand_reads: float


@dataclass(frozen=True)
class Measured:
    stages: dict[str, float]  # seconds of a core, from docs/performance.md
    one: Footprint
    pressure: Pressure
    load: float  # of this machine, at the end

    @property
    def core_s(self) -> float:
        """Of a worker, for each recording: its analysis and what is around it."""
        return sum(self.stages.values()) + self.one.worker.our_core_s

    @property
    def seated_s(self) -> float:
        """Of a worker's one desk (`app/collector.py`), for each recording: all but its transcription."""
        return self.core_s - sum(self.stages[stage] for stage in TRANSCRIBED)

    @property
    def at_least_s(self) -> float:
        """From its turn to its report: while one batch is transcribed, the next is made ready."""
        return 2 * BATCH * self.core_s


@dataclass(frozen=True)
class Installation:
    """What a volume asks for, of everything but the speech."""

    a_day: int
    fleet: Fleet
    measured: Measured
    assumed: Assumed

    @property
    def workers(self) -> int:
        return -(-self.fleet.cores // self.assumed.cores_per_worker)

    @property
    def a_month(self) -> int:
        return self.a_day * self.assumed.working_days

    def per_s(self, what: str) -> float:
        """Of the database at the peak: for recordings, and for workers that look for some."""
        one = self.measured.one
        each = getattr(one.service, what) + getattr(one.worker, what)
        return float(self.fleet.peak_per_s * each + self.workers * getattr(one.idle, what))

    @property
    def service_cores(self) -> float:
        return self.fleet.peak_per_s * self.measured.one.service.our_core_s

    def requests(self, methods: Iterable[str]) -> float:
        """To the bucket, in a day."""
        return self.a_day * sum(self.measured.one.bucket_requests.get(one, 0) for one in methods)

    @property
    def money(self) -> dict[str, float]:
        """For a month; of what is stored, that month's alone."""
        assumed, one = self.assumed, self.measured.one
        days, cores = assumed.working_days, self.fleet.cores + self.service_cores
        return {
            "cores, all day": cores * 24 * days * assumed.core_hour,
            "cores, only while they work": self.a_month * (self.measured.core_s + one.service.our_core_s) / 3600 * assumed.core_hour,
            "database: cores": assumed.database_cores * 24 * days * assumed.core_hour,
            "database: a month's rows": self.a_month * one.row_bytes / 1e9 * assumed.database_gb_month,
            "bucket: a month's recordings": self.a_month * (one.upload_bytes + one.copy_bytes) / 1e9 * assumed.bucket_gb_month,
            "bucket: requests": days / 1000 * (self.requests(WRITES) * assumed.thousand_writes + self.requests(READS) * assumed.thousand_reads),
        }  # fmt: skip


WRITES: Final = ("PUT", "POST", "LIST")
READS: Final = ("GET", "HEAD")


@dataclass(frozen=True)
class Limit:
    """A part, and the voicemails a day with which it gives way."""

    part: str
    measured: str
    a_day: float
    then: str


def limits(measured: Measured, assumed: Assumed, planned: Sequence[Installation]) -> list[Limit]:
    """The first to give way first. Scaled in a straight line from the largest volume, which all but the last two are."""
    most = planned[-1]
    one, deepest = measured.one, measured.pressure.depths[-1]
    database_cores = most.per_s("database_core_s")
    looked = LOOK_EVERY_S / (deepest.look_ms / 1000 / deepest.waiting)
    counted = assumed.database_cores / (deepest.count_ms / 1000 / deepest.waiting)  # recordings/s times how many wait
    gone_s = measured.pressure.gone_ms / 1000 / measured.pressure.pending
    busy = most.workers * assumed.cores_per_worker * BATCH * 1.5
    asking = most.workers / BEAT_S * busy * gone_s
    traced_days = LARGEST_INT / most.a_day

    def a_day(share: float) -> float:
        return most.a_day / share

    return sorted(
        [
            Limit(
                "one service process",
                f"{1000 * one.service.our_core_s:.0f} ms of a core for each upload",
                a_day(most.service_cores),
                "start more of them behind the balancer; nothing is shared but the database and the bucket",
            ),
            Limit(
                "live pages (`app/live.py`)",
                f"a look at {deepest.waiting:,} unfinished recordings takes {deepest.look_ms:.0f} ms, every {LOOK_EVERY_S} s",
                a_day(float(most.fleet.day.depth.max()) / looked),
                "pages lag behind by five looks; the query has to ask for what changed instead of for all",
            ),
            Limit(
                f"the database, with {assumed.database_cores} cores",
                f"{1000 * (one.service.database_core_s + one.worker.database_core_s):.1f} ms of its core for each recording, "
                f"{1000 * one.idle.database_core_s:.0f} ms a second for each worker",
                a_day(database_cores / assumed.database_cores),
                "more cores; then installations apart, a group of workspaces each",
            ),
            Limit(
                "counting what waits, at every upload (`Store.waiting`)",
                f"{deepest.count_ms:.1f} ms with {deepest.waiting:,} waiting",
                a_day((most.fleet.peak_per_s * float(most.fleet.day.depth.max()) / counted) ** 0.5),
                "the deeper the queue, the dearer an upload: count once a second instead",
            ),
            Limit(
                "workers asking for the jobs of others (`app/workers.py`)",
                f"{measured.pressure.gone_ms:.0f} ms for each look with {measured.pressure.pending:,} jobs begun, every {BEAT_S:.0f} s",
                a_day((asking / assumed.database_cores) ** 0.5),
                "grows with the square of the workers: let one of them look, as forgetting by age does",
            ),
            Limit(
                "numbers of `traces`, 32 bits",
                f"one for each recording with a prospect: used up after {traced_days:.0f} days at {most.a_day / MILLION:.0f} million",
                LARGEST_INT / (365 * 5),
                "wider numbers, a migration that writes `traces` and `marks` anew; the figure is for five years of every day",
            ),
        ],
        key=lambda limit: limit.a_day,
    )  # fmt: skip


def stages(page: Path) -> dict[str, float]:
    """What `make bench` measured last."""
    found = re.findall(r"^\| (.+?) \| ([\d.]+) \| \d+% \|$", page.read_text("utf-8"), re.MULTILINE)
    assert found, f"no stages in {page}"
    return {stage: float(seconds) for stage, seconds in found}


def markdown(measured: Measured, assumed: Assumed, planned: Sequence[Installation]) -> str:
    return "\n".join([*_measured(measured), *_day(measured), *_volumes(planned), *_money(assumed, planned), *_limits(measured, assumed, planned), *_unknown()]) + "\n"  # fmt: skip


def _measured(measured: Measured) -> Iterator[str]:
    one, analysis_s = measured.one, sum(measured.stages.values())
    yield "# Capacity"
    yield ""
    yield (
        "Written by `make capacity`: what one voicemail costs, measured, and what a million to ten million a day would take, "
        "simulated. Nobody has run that many. Every figure says whether it was measured, simulated, scaled in a straight line "
        "or assumed."
    )
    yield from ("", "## What one recording costs", "")
    yield (
        f"Measured with {one.recordings} recordings of {one.message_s:.0f} s, WAV as telephone lines carry them, for what they "
        "leave behind; and with more whose analysis was played back, for the statements and the time around it. Service and "
        f"worker ran in one process beside PostgreSQL and a server that speaks S3, all on {os.cpu_count()} cores (load "
        f"{measured.load:.1f} at the end); what that server took of a core is not counted. Transcription and the rest of the "
        "analysis are those of [Performance](performance.md), model `base`, on a processor."
    )
    yield ""
    yield from _table(
        ("what", "of each recording"),
        [
            *((f"{stage} (from Performance)", f"{seconds:.3f} s of a core") for stage, seconds in measured.stages.items()),
            ("taking it from the queue, storing, telling", f"{one.worker.our_core_s:.3f} s of a core"),
            ("a worker, together", f"{measured.core_s:.2f} s of a core, {analysis_s / measured.core_s:.0%} of it analysis"),
            ("taking it in (the service)", f"{one.service.our_core_s:.3f} s of a core"),
            ("the database", f"{1000 * one.service.database_core_s:.1f} ms of a core to take it in, {1000 * one.worker.database_core_s:.1f} ms to analyse it"),
            ("statements", f"{one.service.statements:.1f} to take it in, {one.worker.statements:.1f} to analyse it"),
            ("transactions", f"{one.service.transactions:.1f} to take it in, {one.worker.transactions:.1f} to analyse it"),
            ("rows with their indexes", f"{one.row_bytes / 1000:.1f} kB: " + ", ".join(f"{name} {size / 1000:.1f}" for name, size in sorted(one.table_bytes.items(), key=lambda item: -item[1]) if size > 50)),
            ("the bucket", f"{one.upload_bytes / 1000:.0f} kB as it came, {one.copy_bytes / 1000:.0f} kB copied for browsers; " + ", ".join(f"{count:.1f} {method}" for method, count in sorted(one.bucket_requests.items()))),
            ("the wire", ", ".join(f"{what} {size / 1000:.1f} kB" for what, size in one.wire_bytes.items())),
        ],
    )  # fmt: skip
    yield ""
    yield (
        f"A worker with nothing to do asks the database {one.idle.statements:.0f} times a second, in "
        f"{one.idle.transactions:.0f} transactions, which takes {one.idle.our_core_s:.2f} of its core and "
        f"{1000 * one.idle.database_core_s:.0f} ms of the database's: the urgent queue every {URGENT_POLLING_S} s, "
        f"two more every {POLLING_S} s (DBOS reads the queue's settings and the newest version each time), webhooks, its beat."
    )
    yield from ("", "## While others wait", "")
    yield from _table(
        ("waiting", "its place, ms", "how many wait, ms", "a list, ms", "a live look, ms", "jobs claimed and ended /s"),
        [
            (f"{at.waiting:,}", f"{at.place_ms:.1f}", f"{at.count_ms:.1f}", f"{at.list_ms:.1f}", f"{at.look_ms:.0f}", "–" if at.claimed_per_s is None else f"{at.claimed_per_s:.0f}")
            for at in measured.pressure.depths
        ],
    )  # fmt: skip
    yield ""
    yield (
        "Measured by one process, alone: claiming is DBOS's statement and ours in one Python process with nothing to do for a "
        f"job. With the work of storing a report, one worker ended {one.worked_per_s:.0f} recordings a second here."
    )


def _day(measured: Measured) -> Iterator[str]:
    zones = ", ".join(f"UTC{offset_h:+d} {share:.0%}" for offset_h, share in ZONES)
    hours = ", ".join(f"{hour:g} h {weight:g}" for hour, weight in HOURS[1:])
    yield from ("", "## The day", "")
    yield (
        f"Assumed: reps in {zones}; how many they leave by their own clock, in proportion: {hours}, straight lines between. "
        "What comes in each second is drawn from a Poisson distribution with a fixed seed. One queue, first come first served; "
        "a core ends a recording every "
        f"{measured.core_s:.2f} s. A report is there when its turn has come and {measured.at_least_s:.0f} s later: a batch of "
        f"{BATCH} each core, while the next is made ready."
    )


def _volumes(planned: Sequence[Installation]) -> Iterator[str]:
    def row(what: str, cell: Callable[[Installation], str]) -> tuple[str, ...]:
        return (what, *(cell(one) for one in planned))

    yield from ("", "## A day of each", "")
    yield from _table(
        ("voicemails a day", *(f"{one.a_day / MILLION:.0f} million" for one in planned)),
        [
            row("at the peak, a second", lambda one: f"{one.fleet.peak_per_s:.0f}"),
            row("cores of workers, 95 % of reports within 5 minutes", lambda one: f"{one.fleet.cores}"),
            row("busy, over the day", lambda one: f"{one.a_day * one.measured.core_s / 86_400 / one.fleet.cores:.0%}"),
            row("deepest queue", lambda one: f"{one.fleet.day.depth.max():,.0f}"),
            row("workers", lambda one: f"{one.workers}"),
            row("cores of services", lambda one: f"{one.service_cores:.1f}"),
            row("statements a second at the peak", lambda one: f"{one.per_s('statements'):,.0f}"),
            row("transactions a second at the peak", lambda one: f"{one.per_s('transactions'):,.0f}"),
            row("cores of the database at the peak", lambda one: f"{one.per_s('database_core_s'):.1f}"),
            row("database, GB a month", lambda one: f"{one.a_month * one.measured.one.row_bytes / 1e9:,.0f}"),
            row("bucket, GB a month", lambda one: f"{one.a_month * (one.measured.one.upload_bytes + one.measured.one.copy_bytes) / 1e9:,.0f}"),
            row("bucket, writes and reads a day, million", lambda one: f"{one.requests(WRITES) / 1e6:.1f} and {one.requests(READS) / 1e6:.1f}"),
            row("Mbit/s in at the peak", lambda one: f"{one.fleet.peak_per_s * one.measured.one.wire_bytes['uploaded'] * 8 / 1e6:.0f}"),
        ],
    )  # fmt: skip
    yield ""
    yield (
        "Cores and queue are simulated; the rest is the measured cost of one, times how many: a straight line, from one "
        "machine to many. Nothing is forgotten by age within the month, and nobody reads: what one look takes is above."
    )


def _money(assumed: Assumed, planned: Sequence[Installation]) -> Iterator[str]:
    yield from ("", "## Money", "")
    yield (
        f"US dollars a month of {assumed.working_days} working days, at prices that are assumptions, in the order of what large "
        f"providers ask, and arguments of the command: {assumed.core_hour:g} a core-hour, {assumed.database_gb_month:g} a GB and "
        f"month of database, {assumed.bucket_gb_month:g} of bucket, {assumed.thousand_writes:g} for 1,000 writes to it and "
        f"{assumed.thousand_reads:g} for 1,000 reads; a database of {assumed.database_cores} cores. Traffic, copies, people and "
        "taxes are not in it. What is stored costs again every month it is kept."
    )
    yield ""
    names = planned[0].money
    yield from _table(
        ("", *(f"{one.a_day / MILLION:.0f} million a day" for one in planned)),
        [
            *((name, *(f"{one.money[name]:,.0f}" for one in planned)) for name in names),
            ("a thousand voicemails, cores all day", *(f"{1000 * (sum(one.money.values()) - one.money['cores, only while they work']) / one.a_month:.2f}" for one in planned)),
        ],
    )  # fmt: skip


def _limits(measured: Measured, assumed: Assumed, planned: Sequence[Installation]) -> Iterator[str]:
    yield from ("", "## What gives way first", "")
    yield from _table(
        ("part", "measured", "gives way at, million a day", "then"),
        [
            (one.part, one.measured, f"{one.a_day / MILLION:.1f}", one.then)
            for one in limits(measured, assumed, planned)
        ],
    )
    yield ""
    yield (
        f"Scaled from the column of {planned[-1].a_day / MILLION:.0f} million; pushed on paper, not by that many recordings. "
        f"Workers of {assumed.cores_per_worker} cores. Speech itself gives way nowhere, workers are added one by "
        f"one; but a worker seats one recording at a time for all but its transcription, {measured.seated_s:.2f} s each, so it "
        f"ends {1 / measured.seated_s:.1f} a second at most and keeps {measured.core_s / measured.seated_s:.1f} cores busy: "
        "start more of them rather than larger ones."
    )
    yield ""
    yield (
        "The first of these measurements found that the place of a new recording was looked for among all that wait, 35 ms with "
        "100,000 of them; since migration 0021 an index knows it."
    )


def _unknown() -> Iterator[str]:
    yield from ("", "## What is not known", "")
    yield "- Graphics processors: none was at hand. Workers of more than two cores: the same."
    yield "- A database of that size: vacuum, backups and a table of 1,000,000,000 rows were not tried; nor replicas or partitions."
    yield "- The queue's own rows are removed a day after they ended; the database sizes above count a month of them."
    yield "- A worker that starts asks for the ids of all recordings and lists the whole bucket: with some 10 million, start few."
    yield "- A real bucket: its latency, and how many requests a second it allows under one prefix."


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=int, default=40, help="analysed")
    parser.add_argument("--played", type=int, default=300, help="played back")
    parser.add_argument("--depths", type=int, nargs="*", default=[1, 10_000, 100_000])
    parser.add_argument("--working-days", type=int, default=22)
    parser.add_argument("--cores-per-worker", type=int, default=4)
    parser.add_argument("--database-cores", type=int, default=16)
    parser.add_argument("--core-hour", type=float, default=0.04)
    parser.add_argument("--database-gb-month", type=float, default=0.12)
    parser.add_argument("--bucket-gb-month", type=float, default=0.023)
    parser.add_argument("--thousand-writes", type=float, default=0.005)
    parser.add_argument("--thousand-reads", type=float, default=0.0004)
    parser.add_argument("--out", type=Path, default=Path("docs/capacity.md"))
    args = vars(parser.parse_args())
    for talkative in ("werkzeug", "dbos"):
        logging.getLogger(talkative).setLevel(logging.ERROR)
    count, played, depths, out = (args.pop(name) for name in ("recordings", "played", "depths", "out"))
    assumed = Assumed(**args)
    pushed, one = pressure.measure(depths), footprint.measure(count, played)
    measured = Measured(stages(PERFORMANCE), one, pushed, os.getloadavg()[0])
    found = fleets(VOLUMES, measured.core_s, WITHIN_S - measured.at_least_s)
    planned = [Installation(a_day, fleet, measured, assumed) for a_day, fleet in zip(VOLUMES, found, strict=True)]
    page = markdown(measured, assumed, planned)
    out.write_text(page, "utf-8")
    print(page)
    sys.stdout.flush()
    os._exit(0)  # the worker's threads wait for what does not come any more


if __name__ == "__main__":
    main()
