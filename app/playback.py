"""What browsers can play, and a copy for them of what they cannot (µ-law, A-law, GSM, AMR …)."""

import io
import wave
from typing import IO

import numpy as np

from analysis.audio.decode import SAMPLE_RATE_HZ, Sound

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


def playable(sound: Sound) -> IO[bytes]:
    """The first one or two channels as 16-bit WAV."""
    channels = sound.samples[:2]
    pcm = (channels.T * np.iinfo(np.int16).max).astype("<i2")
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(pcm.tobytes())
    written.seek(0)
    return written
