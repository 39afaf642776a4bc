"""What people said of a report, by finding, as its page shows it."""

from collections.abc import Sequence
from typing import NamedTuple

from app.review import Said, Why
from app.schema import AppealRow, CommentRow, VerdictRow
from app.views.wording import check_name
from models.person import Person
from models.report import Report

REASONS: dict[Why, str] = {"appealed": "Appealed", "doubtful": "Not heard well", "new": "New"}


class OnRule(NamedTuple):
    """What was said of one rule: by all, and by the one who looks."""

    verdicts: tuple[VerdictRow, ...]
    appeal: AppealRow | None
    mine: bool | None


class ReviewShown(NamedTuple):
    rules: dict[str, OnRule]
    missed: dict[str, str]  # rules that were not flagged, as checks, for a coach who saw more
    seen_more: tuple[VerdictRow, ...]  # where a coach did
    comments: Sequence[CommentRow]
    points: int


NOTHING_SAID = OnRule((), None, None)


def review(said: Said, report: Report, person: Person) -> ReviewShown:
    rules = {}
    for finding in report.findings:
        verdicts = tuple(one for one in said.verdicts if one.rule == finding.rule)
        appeal = next((one for one in said.appeals if one.rule == finding.rule), None)
        mine = next((one.agrees for one in verdicts if one.person_id == person.id), None)
        rules[finding.rule] = OnRule(verdicts, appeal, mine) if verdicts or appeal else NOTHING_SAID
    missed = {one.rule: check_name(one.rule, one.title) for one in report.findings if one.status != "flagged"}
    seen_more = tuple(one for one in said.verdicts if not one.flagged and not one.agrees)
    return ReviewShown(rules, missed, seen_more, said.comments, said.points(report))
