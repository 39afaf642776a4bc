"""The straight path of a recording: decode, find the message, transcribe, measure, judge, report."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np

from analysis import __version__
from analysis.audio.decode import Decode, Sound, decode
from analysis.audio.message import Message, find_message, marked_message
from analysis.correction import corrected_words
from analysis.detectors import Heard, judge
from analysis.meaning import installed
from analysis.measure import Measured, measure, measure_again, measure_script
from analysis.prompts import without_prompts
from analysis.repeats import Recall, Traces, find_repeats
from analysis.rewrite import rewrite
from analysis.speech.transcriber import Transcriber
from models.errors import NoSpeech
from models.playbook import Playbook
from models.recording import CallContext, GivenWindow
from models.report import LeftBefore, PlaybookRef, Repeats, Report
from models.transcript import Transcript

Stage = Literal["decoding", "listening", "transcribing", "judging"]
OnStage = Callable[[Stage], None]

WAVEFORM_BINS = 600


@dataclass(frozen=True)
class Analysis:
    """A report, and what its page needs beside it."""

    report: Report
    sound: Sound
    waveform: list[float]  # loudest sample of each of 600 equal parts of the recording, 0 to 1


def analyze(
    source: Path | bytes,
    *,
    transcriber: Transcriber,
    playbook: Playbook,
    report_id: str,
    created_at: datetime,
    context: CallContext | None = None,
    filename: str | None = None,
    given: GivenWindow | None = None,
    max_duration_s: float = 600.0,
    decode: Decode = decode,
    recall: Recall | None = None,
    left_before: Callable[[Transcript], LeftBefore | None] = lambda transcript: None,
    on_stage: OnStage = lambda stage: None,
) -> Analysis:
    """Turn one recording into its report. Raises the RecordingErrors of `models.errors`.

    Where a person has marked the message, `given` says so. With `recall` it is compared with what was stored for
    other prospects. `left_before` says what the rep's earlier messages to the same prospect tell.
    """
    context = context or CallContext()
    on_stage("decoding")
    sound = decode(source, filename=filename, max_duration_s=max_duration_s)
    on_stage("listening")
    message = marked_message(sound, given) if given else find_message(sound, context.agent_channel)
    on_stage("transcribing")
    message, transcript = without_prompts(sound, message, _transcribe(message, transcriber))
    on_stage("judging")
    measured = measure(message, transcript, clipped_share=sound.clipped_share, limits=playbook.limits)
    repeats = _repeats(message, transcript, context, recall)
    before = left_before(transcript)
    report = _judged(transcript, measured, context, playbook, report_id, created_at, repeats, before)
    report = report.model_copy(update={"recording": sound.recording, "message": message.window})
    return Analysis(report, sound, waveform(sound, message.window.channel or 0))


def analyze_script(
    text: str, *, playbook: Playbook, report_id: str, created_at: datetime, context: CallContext | None = None
) -> Report:
    """The same report for a text that was not spoken yet; what only sound can tell is not evaluated."""
    context = context or CallContext()
    transcript = Transcript.of_script(text)
    return _judged(transcript, measure_script(transcript), context, playbook, report_id, created_at)


def rejudge(report: Report, playbook: Playbook) -> Report:
    """The same words and measures judged by another playbook: nothing is decoded, transcribed or measured again."""
    judged = _judged(
        report.transcript,
        _measured(report),
        report.context,
        playbook,
        report.id,
        report.created_at,
        report.repeats,
        report.left_before,
    )
    return judged.model_copy(update={"recording": report.recording, "message": report.message})


def corrected(report: Report, text: str, playbook: Playbook) -> Report:
    """The report with the words a person wrote down instead, judged again; nothing is transcribed or decoded."""
    heard = report.transcript
    words = corrected_words(heard.words, text)
    transcript = Transcript.of_words(words, language=heard.language, engine=heard.engine, model=heard.model)
    measured = measure_again(_measured(report), heard.words, words, playbook.limits)
    changed = {
        "transcript": transcript.model_copy(update={"corrected": True}),
        "measurements": measured.measurements,
        "not_measured": measured.not_measured,
    }
    return rejudge(report.model_copy(update=changed), playbook)


def _transcribe(message: Message, transcriber: Transcriber) -> Transcript:
    """The message's words, timed in seconds of the recording."""
    (heard,) = transcriber.transcribe([message.samples])
    if not heard.words:
        raise NoSpeech("No words could be made out in this recording. Please record again, closer to the microphone.")
    shift_s = message.window.start_s
    words = (
        word.model_copy(
            update={"start_s": round((word.start_s or 0) + shift_s, 3), "end_s": round((word.end_s or 0) + shift_s, 3)}
        )
        for word in heard.words
    )
    return Transcript.of_words(words, language=heard.language, engine=heard.engine, model=heard.model)


def _repeats(message: Message, transcript: Transcript, context: CallContext, recall: Recall | None) -> Repeats | None:
    """Nothing is kept of a message for nobody known: it is never compared."""
    if recall is None or context.prospect_key is None:
        return None
    traces = Traces.of(message.samples, transcript)
    return find_repeats(traces, context, recall(traces))


def _measured(report: Report) -> Measured:
    """The measures as they were before a playbook had its say: the first reason to listen is its finding."""
    found_by_judging = {"first_value_s"}
    return Measured(
        report.measurements.model_copy(update=dict.fromkeys(found_by_judging)),
        {name: why for name, why in report.not_measured.items() if name not in found_by_judging},
    )


def _judged(
    transcript: Transcript,
    measured: Measured,
    context: CallContext,
    playbook: Playbook,
    report_id: str,
    created_at: datetime,
    repeats: Repeats | None = None,
    left_before: LeftBefore | None = None,
) -> Report:
    known = _with_attempt(context, left_before)
    heard = Heard(transcript, measured.measurements, measured.not_measured, known, playbook, repeats=repeats)
    judgement = judge(heard)
    first_value_s = next(
        (quote.start_s for one in judgement.strengths if one.rule == "specific_value" for quote in one.evidence), None
    )
    not_measured = dict(measured.not_measured)
    if first_value_s is None:
        not_measured["first_value_s"] = "nothing of concrete value was heard"
    return Report(
        id=report_id,
        created_at=created_at,
        context=context,
        transcript=transcript,
        measurements=measured.measurements.model_copy(update={"first_value_s": first_value_s}),
        not_measured=not_measured,
        findings=judgement.findings,
        strengths=judgement.strengths,
        score=judgement.score,
        repeats=repeats,
        left_before=left_before,
        rewrite=rewrite(heard, judgement),
        playbook=PlaybookRef(name=playbook.name, version=playbook.version),
        analyzer_version=analyzer_version(),
    )


def _with_attempt(context: CallContext, left_before: LeftBefore | None) -> CallContext:
    """What the rules go by: what the rep said of the call, and where that says nothing, the stored messages."""
    if context.attempt is not None or left_before is None:
        return context
    return context.model_copy(update={"attempt": left_before.attempt})


def waveform(sound: Sound, channel: int) -> list[float]:
    parts = np.array_split(np.abs(sound.samples[channel]), WAVEFORM_BINS)
    return [round(float(part.max(initial=0.0)), 3) for part in parts]


def analyzer_version() -> str:
    """Which Afterbeep judged; one without the sentence encoder judges by words alone, and says so."""
    return __version__ if installed() else f"{__version__}+words-only"
