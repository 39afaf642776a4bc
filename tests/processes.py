"""Programs of ours as processes of their own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Self

import httpx2 as httpx

from tests.conftest import ROOT

PATIENCE_S = 240
"""How long a test waits for other processes: as long as a slow and busy machine may need, and no test is about it."""


def wait_until(condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
    """Wait for something that other processes bring about."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"not within {timeout_s} s")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Program:
    """A command of ours. What it writes goes to `log`, or where the test's own output goes."""

    def __init__(self, *arguments: str, log: Path | None = None, **environment: str) -> None:
        self.command = [sys.executable, "-m", "app.cli", *arguments]
        self.log, self.environment = log, environment
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") if self.log else nullcontext() as log:
            self.process = subprocess.Popen(
                self.command,
                env=os.environ | self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        """Ask it to end. Raises TimeoutExpired where it does not."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(30)
            finally:
                self.kill()

    def kill(self) -> None:
        """kill -9, and of this process alone: what it started has to notice by itself."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Service(Program):
    """The real service, with its worker."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir, port = data_dir, free_port()
        self.url = f"http://127.0.0.1:{port}"
        super().__init__("serve", "--port", str(port), "--data-dir", str(data_dir), **environment)

    def start(self) -> None:
        super().start()
        wait_until(lambda: httpx.get(f"{self.url}/readyz").status_code == 200)

    def show(self, recording_id: str) -> dict[str, Any]:
        shown: dict[str, Any] = httpx.get(f"{self.url}/v1/voicemails/{recording_id}").json()
        return shown

    def wait_for_end(self, recording_id: str) -> dict[str, Any]:
        wait_until(lambda: self.show(recording_id)["status"] in ("done", "failed"))
        return self.show(recording_id)

    def worker_pids(self) -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    command = (entry / "cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue
                if b"worker" in command and str(self.data_dir).encode() in command:
                    found.append(int(entry.name))
        return found
