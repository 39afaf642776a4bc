"""The samples: real sound, the real model, and what a coach expects of each."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analysis import playbooks
from analysis.pipeline import analyze
from analysis.speech.openai_whisper import OpenAIWhisper
from models.recording import CallContext
from models.report import Report
from tests.conftest import ROOT, SAMPLES

DESCRIPTIONS = sorted(SAMPLES.glob("*.json"))


def recording_of(description: Path) -> Path:
    (recording,) = (path for path in SAMPLES.glob(f"{description.stem}.*") if path.suffix != ".json")
    return recording


@pytest.fixture(scope="module")
def transcriber(model_dir: Path) -> OpenAIWhisper:
    return OpenAIWhisper("base", model_dir=model_dir)


@pytest.mark.whisper
@pytest.mark.parametrize("description", DESCRIPTIONS, ids=lambda path: path.stem)
def test_a_sample_is_judged_as_a_coach_would(description: Path, transcriber: OpenAIWhisper) -> None:
    told = json.loads(description.read_text("utf-8"))
    report = analyze(
        recording_of(description),
        transcriber=transcriber,
        playbook=playbooks.load("cold-outreach"),
        report_id=description.stem,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        context=CallContext(**told["context"]),
    ).report
    status = {finding.rule: finding.status for finding in report.findings}
    expected = told["expected"]
    heard = report.transcript.text
    assert {rule for rule in expected["flagged"] if status[rule] != "flagged"} == set(), heard
    assert {rule for rule in expected["passed"] if status[rule] != "passed"} == set(), heard
    assert set(expected["strengths"]) <= {strength.rule for strength in report.strengths}, heard
    check_report(report)


def check_report(report: Report) -> None:
    """What holds for every report of a recording."""
    assert report.recording is not None
    assert report.message is not None
    assert report.score.points == 100 - sum(lost.points for lost in report.score.lost)
    for evidence in [one for finding in (*report.findings, *report.strengths) for one in finding.evidence]:
        assert evidence.quote in report.transcript.text
        assert evidence.start_s is not None
        assert report.message.start_s - 0.5 <= evidence.start_s <= (evidence.end_s or 0) <= report.message.end_s + 0.5
    assert all(report.message.start_s <= word.start_s <= report.message.end_s for word in report.transcript.words)
    for name, value in report.measurements:
        assert (value is None) == (name in report.not_measured), name
    for finding in report.findings:
        assert (finding.status == "not_evaluated") == (finding.reason is not None), finding.rule
        if finding.status == "flagged":
            assert finding.why, finding.rule
            assert finding.say_instead or finding.advice, finding.rule
            assert finding.source, finding.rule
    assert Report.model_validate_json(report.model_dump_json()) == report


def test_every_sample_is_described_and_listed() -> None:
    recordings = [path for path in SAMPLES.iterdir() if path.suffix != ".json"]
    assert len(recordings) >= 8
    assert {path.stem for path in recordings} == {path.stem for path in DESCRIPTIONS}
    listed = (ROOT / "docs/samples.md").read_text("utf-8")
    for path in recordings:
        assert f"`{path.name}`" in listed
