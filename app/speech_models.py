"""Which speech models there are, what each engine loads of them, and how fast they are on this machine."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analysis.audio.decode import SAMPLE_RATE_HZ, decode
from analysis.audio.message import find_message
from analysis.speech import folders, weights
from app.settings import Settings
from app.speech import transcriber_of


def rows(settings: Settings) -> list[dict[str, Any]]:
    speeds = _speeds(settings)
    return [_row(name, settings, speeds.get(name, {})) for name in weights.known_models()]


def _row(name: str, settings: Settings, speeds: dict[str, float]) -> dict[str, Any]:
    checkpoint = weights.cached_path(name, settings.model_dir)
    folder = folders.folder_path(name, settings.model_dir)
    return {
        "name": name,
        "openai_whisper_path": str(checkpoint) if checkpoint.is_file() else None,
        "faster_whisper_path": str(folder) if folders.is_folder(folder) else None,
        "packaged": weights.is_packaged(name),
        "default": name == settings.model,
        "times_real_time": speeds,
    }


def bench(settings: Settings, recordings: Sequence[Path]) -> float:
    """Seconds of speech transcribed in a second, all recordings at once; kept for `rows`."""
    messages = [find_message(decode(path)).samples for path in recordings]
    transcriber = transcriber_of(settings)
    transcriber.load()
    transcriber.transcribe(messages[:1])  # whatever is done once only
    began_s = time.perf_counter()
    transcriber.transcribe(messages)
    took_s = time.perf_counter() - began_s
    speed = round(sum(message.size for message in messages) / SAMPLE_RATE_HZ / took_s, 1)
    speeds = _speeds(settings)
    speeds.setdefault(settings.model, {})[settings.engine] = speed
    with weights.atomic_file(_speeds_path(settings)) as temporary:
        temporary.write_text(json.dumps(speeds), "utf-8")
    return speed


def _speeds_path(settings: Settings) -> Path:
    return settings.model_dir / "speeds.json"


def _speeds(settings: Settings) -> dict[str, dict[str, float]]:
    path = _speeds_path(settings)
    speeds: dict[str, dict[str, float]] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return speeds
