"""What was not judged and what was not measured, grouped by the reason, so that one reason is read once."""

from typing import NamedTuple

from app.views.measures import LABELS
from app.views.wording import check_name, sentence
from models.report import Report


class Unknown(NamedTuple):
    reason: str
    names: tuple[str, ...]


def unknown(report: Report) -> tuple[Unknown, ...]:
    """Rules first, then measures that no rule of the same reason has named already; in report order."""
    names: dict[str, list[str]] = {}
    for finding in report.findings:
        if finding.status == "not_evaluated":
            names.setdefault(sentence(finding.reason or ""), []).append(check_name(finding.rule, finding.title))
    for measure, reason in report.not_measured.items():
        if measure in LABELS:
            names.setdefault(sentence(reason), []).append(LABELS[measure])
    return tuple(Unknown(reason, tuple(dict.fromkeys(named))) for reason, named in names.items())
