"""Ways to transcribe the same messages with the same model, greedily and with word times."""

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from analysis.audio.decode import Samples
from analysis.speech.batch import BatchTranscriber
from analysis.speech.faster_whisper import FasterWhisper
from analysis.speech.folders import get_folder
from analysis.speech.openai_whisper import OpenAIWhisper
from analysis.speech.weights import load_model
from tests.benchmarks.ggml import write_ggml

Transcribe = Callable[[list[Samples]], list[str]]
GREEDY: dict[str, Any] = {"language": "en", "word_timestamps": True, "condition_on_previous_text": False}


def batched(engine: BatchTranscriber) -> Transcribe:
    return lambda messages: [heard.text for heard in engine.transcribe(messages)]


def alone(engine: BatchTranscriber) -> Transcribe:
    return lambda messages: [engine.transcribe([message])[0].text for message in messages]


def openai_whisper(name: str, model_dir: Path) -> Transcribe:
    model = load_model(name, model_dir)
    return lambda messages: [model.transcribe(message, fp16=False, **GREEDY)["text"] for message in messages]


def faster_whisper(name: str, model_dir: Path, threads: int) -> tuple[Transcribe, Transcribe]:
    """One after another, and its own batched pipeline, which batches within one recording."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    model = WhisperModel(str(get_folder(name, model_dir)), device="cpu", compute_type="int8", cpu_threads=threads)
    pipeline = BatchedInferencePipeline(model)

    def text(segments: Iterable[Any]) -> str:
        return " ".join(segment.text for segment in segments)  # a generator: the work happens here

    return (
        lambda messages: [text(model.transcribe(message, beam_size=1, **GREEDY)[0]) for message in messages],
        lambda messages: [
            text(pipeline.transcribe(message, beam_size=1, batch_size=16, **GREEDY)[0]) for message in messages
        ],
    )


def whisper_cpp(name: str, model_dir: Path, threads: int) -> Transcribe | str:
    """With the same weights, converted; a sentence where its package is missing."""
    try:
        from pywhispercpp.model import Model
    except ImportError:
        return "skipped: pywhispercpp is not installed"
    with tempfile.TemporaryDirectory() as folder:
        weights = write_ggml(load_model(name, model_dir), Path(folder) / f"{name}.bin")
        model = Model(str(weights), n_threads=threads, print_progress=False, print_realtime=False, language="en")
    options: dict[str, Any] = {"token_timestamps": True, "temperature": 0.0}
    return lambda messages: [
        " ".join(segment.text for segment in model.transcribe(message, **options)) for message in messages
    ]


def contestants(name: str, model_dir: Path, threads: int) -> dict[str, Transcribe | str]:
    """By name; a sentence instead for what cannot run here."""
    openai, fast = OpenAIWhisper(name, model_dir=model_dir), FasterWhisper(name, model_dir=model_dir)
    sequential, pipeline = faster_whisper(name, model_dir, threads)
    return {
        "Afterbeep, openai-whisper, batched": batched(openai),
        "Afterbeep, faster-whisper, batched": batched(fast),
        "Afterbeep, openai-whisper, alone": alone(openai),
        "Afterbeep, faster-whisper, alone": alone(fast),
        "faster-whisper int8, one by one": sequential,
        "faster-whisper int8, batched pipeline": pipeline,
        "whisper.transcribe": openai_whisper(name, model_dir),
        "whisper.cpp": whisper_cpp(name, model_dir, threads),
    }
