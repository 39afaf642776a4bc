"""Decoding in a process of its own: what happens to it happens to nobody else."""

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from analysis.audio import decode as in_process
from app import decoder
from app.decoder import IsolatedDecoder
from models.errors import DecoderCrashed, DecoderOutOfMemory, DecoderTooSlow, DecoderUnavailable, NotAudio, TooLong
from tests.conftest import ROOT, SAMPLES
from tests.processes import wait_until
from tests.sounds import tone, wav16


@pytest.fixture
def real() -> Iterator[IsolatedDecoder]:
    with IsolatedDecoder() as isolated:
        yield isolated


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[IsolatedDecoder]:
    """Real processes, in which decoding crashes, hangs or works as the file is named."""
    monkeypatch.setattr(decoder, "COMMAND", (sys.executable, "-m", "tests.scripted_decoder"))
    monkeypatch.chdir(ROOT)
    with IsolatedDecoder() as isolated:
        yield isolated


def pids(isolated: IsolatedDecoder) -> list[int]:
    return [child.process.pid for child in isolated._children.queue if child.process is not None]


def works(isolated: IsolatedDecoder, name: str = "call.wav") -> bool:
    return isolated(b"", filename=name, max_duration_s=1).recording.filename == name


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("0[1-9]-*.[!j]*")), ids=lambda path: path.name)
def test_the_same_sound_as_in_this_process(real: IsolatedDecoder, path: Path) -> None:
    here, there = in_process.decode(path), real(path)
    assert there.recording == here.recording
    assert there.clipped_share == here.clipped_share
    assert np.array_equal(there.samples, here.samples)


def test_bytes_names_and_limits_are_passed_on(real: IsolatedDecoder) -> None:
    stereo = wav16(np.stack([tone(440, 3), tone(660, 3)]))
    sound = real(stereo, filename="call.wav")
    assert sound.recording == in_process.decode(stereo, filename="call.wav").recording
    assert np.array_equal(sound.samples, in_process.decode(stereo).samples)
    with pytest.raises(TooLong, match=r"call\.wav"):
        real(stereo, filename="call.wav", max_duration_s=2)
    with pytest.raises(NotAudio, match=r"page\.wav"):
        real(b"<html>", filename="page.wav")


def test_a_relative_path_is_ours_wherever_the_child_was_begun(
    real: IsolatedDecoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real.warm_up()
    (tmp_path / "call.wav").write_bytes(wav16(tone(440, 1)))
    monkeypatch.chdir(tmp_path)
    assert real(Path("call.wav")).recording.filename == "call.wav"
    with pytest.raises(FileNotFoundError):
        real(Path("other.wav"))


@pytest.mark.parametrize(
    ("name", "error"), [("crash", DecoderCrashed), ("exit", DecoderCrashed), ("memory", DecoderOutOfMemory)]
)
def test_what_ends_the_child_is_a_typed_error_and_the_next_recording_decodes(
    scripted: IsolatedDecoder, name: str, error: type[Exception]
) -> None:
    assert works(scripted)
    with pytest.raises(error, match=name):
        works(scripted, name)
    assert works(scripted)


@pytest.mark.parametrize("command", [(sys.executable, "-c", "exit(1)"), ("/no/such/program",)])
def test_a_child_that_cannot_begin_is_no_fault_of_the_recording(
    real: IsolatedDecoder, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(decoder, "COMMAND", command)
        with pytest.raises(DecoderUnavailable):
            real(wav16(tone(440, 1)))
    assert real(wav16(tone(440, 1))).duration_s == 1


def test_what_never_ends_is_ended(scripted: IsolatedDecoder) -> None:
    started_s = time.monotonic()
    with pytest.raises(DecoderTooSlow, match="hang"):
        works(scripted, "hang")
    assert time.monotonic() - started_s < 10  # 0.3 s of processor, on a busy machine, and a start
    assert works(scripted)


def test_time_is_counted_for_each_recording(scripted: IsolatedDecoder) -> None:
    assert all(works(scripted, f"{number}.wav") for number in range(300))
    assert len(pids(scripted)) == 1


def test_a_mistake_of_ours_is_told_with_its_place(scripted: IsolatedDecoder) -> None:
    with pytest.raises(RuntimeError, match=r"scripted_decoder.py(.|\n)*a mistake of ours"):
        works(scripted, "bug")
    assert works(scripted)


def test_a_library_that_prints_spoils_no_answer(scripted: IsolatedDecoder, capfd: pytest.CaptureFixture[str]) -> None:
    assert works(scripted, "print")
    assert "chatter" in capfd.readouterr().err


def test_a_child_killed_while_it_waits_costs_nothing(scripted: IsolatedDecoder) -> None:
    assert works(scripted)
    (killed,) = pids(scripted)
    os.kill(killed, signal.SIGKILL)
    assert works(scripted)
    assert pids(scripted) != [killed]


def test_an_interrupted_wait_leaves_no_stale_answer(scripted: IsolatedDecoder, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(stream: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pickle, "load", interrupted)
        with pytest.raises(KeyboardInterrupt):
            works(scripted, "first.wav")
    assert works(scripted, "second.wav")


def test_threads_share_two_processes_and_get_their_own_answers(scripted: IsolatedDecoder) -> None:
    names = [f"{number}.wav" if number % 5 else "crash" for number in range(20)]
    with ThreadPoolExecutor(6) as threads:
        futures = [threads.submit(works, scripted, name) for name in names]
    ended = [type(error) if (error := future.exception()) else future.result() for future in futures]
    assert ended == [True if name != "crash" else DecoderCrashed for name in names]
    assert len(pids(scripted)) <= 2


@pytest.mark.parametrize("name", ["call.wav", "hang"])
def test_children_end_with_their_parent_however_it_dies(name: str) -> None:
    code = (
        "import os, signal, sys, threading, time; from app import decoder\n"
        "decoder.COMMAND = (sys.executable, '-m', 'tests.scripted_decoder'); decode = decoder.IsolatedDecoder(1)\n"
        "child = decode._children.queue[0]; print(child.start().pid, flush=True)\n"
        f"threading.Thread(target=decode, args=(b'',), kwargs={{'filename': {name!r}, 'max_duration_s': 1}}).start()\n"
        "time.sleep(1); os.kill(os.getpid(), signal.SIGKILL)"
    )
    dead = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert dead.returncode == -signal.SIGKILL
    wait_until(lambda: not Path(f"/proc/{int(dead.stdout)}").exists())


def test_closing_ends_the_children(scripted: IsolatedDecoder) -> None:
    assert works(scripted)
    (child,) = pids(scripted)
    scripted.close()
    assert not Path(f"/proc/{child}").exists()
