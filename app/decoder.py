"""Decoding in processes of its own: a file that crashes FFmpeg, or keeps it busy, costs that file and nothing else."""

import pickle
import queue
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np

from analysis.audio.decode import Sound
from models.errors import DecoderCrashed, DecoderOutOfMemory, DecoderTooSlow, DecoderUnavailable, RecordingError

COMMAND = (sys.executable, "-P", "-m", "app.decoder_child")
READY = b"."  # said by a child before its first answer
OUT_OF_MEMORY = 77  # the status with which a child ends that was refused memory
OUT_OF_TIME = (-signal.SIGPROF, -signal.SIGALRM)
ATTEMPTS = 2  # a child may also die by what was before this file, or by somebody's hand
DIES_WITHIN_S = 2.0


class IsolatedDecoder:
    """`analysis.audio.decode.decode`, run in child processes, each kept for the next recording.

    Threads may share it: as many recordings are decoded at once as there are `processes`, the others wait.
    """

    def __init__(self, processes: int = 2) -> None:
        self._children: queue.LifoQueue[_Child] = queue.LifoQueue()  # the last one used is warm
        for _ in range(processes):
            self._children.put(_Child())

    def warm_up(self) -> None:
        """Begin a child, and do not wait for it."""
        child = self._children.get()
        child.start()
        self._children.put(child)

    def __call__(self, source: Path | bytes, *, filename: str | None = None, max_duration_s: float = 600.0) -> Sound:
        """Decode a recording. Raises what `decode` raises, the Decoder errors, and DecoderUnavailable."""
        if isinstance(source, Path):
            filename, source = filename or source.name, source.absolute()
        request = pickle.dumps((source, filename, max_duration_s))
        child = self._children.get()
        try:
            for _ in range(ATTEMPTS):
                try:
                    return child.ask(request)
                except _Died as death:
                    status = death.status
                    if status in OUT_OF_TIME:
                        break
        finally:
            self._children.put(child)
        raise _blame(status, filename or "recording")

    def close(self) -> None:
        for _ in range(self._children.qsize()):
            self._children.get().stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


class _Died(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


class _Child:
    """A process that decodes one recording after another, and is begun anew when it has died."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.is_ready = False

    def start(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            self.is_ready = False
            try:
                self.process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
            except OSError as error:
                raise _unavailable() from error
        return self.process

    def ask(self, request: bytes) -> Sound:
        process = self.start()
        assert process.stdin is not None
        assert process.stdout is not None
        self.is_ready = self.is_ready or process.stdout.read(1) == READY
        if not self.is_ready:  # it died by no recording
            self.stop()
            raise _unavailable()
        try:
            process.stdin.write(request)
            process.stdin.flush()
            answer = pickle.load(process.stdout)  # noqa: S301  # from our own child
            sound = None if isinstance(answer, Exception) else _sound(answer, process.stdout)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError) as error:
            raise _Died(self.stop()) from error
        except BaseException:  # interrupted: what is still to come is no answer to the next request
            process.kill()
            self.stop()
            raise
        if sound is None:
            raise answer
        return sound

    def stop(self) -> int:
        """End the process, unless it has ended; how it ended."""
        process, self.process = self.process, None
        if process is None:
            return 0
        with process:
            try:
                process.communicate(timeout=DIES_WITHIN_S)  # closes its input, which ends it
            except subprocess.TimeoutExpired:
                process.kill()
        return process.returncode


def _sound(head: Any, stream: IO[bytes]) -> Sound:
    recording, clipped_share, shape = head
    samples = np.empty(shape, np.float32)
    for channel in samples:
        if stream.readinto(channel.data) < channel.nbytes:  # type: ignore[attr-defined]  # a buffered reader has it
            raise EOFError
    return Sound(recording, samples, clipped_share)


def _unavailable() -> DecoderUnavailable:
    return DecoderUnavailable("Recordings cannot be read at the moment. Please try again shortly.")


def _blame(status: int, name: str) -> RecordingError:
    if status in OUT_OF_TIME:
        return DecoderTooSlow(f"“{name}” takes too long to read. Please save it as WAV or MP3 and send that.")
    if status == OUT_OF_MEMORY:
        return DecoderOutOfMemory(f"“{name}” needs too much memory. Please save it as WAV or MP3 and send that.")
    return DecoderCrashed(f"“{name}” is damaged and could not be read. Please save it as WAV or MP3 and send that.")
