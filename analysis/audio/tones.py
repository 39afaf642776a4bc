"""Steady tones, whatever plays them: one frequency, or two together, that do not move, with nothing else in them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.audio.decode import SAMPLE_RATE_HZ, Samples
from analysis.audio.loudness import runs

Floats = npt.NDArray[np.floating]

RATE_HZ: Final = 8_000  # all that a telephone carries
HOP: Final = 80  # 10 ms
WINDOW: Final = 512  # 64 ms: half of the shortest beep
BIN_HZ: Final = RATE_HZ / WINDOW

LOWEST_HZ, HIGHEST_HZ = 390.0, 2050.0
SHORTEST_S: Final = 0.12
FAINTEST_DB: Final = -60.0  # of full scale: what is fainter is a codec's ghost
PURE_FRAME: Final = 0.55  # of a frame's power above the noise that its one or two strongest tones carry
PROMINENT_DB: Final = 10.0  # over the noise near the tone
SAME_TONE_HZ: Final = 12.0  # a tone may seem to move so far from one frame to the next
STEADY_HZ: Final = 2.0  # standard deviation of a beep's frequency, taken every 40 ms
STEADY_DB: Final = 2.5  # standard deviation of its level
TORN_S: Final = 0.03  # a gap in it no longer than this is the codec's
FADES_DB: Final = 6.0  # a beep loses no more between its first third and its last; chimes and plucked notes do
PURE_TONE: Final = 0.75  # the same as for a frame, over the whole tone
BRIEF_S, PURE_BRIEF_TONE = 0.2, 0.88  # a vowel may hold still so long
SECOND_TONE_DB: Final = -12.0  # a second frequency of a beep is hardly weaker than the first
VOICE_HZ: Final = (75.0, 330.0)
VOICE_LINES_DB: Final = -26.0  # harmonics of a lower pitch, loud enough for a voice
VOICE_LINES_TO: Final = 2.5  # times the tone: higher harmonics are too faint to count
OFF_PITCH: Final = 0.06  # of a step that a harmonic may be off
STANDS_OUT: Final = 6.0  # times the power between harmonics
SAME_PITCH: Final = 0.015
SPECTRUM: Final = 1 << 15  # points of the spectrum of a whole tone


@dataclass(frozen=True)
class Tone:
    """A steady tone: when, of which one or two frequencies, how loud (dB of full scale), and how clearly (0 to 1)."""

    start_s: float
    end_s: float
    hz: tuple[float, ...]
    level_db: float
    clarity: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s

    def has_pitch_of(self, other: "Tone") -> bool:
        return abs(self.hz[0] / other.hz[0] - 1) <= SAME_PITCH


def find_tones(samples: Samples) -> list[Tone]:
    """Every steady tone, whatever plays it."""
    import librosa  # heavy

    sound = librosa.resample(samples, orig_sr=SAMPLE_RATE_HZ, target_sr=RATE_HZ, res_type="soxr_mq")
    if sound.size < WINDOW:
        return []
    power = np.abs(librosa.stft(sound, n_fft=WINDOW, hop_length=HOP)) ** 2
    found = (_examined(sound, run) for run in _runs(power))
    return _without_echoes([tone for tone in found if tone is not None and tone.level_db > FAINTEST_DB])


# ---------------------------------------------------------------------------------------------- frames that hold a tone


@dataclass(frozen=True)
class _Run:
    first: int
    last: int
    hz: float


def _runs(power: Floats) -> list[_Run]:
    """Runs of frames in which one frequency, or two, stand out and stay."""
    noise = _noise(power)
    clean = np.maximum(power - noise, 0)
    first = _loudest(clean, LOWEST_HZ, HIGHEST_HZ)
    frames = np.arange(power.shape[1])
    rest = clean.copy()
    for step in range(-5, 6):
        rest[np.clip(first + step, 0, len(rest) - 1), frames] = 0
    second = _loudest(rest, 300, 3400)
    main, other = _around(clean, first, 3), _around(rest, second, 3)
    paired = other > main * 10 ** (SECOND_TONE_DB / 10)
    pure = (main + np.where(paired, other, 0)) / (clean[_bin(150) : _bin(3700)].sum(0) + 1e-12)
    prominent = power[first, frames] > noise[first, 0] * 10 ** (PROMINENT_DB / 10)
    hz = np.stack([_interpolated_hz(power, first), np.where(paired, _interpolated_hz(power, second), 0)])
    return _grouped((pure > PURE_FRAME) & prominent, hz)


def _loudest(power: Floats, low_hz: float, high_hz: float) -> npt.NDArray[np.int64]:
    return np.asarray(_bin(low_hz) + np.argmax(power[_bin(low_hz) : _bin(high_hz)], axis=0))


def _noise(power: Floats) -> Floats:
    """Power of the noise in every bin, shape (bins, 1): what a fifth of the frames stay under, smoothed."""
    quiet = np.percentile(power, 20, axis=1) / 0.223  # the 20th percentile of noise lies at 0.223 of its mean
    padded = np.pad(quiet, 4, mode="edge")
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(padded, 9), axis=1)
    return np.asarray(np.maximum(smooth, 1e-9))[:, None]


def _bin(hz: float) -> int:
    return round(hz / BIN_HZ)


def _around(power: Floats, peak: npt.NDArray[np.int64], width: int) -> Floats:
    frames = np.arange(power.shape[1])
    return np.asarray(sum(power[np.clip(peak + step, 0, len(power) - 1), frames] for step in range(-width, width + 1)))


def _interpolated_hz(power: Floats, peak: npt.NDArray[np.int64]) -> Floats:
    frames = np.arange(power.shape[1])
    before, at, after = (np.log(power[peak + step, frames] + 1e-12) for step in (-1, 0, 1))
    bend = before - 2 * at + after
    beside = 0.5 * (before - after) / np.where(bend < -1e-6, bend, -1.0)  # of a bin; more than a half is no peak
    return np.asarray((peak + np.clip(beside, -0.5, 0.5)) * BIN_HZ)


def _grouped(tonal: npt.NDArray[np.bool_], hz: Floats) -> list[_Run]:
    """Frames in a row with a frequency in common; one may be missing. `hz` has the two loudest, shape (2, n)."""
    runs: list[_Run] = []
    frames: list[int] = []
    pitches: list[float] = []

    def close() -> None:
        if len(frames) >= SHORTEST_S * RATE_HZ / HOP / 2:
            runs.append(_Run(frames[0], frames[-1], float(np.median(pitches))))
        frames.clear()
        pitches.clear()

    for frame in np.flatnonzero(tonal):
        heard = hz[:, frame]
        if frames and (frame - frames[-1] > 2 or np.abs(heard - pitches[-1]).min() > SAME_TONE_HZ):
            close()
        pitches.append(float(heard[np.abs(heard - pitches[-1]).argmin()] if pitches else heard[0]))
        frames.append(int(frame))
    close()
    return runs


# ---------------------------------------------------------------------------------------------------- one tone, closely


def _examined(sound: Floats, run: _Run) -> Tone | None:
    """The tone with its exact edges, if its pitch and level are steady and nothing but it sounds."""
    margin = round(0.1 * RATE_HZ)
    first = max(run.first * HOP - margin, 0)
    part = sound[first : run.last * HOP + margin]
    turned = _at_frequency(part, run.hz)
    envelope = np.abs(turned)
    edges = _edges(envelope, run, first)
    if edges is None or not _is_steady(turned[slice(*edges)]):
        return None
    start, end = edges
    spectrum = _Spectrum.of(part[start:end])
    frequencies, purity = _made_of(spectrum, _exact_hz(spectrum, run.hz))
    least = PURE_TONE if end - start > BRIEF_S * RATE_HZ else PURE_BRIEF_TONE
    if purity < least or _is_voice(spectrum, frequencies) or _are_harmonics(frequencies):
        return None
    return Tone(
        start_s=round((first + start) / RATE_HZ, 3),
        end_s=round((first + end) / RATE_HZ, 3),
        hz=frequencies,
        level_db=round(20 * float(np.log10(np.median(envelope[start:end]) * 2 + 1e-9)), 1),
        clarity=round(purity, 2),
    )


def _at_frequency(part: Floats, hz: float) -> npt.NDArray[np.complexfloating]:
    """What sounds at `hz`, shifted down to zero and smoothed over 16 ms, shape as `part`."""
    turned = part * np.exp(-2j * np.pi * hz * np.arange(part.size) / RATE_HZ)
    width = 128
    window = np.hanning(width + 2)[1:-1]
    return np.asarray(np.convolve(turned, window / window.sum(), mode="same"))


def _edges(envelope: Floats, run: _Run, first: int) -> tuple[int, int] | None:
    """Where the tone rises over and falls under half its level, in samples of the part; None if it does so slowly."""
    middle = (run.first + run.last) * HOP // 2 - first
    reach = max((run.last - run.first) * HOP // 4, HOP)
    plateau = float(np.median(envelope[max(middle - reach, 0) : middle + reach]))
    quiet = _for_a_while(envelope < plateau / 2)
    before, after = np.flatnonzero(quiet[:middle]), np.flatnonzero(quiet[middle:])
    start = int(before[-1]) + 1 if before.size else 0
    end = middle + int(after[0]) if after.size else envelope.size
    return (start, end) if end - start >= SHORTEST_S * RATE_HZ * 0.9 else None


def _for_a_while(quiet: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Only quiet that lasts: codecs for speech tear a tone apart for a moment."""
    lasting = quiet.copy()
    for start, end in runs(quiet):
        if start > 0 and end < quiet.size and end - start < TORN_S * RATE_HZ:
            lasting[start:end] = False
    return lasting


@dataclass(frozen=True)
class _Spectrum:
    """Power of a whole tone, shape (SPECTRUM // 2 + 1,), and how far apart two lines of it must be to be told apart."""

    power: Floats
    resolution_hz: float

    @classmethod
    def of(cls, core: Floats) -> "_Spectrum":
        return cls(np.abs(np.fft.rfft(core * np.hanning(core.size), SPECTRUM)) ** 2, RATE_HZ / core.size)


def _exact_hz(spectrum: _Spectrum, near_hz: float) -> float:
    low, high = (round((near_hz + step) * SPECTRUM / RATE_HZ) for step in (-25, 25))
    return float((low + np.argmax(spectrum.power[low:high])) * RATE_HZ / SPECTRUM)


def _is_steady(turned: npt.NDArray[np.complexfloating]) -> bool:
    """Neither its pitch nor its level moves between the edges, which are left out."""
    edge = min(round(0.02 * RATE_HZ), turned.size // 5)
    core = turned[edge:-edge]
    step = round(0.04 * RATE_HZ) if core.size > 0.16 * RATE_HZ else round(0.02 * RATE_HZ)
    moved = np.angle(core[step:] * np.conj(core[:-step])) / (2 * np.pi * step / RATE_HZ)
    level_db = 20 * np.log10(np.abs(core) + 1e-9)
    thirds = np.array_split(level_db, 3)
    fades = float(np.median(thirds[0]) - np.median(thirds[2]))
    return bool(np.std(moved) <= STEADY_HZ and np.std(level_db) <= STEADY_DB and abs(fades) <= FADES_DB)


def _made_of(spectrum: _Spectrum, hz: float) -> tuple[tuple[float, ...], float]:
    """One frequency, or two, and the share of the power above the noise that they and their overtones carry."""
    power, frequency = spectrum.power, np.fft.rfftfreq(SPECTRUM, 1 / RATE_HZ)
    heard = (frequency > 150) & (frequency < 3700)
    above = np.where(heard, power - _noise_between_lines(power), 0)
    width = 2.5 * spectrum.resolution_hz  # a little more than half the main lobe
    mine = np.zeros(frequency.size, bool)
    for times in (1, 2, 3, 4):
        mine |= np.abs(frequency - times * hz) < width
    other = int(np.argmax(np.where(mine | (frequency < 300) | (frequency > 3000), 0, above)))
    double = power[other] > power[np.abs(frequency - hz) < width].max() * 10 ** (SECOND_TONE_DB / 10)
    if double:
        mine |= np.abs(frequency - frequency[other]) < width
    carried = float(above[mine].sum())
    purity = carried / max(carried, float(above.sum()), 1e-12)
    return (round(hz, 1), *([round(float(frequency[other]), 1)] if double else [])), purity


def _noise_between_lines(power: Floats) -> Floats:
    """Noise power by frequency: the median of every 250 Hz, which lines do not lift."""
    width = round(250 * SPECTRUM / RATE_HZ)
    parts = [power[first : first + width] for first in range(0, power.size, width)]
    medians = np.array([np.median(part) for part in parts])
    least = np.minimum(medians, np.minimum(np.roll(medians, 1), np.roll(medians, -1)))  # a tone fills its own part
    return np.repeat(least / 0.69, width)[: power.size]  # noise has its median at 0.69 of its mean


def _is_voice(spectrum: _Spectrum, hz: tuple[float, ...]) -> bool:
    """Whether fainter lines stand at even steps below and between: then the tones are harmonics of a lower voice."""
    power, resolved_hz = spectrum.power, 4 * spectrum.resolution_hz
    reach = max(round(spectrum.resolution_hz * SPECTRUM / RATE_HZ), 1)
    main = power[round(hz[0] * SPECTRUM / RATE_HZ)]

    def at(wanted_hz: float) -> float:
        middle = round(wanted_hz * SPECTRUM / RATE_HZ)
        return float(power[max(middle - reach, 0) : middle + reach + 1].max())

    for part in range(2, int(hz[0] / VOICE_HZ[0]) + 1):
        pitch_hz = hz[0] / part
        steps = [one / pitch_hz for one in hz]
        if pitch_hz < resolved_hz or any(abs(step - round(step)) > OFF_PITCH for step in steps):
            continue
        tops = range(1, int(min(VOICE_LINES_TO * max(hz), 3500) / pitch_hz) + 1)
        lines = [top * pitch_hz for top in tops if top * pitch_hz > 180 and all(top % round(step) for step in steps)]
        around = [max(at(line - pitch_hz / 2), at(line + pitch_hz / 2)) for line in lines]
        standing = [at(line) for line, noise in zip(lines, around, strict=True) if at(line) > STANDS_OUT * noise]
        loud = sum(standing) > main * 10 ** (VOICE_LINES_DB / 10)
        if loud and len(standing) > 1 and 2 * len(standing) >= len(lines):
            return True
    return False


def _are_harmonics(hz: tuple[float, ...]) -> bool:
    """Two neighbours among the harmonics of a voice."""
    if len(hz) < 2:
        return False
    pitch_hz = abs(hz[0] - hz[1])
    number = min(hz) / pitch_hz
    return VOICE_HZ[0] < pitch_hz < VOICE_HZ[1] and number < 6.5 and abs(number - round(number)) < 0.04


def _without_echoes(tones: list[Tone]) -> list[Tone]:
    """Each tone once, though several runs of frames led to it."""
    kept: list[Tone] = []
    for tone in sorted(tones, key=lambda one: (one.start_s, -one.length_s)):
        if not kept or tone.start_s >= kept[-1].end_s - 0.02:
            kept.append(tone)
    return kept
