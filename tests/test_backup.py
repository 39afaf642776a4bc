"""A backup of a store that is in use, and what is made from it elsewhere."""

import hashlib
import sqlite3
import tarfile
import threading
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app import backup as module
from app.backup import backup, restore
from app.cli import main
from app.main import create_app
from app.settings import Settings
from models.errors import InvalidRequest
from models.person import LOCAL
from tests.processes import wait_until
from tests.stored import store_again, store_report


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"encrypt_audio": True})


def restored(tmp_path: Path, file: Path) -> FastAPI:
    elsewhere = Settings(data_dir=tmp_path / "elsewhere", encrypt_audio=True)
    restore(elsewhere, file)
    return create_app(elsewhere)


def test_a_store_in_use_is_the_same_elsewhere(app: FastAPI, tmp_path: Path) -> None:
    """While recordings come and go: what the copy has, it has whole."""
    first = store_report(app, name="kept.wav")
    stop, came = threading.Event(), []

    def come_and_go() -> None:
        while not stop.is_set():
            came.append(store_again(app, first, f"{len(came)}.wav"))
            if len(came) % 3 == 0:
                app.state.intake.remove(came[-2], LOCAL)

    busy = threading.Thread(target=come_and_go)
    busy.start()
    try:
        for number in range(5):
            before = len(came)
            wait_until(lambda: len(came) > before + 1)  # noqa: B023  it is called at once
            backup(app.state.settings, tmp_path / f"{number}.tar")
    finally:
        stop.set()
        busy.join()
    with TestClient(restored(tmp_path, tmp_path / "4.tar")) as client:
        store, audio = client.app.state.store, client.app.state.audio
        for recording_id in store.ids():
            row = store.recording(recording_id)
            heard = audio.original(recording_id)
            assert isinstance(heard, bytes), "encrypted as it was, and opened by the key that came along"
            assert hashlib.sha256(heard).hexdigest() == row.sha256
        assert first in store.ids()
        assert store.report(first) == app.state.store.report(first)
        assert client.get("/").status_code == 200
    with closing(sqlite3.connect(tmp_path / "elsewhere" / "afterbeep.db")) as copied:
        assert copied.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copied.execute("PRAGMA foreign_key_check").fetchall() == []
        with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
            copied.execute("DELETE FROM audit")


def test_what_is_deleted_meanwhile_is_not_in_it(app: FastAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, gone = store_report(app), store_report(app)
    copy_database = module.copy_database

    def copy_and_delete(database: Path, copy: Path) -> None:
        copy_database(database, copy)
        app.state.intake.remove(gone, LOCAL)

    monkeypatch.setattr(module, "copy_database", copy_and_delete)
    assert backup(app.state.settings, tmp_path / "b.tar") == 1
    with TestClient(restored(tmp_path, tmp_path / "b.tar")) as client:
        assert client.app.state.store.ids() == {kept}
        assert client.app.state.store.report(gone) is None


def test_the_file_is_for_its_owner_only_and_nothing_is_left_beside_it(app: FastAPI, tmp_path: Path) -> None:
    store_report(app)
    folder = tmp_path / "copies"
    folder.mkdir()
    backup(app.state.settings, folder / "b.tar")
    assert [path.name for path in folder.iterdir()] == ["b.tar"]
    assert (folder / "b.tar").stat().st_mode & 0o077 == 0
    restored(tmp_path, folder / "b.tar")
    assert (tmp_path / "elsewhere" / "secret.key").stat().st_mode & 0o077 == 0


def test_a_folder_with_anything_in_it_is_left_alone(app: FastAPI, tmp_path: Path) -> None:
    store_report(app)
    backup(app.state.settings, tmp_path / "b.tar")
    data_dir = app.state.settings.data_dir
    before = sorted(data_dir.rglob("*"))
    done = CliRunner().invoke(main, ["restore", str(tmp_path / "b.tar"), "--data-dir", str(data_dir)])
    assert done.exit_code == 1
    assert "is not empty" in done.output
    assert sorted(data_dir.rglob("*")) == before


@pytest.mark.parametrize("fault", ["cut", "foreign", "outside", "no tar"])
def test_what_is_no_whole_backup_leaves_nothing(app: FastAPI, tmp_path: Path, fault: str) -> None:
    store_report(app)
    file = tmp_path / "b.tar"
    backup(app.state.settings, file)
    if fault == "cut":
        file.write_bytes(file.read_bytes()[:-60_000])
    elif fault == "no tar":
        file.write_bytes(b"nothing of the kind" * 1000)
    else:
        with tarfile.open(file, "a") as tar:
            tar.add(__file__, "notes.txt" if fault == "foreign" else "audio/../../outside")
    elsewhere = Settings(data_dir=tmp_path / "elsewhere")
    with pytest.raises(InvalidRequest):
        restore(elsewhere, file)
    assert list(elsewhere.data_dir.iterdir()) == []
    assert not (tmp_path / "outside").exists()


def test_the_commands_say_what_they_did(app: FastAPI, tmp_path: Path) -> None:
    store_report(app)
    data_dir, file = str(app.state.settings.data_dir), str(tmp_path / "b.tar")
    done = CliRunner().invoke(main, ["backup", file, "--data-dir", data_dir])
    assert (done.exit_code, done.output) == (0, f"1 recording is in {file}.\n")
    done = CliRunner().invoke(main, ["restore", file, "--data-dir", str(tmp_path / "new")])
    assert done.exit_code == 0, done.output
    empty = CliRunner().invoke(main, ["backup", file, "--data-dir", str(tmp_path / "nothing")])
    assert (empty.exit_code, "There is nothing in" in empty.output) == (1, True)


def test_what_lies_elsewhere_is_not_copied_by_halves(tmp_path: Path) -> None:
    bucket = Settings(data_dir=tmp_path, audio_url="s3://bucket/calls")
    with pytest.raises(InvalidRequest, match="a bucket"):
        backup(bucket, tmp_path / "b.tar")
