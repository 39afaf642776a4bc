"""From verdicts to findings, strengths and a score that sums exactly."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analysis.detectors.base import Detector, Heard, Verdict, not_evaluated
from analysis.detectors.wording import say_instead
from models.playbook import RuleSettings
from models.report import Finding, PointsLost, Score, Strength

OUT_OF = 100


@dataclass(frozen=True)
class Judgement:
    """What the rules say of one message."""

    findings: tuple[Finding, ...]
    strengths: tuple[Strength, ...]
    score: Score


def judge(heard: Heard, detectors: Sequence[Detector], strengths: Sequence[Detector]) -> Judgement:
    findings = tuple(_finding(detector, heard) for detector in detectors)
    return Judgement(findings, tuple(_strengths(strengths, heard)), score(findings, heard))


def _finding(detector: Detector, heard: Heard) -> Finding:
    rule = detector.__name__
    settings = heard.playbook.rules[rule]
    verdict = _verdict(detector, heard, settings)
    return Finding(
        rule=rule,
        status=verdict.status,
        severity=settings.severity,
        title=settings.title,
        why=settings.why,
        advice=settings.advice,
        say_instead=say_instead(settings.say_instead, heard) if verdict.status == "flagged" else "",
        source=settings.source,
        reason=verdict.reason,
        detail=dict(verdict.detail),
        evidence=verdict.evidence,
    )


def _verdict(detector: Detector, heard: Heard, settings: RuleSettings) -> Verdict:
    if not settings.enabled:
        return not_evaluated(f"The playbook {heard.playbook.name} leaves this rule out.")
    return detector(heard, settings)


def _strengths(detectors: Iterable[Detector], heard: Heard) -> Iterable[Strength]:
    for detector in detectors:
        settings = heard.playbook.strengths[detector.__name__]
        if not settings.enabled:
            continue
        verdict = detector(heard, settings)
        if verdict.status == "passed":
            yield Strength(rule=detector.__name__, title=settings.title, why=settings.why, evidence=verdict.evidence)


def score(findings: Iterable[Finding], heard: Heard) -> Score:
    """Points lost, in report order, until nothing is left: the last loss is cut so that the sum is exact."""
    left = OUT_OF
    lost: list[PointsLost] = []
    for finding in findings:
        points = min(heard.playbook.rules[finding.rule].points, left) if finding.status == "flagged" else 0
        if points:
            lost.append(PointsLost(rule=finding.rule, points=points))
            left -= points
    return Score(points=left, out_of=OUT_OF, lost=tuple(lost))
