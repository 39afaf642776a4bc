"""What the product rests on fails, one thing after another: what is said then, what is lost, and who mends it.

A full disk and a folder that cannot be written need a file system of their own (root, tmpfs).
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import sqlalchemy as sa

from app.settings import Settings
from tests import s3
from tests.processes import wait_until
from tests.proofs.fleet import Fleet, fleet
from tests.proofs.table import Proof, arguments
from tests.stored import WAV

PATIENCE_S = 900  # under libfaketime a slow machine needs minutes; how long it took is in the row


def upload(at: Fleet) -> httpx.Response:
    return httpx.post(
        f"{at.url}/v1/voicemails",
        files={"file": ("a.wav", WAV)},
        headers={"Idempotency-Key": uuid4().hex},
        timeout=60,
    )


def said(response: httpx.Response) -> str:
    """Status, code, and after how long to try again."""
    again = response.headers.get("retry-after")
    return f"{response.status_code} `{response.json()['code']}`" + (f", again after {again} s" if again else "")


def ends(at: Fleet, recording_id: str) -> bool:
    return bool(httpx.get(f"{at.url}/v1/voicemails/{recording_id}", timeout=30).json().get("status") == "done")


class Faults:
    def __init__(self, proof: Proof) -> None:
        self.proof = proof
        self.rows: list[tuple[str, str, str]] = []

    def row(self, fault: str, answer: str, after: str) -> None:
        self.rows.append((fault, answer, after))

    def refused(self, what: str, response: httpx.Response, code: str) -> str:
        body = response.json()
        self.proof.promise(f"{what}: {response.status_code} {body}", body.get("code") == code)
        self.proof.promise(f"{what}: no Retry-After", "retry-after" in response.headers)
        return said(response)

    def recovers(self, what: str, at: Fleet, *waiting: str) -> str:
        """What had been acknowledged gets its report, and new recordings are taken, without anybody's doing."""
        began_s = time.monotonic()
        try:
            wait_until(lambda: upload(at).status_code == 202, PATIENCE_S)
            new = upload(at).json()["id"]
            wait_until(lambda: all(ends(at, one) for one in (*waiting, new)), PATIENCE_S)
        except AssertionError:
            self.proof.promise(f"{what}: did not recover", kept=False)
            return "did not recover"
        return f"by itself, all reports within {time.monotonic() - began_s:.0f} s"

    # One method a fault

    def full_disk(self) -> None:
        with _own_disk(self.rows, "Full disk") as disk:
            if disk is None:
                return
            told = {"AFTERBEEP_MIN_FREE_MB": "10"}
            with fleet(workers=1, database="sqlite", folder=disk, **told) as at:
                before = upload(at).json()["id"]
                wait_until(lambda: ends(at, before), PATIENCE_S)
                filler = disk / "filler"
                free = shutil.disk_usage(disk).free
                filler.write_bytes(bytes(max(0, free - 5_000_000)))
                answer = self.refused("full disk", upload(at), "storage_full")
                filler.unlink()
                self.row("Full disk", answer, self.recovers("full disk", at, before))

    def read_only(self) -> None:
        with _own_disk(self.rows, "Folder that cannot be written") as disk:
            if disk is None:
                return
            with fleet(workers=1, database="sqlite", folder=disk, AFTERBEEP_MIN_FREE_MB="10") as at:
                before = upload(at).json()["id"]
                wait_until(lambda: ends(at, before), PATIENCE_S)
                _mount(disk / "data/audio", "--bind", str(disk / "data/audio"))
                _mount(disk / "data/audio", "-o", "remount,bind,ro")
                answer = self.refused("read-only folder", upload(at), "storage_unavailable")
                ready = httpx.get(f"{at.url}/readyz").status_code
                self.proof.promise("read-only folder: still called ready", ready == 503)
                subprocess.run(["umount", str(disk / "data/audio")], check=True)
                self.row("Folder that cannot be written", answer, self.recovers("read-only folder", at, before))

    def bucket(self) -> None:
        with s3.bucket_url() as url, fleet(workers=1, database="sqlite", AFTERBEEP_AUDIO_URL=url) as at:
            before = upload(at).json()["id"]
            s3.pause()
            answer = self.refused("bucket", upload(at), "storage_unavailable")
            time.sleep(5)  # while the worker wants to read the first
            s3.resume()
            self.row("Bucket does not answer", answer, self.recovers("bucket", at, before))

    def database_restart(self) -> None:
        with fleet(workers=1, database="postgresql") as at:
            waiting = [upload(at).json()["id"] for _ in range(3)]
            with _closed(at.service.environment["AFTERBEEP_DATABASE_URL"]):
                answer = self.refused("database", upload(at), "database_unavailable")
                time.sleep(8)
            self.row("Database away for 8 s", answer, self.recovers("database", at, *waiting))

    def clock_jump(self) -> None:
        library = next(Path("/usr/lib").rglob("libfaketime.so.1"), None)
        if library is None:
            self.row("Clock jumps", "not tried: libfaketime is not installed (apt: faketime)", "")
            return
        with tempfile.TemporaryDirectory() as folder:
            clock = Path(folder) / "clock"
            clock.write_text("+0")
            told = {
                "LD_PRELOAD": str(library),
                "FAKETIME_TIMESTAMP_FILE": str(clock),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
            with fleet(workers=1, database="sqlite", **told) as at:
                waiting = [upload(at).json()["id"]]
                for jump in ("+3d", "-2d"):
                    clock.write_text(jump)
                    waiting.append(upload(at).json()["id"])
                self.row("Clock jumps 3 days on, 5 back", "202", self.recovers("clock", at, *waiting))

    def damaged_model(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            models = Path(folder)
            whole = next(Settings().model_dir.glob("base.pt"))
            (models / "base.pt").write_bytes(whole.read_bytes()[:1_000_000])
            with fleet(workers=1, database="sqlite", AFTERBEEP_MODEL_DIR=folder) as at:
                waiting = [upload(at).json()["id"] for _ in range(2)]
                log = at.workers[0].log
                wait_until(lambda: "base.pt" in log.read_text("utf-8", "replace"), PATIENCE_S)
                still = httpx.get(f"{at.url}/v1/voicemails/{waiting[0]}").json()["status"]
                self.proof.promise("damaged model: the recording does not wait", still == "queued")
                shutil.copy(whole, models / "base.pt")
                self.row("Model file damaged", "202; worker names the file", self.recovers("model", at, *waiting))


@contextmanager
def _own_disk(rows: list[tuple[str, str, str]], fault: str) -> Iterator[Path | None]:
    with tempfile.TemporaryDirectory(prefix="afterbeep-disk-") as name:
        disk = Path(name)
        try:
            _mount(disk, "-t", "tmpfs", "-o", "size=60m", "tmpfs")
        except (OSError, subprocess.CalledProcessError):
            rows.append((fault, "not tried: no file system can be mounted here", ""))
            yield None
            return
        try:
            yield disk
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=False)


def _mount(place: Path, *how: str) -> None:
    if os.getuid() != 0:
        raise OSError("only root mounts")
    subprocess.run(["mount", *how, str(place)], check=True, capture_output=True)


@contextmanager
def _closed(url: str) -> Iterator[None]:
    """A database that ends every connection and takes no new one, as while its server restarts."""
    there = sa.make_url(url)
    engine = sa.create_engine(there.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {there.database} ALLOW_CONNECTIONS false")
        connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
            {"name": there.database},
        )
        try:
            yield
        finally:
            connection.exec_driver_sql(f"ALTER DATABASE {there.database} ALLOW_CONNECTIONS true")
    engine.dispose()


def main() -> None:
    faults: dict[str, Callable[[Faults], Any]] = {
        name: method for name, method in vars(Faults).items() if name in FAULTS
    }
    parser = arguments(__doc__)
    parser.add_argument("--only", nargs="*", default=list(faults), choices=list(faults))
    args = parser.parse_args()
    proof = Proof("faults")
    tried = Faults(proof)
    for name in args.only:
        faults[name](tried)
    proof.table(("fault", "what an upload is told", "afterwards"), tried.rows)
    proof.finish(write=args.write)


FAULTS = ("full_disk", "read_only", "bucket", "database_restart", "clock_jump", "damaged_model")


if __name__ == "__main__":
    main()
