"""Thousands of recordings from the command line: a line each, resumable, with a summary."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app import bulk
from app.bulk import done_before, recordings_in
from app.cli import main
from models.transcript import Transcript
from tests.conftest import SAMPLES
from tests.scripted import CHECKING_IN
from tests.sounds import as_transcript


class Scripted:
    """Hears the same words everywhere, and counts how often it was asked."""

    batch_size, streams, heard = 4, 1, 0

    def load(self) -> None: ...

    def transcribe(self, messages: Any, give_way: Callable[[], None]) -> list[Transcript]:
        self.heard += len(messages)
        return [as_transcript(CHECKING_IN, end_s=message.size / 16_000) for message in messages]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    scripted = Scripted()
    monkeypatch.setattr(bulk, "transcriber_of", lambda settings: scripted)
    return scripted


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    folder = tmp_path / "calls"
    (folder / "monday").mkdir(parents=True)
    for name in ("a.wav", "b.wav", "monday/c.wav"):
        shutil.copy(next(SAMPLES.glob("10-*.wav")), folder / name)
    (folder / "a.json").write_text('{"context": {"purpose": "meeting_confirmation"}}')
    (folder / "notes.txt").write_text("Call Dana.")
    (folder / ".hidden.wav").write_text("")
    return folder


def run(calls: Path, out: Path) -> Result:
    return CliRunner().invoke(main, ["analyze", str(calls), "--out", str(out)])


def lines(out: Path) -> dict[str, dict[str, Any]]:
    return {Path(line["file"]).name: line for line in map(json.loads, out.read_text().splitlines())}


def test_a_folder_gives_its_recordings(calls: Path) -> None:
    names = [str(path.relative_to(calls)) for path in recordings_in([calls])]
    assert names == ["a.wav", "b.wav", "monday/c.wav", "notes.txt"]


def test_every_recording_gets_a_line_and_the_summary_counts(engine: Scripted, calls: Path, tmp_path: Path) -> None:
    result = run(calls, tmp_path / "out.jsonl")
    assert result.exit_code == 1  # the notes are no recording
    found = lines(tmp_path / "out.jsonl")
    assert set(found) == {"a.wav", "b.wav", "c.wav", "notes.txt"}
    assert found["notes.txt"]["error"]["code"] == "not_audio"
    assert found["a.wav"]["report"]["context"]["purpose"] == "meeting_confirmation"
    assert "3 reports" in result.stdout
    assert "1 could not be analysed" in result.stdout, result.stdout
    assert "Just checking in" in result.stdout


def test_begun_again_it_goes_on_where_it_was_cut_off(engine: Scripted, calls: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    run(calls, out)
    whole = out.read_text().splitlines(keepends=True)
    out.write_text("".join(whole[:2]) + whole[2][:50])
    before = engine.heard
    run(calls, out)
    assert len(lines(out)) == len(out.read_text().splitlines()) == 4
    assert engine.heard - before <= 2
    before = engine.heard
    assert "3 reports" in run(calls, out).stdout
    assert engine.heard == before


def test_nothing_was_done_before_the_first_run(tmp_path: Path) -> None:
    assert done_before(tmp_path / "none.jsonl") == []
