"""Spoken messages and greetings with a known truth, from neural voices; cached in a folder.

    python -m tests.benchmarks.speech --voices DIR --out FOLDER --messages 72

DIR holds a prepared voice set: `venv/bin/python`, `kokoro.onnx` and `voices.npz` of Kokoro-82M. What a message says is
taken from tests/labelled: texts whose only figures are one telephone number, so that the words spoken are counted by
reading them, not by the code that is measured.
"""

import argparse
import json
import random
import re
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from tests.conftest import ROOT

Samples = npt.NDArray[np.float32]

RATE_HZ = 24_000
VOICES = ("af_heart", "am_michael", "bf_emma", "am_fenrir", "af_bella", "bm_george")
HEARD_ABOVE = 0.01  # of full scale: what the edges of a spoken part are cut to
GAP_S = (0.15, 0.4)  # around a telephone number
SPEEDS = (0.85, 0.95, 1.0, 1.1, 1.2)

GREETINGS = (
    "Hi, you've reached Dana Whitfield at Brightline Foods. I can't come to the phone right now. Please leave a message "
    "and I'll get back to you as soon as I can.",
    "Hey, it's Mike. Leave one.",
    "You have reached 6 1 5, 5 5 5, 0 1 4 2. Please leave your message after the tone.",
    "Your call has been forwarded to an automated voice messaging system. 2 0 6, 5 5 5, 0 1 9 8, is not available. At the "
    "tone, please record your message. When you have finished recording, you may hang up, or press one for more options.",
    "The person you are trying to reach is not available. Please leave a message after the beep.",
    "This is Carla in purchasing. I'm either on the other line or away from my desk. If this is urgent, press zero for the "
    "front desk. Otherwise, leave your name, your number, and a brief message. Thanks, and have a great day.",
    "Hello, you're through to Harcourt and Sons. The office is closed. Please leave a message after the tone, and someone "
    "will ring you back.",
    "Hi, this is Tom. | Sorry I missed you. | You know what to do.",
    "Please leave a message for | Priya Raman | after the tone.",
    "You've reached the voicemail of | extension four one seven. | Record your message at the tone.",
    "Thank you for calling Lakeside Dental. We're with a patient or it's after hours. Leave us your name, the best number to "
    "reach you, and how we can help, and we'll call you back the next business day.",
    "No one is available to take your call. Please leave a message.",
)  # fmt: skip
TRAILERS = (
    "To send your message, press one. To listen to your message, press two.",
    "Your message has been sent. Goodbye.",
)


@dataclass(frozen=True)
class Spoken:
    """A sound file (24 kHz, mono, edges cut to what is heard), and what it holds."""

    file: str
    kind: str  # message, greeting or trailer
    text: str
    voice: str
    speed: float
    words: int = 0  # as spoken
    number: tuple[float, float] | None = None  # where the telephone number is said, in seconds
    digits: int = 0

    def samples(self, folder: Path) -> Samples:
        sound, _ = soundfile.read(folder / self.file, dtype="float32")
        return np.asarray(sound, np.float32)


def read_corpus(folder: Path) -> list[Spoken]:
    rows = json.loads((folder / "corpus.json").read_text("utf-8"))
    return [Spoken(**row | {"number": tuple(row["number"]) if row["number"] else None}) for row in rows]


def message_texts(count: int) -> list[tuple[str, str, str]]:
    """Before, digits and after of messages from every hand in turn, always the same ones."""
    by_hand = []
    for path in sorted((ROOT / "tests/labelled").glob("t*.jsonl")):
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        by_hand.append([parts for row in rows if (parts := _around_number(row))])
    chooser = random.Random(4)
    for texts in by_hand:
        chooser.shuffle(texts)
    turns = [texts[turn] for turn in range(max(map(len, by_hand))) for texts in by_hand if turn < len(texts)]
    return turns[:count]


def _around_number(row: dict[str, Any]) -> tuple[str, str, str] | None:
    numbers = row["entities"].get("callback_number") or []
    if row["asr_like"] or len(numbers) != 1 or row["text"].count(numbers[0]) != 1:
        return None
    before, after = row["text"].split(numbers[0])
    digits = re.sub(r"\D", "", numbers[0])
    readable = not re.search(r"\d|[@/$%&]|www|\.com", before + after)
    return (before, digits, after) if readable and len(digits) in (7, 10, 11) and before.strip() else None


def words_read(text: str) -> int:
    return len([part for part in re.split(r"[\s\-–—…]+", text) if re.search(r"\w", part)])


def as_groups(digits: str) -> str:
    """A number as it is read out, in groups of three and four."""
    groups = [digits[:-7], digits[-7:-4], digits[-4:]]
    return ", ".join(" ".join(group) for group in groups if group)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voices", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--messages", type=int, default=72)
    asked = parser.parse_args()
    make_corpus(asked.voices, asked.out, asked.messages)


def make_corpus(voices: Path, out: Path, messages: int) -> list[Spoken]:
    """Every part is spoken once and kept; a second call reads what is there."""
    plan = [*_message_plan(messages), *_prompt_plan("greeting", GREETINGS, 2), *_prompt_plan("trailer", TRAILERS, 1)]
    parts = out / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    jobs = [job for one in plan for job in one["parts"] if not (parts / job["out"]).exists()]
    if jobs:
        _speak(voices, parts, jobs)
    corpus = [_joined(one, parts, out) for one in plan]
    (out / "corpus.json").write_text(json.dumps([asdict(one) for one in corpus], indent=1), "utf-8")
    return corpus


def _message_plan(count: int) -> Iterator[dict[str, Any]]:
    for number, (before, digits, after) in enumerate(message_texts(count)):
        said = [before, as_groups(digits) + ".", after] if words_read(after) else [before, as_groups(digits) + "."]
        words = words_read(before) + len(digits) + words_read(after)
        facts = {"words": words, "digits": len(digits), "text": before + digits + after}
        yield _plan("message", number, said, facts)


def _prompt_plan(kind: str, texts: tuple[str, ...], times: int) -> Iterator[dict[str, Any]]:
    for number in range(len(texts) * times):
        text = texts[number % len(texts)]
        yield _plan(kind, number + number // len(texts), text.split("|"), {"text": text.replace(" |", "")})


def _plan(kind: str, number: int, said: list[str], facts: dict[str, Any]) -> dict[str, Any]:
    voice, speed = VOICES[number % len(VOICES)], SPEEDS[number % len(SPEEDS)]
    name = f"{kind}-{number:03d}"
    parts = [
        {"text": text.strip(), "voice": voice, "speed": speed, "out": f"{name}-{place}.wav"}
        for place, text in enumerate(said)
    ]
    return {"name": name, "kind": kind, "voice": voice, "speed": speed, "parts": parts, **facts}


def _joined(plan: dict[str, Any], parts: Path, out: Path) -> Spoken:
    """The parts one after the other; in a greeting with long pauses between, as people make them."""
    chooser = random.Random(plan["name"])
    sounds: list[Samples] = []
    number = None
    at = 0
    for place, part in enumerate(plan["parts"]):
        if place:
            gap_s = chooser.uniform(*((0.5, 1.8) if plan["kind"] == "greeting" else GAP_S))
            sounds.append(np.zeros(round(gap_s * RATE_HZ), np.float32))
            at += len(sounds[-1])
        sound = _trimmed(soundfile.read(parts / part["out"], dtype="float32")[0])
        if plan["kind"] == "message" and place == 1:
            number = (at / RATE_HZ, (at + len(sound)) / RATE_HZ)
        sounds.append(sound)
        at += len(sound)
    file = f"{plan['name']}.wav"
    soundfile.write(out / file, np.concatenate(sounds), RATE_HZ)
    facts = {name: plan[name] for name in ("kind", "text", "voice", "speed")}
    return Spoken(file=file, number=number, words=plan.get("words", 0), digits=plan.get("digits", 0), **facts)


def _trimmed(sound: Samples) -> Samples:
    heard = np.flatnonzero(np.abs(sound) > HEARD_ABOVE)
    return sound[heard[0] : heard[-1] + 1]


_SPEAKER = """
import json, sys, soundfile
from kokoro_onnx import Kokoro
voices, out = sys.argv[1:]
kokoro = Kokoro(f"{voices}/kokoro.onnx", f"{voices}/voices.npz")
for line in sys.stdin:
    job = json.loads(line)
    language = "en-gb" if job["voice"].startswith("b") else "en-us"
    samples, rate = kokoro.create(job["text"], voice=job["voice"], speed=job["speed"], lang=language)
    soundfile.write(f"{out}/{job['out']}", samples, rate)
"""


def _speak(voices: Path, parts: Path, jobs: list[dict[str, Any]]) -> None:
    lines = "\n".join(json.dumps(job) for job in jobs)
    subprocess.run(
        [voices / "venv/bin/python", "-c", _SPEAKER, voices, parts],
        input=lines, text=True, check=True,
    )  # fmt: skip


if __name__ == "__main__":
    main()
