"""Synthesized sounds and the files that carry them, so that no test needs a recording to know the truth.

A sound is float32 in [-1, 1], shape (n,), at 16 kHz unless a rate is given; a file is bytes.
"""

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import av
import numpy as np
import numpy.typing as npt

from analysis.audio.decode import Sound
from analysis.audio.message import Message
from models.recording import Recording
from models.report import MessageWindow
from models.transcript import Transcript, Word

Samples = npt.NDArray[np.float32]

RATE_HZ = 16_000


# ------------------------------------------------------------------------------ sounds


def silence(seconds: float, rate_hz: int = RATE_HZ) -> Samples:
    return np.zeros(round(seconds * rate_hz), np.float32)


def tone(hz: float, seconds: float, rate_hz: int = RATE_HZ, peak: float = 0.5) -> Samples:
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    return (peak * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)


def white_noise(seconds: float, rms: float = 0.1, seed: int = 1) -> Samples:
    return (rms * np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))).astype(np.float32)


def pink_noise(seconds: float, rms: float = 0.1) -> Samples:
    """Noise that falls by 3 dB an octave, as a room or a street does."""
    spectrum = np.fft.rfft(white_noise(seconds, 1.0))
    pink = np.fft.irfft(spectrum / np.sqrt(np.arange(1, spectrum.size + 1)), round(seconds * RATE_HZ))
    return (rms * pink / _rms(pink)).astype(np.float32)


def cadence(pair_hz: Sequence[float], on_off_s: Sequence[float], seconds: float, peak: float = 0.4) -> Samples:
    """Frequencies together, on and off in turn for the seconds given, over and over."""
    both = sum((tone(hz, seconds, peak=peak / len(pair_hz)) for hz in pair_hz), silence(seconds))
    edges = np.cumsum(on_off_s)
    turn = np.searchsorted(edges, np.arange(both.size) / RATE_HZ % edges[-1], side="right")
    return (both * (turn % 2 == 0)).astype(np.float32)


def ring_back(seconds: float) -> Samples:
    """The tone of a telephone that rings: 440 and 480 Hz, two seconds of every six."""
    return cadence((440, 480), (2, 4), seconds)


TOUCH_HZ = {key: (low, high) for low, row in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D"), strict=True)
            for key, high in zip(row, (1209, 1336, 1477, 1633), strict=True)}  # fmt: skip


def touch_tones(keys: str) -> Samples:
    """Keys of a telephone pressed one after another."""
    pressed = [sum((tone(hz, 0.15, peak=0.2) for hz in TOUCH_HZ[key]), silence(0.15)) for key in keys]
    return np.concatenate([part for sound in pressed for part in (sound, silence(0.1))]).astype(np.float32)


def music(seconds: float) -> Samples:
    """Plucked chords at 100 beats a minute, each note with six harmonics that die away."""
    chords = ((220.0, 277.2, 329.6), (196.0, 246.9, 293.7), (174.6, 220.0, 261.6), (164.8, 207.7, 246.9))
    beat_s = 0.6
    time_s = np.arange(round(beat_s * RATE_HZ)) / RATE_HZ
    fading = np.exp(-3 * time_s) * np.minimum(1, time_s / 0.005)
    beats = [
        fading * sum(np.sin(2 * np.pi * hz * k * time_s) / k for hz in chords[beat // 4 % 4] for k in range(1, 7))
        for beat in range(int(seconds / beat_s) + 1)
    ]
    played = np.concatenate(beats)[: round(seconds * RATE_HZ)]
    return (0.5 * played / np.abs(played).max()).astype(np.float32)


def voice(pitch_hz: npt.NDArray[np.floating], peak: float = 0.5) -> Samples:
    """A buzz with the harmonics of a voice, at the pitch given for every sample."""
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    buzz = sum(
        np.sin(k * phase) / k**0.7 * (k * pitch_hz < 3800) for k in range(1, int(3800 / float(pitch_hz.min())) + 1)
    )
    return (peak * buzz / np.abs(buzz).max()).astype(np.float32)


def steady_voice(seconds: float, pitch_hz: float = 120.0) -> Samples:
    return voice(np.full(round(seconds * RATE_HZ), pitch_hz))


def gliding_voice(seconds: float, semitones: float, pitch_hz: float = 150.0) -> Samples:
    """A voice that glides up and down, `semitones` to either side of `pitch_hz`, equally long at every pitch."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    triangle = 2 * np.abs(2 * (time_s / 2.5 % 1) - 1) - 1
    return voice(pitch_hz * 2 ** (semitones * triangle / 12))


def bursts(sound_s: Sequence[float], gaps_s: Sequence[float]) -> Samples:
    """Bursts of voice, with a gap of silence after each but the last."""
    parts = [_smooth_edges(steady_voice(sound_s[0]))]
    for gap, sound in zip(gaps_s, sound_s[1:], strict=True):
        parts += [silence(gap), _smooth_edges(steady_voice(sound))]
    return np.concatenate(parts)


def with_noise(sound: Samples, snr_db: float) -> Samples:
    """`sound` with white noise so far below the power of its loud part, scaled to stay within full scale."""
    loud = sound[np.abs(sound) > 0]
    noisy = sound + white_noise(sound.size / RATE_HZ, _rms(loud) * 10 ** (-snr_db / 20))
    return (noisy * min(1.0, 0.9 / np.abs(noisy).max())).astype(np.float32)


def telephone_band(sound: Samples) -> Samples:
    """Only what a telephone carries, 300 to 3400 Hz."""
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(sound.size, 1 / RATE_HZ)
    spectrum[(hz < 300) | (hz > 3400)] = 0
    return np.fft.irfft(spectrum, sound.size).astype(np.float32)


def dominant_hz(sound: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size)))
    return float(np.argmax(spectrum) * RATE_HZ / sound.size)


def _smooth_edges(sound: Samples) -> Samples:
    ramp = np.minimum(1, np.arange(sound.size) / (0.005 * RATE_HZ))
    return (sound * ramp * ramp[::-1]).astype(np.float32)


def _rms(sound: npt.NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(np.square(sound))))


# ------------------------------------------------------------------------------ files


def encoded(
    sound: Samples, container: str, codec: str, rate_hz: int = RATE_HZ, *, bit_rate_bps: int | None = None
) -> bytes:
    """A file of `sound`, shape (n,) or (channels, n), in a container and codec as FFmpeg names them."""
    channels = np.atleast_2d(sound)
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels.shape[0]]
    file = io.BytesIO()
    with av.open(file, "w", format=container, options={"fflags": "+bitexact"}) as output:  # the same at every run
        stream = output.add_stream(codec, rate=rate_hz, layout=layout)
        if bit_rate_bps is not None:
            stream.bit_rate = bit_rate_bps
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(channels, np.float32), "fltp", layout)
        frame.sample_rate = rate_hz
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


@dataclass(frozen=True)
class WavFormat:
    """The `fmt ` chunk of a WAV file: what its samples are."""

    code: int  # 1 PCM, 3 float, 6 A-law, 7 µ-law, 0x31 GSM 06.10
    bits: int
    channels: int = 1
    rate_hz: int = RATE_HZ
    block_bytes: int | None = None  # of all channels; None: as many as the bits need
    extra: bytes = b""


def wav(data: bytes, form: WavFormat, *, declared_bytes: int | None = None) -> bytes:
    """A WAV file written by hand, so that its header may lie about how much `data` it holds."""
    size = len(data) if declared_bytes is None else declared_bytes
    block = form.block_bytes or form.channels * form.bits // 8
    body = struct.pack(
        "<HHIIHH", form.code, form.channels, form.rate_hz, form.rate_hz * block & 0xFFFFFFFF, block, form.bits
    )
    extra = struct.pack("<H", len(form.extra)) + form.extra if form.extra else b""
    fmt = b"fmt " + struct.pack("<I", len(body + extra)) + body + extra
    total = min(4 + len(fmt) + 8 + size, 0xFFFFFFFF)
    return b"RIFF" + struct.pack("<I", total) + b"WAVE" + fmt + b"data" + struct.pack("<I", size) + data


def wav16(sound: Samples) -> bytes:
    """The plain recording: 16 bit PCM."""
    channels = np.atleast_2d(sound)
    data = (channels.T * 32767).round().astype("<i2").tobytes()
    return wav(data, WavFormat(1, 16, channels.shape[0]))


@dataclass(frozen=True)
class _GsmField:
    value: int
    bits: int


def _gsm_frame() -> list[_GsmField]:
    """One frame of GSM 06.10, 20 ms: a pulse up and a pulse down in each of its four parts, which sounds at 200 Hz."""
    resting_filter = [_GsmField(1 << (bits - 1), bits) for bits in (6, 6, 5, 5, 4, 4, 3, 3)]
    part = [_GsmField(40, 7), _GsmField(0, 2), _GsmField(0, 2), _GsmField(40, 6)]
    pulses = [_GsmField(7 if place < 7 else 0, 3) for place in range(13)]
    return resting_filter + 4 * (part + pulses)


def gsm(seconds: float) -> bytes:
    """200 Hz in GSM 06.10 as a telephone exchange stores it: frames of 33 bytes, 50 a second."""
    bits = "1101" + "".join(f"{field.value:0{field.bits}b}" for field in _gsm_frame())
    return int(bits, 2).to_bytes(33, "big") * round(seconds * 50)


def gsm_wav(seconds: float) -> bytes:
    """The same in a WAV file ("wav49"): two frames in 65 bytes, the lowest bit first."""
    block, at = 0, 0
    for field in 2 * _gsm_frame():
        block |= field.value << at
        at += field.bits
    form = WavFormat(0x31, 0, rate_hz=8000, block_bytes=65, extra=struct.pack("<H", 320))
    return wav(block.to_bytes(65, "little") * round(seconds * 25), form)


# ------------------------------------------------------------------------------ what the analysis is given


def as_sound(samples: Samples) -> Sound:
    """`samples`, shape (n,) or (channels, n), as if they had just been decoded."""
    channels = np.atleast_2d(samples).astype(np.float32)
    recording = Recording(
        filename="synthesized.wav",
        duration_s=round(channels.shape[1] / RATE_HZ, 3),
        sample_rate_hz=RATE_HZ,
        channels=channels.shape[0],
        format="wav/pcm_s16le",
        sha256="0" * 64,
    )
    return Sound(recording, channels, 0.0)


def as_message(samples: Samples) -> Message:
    """`samples`, shape (n,), as a message without edge silence."""
    window = MessageWindow(start_s=0, end_s=samples.size / RATE_HZ, found_by="whole_file", confidence=1)
    return Message(window, samples)


def as_words(text: str, *, end_s: float = 10.0) -> tuple[Word, ...]:
    """The words of `text`, spread evenly up to a second."""
    texts = text.split()
    edges = np.linspace(0.0, end_s, len(texts) + 1).round(3).tolist()
    return tuple(
        Word(text=word, start_s=start, end_s=end, probability=0.9)
        for word, start, end in zip(texts, edges, edges[1:], strict=False)
    )


def as_transcript(text: str, *, end_s: float = 10.0) -> Transcript:
    return Transcript.of_words(as_words(text, end_s=end_s), language="en", engine="scripted", model="none")
