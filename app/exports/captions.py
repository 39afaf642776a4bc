"""A transcript as WebVTT, SubRip or plain text."""

from collections.abc import Callable
from html import escape
from typing import Final, Literal

from analysis.cues import cues, sentences
from models.transcript import Transcript

Captions = Literal["vtt", "srt", "txt"]

MEDIA_TYPES: Final[dict[Captions, str]] = {
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
    "txt": "text/plain",
}


def captions(transcript: Transcript, kind: Captions) -> str:
    return WRITERS[kind](transcript)


def vtt(transcript: Transcript) -> str:
    blocks = ["WEBVTT"]
    for cue in cues(transcript):
        text = "\n".join(escape(line, quote=False) for line in cue.lines)
        blocks.append(f"{_at(cue.start_s, '.')} --> {_at(cue.end_s, '.')}\n{text}")
    return "\n\n".join(blocks) + "\n"


def srt(transcript: Transcript) -> str:
    blocks = [
        f"{number}\n{_at(cue.start_s, ',')} --> {_at(cue.end_s, ',')}\n" + "\n".join(cue.lines)
        for number, cue in enumerate(cues(transcript), 1)
    ]
    return "\n\n".join(blocks) + "\n"


def txt(transcript: Transcript) -> str:
    """A sentence a line."""
    return "".join(" ".join(word.text for word in sentence) + "\n" for sentence in sentences(transcript))


WRITERS: Final[dict[Captions, Callable[[Transcript], str]]] = {"vtt": vtt, "srt": srt, "txt": txt}


def _at(second: float | None, mark: str) -> str:
    """3661.5 -> 01:01:01.500"""
    whole = round((second or 0.0) * 1000)
    minutes, milliseconds = divmod(whole, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{milliseconds:03d}"
