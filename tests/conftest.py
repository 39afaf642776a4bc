"""What tests share. The speech model is the real one; a test that needs it says so with the marker `whisper`."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2 as httpx
import pytest
from pydantic import SecretStr

from analysis.speech.weights import get_model
from app.settings import Settings
from models.errors import ModelError
from tests.ports import free_port
from tests.postgres import fresh_database

if TYPE_CHECKING:
    from fastapi import FastAPI
    from playwright.sync_api import Browser, Playwright

    from tests.people import Cast

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples"

PATIENCE_S = 240
"""How long a test waits for other processes: as long as a slow and busy machine may need, and no test is about it."""


@pytest.fixture(scope="session")
def model_dir() -> Path:
    """The folder of speech models, with `base` ready in it."""
    folder = Settings().model_dir
    try:
        get_model("base", folder)
    except ModelError as error:
        pytest.skip(f"no speech model: {error}")
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", action="store_true", help="Run what keeps rows on PostgreSQL instead of SQLite.")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A file that says ON_BOTH_DATABASES is run on each; every other one on SQLite, or with --postgres on that."""
    both = getattr(metafunc.module, "ON_BOTH_DATABASES", False)
    if both and "settings" in metafunc.fixturenames:
        metafunc.parametrize("settings", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def settings(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Settings]:
    default = "postgresql" if request.config.getoption("--postgres") else "sqlite"
    if getattr(request, "param", default) == "sqlite":
        yield Settings(data_dir=tmp_path / "data")
        return
    with fresh_database() as url:
        yield Settings(data_dir=tmp_path / "data", database_url=SecretStr(url))


@pytest.fixture
def app(settings: Settings) -> "Iterator[FastAPI]":
    """The service without a worker, on an empty database."""
    from fastapi.testclient import TestClient

    from app.main import create_app

    app = create_app(settings)
    with TestClient(app):
        yield app


@pytest.fixture
def they(app: "FastAPI") -> "Cast":
    """People of every role in it."""
    from tests.people import cast

    return cast(app)


@dataclass
class Service:
    """The real service with its worker, as processes of their own."""

    data_dir: Path
    model_dir: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "app.cli", "serve", "--port", str(self.port), "--data-dir", str(self.data_dir)]
        environment = os.environ | {"AFTERBEEP_MODEL_DIR": str(self.model_dir)}
        self.process = subprocess.Popen(command, env=environment, cwd=ROOT)
        wait_until(lambda: httpx.get(f"{self.url}/readyz").status_code == 200)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def kill(self) -> None:
        """kill -9 the service; its worker has to notice by itself."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)

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


@pytest.fixture
def new_service(tmp_path: Path, model_dir: Path) -> Iterator[Service]:
    """A service of one test's own, not started yet."""
    service = Service(tmp_path / "data", model_dir, free_port())
    yield service
    service.stop()


@pytest.fixture(scope="session")
def live_service(tmp_path_factory: pytest.TempPathFactory, model_dir: Path) -> Iterator[Service]:
    """One running service for all tests that only use it."""
    service = Service(tmp_path_factory.mktemp("service"), model_dir, free_port())
    service.start()
    yield service
    service.stop()


@pytest.fixture(scope="session")
def short_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of ten seconds, the quickest to transcribe."""
    copy = tmp_path_factory.mktemp("sample") / "short.wav"
    shutil.copy(next(SAMPLES.glob("10-*.wav")), copy)
    return copy


@pytest.fixture(scope="module")
def playwright() -> "Iterator[Playwright]":
    """For one file of tests: while it lives, its event loop runs in this thread, and no other test can run its own."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra dev)")
    api.expect.set_options(timeout=PATIENCE_S * 1000)
    with api.sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: "Playwright") -> "Iterator[Browser]":
    """Chromium without a microphone."""
    from tests.browsing import launch

    browser = launch(playwright)
    yield browser
    browser.close()
