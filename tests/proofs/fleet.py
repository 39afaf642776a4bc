"""A service and workers as processes of their own, each begun again when it dies, as a supervisor would."""

import random
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2 as httpx

from tests.postgres import fresh_database
from tests.processes import Program, free_port, wait_until

AGAIN_AFTER_S = 0.3


class Kept(Program):
    """Begun again whenever it ends."""

    def __init__(self, name: str, *arguments: str, log: Path, **environment: str) -> None:
        super().__init__(*arguments, log=log, **environment)
        self.name = name
        self.starts = 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._keep, daemon=True)

    def _keep(self) -> None:
        while not self.stopping.is_set():
            self.starts += 1
            super().start()
            assert self.process is not None
            self.process.wait()
            self.stopping.wait(AGAIN_AFTER_S)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()
        with suppress(subprocess.TimeoutExpired):
            super().stop()
        self.thread.join(5)


class Fleet:
    """One service without a worker, and so many workers, on one database and one folder."""

    def __init__(self, folder: Path, workers: int, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        data = ["--data-dir", str(folder / "data")]
        serve = ("serve", "--no-worker", "--port", str(port), *data)
        self.service = Kept("service", *serve, log=folder / "service.log", **environment)
        self.workers = [
            Kept(f"worker {number}", "worker", *data, log=folder / f"worker-{number}.log", **environment)
            for number in range(workers)
        ]

    @property
    def processes(self) -> list[Kept]:
        return [self.service, *self.workers]

    def start(self) -> None:
        for one in self.processes:
            one.start()
        wait_until(lambda: httpx.get(f"{self.url}/readyz").status_code == 200)

    def stop(self) -> None:
        for one in self.processes:
            one.stopping.set()
        for one in self.processes:
            one.stop()


@contextmanager
def fleet(*, workers: int, database: str, folder: Path | None = None, **environment: str) -> Iterator[Fleet]:
    """Up and ready. `database` is sqlite or postgresql; without a `folder` in one that goes with it."""
    with tempfile.TemporaryDirectory(prefix="afterbeep-proof-") as name, _database(database) as url:
        told = {"AFTERBEEP_DATABASE_URL": url} if url else {}
        made = Fleet(folder or Path(name), workers, {**told, **environment})
        made.start()
        try:
            yield made
        finally:
            made.stop()


@contextmanager
def _database(kind: str) -> Iterator[str | None]:
    if kind == "sqlite":
        yield None
        return
    with fresh_database() as url:
        yield url


class Chaos:
    """Kills one of `victims` after another, `kills` times, at random moments."""

    def __init__(
        self, victims: Mapping[str, Callable[[], None]], kills: int, every_s: tuple[float, float], seed: int
    ) -> None:
        self.victims = victims
        self.kills = kills
        self.every_s = every_s
        self.random = random.Random(seed)  # to be repeated, not to be secret
        self.killed: dict[str, int] = dict.fromkeys(victims, 0)
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        names = list(self.victims)
        for number in range(self.kills):
            time.sleep(self.random.uniform(*self.every_s))
            name = names[number % len(names)] if number < len(names) else self.random.choice(names)
            self.victims[name]()
            self.killed[name] += 1
