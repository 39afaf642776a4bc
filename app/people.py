"""Accounts, teams and invitations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.schema import InvitationRow, MemberRow, PersonRow, SessionRow, TeamRow
from app.secrets import fingerprint, hashed_password, new_token
from app.store import Store
from models.errors import AlreadyThere, InvalidRequest, LinkExpired, NotFound
from models.person import MIN_PASSWORD_LENGTH, Person, Role

INVITED_FOR = timedelta(days=7)


@dataclass(frozen=True)
class People:
    """Those of one workspace. An address has one account in the whole installation: signing in needs no more."""

    store: Store

    # Accounts

    def exist(self) -> bool:
        """Whether there is any account in the installation; without one, who sits at the machine may do everything."""
        with self.store.everywhere().session() as session:
            return session.scalar(sa.select(sa.literal(1)).select_from(PersonRow).limit(1)) is not None

    def find(self, person_id: str) -> Person:
        with self.store.session() as session:
            return self.person(session, _row(session, person_id))

    def by_email(self, email: str) -> Person | None:
        with self.store.session() as session:
            row = session.scalar(sa.select(PersonRow).where(PersonRow.email == normal(email)))
            return None if row is None else self.person(session, row)

    def person(self, session: Session, row: PersonRow) -> Person:
        teams = session.scalars(sa.select(MemberRow.team_id).where(MemberRow.person_id == row.id))
        return Person(
            id=row.id, name=row.name, role=row.role, email=row.email, teams=frozenset(teams),
            workspace_id=row.workspace_id,
        )  # fmt: skip

    def everyone(self) -> list[tuple[PersonRow, list[TeamRow]]]:
        """All accounts by name, with their teams."""
        with self.store.session() as session:
            pairs = session.execute(sa.select(MemberRow.person_id, TeamRow).join(TeamRow).order_by(TeamRow.name)).all()
            rows = session.scalars(sa.select(PersonRow).order_by(PersonRow.name)).all()
        return [(row, [team for person_id, team in pairs if person_id == row.id]) for row in rows]

    def add(self, email: str, name: str, role: Role, password: str | None, teams: Iterable[str] = ()) -> Person:
        """Raises InvalidRequest or AlreadyThere. Without a password they sign in by OpenID Connect alone."""
        with self.store.session() as session:
            return self._add(session, email, name, role, password, teams)

    def change(
        self, person_id: str, *, role: Role | None = None, teams: Iterable[str] | None = None, shut: bool | None = None
    ) -> Person:
        """Give another role or other teams, shut an account or open it again. Raises NotFound or InvalidRequest."""
        with self.store.session() as session:
            row = _row(session, person_id)
            if teams is not None:
                session.execute(sa.delete(MemberRow).where(MemberRow.person_id == person_id))
                _join(session, person_id, teams)
            row.role = role or row.role
            if shut is not None:
                row.disabled_at = datetime.now(UTC) if shut else None
            if shut:
                session.execute(sa.delete(SessionRow).where(SessionRow.person_id == person_id))
            session.flush()
            admins = sa.select(PersonRow.id).where(PersonRow.role == "admin", PersonRow.disabled_at.is_(None))
            if session.scalar(admins.limit(1)) is None:
                raise InvalidRequest("Somebody has to be an admin. Make another one first.")
            return self.person(session, row)

    def _add(
        self, session: Session, email: str, name: str, role: Role, password: str | None, teams: Iterable[str]
    ) -> Person:
        if "@" not in email.strip("@ ") or len(email) > 254:
            raise InvalidRequest("Please give an e-mail address, such as dana@example.com.")
        if not name.strip():
            raise InvalidRequest("Please give a name.")
        row = PersonRow(
            id=uuid4().hex,
            email=normal(email),
            name=" ".join(name.split())[:200],
            role=role,
            password_hash=None if password is None else hashed_password(checked_password(password)),
            created_at=datetime.now(UTC),
            failed_attempts=0,
        )
        session.add(row)
        try:
            session.flush()
        except IntegrityError as error:
            raise AlreadyThere("There is an account with this address already. Please sign in.") from error
        _join(session, row.id, teams)
        return self.person(session, row)

    # Teams

    def teams(self) -> Sequence[TeamRow]:
        with self.store.session() as session:
            return session.scalars(sa.select(TeamRow).order_by(TeamRow.name)).all()

    def add_team(self, name: str) -> TeamRow:
        if not name.strip():
            raise InvalidRequest("Please give the team a name.")
        row = TeamRow(id=uuid4().hex, name=" ".join(name.split())[:200])
        try:
            with self.store.session() as session:
                session.add(row)
        except IntegrityError as error:
            raise AlreadyThere(f"There is a team “{row.name}” already.") from error
        return row

    def remove_team(self, team_id: str) -> None:
        """Its members keep their accounts."""
        with self.store.session() as session:
            team = session.get(TeamRow, team_id)
            if team is None:
                raise NotFound("There is no team with this id.")
            session.delete(team)

    # Invitations

    def invite(self, by: Person, role: Role, team_id: str | None) -> str:
        """The secret end of a link that makes one account within a week."""
        token = new_token()
        with self.store.session() as session:
            if team_id is not None and session.get(TeamRow, team_id) is None:
                raise NotFound("There is no team with this id.")
            expires_at = datetime.now(UTC) + INVITED_FOR
            session.add(
                InvitationRow(
                    token_hash=fingerprint(token), role=role, team_id=team_id, invited_by=by.id, expires_at=expires_at
                )
            )
        return token

    def of_invitation(self, token: str) -> "People":
        """Those of the workspace a link leads into. Raises LinkExpired."""
        with self.store.everywhere().session() as session:
            return People(self.store.of(_invitation(session, token).workspace_id))

    def invitation(self, token: str) -> InvitationRow:
        with self.store.session() as session:
            return _invitation(session, token)

    def accept(self, token: str, email: str, name: str, password: str) -> Person:
        """Make the account a link was for; the link is used up."""
        with self.store.session() as session:
            row = _invitation(session, token)
            session.delete(row)
            session.flush()
            return self._add(session, email, name, row.role, password, [row.team_id] if row.team_id else [])


def normal(email: str) -> str:
    return email.strip().lower()


def checked_password(password: str) -> str:
    if len(password) < MIN_PASSWORD_LENGTH:
        raise InvalidRequest(f"Please choose a password of at least {MIN_PASSWORD_LENGTH} characters.")
    if len(password) > 1000:
        raise InvalidRequest("Please choose a shorter password.")
    return password


def _row(session: Session, person_id: str) -> PersonRow:
    row = session.get(PersonRow, person_id)
    if row is None:
        raise NotFound("There is no account with this id.")
    return row


def _join(session: Session, person_id: str, teams: Iterable[str]) -> None:
    known = set(session.scalars(sa.select(TeamRow.id)))
    for team_id in dict.fromkeys(teams):
        if team_id not in known:
            raise NotFound("There is no team with this id.")
        session.add(MemberRow(team_id=team_id, person_id=person_id))


def _invitation(session: Session, token: str) -> InvitationRow:
    row = session.get(InvitationRow, fingerprint(token))
    if row is None or row.expires_at < datetime.now(UTC):
        raise LinkExpired("This invitation has been used or has expired. Please ask for a new one.")
    return row
