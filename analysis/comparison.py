"""What differs between two reports: of the same message by two playbooks, and why; or of two takes of one message."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from models.playbook import Playbook, RuleSettings
from models.report import Finding, Report, Status
from models.takes import Named, Take, TakesCompared


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


def compare_takes(then: Report, now: Report) -> TakesCompared:
    """What went, came and stayed from one take to the next, in report order."""
    flagged: dict[tuple[Status, Status], list[Named]] = {}
    for was, finding in _flagged_in_either(then, now):
        flagged.setdefault((was.status, finding.status), []).append(Named(rule=finding.rule, title=finding.title))
    unclear = flagged.get(("flagged", "not_evaluated"), []) + flagged.get(("not_evaluated", "flagged"), [])
    before, after = ({one.rule: one.title for one in report.strengths} for report in (then, now))
    return TakesCompared(
        then=_take(then),
        now=_take(now),
        went=tuple(flagged.get(("flagged", "passed"), ())),
        came=tuple(flagged.get(("passed", "flagged"), ())),
        stayed=tuple(flagged.get(("flagged", "flagged"), ())),
        unclear=tuple(unclear),
        strengths_gained=_named(after, lambda rule: rule not in before),
        strengths_lost=_named(before, lambda rule: rule not in after),
        strengths_kept=_named(after, lambda rule: rule in before),
    )


def _take(report: Report) -> Take:
    measured = report.measurements
    return Take(
        id=report.id,
        created_at=report.created_at,
        score=report.score.points,
        message_s=measured.message_s,
        message_wpm=measured.message_wpm,
        playbook=report.playbook,
    )


def _named(titles: Mapping[str, str], wanted: Callable[[str], bool]) -> tuple[Named, ...]:
    return tuple(Named(rule=rule, title=title) for rule, title in titles.items() if wanted(rule))


def _flagged_in_either(before: Report, after: Report) -> Iterator[tuple[Finding, Finding]]:
    """Both findings of every rule that both reports know and one of them flags, in report order."""
    earlier = {finding.rule: finding for finding in before.findings}
    for finding in after.findings:
        was = earlier.get(finding.rule)
        if was is not None and "flagged" in (was.status, finding.status):
            yield was, finding


def _changes(before: Report, after: Report, old: Playbook | None, new: Playbook | None) -> Iterator[RuleChange]:
    for was, finding in _flagged_in_either(before, after):
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
