"""Programs of ours as processes of their own, each with its log, gone when the test is."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT


@contextmanager
def running(log: Path, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-P", "-m", "app.cli", *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=os.environ | environment, cwd=ROOT, stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.kill()
            process.wait(20)
