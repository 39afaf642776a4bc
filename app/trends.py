"""Trends for coaches: the weeks of everybody, of each team and of each rep, side by side."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from app.progress import Judged, mondays_of, tally, weeks_of
from app.schema import MemberRow, PersonRow, TeamRow
from app.store import Store
from models.errors import NotFound
from models.person import Person
from models.progress import Trend, Trends
from models.recording import CallContext


@dataclass(frozen=True)
class Coached:
    """Teams a coach looks after, and who is in them."""

    teams: Sequence[TeamRow]
    names: dict[str, str]  # person -> name, of every account
    members: dict[str, frozenset[str]]  # team -> persons

    def team(self, team_id: str) -> TeamRow:
        """Raises NotFound, also where the team is somebody else's business."""
        for team in self.teams:
            if team.id == team_id:
                return team
        raise NotFound("You look after no team with this id.")


def coached_by(store: Store, person: Person) -> Coached:
    every = sa.select(TeamRow).order_by(TeamRow.name)
    with store.session() as session:
        teams = session.scalars(every if person.is_admin else every.where(TeamRow.id.in_(person.teams))).all()
        names = {row.id: row.name for row in session.scalars(sa.select(PersonRow))}
        pairs = session.execute(sa.select(MemberRow.team_id, MemberRow.person_id)).all()
    members = {team.id: frozenset(one for team_id, one in pairs if team_id == team.id) for team in teams}
    return Coached(teams, names, members)


def trends(
    found: Sequence[Judged],
    coached: Coached,
    since: date,
    *,
    team: str | None = None,
    rep: str | None = None,
    ranked: bool = False,
) -> Trends:
    """Raises NotFound for a team that is not coached. Ranked, those of the highest median score come first."""
    if team is not None:
        members = coached.members[coached.team(team).id]
        found = [one for one in found if one.owner_id in members]
    if rep is not None:
        key = _key(rep)
        found = [one for one in found if _key(_name(one, coached)) == key]
    mondays = mondays_of(found)

    def trend(name: str, of: Sequence[Judged]) -> Trend:
        return Trend(name=name, total=tally(of), weeks=tuple(weeks_of(of, mondays)))

    by_team = [
        (one.name, [each for each in found if each.owner_id in coached.members[one.id]]) for one in coached.teams
    ]
    by_rep = sorted(_by_rep(found, coached), key=lambda pair: pair[0].casefold())
    reps = [trend(name, of) for name, of in by_rep]
    if ranked:
        reps.sort(key=lambda one: -one.total.score.value if one.total.score else 0.0)
    return Trends(
        since=since,
        everybody=trend("Everybody", found),
        teams=tuple(trend(name, of) for name, of in by_team if of),
        reps=tuple(reps),
    )


def names_of(found: Iterable[Judged], coached: Coached) -> list[str]:
    """Every rep with a report, in alphabetical order."""
    return sorted((name for name, _ in _by_rep(found, coached)), key=str.casefold)


def _by_rep(found: Iterable[Judged], coached: Coached) -> list[tuple[str, list[Judged]]]:
    of: defaultdict[str | None, list[Judged]] = defaultdict(list)
    for one in found:
        of[_key(_name(one, coached))].append(one)
    return [(_name(each[0], coached) or "", each) for key, each in of.items() if key is not None]


def _name(one: Judged, coached: Coached) -> str | None:
    """Who speaks: as the recording says, or else the one whose recording it is."""
    return one.rep or coached.names.get(one.owner_id or "")


def _key(name: str | None) -> str | None:
    return CallContext(rep=name).rep_key
