"""What differs between two reports of the same message, and why: the playbooks behind them."""

from collections.abc import Iterator
from typing import NamedTuple

from models.playbook import Playbook, RuleSettings
from models.report import Finding, Report, Status


class Verdict(NamedTuple):
    """What a report made of one rule."""

    status: Status
    points: int


class RuleChange(NamedTuple):
    """One rule on which two reports differ."""

    rule: str
    title: str
    before: Verdict
    after: Verdict
    because: str

    @property
    def newly_flagged(self) -> bool:
        return self.before.status != "flagged" and self.after.status == "flagged"

    @property
    def no_longer_flagged(self) -> bool:
        return self.before.status == "flagged" and self.after.status != "flagged"


def changes(before: Report, after: Report, old: Playbook | None, new: Playbook | None) -> tuple[RuleChange, ...]:
    """Rules flagged by one report only, or by both at another cost or severity, in report order."""
    return tuple(_changes(before, after, old, new))


def _changes(before: Report, after: Report, old: Playbook | None, new: Playbook | None) -> Iterator[RuleChange]:
    earlier = {finding.rule: finding for finding in before.findings}
    for finding in after.findings:
        was = earlier.get(finding.rule)
        if was is None or "flagged" not in (was.status, finding.status):
            continue
        verdicts = _verdict(was, before), _verdict(finding, after)
        if verdicts[0] != verdicts[1] or was.severity != finding.severity:
            yield RuleChange(finding.rule, finding.title, *verdicts, _because(finding.rule, old, new))


def _verdict(finding: Finding, report: Report) -> Verdict:
    lost = sum(loss.points for loss in report.score.lost if loss.rule == finding.rule)
    return Verdict(finding.status, lost)


def _because(rule: str, old: Playbook | None, new: Playbook | None) -> str:
    """What the playbooks say differently of this rule, in a few words."""
    if old is None or new is None or rule not in old.rules or rule not in new.rules:
        return "one of the playbooks is no longer at hand"
    was, now = old.rules[rule], new.rules[rule]
    if was.enabled != now.enabled:
        return f"{(old if now.enabled else new).title} leaves this rule out"
    reasons = list(_reasons(was, now))
    if old.limits != new.limits:
        reasons.append("other limits")
    if not reasons and (old.rules, old.strengths, old.lists) != (new.rules, new.strengths, new.lists):
        reasons.append("other phrases in a related rule")
    return ", ".join(reasons) or "judged by another release of Afterbeep"


def _reasons(was: RuleSettings, now: RuleSettings) -> Iterator[str]:
    if was.points != now.points:
        yield f"{now.points} instead of {was.points} {'point' if was.points == 1 else 'points'}"
    if was.severity != now.severity:
        yield f"{now.severity} instead of {was.severity} severity"
    if _words(was) != _words(now):
        yield "other phrases"


def _words(settings: RuleSettings) -> tuple[object, ...]:
    return settings.phrases, settings.exceptions, settings.families, settings.weights
