"""What tests share. The speech model is the real one; a test that needs it says so with the marker `whisper`."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from analysis.speech.weights import get_model
from app.settings import Settings
from models.errors import ModelError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient
    from playwright.sync_api import Browser, Playwright

    from tests.people import Cast
    from tests.processes import Service
    from tests.provider import Provider

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples"


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
    from tests.postgres import fresh_database

    with fresh_database() as url:
        yield Settings(data_dir=tmp_path / "data", database_url=SecretStr(url))


@pytest.fixture
def client(settings: Settings) -> "Iterator[TestClient]":
    """Of the service without a worker, on an empty database."""
    from fastapi.testclient import TestClient

    from app.main import create_app

    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture
def app(client: "TestClient") -> "FastAPI":
    """The same, from within."""
    return client.app


@pytest.fixture
def they(app: "FastAPI") -> "Cast":
    """People of every role in it."""
    from tests.people import cast

    return cast(app)


@pytest.fixture
def new_service(tmp_path: Path, model_dir: Path) -> "Iterator[Service]":
    """A service of one test's own, not started yet."""
    from tests.processes import Service

    service = Service(tmp_path / "data", AFTERBEEP_MODEL_DIR=str(model_dir))
    yield service
    service.stop()


@pytest.fixture
def provider() -> "Iterator[Provider]":
    """Somebody else's server."""
    from tests.provider import provider_server

    with provider_server() as provider:
        yield provider


@pytest.fixture(scope="session")
def live_service(tmp_path_factory: pytest.TempPathFactory, model_dir: Path) -> "Iterator[Service]":
    """One running service for all tests that only use it."""
    from tests.processes import Service

    with Service(tmp_path_factory.mktemp("service"), AFTERBEEP_MODEL_DIR=str(model_dir)) as service:
        yield service


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
    from tests.processes import PATIENCE_S

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
