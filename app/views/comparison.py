"""A report against the one another playbook would give, and why they differ."""

from typing import NamedTuple

from analysis.comparison import RuleChange, Verdict, changes
from models.playbook import Playbook
from models.report import PlaybookRef, Report


class Difference(NamedTuple):
    """One rule, as a line: what it cost, what it would cost, and why."""

    title: str
    before: str
    after: str
    because: str


class Comparison(NamedTuple):
    stored: PlaybookRef
    stored_title: str
    points_before: int
    points_after: int
    differences: tuple[Difference, ...]


def comparison(stored: Report, judged: Report, made_by: Playbook | None, other: Playbook | None) -> Comparison:
    return Comparison(
        stored=stored.playbook,
        stored_title=made_by.title if made_by else stored.playbook.name,
        points_before=stored.score.points,
        points_after=judged.score.points,
        differences=tuple(_difference(change) for change in changes(stored, judged, made_by, other)),
    )


def _difference(change: RuleChange) -> Difference:
    return Difference(change.title, _cost(change.before), _cost(change.after), change.because)


def _cost(verdict: Verdict) -> str:
    if verdict.status != "flagged":
        return "not flagged" if verdict.status == "passed" else "not judged"
    return f"−{verdict.points}" if verdict.points else "0"
