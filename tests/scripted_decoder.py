"""The decoder's child process with a decoder in it that does what the file's name says, as FFmpeg might."""

import ctypes
import re
import sys
from dataclasses import replace
from pathlib import Path

from app import decoder_child
from tests.sounds import as_sound, silence

decoder_child.LEAST_CPU_S = decoder_child.CPU_S_PER_SECOND = 0.3


def decode(source: Path | bytes, *, filename: str | None = None, max_duration_s: float = 1.0):
    match filename:
        case "crash":
            ctypes.string_at(0)
        case "hang":
            re.fullmatch(r"(a+)+", "a" * 60 + "b")  # C code that holds the interpreter
        case "memory":
            return bytearray(10**9)
        case "bug":
            raise KeyError("a mistake of ours")
        case "print":
            print("a library's chatter", flush=True)
        case "exit":
            sys.exit("gave up")
    sound = as_sound(silence(1))
    return replace(sound, recording=sound.recording.model_copy(update={"filename": filename}))


if __name__ == "__main__":
    decoder_child.decode = decode
    decoder_child.main()
