"""What browsers can play, and a copy for them of what they cannot (µ-law, A-law, GSM, AMR …)."""

import wave
from pathlib import Path

import numpy as np

from analysis.audio.decode import SAMPLE_RATE_HZ, Sound
from analysis.speech.weights import atomic_file

MEDIA_TYPES = {
    "wav/pcm_s16le": "audio/wav",
    "wav/pcm_u8": "audio/wav",
    "mp3/mp3float": "audio/mpeg",
    "mp3/mp3": "audio/mpeg",
    "ogg/opus": "audio/ogg",
    "ogg/vorbis": "audio/ogg",
    "matroska/opus": "audio/webm",
    "matroska/vorbis": "audio/webm",
    "flac/flac": "audio/flac",
    "mov/aac": "audio/mp4",
}


def is_playable(audio_format: str) -> bool:
    return audio_format in MEDIA_TYPES


def media_type(audio_format: str | None) -> str:
    """By Afterbeep's own reading of the file, never by what the sender called it."""
    return MEDIA_TYPES.get(audio_format or "", "application/octet-stream")


def write_playable(sound: Sound, path: Path) -> None:
    """The first one or two channels as 16-bit WAV."""
    channels = sound.samples[:2]
    pcm = (channels.T * np.iinfo(np.int16).max).astype("<i2")
    with atomic_file(path) as temporary, wave.open(str(temporary), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(pcm.tobytes())
