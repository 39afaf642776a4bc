"""The process that decodes for `app.decoder`: requests on standard input, answers on standard output.

An answer is an exception, or what was recorded with the shape of its samples, and then the samples as they are.
"""

import os
import pickle
import resource
import signal
import sys
import traceback
from pathlib import Path
from typing import IO, Any

import av  # noqa: F401  # loaded before the first request, and before memory is counted
import numpy as np

from analysis.audio.decode import FULL_LENGTH_CHANNELS, SAMPLE_RATE_HZ, Sound, decode
from app.decoder import OUT_OF_MEMORY, READY
from models.errors import AfterbeepError, DecoderOutOfMemory

LEAST_CPU_S = 4.0
CPU_S_PER_SECOND = 1 / 150  # of the longest recording allowed
WALL_TO_CPU = 15  # a busy machine is no reason to give a recording up; one that waits for nothing is
BASE_MEMORY_BYTES = 120_000_000  # beside the samples
SAMPLES_IN_MEMORY = 1.4  # how often, while they grow


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # no library can spoil an answer by printing
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent, whose end closes our input
    used_bytes = _address_space_bytes()
    answers.write(READY)
    answers.flush()
    while request := _next(sys.stdin.buffer):
        source, filename, max_duration_s = request
        _limit_memory(used_bytes, max_duration_s)
        _limit_time(max(LEAST_CPU_S, max_duration_s * CPU_S_PER_SECOND))
        try:
            _answer(decode(source, filename=filename, max_duration_s=max_duration_s), answers)
        except (DecoderOutOfMemory, MemoryError):
            os._exit(OUT_OF_MEMORY)  # a fresh process is sure to have all of it
        except (AfterbeepError, OSError) as error:
            pickle.dump(error, answers)
        except Exception:
            pickle.dump(RuntimeError(traceback.format_exc()), answers)
        _limit_time(0)
        answers.flush()


def _next(requests: IO[bytes]) -> tuple[Path | bytes, str | None, float] | None:
    try:
        request: Any = pickle.load(requests)  # noqa: S301  # from our own parent
    except EOFError:
        return None
    return request  # type: ignore[no-any-return]


def _answer(sound: Sound, answers: IO[bytes]) -> None:
    pickle.dump((sound.recording, sound.clipped_share, sound.samples.shape), answers)
    for channel in sound.samples:
        answers.write(np.ascontiguousarray(channel).data)


def _limit_time(cpu_s: float) -> None:
    """End this process when its time is up, even while FFmpeg holds it and even when the parent is gone."""
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    signal.setitimer(signal.ITIMER_REAL, cpu_s * WALL_TO_CPU)


def _limit_memory(used_bytes: int, max_duration_s: float) -> None:
    samples_bytes = max_duration_s * SAMPLE_RATE_HZ * FULL_LENGTH_CHANNELS * np.float32().nbytes
    limit = used_bytes + BASE_MEMORY_BYTES + int(samples_bytes * SAMPLES_IN_MEMORY)
    if used_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def _address_space_bytes() -> int:
    """What this process has now; 0 where the system does not tell, and no limit is set."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


if __name__ == "__main__":
    main()
