"""Trends, as JSON and as a page of small charts; for coaches."""

from datetime import date
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from analysis import playbooks
from app.access import person_of, store_of
from app.pages import page
from app.progress import judged
from app.progress_pages import first_day, usual_first_day
from app.trends import Coached, coached_by, names_of, trends
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
    found, _, _ = _trends(request, since or usual_first_day(), team, rep)
    return _only(found, rule) if rule else found


@router.get("/trends", include_in_schema=False, response_class=HTMLResponse)
def trends_page(request: Request, team: str = "", rep: str = "", rule: str = "", since: str = "") -> HTMLResponse:
    found, coached, names = _trends(request, first_day(since), team, rep)
    titles = {name: wording.check_name(name, one.title) for name, one in playbooks.load().rules.items()}

    def drawn(one: Trend) -> tuple[Trend, charts.Chart, charts.Chart]:
        return one, charts.score(one.weeks), charts.share(one.weeks, rule or None)

    return page(
        request, "trends.html", here="trends", found=found, team=team, rep=rep, rule=rule,
        teams={one.id: one.name for one in coached.teams},
        reps={name: name for name in names},
        rules=titles,
        everybody=drawn(found.everybody),
        groups={"Team by team": [drawn(one) for one in found.teams], "Rep by rep": [drawn(one) for one in found.reps]},
        over_time=() if rule else charts.rules(found.everybody.weeks),
        ranked=request.app.state.settings.ranking,
    )  # fmt: skip


def _trends(request: Request, since: date, team: str | None, rep: str | None) -> tuple[Trends, Coached, list[str]]:
    """The trends asked for, who is coached, and every rep there is to choose from."""
    store, ranked = store_of(request), request.app.state.settings.ranking
    coached, found = coached_by(store, person_of(request)), list(judged(store, since))
    asked = trends(found, coached, since, team=team or None, rep=rep or None, ranked=ranked)
    return asked, coached, names_of(found, coached)


def _only(found: Trends, rule: str) -> Trends:
    def narrowed(of: Counted) -> Counted:
        return of.model_copy(update={"rules": {name: share for name, share in of.rules.items() if name == rule}})

    def trend(one: Trend) -> Trend:
        weeks = tuple(narrowed(week) for week in one.weeks)
        return one.model_copy(update={"total": narrowed(one.total), "weeks": weeks})

    teams, reps = (tuple(trend(one) for one in many) for many in (found.teams, found.reps))
    return found.model_copy(update={"everybody": trend(found.everybody), "teams": teams, "reps": reps})
