"""The two sides of a call that was recorded a side a channel: which channels differ, and who speaks on which."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.audio.beep import beeps_among
from analysis.audio.decode import SAMPLE_RATE_HZ, Samples
from analysis.audio.loudness import runs
from analysis.audio.speech import SILENT_BELOW, Span, find_speech, overlap_s
from analysis.audio.tones import Tone, find_tones

FRAME: Final = SAMPLE_RATE_HZ // 20  # 50 ms
SAME_DB: Final = -30.0  # two channels that differ by less are one recording, stored twice
LOUDER_DB: Final = 8.0  # who speaks is louder by this than the echo of it on the other side


@dataclass(frozen=True)
class Side:
    """What is heard on one channel: spans of speech, every steady tone, and the tones that may be the beep."""

    channel: int
    spans: tuple[Span, ...]
    tones: tuple[Tone, ...]
    beeps: tuple[Tone, ...]


def distinct_channels(samples: Samples, preferred: int | None = None) -> list[int]:
    """Channels (of `samples`, shape (channels, n)) with a signal of their own, each once: rather as the `preferred`."""
    channels = sorted(range(len(samples)), key=lambda channel: channel != preferred)
    kept: list[int] = []
    for channel in channels:
        silent = float(np.abs(samples[channel]).max(initial=0.0)) < SILENT_BELOW
        if not silent and not any(_is_the_same(samples[channel], samples[other]) for other in kept):
            kept.append(channel)
    return sorted(kept) or [0]


def _is_the_same(one: Samples, other: Samples) -> bool:
    """The same but for level and a little noise, as when one line is stored as stereo."""
    power = float(np.dot(one, one))
    share = float(np.dot(one, other)) / (float(np.dot(other, other)) + 1e-12)
    rest = one - np.float32(share) * other
    return float(np.dot(rest, rest)) < power * 10 ** (SAME_DB / 10)


def listen(samples: Samples, channel: int) -> Side:
    """Speech is looked for between the beeps, each stretch by itself, so that no word is glued to a beep."""
    sound = samples[channel]
    tones = tuple(find_tones(sound))
    beeps = tuple(beeps_among(tones))
    edges = [0, *(round(edge * SAMPLE_RATE_HZ) for beep in beeps for edge in (beep.start_s, beep.end_s)), sound.size]
    spans = [
        (start + first / SAMPLE_RATE_HZ, end + first / SAMPLE_RATE_HZ)
        for first, last in zip(edges[::2], edges[1::2], strict=True)
        for start, end in find_speech(sound[first:last])
    ]
    return Side(channel, tuple(span for span in spans if not _is_a_tone(span, tones)), tones, beeps)


def _is_a_tone(span: Span, tones: tuple[Tone, ...]) -> bool:
    covered_s = sum(overlap_s(span, (tone.start_s, tone.end_s)) for tone in tones)
    return covered_s > 0.5 * (span[1] - span[0])


def without_cross_talk(sides: list[Side], samples: Samples) -> list[Side]:
    """Each side without what is only the other's voice, leaking over."""
    levels_db = {side.channel: _levels_db(samples[side.channel]) for side in sides}
    return [replace(side, spans=tuple(_own(side, sides, levels_db))) for side in sides]


def _own(side: Side, sides: list[Side], levels_db: dict[int, npt.NDArray[np.floating]]) -> list[Span]:
    frames = levels_db[side.channel].size
    mine = _speaking(side, frames)
    for other in sides:
        if other is not side:
            louder = levels_db[other.channel] > levels_db[side.channel] + LOUDER_DB
            mine &= ~(_speaking(other, frames) & louder)
    return [span for whole in side.spans for span in _kept(whole, mine)]


def _kept(span: Span, mine: npt.NDArray[np.bool_]) -> list[Span]:
    """The parts of a span in which the side itself speaks, with the span's own edges where it does from there on."""
    first, last = _frame(span[0]), _frame(span[1]) + 1
    frame_s = FRAME / SAMPLE_RATE_HZ
    parts = [
        (max((first + start) * frame_s, span[0]), min((first + end) * frame_s, span[1]))
        for start, end in runs(mine[first:last])
    ]
    return [part for part in parts if part[1] - part[0] >= 0.2]


def _speaking(side: Side, frames: int) -> npt.NDArray[np.bool_]:
    speaking = np.zeros(frames, bool)
    for start, end in side.spans:
        speaking[_frame(start) : _frame(end) + 1] = True
    return speaking


def _frame(at_s: float) -> int:
    return int(at_s * SAMPLE_RATE_HZ / FRAME)


def _levels_db(sound: Samples) -> npt.NDArray[np.floating]:
    """Level of every 50 ms, in dB, smoothed over a quarter of a second: one side's pauses are not the other's."""
    whole = sound[: sound.size // FRAME * FRAME].reshape(-1, FRAME)
    power = np.append(np.square(whole).mean(1), 0.0)
    smooth = np.convolve(power, np.ones(5) / 5, mode="same")
    return np.asarray(10 * np.log10(smooth + 1e-10))
