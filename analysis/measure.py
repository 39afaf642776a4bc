"""Length, pace, pauses, pitch and loudness of a message. docs/measurements.md defines each in words.

No measure is ever a silent zero: what cannot be measured is None, and `not_measured` says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.audio.decode import SAMPLE_RATE_HZ, Samples
from analysis.audio.message import Message
from analysis.spoken import PhoneNumber, count_spoken_words, find_phone_numbers
from models.playbook import Limits
from models.report import Measurements
from models.transcript import Transcript, Word

PAUSE_THRESHOLD_S = 0.25  # the usual cut-off between articulation and pause (De Jong and Bosker 2013)
HOP = SAMPLE_RATE_HZ // 100  # 10 ms
FRAME = SAMPLE_RATE_HZ // 40  # 25 ms
QUIETEST_DB = -100.0  # digital silence
MAX_SNR_DB = 60.0  # more than this no ear and no microphone tells apart
MIN_CONTRAST_DB = 6.0  # less between speech and its floor, and neither noise nor pauses can be told from speech
PITCH_RATE_HZ = 8_000  # harmonics of a voice end well below 4 kHz
PITCH_RANGE_HZ = (65.0, 400.0)
MIN_VOICED_S = 5.0
FILLERS = frozenset({"um", "umm", "uh", "uhh", "er", "erm", "hmm", "mm", "mhm", "ah"})
SCRIPT_WPM = 150  # the pace a script is assumed to be spoken at

Levels = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Measured:
    measurements: Measurements
    not_measured: dict[str, str]


def measure(message: Message, transcript: Transcript, *, clipped_share: float, limits: Limits) -> Measured:
    """Measure one spoken message. `limits` says how much speech and how many words a rate needs."""
    message_s = message.window.end_s - message.window.start_s
    levels_db = loudness_db(message.samples)
    pauses_s, no_pauses = find_pauses(levels_db)
    speech_s = message_s - sum(pauses_s)
    spoken = count_spoken_words([word.text for word in transcript.words])
    not_measured: dict[str, str] = {}

    def reason(measure: str, why: str | None) -> bool:
        if why is not None:
            not_measured[measure] = why
        return why is None

    too_little = _too_little_for_a_rate(speech_s, spoken, limits)
    pitch_sd, no_pitch = pitch_sd_semitones(message.samples)
    snr, no_snr = signal_to_noise_db(levels_db)
    number = _number_measures(transcript.words)
    return Measured(
        Measurements(
            message_s=round(message_s, 2),
            speech_s=round(speech_s, 2) if reason("speech_s", no_pauses) else None,
            words_spoken=spoken,
            message_wpm=_wpm(spoken, message_s) if reason("message_wpm", too_little) else None,
            articulation_wpm=_wpm(spoken, speech_s) if reason("articulation_wpm", too_little or no_pauses) else None,
            pause_threshold_s=PAUSE_THRESHOLD_S,
            pauses_over_threshold=len(pauses_s) if reason("pauses_over_threshold", no_pauses) else None,
            longest_pause_s=round(max(pauses_s), 2)
            if reason("longest_pause_s", no_pauses or _no_pause(pauses_s))
            else None,
            pitch_sd_semitones=pitch_sd if reason("pitch_sd_semitones", no_pitch) else None,
            snr_db=snr if reason("snr_db", no_snr) else None,
            clipped_share=round(clipped_share, 5),
            phone_number_digits_per_s=number.digits_per_s
            if reason("phone_number_digits_per_s", number.no_pace)
            else None,
            phone_number_times=number.times,
            filler_words_at_least=_count_fillers(transcript.words),
        ),
        not_measured,
    )


def measure_script(transcript: Transcript) -> Measured:
    """What can be said of a text before it is spoken: its length, estimated at an even pace."""
    spoken = count_spoken_words([word.text for word in transcript.words])
    number = _number_measures(transcript.words)
    measured = Measurements(
        message_s=round(spoken / SCRIPT_WPM * 60, 1),
        words_spoken=spoken,
        phone_number_times=number.times,
        filler_words_at_least=_count_fillers(transcript.words),
    )
    unmeasured = (name for name, value in measured if value is None and name != "first_value_s")
    return Measured(measured, dict.fromkeys(unmeasured, "a script has no sound"))


def loudness_db(samples: Samples) -> Levels:
    """Level of each 10 ms of `samples` (shape (n,), 16 kHz), in dB of full scale; shape (n // 160 + 1,)."""
    import librosa  # heavy

    rms = librosa.feature.rms(y=samples, frame_length=FRAME, hop_length=HOP)[0]
    return np.asarray(librosa.amplitude_to_db(rms, ref=1.0, amin=10 ** (QUIETEST_DB / 20), top_db=None))


def find_pauses(levels_db: Levels) -> tuple[list[float], str | None]:
    """Lengths in seconds of every silence of at least the pause threshold, between the first and the last sound.

    What counts as silent follows the recording: a third of the way from its noise floor up to its speech. If the two
    cannot be told apart, no pause can be heard, and the second value says so.
    """
    speech_db, floor_db = _speech_and_floor(levels_db)
    if speech_db - floor_db < MIN_CONTRAST_DB:
        return [], "speech does not stand out from the noise"
    loud = np.flatnonzero(levels_db >= floor_db + max(4.0, (speech_db - floor_db) / 3))
    silent_frames = np.diff(loud) - 1
    gaps_s = ((silent_frames - 1) * HOP + FRAME) / SAMPLE_RATE_HZ  # frames overlap: first's start to last's end
    return [float(gap) for gap in gaps_s if gap >= PAUSE_THRESHOLD_S], None


def signal_to_noise_db(levels_db: Levels) -> tuple[float | None, str | None]:
    """How far speech stands above the noise between words, in dB, at most 60; or None and why."""
    if levels_db.size < 100:
        return None, "less than a second of sound"
    speech_db, floor_db = _speech_and_floor(levels_db)
    if speech_db - floor_db < MIN_CONTRAST_DB:
        return None, "speech does not stand out from the noise"
    return round(min(MAX_SNR_DB, speech_db - floor_db), 1), None


def _speech_and_floor(levels_db: Levels) -> tuple[float, float]:
    """The level of speech (its mean power lies near the 80th percentile) and of what is heard between words."""
    speech_db = float(np.percentile(levels_db, 80))
    return speech_db, max(float(np.percentile(levels_db, 5)), speech_db - MAX_SNR_DB)


def pitch_sd_semitones(samples: Samples) -> tuple[float | None, str | None]:
    """Spread of the voice's pitch in semitones, robust against octave jumps; or None and why.

    Half the width between the 16th and 84th percentile: the standard deviation, if pitch were normally spread.
    """
    import librosa

    hop = PITCH_RATE_HZ // 50
    slow = librosa.resample(samples, orig_sr=SAMPLE_RATE_HZ, target_sr=PITCH_RATE_HZ, res_type="soxr_mq")
    pitch_hz, voiced, _ = librosa.pyin(
        slow,
        sr=PITCH_RATE_HZ,
        fmin=PITCH_RANGE_HZ[0],
        fmax=PITCH_RANGE_HZ[1],
        frame_length=512,
        hop_length=hop,
        resolution=0.4,  # a fifth of librosa's fineness: a twentieth of the time, and still a third of a semitone
        fill_na=None,
    )
    voiced_s = float(voiced.sum()) * hop / PITCH_RATE_HZ
    if voiced_s < MIN_VOICED_S:
        return None, f"less than {MIN_VOICED_S:g} s of voiced speech"
    semitones = 12 * np.log2(pitch_hz[voiced])
    low, high = np.percentile(semitones, [16, 84])
    return round(float(high - low) / 2, 1), None


@dataclass(frozen=True)
class _NumberMeasures:
    times: int
    digits_per_s: float | None
    no_pace: str | None


def _number_measures(words: Sequence[Word]) -> _NumberMeasures:
    """How often a telephone number is said, and how fast where it is said slowest."""
    numbers = find_phone_numbers([word.text for word in words])
    if not numbers:
        return _NumberMeasures(0, None, "no telephone number was heard")
    paces = [pace for number in numbers if (pace := _digits_per_s(number, words)) is not None]
    if not paces:
        return _NumberMeasures(len(numbers), None, "the words have no times")
    return _NumberMeasures(len(numbers), round(min(paces), 1), None)


def _digits_per_s(number: PhoneNumber, words: Sequence[Word]) -> float | None:
    start_s, end_s = words[number.first].start_s, words[number.last].end_s
    if start_s is None or end_s is None or end_s <= start_s:
        return None
    return len(number.digits) / (end_s - start_s)


def _too_little_for_a_rate(speech_s: float, spoken: int, limits: Limits) -> str | None:
    if speech_s < limits.rate_needs_speech_s:
        return f"less than {limits.rate_needs_speech_s:g} s of speech"
    if spoken < limits.rate_needs_words:
        return f"fewer than {limits.rate_needs_words} words"
    return None


def _no_pause(pauses_s: list[float]) -> str | None:
    return None if pauses_s else f"no pause of {PAUSE_THRESHOLD_S * 1000:g} ms or more"


def _wpm(words: int, seconds: float) -> int:
    return round(words / seconds * 60)


def _count_fillers(words: Sequence[Word]) -> int:
    """At least so many: Whisper leaves most fillers out."""
    return sum(word.text.strip(".,?!…-").lower() in FILLERS for word in words)
