"""Recordings with a tone over what is masked, made when somebody asks to hear one; no original is sent instead."""

from dataclasses import replace
from functools import lru_cache
from threading import Lock
from typing import Final

from analysis.audio.bleep import Cut, bleeped
from app.audio_store import AudioStore
from app.decoder import IsolatedDecoder
from app.playback import playable

KEPT: Final = 4  # players ask for one recording in many parts


class Bleeper:
    """One is made at a time: whoever has a link may ask."""

    def __init__(self, audio: AudioStore, max_duration_s: float) -> None:
        self.audio = audio
        self.max_duration_s = max_duration_s
        self._one_at_a_time = Lock()
        self._made = lru_cache(KEPT)(self._make)

    def wav(self, recording_id: str, cut: Cut) -> bytes:
        """Raises FileNotFoundError, or what decoding raises."""
        with self._one_at_a_time:
            return self._made(recording_id, cut)

    def _make(self, recording_id: str, cut: Cut) -> bytes:
        with IsolatedDecoder(processes=1) as decode:
            sound = decode(self.audio.original(recording_id), max_duration_s=self.max_duration_s)
        return playable(replace(sound, samples=bleeped(sound.samples, cut)[None])).read()
