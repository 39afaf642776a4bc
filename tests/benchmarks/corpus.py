"""The recordings a benchmark is run on: spoken by a tool of yours, or the samples where there is none.

The tool is any command that takes `--voice V --speed S --out FILE.wav TEXT`. What it speaks are messages of
tests/labelled; every second one is put through a telephone line (8 kHz, G.711 µ-law) with noise.
"""

import json
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.audio.decode import SAMPLE_RATE_HZ, Samples, decode
from analysis.audio.message import find_message

ROOT = Path(__file__).parent.parent.parent
VOICES = ("af_heart", "af_bella", "am_michael", "am_fenrir", "bf_emma", "bm_george")
SPEEDS = (0.9, 1.0, 1.1, 1.2)
WORDS = (45, 100)  # what is spoken in 15 to 40 s
SECONDS = (15.0, 40.0)
TELEPHONE_HZ = 8_000
SNR_DB = 20.0


@dataclass(frozen=True)
class Spoken:
    """A recording, the message in it (float32, shape (n,), 16 kHz), and what was said."""

    path: Path
    message: Samples
    text: str

    @property
    def duration_s(self) -> float:
        return self.message.size / SAMPLE_RATE_HZ


def spoken(command: str, folder: Path, count: int) -> list[Spoken]:
    """`count` voicemails of 15 to 40 s; those that are in `folder` already are not spoken again."""
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Spoken] = []
    for number, text in enumerate(texts()):
        path = folder / f"{number:03d}.wav"
        words = path.with_suffix(".txt")  # beside the sound: the order of the texts changes with every new hand
        if not path.exists() or not words.exists():
            _speak(command, text, number, path)
            words.write_text(text, "utf-8")
        text = words.read_text("utf-8")
        message = find_message(decode(path)).samples
        if SECONDS[0] <= message.size / SAMPLE_RATE_HZ <= SECONDS[1]:
            found.append(Spoken(path, message, text))
        if len(found) == count:
            return found
    raise SystemExit(f"Only {len(found)} voicemails of {SECONDS[0]:g} to {SECONDS[1]:g} s could be made.")


def samples() -> list[Spoken]:
    """The recordings of samples/ whose words are known."""
    found = []
    for description in sorted((ROOT / "samples").glob("*.json")):
        text = json.loads(description.read_text("utf-8")).get("text", "")
        (path,) = (one for one in description.parent.glob(f"{description.stem}.*") if one != description)
        found.append(Spoken(path, find_message(decode(path)).samples, text))
    return found


def texts() -> Iterator[str]:
    for path in sorted((ROOT / "tests/labelled").glob("t*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            if not row["asr_like"] and WORDS[0] <= len(row["text"].split()) <= WORDS[1]:
                yield row["text"]


def _speak(command: str, text: str, number: int, path: Path) -> None:
    import soundfile

    voice, speed = VOICES[number % len(VOICES)], SPEEDS[number // len(VOICES) % len(SPEEDS)]
    raw = path.with_suffix(".raw.wav")
    asked = [*shlex.split(command), "--voice", voice, "--speed", str(speed), "--out", str(raw), text]
    subprocess.run(asked, check=True, capture_output=True)
    samples, rate_hz = soundfile.read(raw, dtype="float32")
    if number % 2:
        soundfile.write(path, _telephone(samples, rate_hz, seed=number), TELEPHONE_HZ, subtype="ULAW")
    else:
        soundfile.write(path, samples, rate_hz)
    raw.unlink()


def _telephone(samples: Samples, rate_hz: int, *, seed: int) -> Samples:
    import soxr

    narrow = soxr.resample(samples, rate_hz, TELEPHONE_HZ)
    noise = np.random.default_rng(seed).standard_normal(narrow.size).astype(np.float32)
    noise *= np.sqrt(np.mean(narrow**2)) / 10 ** (SNR_DB / 20)
    return np.asarray(narrow + noise, np.float32)
