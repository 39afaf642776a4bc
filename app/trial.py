"""Try a playbook on what is stored: which reports would change, without listening to anything again."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain

from pydantic import BaseModel, Field

from analysis.comparison import changes
from analysis.pipeline import rejudge
from app.schema import RecordingRow
from app.store import Store
from models.playbook import Playbook
from models.report import PlaybookRef, Report

MOST_RECORDINGS = 500


class Tried(BaseModel):
    """One recording: the report it has, against the one it would get."""

    id: str
    filename: str
    page: str
    playbook: PlaybookRef = Field(description="The playbook of the stored report.")
    score_before: int
    score_after: int
    newly_flagged: list[str] = Field(description="Rules.")
    no_longer_flagged: list[str] = Field(description="Rules.")
    changed: bool = Field(description="Whether score, flags, costs or severities differ.")


class Totals(BaseModel):
    recordings: int
    changed: int
    mean_score_before: float | None
    mean_score_after: float | None
    newly_flagged: dict[str, int] = Field(description="Rule -> how many recordings.")
    no_longer_flagged: dict[str, int] = Field(description="Rule -> how many recordings.")


class Trial(BaseModel):
    totals: Totals
    recordings: list[Tried] = Field(description="The newest first.")


def trial(store: Store, playbook: Playbook, limit: int) -> Trial:
    """Judge the newest stored reports by another playbook. Nothing is stored."""
    tried = [_tried(row, report, playbook) for row, report in store.reports(min(limit, MOST_RECORDINGS))]
    return Trial(totals=_totals(tried), recordings=tried)


def _tried(row: RecordingRow, report: Report, playbook: Playbook) -> Tried:
    judged = rejudge(report, playbook)
    differing = changes(report, judged, None, playbook)
    return Tried(
        id=row.id,
        filename=row.filename,
        page=f"/voicemails/{row.id}",
        playbook=report.playbook,
        score_before=report.score.points,
        score_after=judged.score.points,
        newly_flagged=[change.rule for change in differing if change.newly_flagged],
        no_longer_flagged=[change.rule for change in differing if change.no_longer_flagged],
        changed=bool(differing),
    )


def _totals(tried: list[Tried]) -> Totals:
    return Totals(
        recordings=len(tried),
        changed=sum(one.changed for one in tried),
        mean_score_before=_mean(one.score_before for one in tried),
        mean_score_after=_mean(one.score_after for one in tried),
        newly_flagged=dict(Counter(chain.from_iterable(one.newly_flagged for one in tried)).most_common()),
        no_longer_flagged=dict(Counter(chain.from_iterable(one.no_longer_flagged for one in tried)).most_common()),
    )


def _mean(points: Iterable[int]) -> float | None:
    known = list(points)
    return round(sum(known) / len(known), 1) if known else None
