"""The straight path of a recording, with a scripted transcriber over real and synthesized sound."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.audio.decode import decode
from analysis.audio.message import find_message
from analysis.pipeline import WAVEFORM_BINS, Analysis, analyze, analyze_script, waveform
from analysis.playbooks.loading import load
from models.errors import AfterbeepError, EmptyFile, NoSpeech, NotAudio, TooLong
from models.recording import CallContext
from models.report import Report
from tests.conftest import SAMPLES
from tests.scripted import CHECKING_IN, NOW, Scripted
from tests.sounds import as_sound, music, silence, tone, wav16

MONO = SAMPLES / "04-just-checking-in.wav"
STEREO = SAMPLES / "09-returning-your-call.wav"

PLAYBOOK = load()


def analyzed(source: Path | bytes, text: str = CHECKING_IN, **options: Any) -> Analysis:
    options = {"transcriber": Scripted(text)} | options
    return analyze(source, playbook=PLAYBOOK, report_id="r1", created_at=NOW, **options)


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyzed(MONO)


def test_the_report_says_what_it_was_made_from(analysis: Analysis) -> None:
    report = analysis.report
    sound = decode(MONO)
    assert (report.id, report.created_at, report.schema_version) == ("r1", NOW, 1)
    assert report.recording == sound.recording
    assert report.message == find_message(sound).window
    assert report.transcript.text == CHECKING_IN
    assert (report.playbook.name, report.playbook.version) == (PLAYBOOK.name, PLAYBOOK.version)


def test_the_report_survives_json(analysis: Analysis) -> None:
    assert Report.model_validate_json(analysis.report.model_dump_json()) == analysis.report


def test_the_transcriber_is_given_the_message_alone() -> None:
    transcriber = Scripted()
    report = analyzed(STEREO, transcriber=transcriber).report
    (given,) = transcriber.given
    assert report.message is not None
    assert report.message.channel == 1
    assert (given.ndim, given.dtype) == (1, np.float32)
    assert given.size / 16_000 == pytest.approx(report.message.end_s - report.message.start_s, abs=0.01)


def test_word_times_are_seconds_of_the_recording(analysis: Analysis) -> None:
    window, words = analysis.report.message, analysis.report.transcript.words
    assert window is not None
    assert window.start_s > 0.2
    assert words[0].start_s == window.start_s
    assert words[-1].end_s == pytest.approx(window.end_s, abs=0.01)
    assert all(first.end_s == pytest.approx(second.start_s, abs=0.002) for first, second in pairwise(words))


def test_evidence_points_at_the_words_where_they_were_said(analysis: Analysis) -> None:
    (finding,) = (finding for finding in analysis.report.findings if finding.rule == "checking_in")
    assert finding.status == "flagged"
    words = analysis.report.transcript.words
    for evidence in finding.evidence:
        assert evidence.quote in analysis.report.transcript.text
        assert evidence.start_s in [word.start_s for word in words]
        assert evidence.end_s in [word.end_s for word in words]


def test_what_was_recorded_later_moves_only_the_times() -> None:
    voice = decode(MONO).samples[0]
    early, late = (analyzed(wav16(np.concatenate([silence(seconds), voice]))).report for seconds in (0.0, 5.0))
    assert early.message is not None
    assert late.message is not None
    shift_s = late.message.start_s - early.message.start_s
    assert shift_s == pytest.approx(5, abs=0.1)
    for first, second in zip(early.transcript.words, late.transcript.words, strict=True):
        assert second.start_s - first.start_s == pytest.approx(shift_s, abs=0.1)
    assert late.measurements.message_s == pytest.approx(early.measurements.message_s, abs=0.1)


def test_stages_are_told_in_order() -> None:
    stages: list[str] = []
    analyzed(MONO, on_stage=stages.append)
    assert stages == ["decoding", "listening", "transcribing", "judging"]


def test_context_is_judged_and_kept() -> None:
    context = CallContext(purpose="meeting_confirmation", rep="Tyler")
    report = analyzed(MONO, context=context).report
    assert report.context == context
    status = {finding.rule: finding.status for finding in report.findings}
    assert status["missing_value_prop"] != "flagged"
    assert {finding.rule: finding.status for finding in analyzed(MONO).report.findings}[
        "missing_value_prop"
    ] == "flagged"


def test_the_given_channel_is_used() -> None:
    with pytest.raises(NoSpeech):
        analyzed(STEREO, context=CallContext(agent_channel=0))


def test_the_given_name_is_kept() -> None:
    recording = analyzed(MONO, filename="Voicemail für Dana.wav").report.recording
    assert recording is not None
    assert recording.filename == "Voicemail für Dana.wav"


# ------------------------------------------------------------------------------ nothing unsaid


@pytest.mark.parametrize("source", [MONO, STEREO, SAMPLES / "10-short-mumble.wav"], ids=lambda path: path.stem)
@pytest.mark.parametrize("text", [CHECKING_IN, "Hi.", "We cut detention by 19% for Franklin Freight. Call me."])
def test_every_measure_of_a_report_has_a_value_or_a_reason(source: Path, text: str) -> None:
    report = analyzed(source, text).report
    unmeasured = {name for name, value in report.measurements if value is None}
    assert unmeasured == report.not_measured.keys()


@pytest.mark.parametrize("text", [CHECKING_IN, "Hi.", ""])
def test_every_measure_of_a_script_has_a_value_or_a_reason(text: str) -> None:
    report = analyze_script(text, playbook=PLAYBOOK, report_id="s1", created_at=NOW)
    unmeasured = {name for name, value in report.measurements if value is None}
    assert unmeasured == report.not_measured.keys()
    assert (report.recording, report.message) == (None, None)
    assert Report.model_validate_json(report.model_dump_json()) == report


def test_a_script_is_judged_by_the_same_rules(analysis: Analysis) -> None:
    script = analyze_script(CHECKING_IN, playbook=PLAYBOOK, report_id="s1", created_at=NOW)
    assert [finding.rule for finding in script.findings] == [finding.rule for finding in analysis.report.findings]
    flagged = {finding.rule: finding.status for finding in script.findings}
    assert flagged["checking_in"] == "flagged"
    assert all(evidence.start_s is None for finding in script.findings for evidence in finding.evidence)


# ------------------------------------------------------------------------------ no report


@pytest.mark.parametrize("text", ["", "   "])
def test_no_words_is_no_speech(text: str) -> None:
    with pytest.raises(NoSpeech, match="No words"):
        analyzed(MONO, text)


@pytest.mark.parametrize(
    ("source", "error", "stages"),
    [
        (b"", EmptyFile, 1),
        (b"Hi Dana, call me back.", NotAudio, 1),
        (wav16(tone(440, 40)), TooLong, 1),
        (wav16(silence(5)), NoSpeech, 2),
        (wav16(music(8)), NoSpeech, 2),
    ],
    ids=["empty", "text", "too long", "silence", "music"],
)
def test_what_is_no_voicemail_ends_early_and_is_never_transcribed(
    source: bytes, error: type[AfterbeepError], stages: int
) -> None:
    transcriber, told = Scripted(), []
    with pytest.raises(error):
        analyzed(source, transcriber=transcriber, on_stage=told.append, max_duration_s=30)
    assert transcriber.given == []
    assert len(told) == stages


# ------------------------------------------------------------------------------ waveform


def test_the_waveform_shows_where_it_is_loud() -> None:
    sound = as_sound(np.stack([silence(6), np.concatenate([silence(3), tone(200, 3, peak=0.5)])]))
    peaks = waveform(sound, 1)
    assert len(peaks) == WAVEFORM_BINS
    assert peaks[:295] == [0.0] * 295
    assert min(peaks[305:]) == pytest.approx(0.5, abs=0.05)
    assert waveform(sound, 0) == [0.0] * WAVEFORM_BINS


def test_the_waveform_of_a_very_short_sound_is_whole() -> None:
    assert len(waveform(as_sound(tone(200, 0.001)), 0)) == WAVEFORM_BINS


def test_the_waveform_is_that_of_the_message_channel() -> None:
    analysis = analyzed(STEREO)
    assert analysis.waveform == waveform(analysis.sound, 1)
    assert max(analysis.waveform) > 0.1
