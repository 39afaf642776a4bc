"""Workers with roles: each takes from the queues it was given, and one that only fetches needs no model."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.cli import main
from app.jobs import Lane, launch_worker
from app.settings import QUEUES, Queue, Settings
from tests.processes import Program, wait_until
from tests.provider import provider_server
from tests.stored import WAV, receive

ON_BOTH_DATABASES = True


def hand_in(app: FastAPI, queue: Queue) -> str:
    if queue == "fetches":
        address = {"url": "https://calls.example.com/a.wav"}
        told: dict[str, str] = TestClient(app).post("/v1/voicemails", json=address).json()
        return told["id"]
    return receive(app, lane=Lane.URGENT if queue == "urgent" else Lane.BULK)


@contextmanager
def working(app: FastAPI, *queues: Queue) -> Iterator[list[str]]:
    """What a worker of these queues has taken, in this process."""
    took: list[str] = []
    take: Callable[[str, object], None] = lambda recording_id, _: took.append(recording_id)  # noqa: E731
    settings = app.state.settings.model_copy(update={"queues": queues})
    stop = launch_worker(app.state.store.engine, settings, take, take, at_once=1, drain_s=5)
    try:
        yield took
    finally:
        stop()


def test_each_worker_takes_from_its_queues_only(app: FastAPI) -> None:
    """A second one is handed in once the first is done, so that all queues had their turn meanwhile."""
    early = {queue: hand_in(app, queue) for queue in QUEUES}
    late: dict[str, str] = {}
    for queue in QUEUES:
        with working(app, queue) as took:
            wait_until(lambda took=took, queue=queue: took == [early[queue]])
            late[queue] = hand_in(app, queue)
            wait_until(lambda took=took, queue=queue: took == [early[queue], late[queue]])


def test_two_queues_leave_the_third_to_others(app: FastAPI) -> None:
    ids = {queue: hand_in(app, queue) for queue in QUEUES}
    with working(app, "urgent", "recordings") as took:
        wait_until(lambda: {ids["urgent"], ids["recordings"]} == set(took))
    with working(app, *QUEUES) as took:
        wait_until(lambda: took == [ids["fetches"]])


# As a process of its own


def worker(settings: Settings, queues: str, log: Path, **more: str) -> Program:
    """Without a model: the one it is told of is nowhere."""
    told = {"AFTERBEEP_MODEL": str(log.parent / "nowhere.pt"), "AFTERBEEP_QUEUES": queues, **more}
    if settings.database_url:
        told["AFTERBEEP_DATABASE_URL"] = settings.database
    return Program("worker", "--data-dir", str(settings.data_dir), log=log, **told)


def test_one_that_only_fetches_has_no_model(settings: Settings, tmp_path: Path) -> None:
    from app.main import create_app

    log = tmp_path / "log"
    app = create_app(settings.model_copy(update={"fetch_inside": True}))
    with provider_server() as provider, TestClient(app) as client:
        url = provider.serve("/a.wav", WAV)
        recording_id = client.post("/v1/voicemails", json={"url": url}).json()["id"]
        with worker(settings, "fetches", log, AFTERBEEP_FETCH_INSIDE="1") as program:
            wait_until(lambda: client.get(f"/v1/voicemails/{recording_id}").json()["stage"] is None)
            mapped = Path(f"/proc/{program.process.pid}/maps").read_text()
    assert client.get(f"/v1/voicemails/{recording_id}").json()["status"] == "queued", "for one that has a model"
    assert app.state.audio.original(recording_id).read_bytes() == WAV
    assert "libtorch" not in mapped
    assert "queue=fetches" in log.read_text()


def test_one_that_analyses_says_which_model_it_lacks(tmp_path: Path) -> None:
    with worker(Settings(data_dir=tmp_path / "data"), "urgent,fetches", tmp_path / "log") as program:
        assert program.process.wait(60) == 1
    assert "nowhere.pt" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("queues", "said"), [("urgent,recording", "there is no queue recording"), (" , ", "no queue is named")]
)
def test_a_queue_there_is_not_is_refused_with_those_there_are(queues: str, said: str) -> None:
    for flag, variable in ((["--queues", queues], {}), ([], {"AFTERBEEP_QUEUES": queues})):
        result = CliRunner().invoke(main, ["worker", *flag], env=variable)
        assert result.exit_code == 1
        assert f"AFTERBEEP_QUEUES: {said}" in result.output
        assert "urgent, recordings, fetches" in result.output


def test_they_are_named_in_any_order_once() -> None:
    assert Settings(queues="fetches, urgent,fetches").queues == ("fetches", "urgent")  # type: ignore[arg-type]
    assert Settings().queues == QUEUES
