"""From verdicts to findings, strengths and a score that sums exactly."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from analysis.detectors.base import Detector, Heard, Verdict, not_evaluated
from analysis.detectors.doubt import doubted
from analysis.detectors.meant import decided, judged, judged_strength
from analysis.detectors.wording import say_instead
from models.playbook import RuleSettings
from models.report import Finding, PointsLost, Score, Strength

OUT_OF = 100
#: A rule that cannot be broken where this strength is: whoever offers value does not miss it.
RULED_OUT_BY = {"missing_value_prop": "specific_value"}
#: A strength that proves another: an insight is value too, without product or percentage.
PROVED_BY = {"specific_value": "insight_offer"}


@dataclass(frozen=True)
class Judgement:
    """What the rules say of one message."""

    findings: tuple[Finding, ...]
    strengths: tuple[Strength, ...]
    score: Score


def judge(heard: Heard, detectors: Sequence[Detector], strengths: Sequence[Detector]) -> Judgement:
    praise = tuple(_strengths(strengths, heard))
    findings = tuple(_finding(detector, heard, {strength.rule for strength in praise}) for detector in detectors)
    return Judgement(findings, praise, score(findings, heard))


def _finding(detector: Detector, heard: Heard, praised: Set[str]) -> Finding:
    rule = detector.__name__
    settings = heard.playbook.rules[rule]
    verdict = doubted(rule, _verdict(detector, heard, settings, praised), heard)
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


def _verdict(detector: Detector, heard: Heard, settings: RuleSettings, praised: Set[str]) -> Verdict:
    if not settings.enabled:
        return not_evaluated(f"The playbook {heard.playbook.name} leaves this rule out.")
    verdict = detector(heard, settings)
    return judged(detector.__name__, verdict, heard, ruled_out=RULED_OUT_BY.get(detector.__name__) in praised)


def _strengths(detectors: Iterable[Detector], heard: Heard) -> Iterable[Strength]:
    for rule, verdict in _praise(detectors, heard).items():
        settings = heard.playbook.strengths[rule]
        if settings.enabled and verdict.status == "passed":
            yield Strength(rule=rule, title=settings.title, why=settings.why, evidence=verdict.evidence)


def _praise(detectors: Iterable[Detector], heard: Heard) -> dict[str, Verdict]:
    by_words = {one.__name__: one(heard, heard.playbook.strengths[one.__name__]) for one in detectors}
    verdicts = {rule: judged_strength(rule, verdict, heard) for rule, verdict in by_words.items()}
    for rule, proof in PROVED_BY.items():
        by_coach = decided(heard.playbook.strengths[rule], heard)
        if by_coach is None and verdicts[rule].status != "passed" and verdicts[proof].status == "passed":
            verdicts[rule] = verdicts[proof]
    return verdicts


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
