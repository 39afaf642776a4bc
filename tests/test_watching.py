"""A folder that a tool drops recordings into."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from app.cli import main
from app.main import create_app
from app.settings import Settings
from app.watching import FolderWatch
from models.person import LOCAL
from tests.stored import WAV

pytestmark = pytest.mark.tools


class Watched:
    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.folder, self.now_s = settings, folder, 0.0
        self.said: list[str] = []
        self.app = create_app(settings)
        self.start()

    def start(self) -> None:
        book = self.settings.data_dir / "watched.txt"
        self.watch = FolderWatch(
            self.folder, self.app.state.intake, "cold-outreach", book, 3, None, self.said.append, lambda: self.now_s
        )

    def after(self, seconds: float) -> int:
        self.now_s += seconds
        return self.watch.look()

    def rows(self) -> list:
        return list(self.app.state.store.recordings())


@pytest.fixture
def watched(settings: Settings, tmp_path: Path) -> Iterator[Watched]:
    folder = tmp_path / "drop"
    folder.mkdir()
    watched = Watched(settings, folder)
    with TestClient(watched.app):
        yield watched


def test_a_recording_is_handed_in_once_it_no_longer_grows(watched: Watched) -> None:
    path = watched.folder / "a.wav"
    path.write_bytes(WAV[:5000])
    assert watched.after(0) == 0
    path.write_bytes(WAV)
    assert watched.after(10) == 0  # it grew
    assert watched.after(2) == 0
    (watched.folder / "a.json").write_text('{"context": {"rep": "Tyler"}}')
    assert watched.after(2) == 0  # its sidecar came
    assert watched.after(3) == 1
    assert watched.after(100) == 0
    (row,) = watched.rows()
    assert (row.filename, row.context.rep, row.size_bytes) == ("a.wav", "Tyler", len(WAV))


def test_what_was_handed_in_is_remembered_whatever_its_name(watched: Watched) -> None:
    (watched.folder / "a.wav").write_bytes(WAV)
    assert [watched.after(0), watched.after(3)] == [0, 1]
    (watched.folder / "a.wav").rename(watched.folder / "b.wav")
    assert [watched.after(1), watched.after(9)] == [0, 0]
    watched.app.state.intake.remove(watched.rows()[0].id, LOCAL)
    watched.start()
    assert [watched.after(1), watched.after(9)] == [0, 0]  # a deleted one does not come back


def test_dying_before_it_is_in_the_book_makes_no_second_one(watched: Watched) -> None:
    (watched.folder / "a.wav").write_bytes(WAV)
    assert [watched.after(0), watched.after(3)] == [0, 1]
    (watched.settings.data_dir / "watched.txt").write_text("\n0a1b")
    watched.start()
    watched.after(1)
    watched.after(9)
    assert len(watched.rows()) == 1


def test_what_cannot_be_handed_in_is_said_once_and_tried_again_when_it_changes(watched: Watched) -> None:
    (watched.folder / "notes.wav").write_bytes(b"Dear diary" * 100)
    (watched.folder / "a.wav").write_bytes(WAV)
    (watched.folder / "a.json").write_text("{")
    assert [watched.after(0), watched.after(3), watched.after(3)] == [0, 0, 0]
    assert len(watched.said) == 2
    (watched.folder / "a.json").write_text("{}")
    assert [watched.after(1), watched.after(3)] == [0, 1]


def test_the_command_hands_in_what_is_there(watched: Watched) -> None:
    (watched.folder / "a.wav").write_bytes(WAV)
    given = ["watch", str(watched.folder), "--data-dir", str(watched.settings.data_dir), "--settle", "0", "--once"]
    result = CliRunner().invoke(main, given)
    assert result.exit_code == 0, result.output
    assert "a.wav: handed in as" in result.output
    unknown = CliRunner().invoke(main, [*given, "--owner", "nobody@example.com"])
    assert unknown.exit_code == 1
