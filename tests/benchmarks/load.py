"""How the service answers while its queue is full, and whether its worker's memory stays flat.

    python -m tests.benchmarks.load [--queued 500] [--all] [--recording FILE]

With --all it goes on until everything queued is analysed, and shows the worker's memory on the way; with a recording of a
few seconds a thousand of them do not take long.
"""

import argparse
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx2 as httpx

from tests.conftest import SAMPLES
from tests.processes import Service, wait_until

ASKED = 200  # how often a report is asked for
UPLOADED = 40
PER_REQUEST = 100
LEFT = re.compile(r'^afterbeep_queue_jobs\{queue="recordings",state="(?:waiting|running)"\} (\S+)', re.MULTILINE)


def median_and_p95_ms(work: Callable[[], object], times: int) -> tuple[float, float]:
    took = []
    for _ in range(times):
        began_s = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - began_s))
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def measure(service: Service, sample: bytes, queued: int, *, to_the_end: bool) -> None:
    client = httpx.Client(base_url=service.url, timeout=150)

    def send(**query: int) -> httpx.Response:
        return client.post("/v1/voicemails", params=query, files={"file": ("call.wav", sample)})

    began_s = time.perf_counter()
    report = send(wait=120).json()
    first_s = time.perf_counter() - began_s
    warm = [_seconds(lambda: send(wait=120)) for _ in range(5)]
    print(f"first report {first_s:.1f} s, a lone warm one {statistics.median(warm):.2f} s")
    for _ in range(queued // PER_REQUEST):
        client.post("/v1/batches", files=[("files", ("call.wav", sample))] * PER_REQUEST).raise_for_status()
    print(f"{queued} queued")
    path = f"/v1/voicemails/{report['id']}/report"
    for what, work, times in (("GET report", lambda: client.get(path), ASKED), ("upload acknowledged", send, UPLOADED)):
        median_ms, slow_ms = median_and_p95_ms(work, times)
        print(f"{what}: median {median_ms:.1f} ms, p95 {slow_ms:.1f} ms")
    ahead = [_seconds(lambda: send(wait=120)) for _ in range(5)]
    print(f"with wait, ahead of the queue: median {statistics.median(ahead):.2f} s, slowest {max(ahead):.2f} s")
    if to_the_end:
        _watch_memory(client, service.worker_pids()[0])


def _seconds(work: Callable[[], httpx.Response]) -> float:
    began_s = time.perf_counter()
    assert work().status_code == 200
    return time.perf_counter() - began_s


def _watch_memory(client: httpx.Client, pid: int) -> None:
    began_s = time.perf_counter()
    while left := sum(int(float(count)) for count in LEFT.findall(client.get("/metrics").text)):
        took_s = time.perf_counter() - began_s
        print(f"after {took_s:.0f} s, {left} left, the worker holds {resident_mb(pid):.0f} MB", flush=True)
        time.sleep(15)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queued", type=int, default=500)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--recording", type=Path, default=SAMPLES / "10-short-mumble.wav")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began_s = time.perf_counter()
        with Service(Path(folder) / "data") as service:
            print(f"service ready after {time.perf_counter() - began_s:.1f} s")
            wait_until(lambda: bool(service.worker_pids()))
            measure(service, args.recording.read_bytes(), args.queued, to_the_end=args.all)


if __name__ == "__main__":
    main()
