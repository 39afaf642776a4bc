"""Practice tasks: a script, a playbook and a day, given by a coach; done when a take of the script is there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.schema import AssigneeRow, AssignmentRow, MemberRow, PersonRow, RecordingRow, ScriptRow, TeamRow
from app.script_store import Scripts, assigned_to
from app.store import Store, visible
from models.errors import InvalidRequest, NotAllowed, NotFound
from models.person import Person


@dataclass(frozen=True)
class Practised:
    """A rep a task was given to, with the takes of its script, the oldest first."""

    rep: PersonRow
    takes: Sequence[RecordingRow]

    @property
    def is_done(self) -> bool:
        return bool(self.takes)

    @property
    def best(self) -> int | None:
        return max((take.score for take in self.takes if take.score is not None), default=None)


@dataclass(frozen=True)
class Task:
    row: AssignmentRow
    script: ScriptRow
    coach: str
    team: TeamRow | None
    reps: Sequence[Practised]  # as far as they are the reader's business


@dataclass(frozen=True)
class Assignments:
    """The tasks of one person: what they are to practise, and what they and the coaches beside them gave."""

    store: Store
    scripts: Scripts
    person: Person

    def all(self) -> list[Task]:
        """The one due last first."""
        newest = (AssignmentRow.due_on.desc(), AssignmentRow.created_at.desc(), AssignmentRow.id)
        with self.store.session() as session:
            rows = session.scalars(sa.select(AssignmentRow).where(self._seen).order_by(*newest)).all()
            return [self._task(session, row) for row in rows]

    def to_practise(self) -> Sequence[tuple[str, date]]:
        """Titles and days of scripts given to this person that they have not recorded yet, the next one first."""
        take = sa.exists().where(
            RecordingRow.script_id == AssignmentRow.script_id,
            RecordingRow.owner_id == self.person.id,
            RecordingRow.status != "failed",
        )
        query = sa.select(ScriptRow.title, AssignmentRow.due_on).join(
            ScriptRow, ScriptRow.id == AssignmentRow.script_id
        )
        query = query.where(assigned_to(self.person), ~take).order_by(AssignmentRow.due_on, AssignmentRow.id)
        with self.store.session() as session:
            return [(title, due_on) for title, due_on in session.execute(query)]

    def get(self, assignment_id: str) -> Task:
        """Raises NotFound, also where it is not this person's business."""
        with self.store.session() as session:
            row = session.scalar(sa.select(AssignmentRow).where(AssignmentRow.id == assignment_id, self._seen))
            if row is None:
                raise NotFound("There is no assignment with this id. It may have been withdrawn.")
            return self._task(session, row)

    def give(
        self, script_id: str, *, due_on: date, playbook: str, reps: Iterable[str] = (), team_id: str | None = None
    ) -> Task:
        """To reps by their accounts' ids, to a team, or both. Raises NotFound or InvalidRequest."""
        self.scripts.get(script_id)
        known, teams = {rep.id for rep in self.reps()}, {team.id for team in self.teams()}
        reps = list(dict.fromkeys(reps))
        if team_id is not None and team_id not in teams:
            raise NotFound("You look after no team with this id.")
        if not set(reps) <= known:
            raise InvalidRequest("You can give a script only to reps you look after.")
        if not reps and team_id is None:
            raise InvalidRequest("Choose at least one rep, or a team.")
        row = AssignmentRow(
            id=uuid4().hex, created_at=datetime.now(UTC), coach_id=self.person.id, script_id=script_id,
            playbook=playbook, due_on=due_on, team_id=team_id,
        )  # fmt: skip
        with self.store.session() as session:
            session.add(row)
            session.flush()
            session.add_all(AssigneeRow(assignment_id=row.id, person_id=rep) for rep in reps)
        return self.get(row.id)

    def withdraw(self, assignment_id: str) -> None:
        """Its takes stay. Raises NotFound or NotAllowed."""
        task = self.get(assignment_id)
        if not (self.person.is_admin or task.row.coach_id == self.person.id):
            raise NotAllowed("Only the coach who gave it and an admin may withdraw an assignment.")
        with self.store.session() as session:
            session.delete(session.get_one(AssignmentRow, assignment_id))

    def reps(self) -> Sequence[PersonRow]:
        """Whom this person may give something, by name."""
        query = sa.select(PersonRow).where(PersonRow.role == "rep", PersonRow.disabled_at.is_(None))
        if not self.person.is_admin:
            mine = sa.select(MemberRow.person_id).where(MemberRow.team_id.in_(self.person.teams))
            query = query.where(PersonRow.id.in_(mine))
        with self.store.session() as session:
            return session.scalars(query.order_by(sa.func.lower(PersonRow.name), PersonRow.id)).all()

    def teams(self) -> Sequence[TeamRow]:
        query = sa.select(TeamRow).order_by(TeamRow.name)
        if not self.person.is_admin:
            query = query.where(TeamRow.id.in_(self.person.teams))
        with self.store.session() as session:
            return session.scalars(query).all()

    @property
    def _seen(self) -> sa.ColumnElement[bool]:
        if self.person.is_admin:
            return sa.true()
        if not self.person.is_coach:
            return assigned_to(self.person)
        to_mine = sa.select(AssigneeRow.assignment_id).where(visible(self.person, AssigneeRow.person_id))
        ours = AssignmentRow.team_id.in_(self.person.teams) | AssignmentRow.id.in_(to_mine)
        return ours | (AssignmentRow.coach_id == self.person.id)

    def _task(self, session: Session, row: AssignmentRow) -> Task:
        by_name = sa.select(AssigneeRow.person_id).where(AssigneeRow.assignment_id == row.id)
        by_team = sa.select(MemberRow.person_id).where(MemberRow.team_id == row.team_id)
        given = PersonRow.id.in_(by_name) | (PersonRow.id.in_(by_team) & (PersonRow.role == "rep"))
        query = sa.select(PersonRow).where(given, PersonRow.disabled_at.is_(None), visible(self.person, PersonRow.id))
        reps = session.scalars(query.order_by(sa.func.lower(PersonRow.name), PersonRow.id)).all()
        of_script = (RecordingRow.script_id == row.script_id, RecordingRow.status != "failed", self.store.sees)
        takes = session.scalars(sa.select(RecordingRow).where(*of_script).order_by(RecordingRow.created_at)).all()
        practised = [Practised(rep, [take for take in takes if take.owner_id == rep.id]) for rep in reps]
        team = session.get(TeamRow, row.team_id) if row.team_id else None
        coach = session.get_one(PersonRow, row.coach_id)
        script = session.scalars(sa.select(ScriptRow).where(ScriptRow.id == row.script_id)).one()
        return Task(row, script, coach.name, team, practised)
