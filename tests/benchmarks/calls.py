"""Recorded calls as dialers keep them, built from spoken parts, so that the truth is known to the sample.

Ringing, a greeting, a beep, the message, a hang-up; mono or a side a channel; noise, cross-talk and telephone codecs.
Everything is drawn from a seed: the same seed gives the same calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.audio.decode import decode
from tests import sounds
from tests.benchmarks.speech import RATE_HZ as SPOKEN_HZ
from tests.benchmarks.speech import Spoken

Samples = npt.NDArray[np.float32]

RATE_HZ = 16_000
SPEECH_RMS = 0.06
NOISE_SNR_DB = (None, 35, 25, 20, 15, 10)
CODECS = ("mulaw", "alaw", "mp3", "opus", "mobile", "pcm")
RINGS = (
    ((440, 480), (2, 4)), ((400, 450), (0.4, 0.2, 0.4, 2.0)), ((425,), (1, 4)), ((425,), (1, 3)), ((400, 450), (1, 2)),
)  # fmt: skip
HANG_UPS = (
    ((480, 620), (0.5, 0.5)), ((480, 620), (0.25, 0.25)), ((425,), (0.5, 0.5)), ((400,), (0.4, 0.35)), ((350, 440), (9, 1)),
)  # fmt: skip


@dataclass(frozen=True)
class Call:
    """A file and the truth about it, in seconds of what it decodes to."""

    name: str
    file: bytes
    filename: str
    message: Spoken
    start_s: float
    end_s: float
    beep_end_s: float | None
    channel: int | None  # the rep's, where the channels differ
    snr_db: float | None
    codec: str
    greeted: bool


class Studio:
    """Spoken parts at hand, and the calls that are made of them."""

    def __init__(self, corpus: Sequence[Spoken], folder: Path) -> None:
        self.folder = folder
        self.by_kind = {
            kind: [part for part in corpus if part.kind == kind] for kind in ("message", "greeting", "trailer")
        }

    def spoken(self, part: Spoken) -> Samples:
        import librosa

        sound = librosa.resample(part.samples(self.folder), orig_sr=SPOKEN_HZ, target_sr=RATE_HZ)
        return np.asarray(sound * SPEECH_RMS / _rms(sound), np.float32)

    def call(self, seed: int) -> Call:
        draw = np.random.default_rng(seed)
        messages = self.by_kind["message"]
        message = messages[seed % len(messages)]
        rep, other = _Track(), _Track()
        other.add(self._ringing(draw))
        greeted = draw.random() < 0.93
        if greeted:
            other.add(sounds.silence(draw.uniform(0.1, 1.0)))
            other.add(self._greeting(draw))
        beeps = greeted and draw.random() < 0.92
        beep_end = None
        if beeps or not greeted:
            other.add(sounds.silence(draw.choice([draw.uniform(0.05, 0.4), draw.uniform(0.4, 1.6)])))
            other.add(beep(draw))
            beep_end = other.at
        rep.at = other.at
        rep.add(sounds.silence(draw.uniform(0.25, 2.0) if beep_end else draw.uniform(1.0, 2.2)))
        start = rep.at
        rep.add(self.spoken(message) * 10 ** (draw.uniform(-4, 3) / 20))
        end = rep.at
        other.at = rep.at
        other.add(sounds.silence(draw.uniform(0.4, 2.5)))
        self._ending(draw, other)
        length = max(rep.at, other.at) + round(draw.uniform(0, 0.5) * RATE_HZ)
        mixed, channel = _mixed(draw, rep.laid(length), other.laid(length))
        snr = NOISE_SNR_DB[int(draw.integers(len(NOISE_SNR_DB)))]
        noisy = _with_noise(mixed, snr, draw)
        codec = CODECS[int(draw.integers(len(CODECS)))]
        file, ending, delay_s = _encoded(noisy, codec)
        return Call(
            name=f"call-{seed:04d}",
            file=file,
            filename=f"call-{seed:04d}.{ending}",
            message=message,
            start_s=start / RATE_HZ + delay_s,
            end_s=end / RATE_HZ + delay_s,
            beep_end_s=None if beep_end is None else beep_end / RATE_HZ + delay_s,
            channel=channel,
            snr_db=snr,
            codec=codec,
            greeted=greeted,
        )

    def _ringing(self, draw: np.random.Generator) -> Samples:
        if draw.random() < 0.35:
            return sounds.silence(draw.uniform(0, 1.5))
        pair, on_off = RINGS[int(draw.integers(len(RINGS)))]
        rung = sounds.cadence(pair, on_off, 24, peak=draw.uniform(0.05, 0.3))
        first = int(draw.uniform(0, sum(on_off)) * RATE_HZ)
        return rung[first : first + int(draw.uniform(2, 14) * RATE_HZ)]

    def _greeting(self, draw: np.random.Generator) -> Samples:
        greetings = self.by_kind["greeting"]
        greeting = self.spoken(greetings[int(draw.integers(len(greetings)))])
        return sounds.telephone_band(greeting) * np.float32(10 ** (draw.uniform(-8, 4) / 20))

    def _ending(self, draw: np.random.Generator, other: "_Track") -> None:
        kind = draw.random()
        if kind < 0.35:
            pair, on_off = HANG_UPS[int(draw.integers(len(HANG_UPS)))]
            other.add(sounds.cadence(pair, on_off, draw.uniform(0.6, 6), peak=draw.uniform(0.05, 0.3)))
        elif kind < 0.5:
            click = np.zeros(800, np.float32)
            click[:30] = draw.uniform(0.1, 0.6) * np.sign(draw.standard_normal(30))
            other.add(click)
        elif kind < 0.56:
            trailers = self.by_kind["trailer"]
            other.add(sounds.silence(1.5))
            other.add(sounds.telephone_band(self.spoken(trailers[int(draw.integers(len(trailers)))])))


def beep(draw: np.random.Generator) -> Samples:
    """One or two frequencies between 400 and 2000 Hz, 0.15 to 1.2 s, weak to loud, with edges as machines make them."""
    common = (1000, 1400, 440, 850, 800, 950, 1050, 600, 1330, 2000, 1500, 400, 620, 523, 1100, 880)
    first = float(draw.choice(common)) if draw.random() < 0.6 else float(draw.uniform(400, 2000))
    pair = [first]
    if draw.random() < 0.15:
        second = float(draw.uniform(400, 2000))
        if abs(second - first) > 100:
            pair.append(second)
    seconds = float(draw.choice([draw.uniform(0.15, 0.4), draw.uniform(0.3, 1.2)]))
    peak = SPEECH_RMS * 1.41 * 10 ** (draw.uniform(-14, 9) / 20)
    sound = sum((sounds.tone(hz, seconds, peak=peak / len(pair)) for hz in pair), sounds.silence(seconds))
    ramp_s = float(draw.choice([0.001, 0.005, 0.015]))
    ramp = np.minimum(1, np.arange(sound.size) / (ramp_s * RATE_HZ))
    return (sound * ramp * ramp[::-1]).astype(np.float32)


class _Track:
    """Sounds laid one after another from sample `at` on."""

    def __init__(self) -> None:
        self.at = 0
        self.parts: list[tuple[int, Samples]] = []

    def add(self, sound: Samples) -> None:
        self.parts.append((self.at, sound))
        self.at += sound.size

    def laid(self, length: int) -> Samples:
        whole = np.zeros(length, np.float32)
        for at, sound in self.parts:
            whole[at : at + sound.size] += sound
        return whole


def _mixed(draw: np.random.Generator, rep: Samples, other: Samples) -> tuple[Samples, int | None]:
    """Mono; or a side a channel, in either order, with or without cross-talk; or the same twice."""
    kind = draw.random()
    if kind < 0.5:
        return (rep + other)[None], None
    if kind < 0.58:
        return np.stack([rep + other, rep + other]), None
    if kind < 0.64:
        both = [rep + other, np.zeros_like(rep)]
        silent_first = draw.random() < 0.5
        return np.stack(both[::-1] if silent_first else both), 1 if silent_first else 0
    leak = np.float32(0 if draw.random() < 0.5 else 10 ** (draw.uniform(-35, -18) / 20))
    delay = int(draw.uniform(0, 0.05) * RATE_HZ)
    echo = np.roll(rep, delay) * leak
    sides = [rep + other * leak, other + echo]
    rep_first = draw.random() < 0.5
    return np.stack(sides if rep_first else sides[::-1]), 0 if rep_first else 1


def _with_noise(mixed: Samples, snr_db: float | None, draw: np.random.Generator) -> Samples:
    if snr_db is None:
        return mixed
    seconds = mixed.shape[1] / RATE_HZ
    make = sounds.pink_noise if draw.random() < 0.5 else sounds.white_noise
    level = SPEECH_RMS * 10 ** (-snr_db / 20)
    return np.stack([channel + make(seconds, level, int(draw.integers(1 << 30))) for channel in mixed])


def _encoded(sound: Samples, codec: str) -> tuple[bytes, str, float]:
    """The file, its ending, and by how much what it decodes to is late."""
    sound = np.clip(sound, -1, 1)
    if codec == "mobile":
        sound = np.stack([_through_mobile(channel) for channel in sound])
    file, ending = _file(sound, codec)
    decoded = decode(file, filename=f"x.{ending}").samples
    return (
        file,
        ending,
        _delay_s(sound[0] if sound[0].any() else sound[-1], decoded[0] if sound[0].any() else decoded[-1]),
    )


def _file(sound: Samples, codec: str) -> tuple[bytes, str]:
    if codec == "pcm":
        return sounds.wav16(sound), "wav"
    if codec == "opus":
        return sounds.encoded(_at(sound, 48_000), "ogg", "libopus", 48_000, bit_rate_bps=16_000 * len(sound)), "ogg"
    narrow = _at(sound, 8_000)
    if codec == "mp3":
        return sounds.encoded(narrow, "mp3", "libmp3lame", 8_000, bit_rate_bps=16_000 * len(sound)), "mp3"
    return sounds.encoded(narrow, "wav", "pcm_alaw" if codec == "alaw" else "pcm_mulaw", 8_000), "wav"


def _at(sound: Samples, rate_hz: int) -> Samples:
    import librosa

    return np.asarray(librosa.resample(sound, orig_sr=RATE_HZ, target_sr=rate_hz), np.float32)


def _through_mobile(channel: Samples) -> Samples:
    """As an adaptive multi-rate codec at 7.4 kbit/s leaves it."""
    narrow = _at(channel, 8_000)
    heard = decode(sounds.encoded(narrow, "amr", "libopencore_amrnb", 8_000, bit_rate_bps=7_400), filename="x.amr")
    samples = heard.samples[0][: channel.size]
    late = round(_delay_s(channel, samples) * RATE_HZ)
    samples = np.roll(samples, -late)
    return np.pad(samples, (0, channel.size - samples.size)).astype(np.float32)


def _delay_s(sound: Samples, decoded: Samples) -> float:
    size = 1 << int(np.ceil(np.log2(sound.size + decoded.size)))
    spectrum = np.fft.rfft(decoded, size) * np.conj(np.fft.rfft(sound, size))
    reach = RATE_HZ // 2
    likeness = np.fft.irfft(spectrum, size)
    late = int(np.argmax(np.concatenate([likeness[-reach:], likeness[:reach]]))) - reach
    return late / RATE_HZ


def _rms(sound: Any) -> float:
    return float(np.sqrt(np.mean(np.square(sound[np.abs(sound) > 0.005]))))
