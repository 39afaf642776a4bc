"""The speech engine the settings ask for."""

from pathlib import Path
from typing import TYPE_CHECKING

from analysis.speech.weights import Progress
from app.settings import Settings

if TYPE_CHECKING:
    from analysis.speech.batch import BatchTranscriber


def transcriber_of(settings: Settings) -> "BatchTranscriber":
    """The engine, its model not loaded yet."""
    from analysis.speech.faster_whisper import FasterWhisper
    from analysis.speech.openai_whisper import OpenAIWhisper

    engine = {one.engine: one for one in (OpenAIWhisper, FasterWhisper)}[settings.engine]
    return engine(
        settings.model,
        model_dir=settings.model_dir,
        language=settings.spoken_language,
        device=settings.device,
        precision=settings.precision,
        batch_size=settings.batch_size,
        verbatim=settings.verbatim,
    )


def get_weights(settings: Settings, progress: Progress | None = None) -> Path:
    """What the engine loads, fetched or converted if need be. Raises the ModelErrors."""
    from analysis.speech.folders import get_folder
    from analysis.speech.weights import get_model

    get = {"openai-whisper": get_model, "faster-whisper": get_folder}[settings.engine]
    return get(settings.model, settings.model_dir, progress)
