"""Length, pace, pauses, pitch and loudness of a message. docs/measurements.md defines each in words.

No measure is ever a silent zero: what cannot be measured is None, and `not_measured` says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.audio.loudness import PAUSE_THRESHOLD_S, find_pauses, find_silences, loudness_db, signal_to_noise_db
from analysis.audio.message import Message
from analysis.audio.pitch import pitch_sd_semitones
from analysis.audio.quality import hear_quality
from analysis.audio.speech import Span
from analysis.spoken import FILLERS, PhoneNumber, count_spoken_words, find_phone_numbers
from models.playbook import Limits
from models.report import Measurements
from models.transcript import Transcript, Word

PITCH_NEEDS_SNR_DB = 10.0
NUMBER_GAP_S = 0.1  # the shortest silence that a number is set off by
LOOSE_S, LATEST_S = 0.15, 0.9  # so much earlier or later than written may a number begin
SCRIPT_WPM = 150  # the pace a script is assumed to be spoken at


@dataclass(frozen=True)
class Measured:
    measurements: Measurements
    not_measured: dict[str, str]


def measure(message: Message, transcript: Transcript, *, clipped_share: float, limits: Limits) -> Measured:
    """Measure one spoken message. `limits` says how much speech and how many words a rate needs."""
    message_s = message.window.end_s - message.window.start_s
    levels_db = loudness_db(message.samples)
    pauses_s, no_pauses = find_pauses(levels_db)
    quality = hear_quality(message.samples, levels_db)
    no_pauses = no_pauses or quality.broken(message_s)
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
    no_pitch = no_pitch or quality.broken(message_s) or _too_noisy_for_pitch(snr)
    shift_s = message.window.start_s
    silences = [(start + shift_s, end + shift_s) for start, end in find_silences(levels_db, NUMBER_GAP_S)]
    number = _number_measures(transcript.words, silences)
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
            speech_level_dbfs=quality.speech_level_dbfs,
            bandwidth_hz=quality.bandwidth_hz if reason("bandwidth_hz", quality.no_bandwidth) else None,
            dropouts=quality.dropouts,
            phone_number_digits_per_s=number.digits_per_s
            if reason("phone_number_digits_per_s", number.no_pace)
            else None,
            phone_number_times=number.times,
            filler_words_at_least=_count_fillers(transcript.words),
        ),
        not_measured,
    )


def measure_again(before: Measured, said: Sequence[Word], words: Sequence[Word], limits: Limits) -> Measured:
    """What follows from the words, when a person has corrected those that were heard, `said`; the sound is the same."""
    kept, spoken = before.measurements, count_spoken_words([word.text for word in words])
    not_measured = dict(before.not_measured)
    message_s, speech_s = kept.message_s or 0.0, kept.speech_s
    too_little = _too_little_for_a_rate(message_s if speech_s is None else speech_s, spoken, limits)
    rates = {
        "message_wpm": _wpm(spoken, message_s) if message_s and not too_little else None,
        "articulation_wpm": _wpm(spoken, speech_s) if speech_s and not too_little else None,
    }
    for name, rate in rates.items():
        if rate is not None:
            not_measured.pop(name, None)
        elif too_little:
            not_measured[name] = too_little
    number = {
        "phone_number_times": kept.phone_number_times,
        "phone_number_digits_per_s": kept.phone_number_digits_per_s,
    }
    if _digits(words) != _digits(said):
        found = _number_measures(words)
        number = {"phone_number_times": found.times, "phone_number_digits_per_s": found.digits_per_s}
        not_measured.pop("phone_number_digits_per_s", None)
        if found.no_pace:
            not_measured["phone_number_digits_per_s"] = found.no_pace
    changed = {"words_spoken": spoken, "filler_words_at_least": _count_fillers(words), **rates, **number}
    return Measured(kept.model_copy(update=changed), not_measured)


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


@dataclass(frozen=True)
class _NumberMeasures:
    times: int
    digits_per_s: float | None
    no_pace: str | None


def _number_measures(words: Sequence[Word], silences: Sequence[Span] = ()) -> _NumberMeasures:
    """How often a telephone number is said, and how fast where it is said slowest; silences in the words' seconds."""
    numbers = find_phone_numbers([word.text for word in words])
    if not numbers:
        return _NumberMeasures(0, None, "no telephone number was heard")
    paces = [pace for number in numbers if (pace := _digits_per_s(number, words, silences)) is not None]
    if not paces:
        return _NumberMeasures(len(numbers), None, "the words have no times")
    return _NumberMeasures(len(numbers), round(min(paces), 1), None)


def _digits(words: Sequence[Word]) -> list[str]:
    return [number.digits for number in find_phone_numbers([word.text for word in words])]


def _digits_per_s(number: PhoneNumber, words: Sequence[Word], silences: Sequence[Span]) -> float | None:
    start_s, end_s = words[number.first].start_s, words[number.last].end_s
    if start_s is None or end_s is None:
        return None
    start_s = _number_start_s(start_s, words[number.first - 1].end_s if number.first else None, silences)
    return len(number.digits) / (end_s - start_s) if end_s > start_s else None


def _number_start_s(written_s: float, before_s: float | None, silences: Sequence[Span]) -> float:
    """Whisper tells well when a number ends, and badly when it begins: with the silence before it, or digits late.

    So it begins where the first silence ends that may stand before it.
    """
    earliest_s = min(written_s, written_s if before_s is None else before_s) - LOOSE_S
    ends = [end for _, end in silences if earliest_s <= end <= written_s + LATEST_S]
    return ends[0] if ends else written_s


def _too_little_for_a_rate(speech_s: float, spoken: int, limits: Limits) -> str | None:
    if speech_s < limits.rate_needs_speech_s:
        return f"less than {limits.rate_needs_speech_s:g} s of speech"
    if spoken < limits.rate_needs_words:
        return f"fewer than {limits.rate_needs_words} words"
    return None


def _too_noisy_for_pitch(snr_db: float | None) -> str | None:
    if snr_db is None:
        return "speech does not stand out from the noise"
    return None if snr_db >= PITCH_NEEDS_SNR_DB else f"too noisy: {snr_db:g} dB between voice and noise"


def _no_pause(pauses_s: list[float]) -> str | None:
    return None if pauses_s else f"no pause of {PAUSE_THRESHOLD_S * 1000:g} ms or more"


def _wpm(words: int, seconds: float) -> int:
    return round(words / seconds * 60)


def _count_fillers(words: Sequence[Word]) -> int:
    """At least so many: Whisper leaves most fillers out."""
    return sum(word.text.strip(".,?!…-").lower() in FILLERS for word in words)
