"""Trends, as JSON and as a page of small charts; for coaches."""

from datetime import date
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from analysis import playbooks
from app.access import person_of, store_of
from app.pages import page
from app.progress_pages import first_day, usual_first_day
from app.trends import coached_by, names_of, trends
from app.views import charts, wording
from models.progress import Tally, Trend, Trends

router = APIRouter()

Counted = TypeVar("Counted", bound=Tally)


@router.get("/v1/trends", summary="Trends by week, team, rep and rule")
def show_trends(
    request: Request,
    team: Annotated[str | None, Query(max_length=32, description="Only this team, by its id.")] = None,
    rep: Annotated[str | None, Query(max_length=200, description="Only this rep, by name.")] = None,
    rule: Annotated[str | None, Query(max_length=80, description="Only this rule among the shares.")] = None,
    since: Annotated[date | None, Query(description="First day, UTC; twelve weeks ago if left out.")] = None,
) -> Trends:
    """Median score and how often what was flagged, with the number behind each figure. Reps come by name."""
    found = _trends(request, team or None, rep or None, since or usual_first_day())
    return _only(found, rule) if rule else found


@router.get("/trends", include_in_schema=False, response_class=HTMLResponse)
def trends_page(request: Request, team: str = "", rep: str = "", rule: str = "", since: str = "") -> HTMLResponse:
    store, first = store_of(request), first_day(since)
    coached = coached_by(store, person_of(request))
    found = _trends(request, team or None, rep or None, first)
    titles = {name: wording.check_name(name, one.title) for name, one in playbooks.load().rules.items()}

    def drawn(one: Trend) -> tuple[Trend, charts.Chart, charts.Chart]:
        return one, charts.score(one.weeks), charts.share(one.weeks, rule or None)

    return page(
        request, "trends.html", here="trends", found=found, team=team, rep=rep, rule=rule,
        teams={one.id: one.name for one in coached.teams},
        reps={name: name for name in names_of(store, first, coached)},
        rules=titles,
        everybody=drawn(found.everybody),
        groups={"Team by team": [drawn(one) for one in found.teams], "Rep by rep": [drawn(one) for one in found.reps]},
        over_time=() if rule else charts.rules(found.everybody.weeks),
        ranked=request.app.state.settings.ranking,
    )  # fmt: skip


def _trends(request: Request, team: str | None, rep: str | None, since: date) -> Trends:
    store, ranked = store_of(request), request.app.state.settings.ranking
    return trends(store, coached_by(store, person_of(request)), since, team=team, rep=rep, ranked=ranked)


def _only(found: Trends, rule: str) -> Trends:
    def narrowed(of: Counted) -> Counted:
        return of.model_copy(update={"rules": {name: share for name, share in of.rules.items() if name == rule}})

    def trend(one: Trend) -> Trend:
        weeks = tuple(narrowed(week) for week in one.weeks)
        return one.model_copy(update={"total": narrowed(one.total), "weeks": weeks})

    teams, reps = (tuple(trend(one) for one in many) for many in (found.teams, found.reps))
    return found.model_copy(update={"everybody": trend(found.everybody), "teams": teams, "reps": reps})
