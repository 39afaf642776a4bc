"""How people and programs show who they are: passwords, sessions of browsers, API keys."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.people import People, checked_password, normal
from app.schema import KeyRow, PersonRow, SessionRow
from app.secrets import fingerprint, hashed_password, is_password, new_token
from models.errors import InvalidRequest, NotFound, WrongKey, WrongPassword
from models.person import SCOPES, Person, Scope

ATTEMPTS: Final = 10  # wrong passwords in a row, before an account is locked for a while
LOCKED_FOR: Final = timedelta(minutes=15)
SESSION_LASTS: Final = timedelta(days=14)  # after it was last used
NOTED_EVERY: Final = timedelta(minutes=1)  # using a session or key is written down no oftener
KEY_PREFIX: Final = "ab_"


@dataclass(frozen=True)
class Credentials:
    """`people` are those of every workspace: who somebody is decides which is theirs."""

    people: People

    # Passwords

    def sign_in(self, email: str, password: str) -> Person:
        """Raises WrongPassword: the same, as slowly, for an address nobody has and for an account that is locked."""
        with self.people.store.session() as session:
            row = session.scalar(sa.select(PersonRow).where(PersonRow.email == normal(email)))
            now = datetime.now(UTC)
            locked = row is not None and row.locked_until is not None and row.locked_until > now
            kept = row.password_hash if row is not None and row.disabled_at is None else None
            if is_password(password, kept) and row is not None and not locked:
                row.failed_attempts, row.locked_until = 0, None
                return self.people.person(session, row)
            if row is not None and not locked:
                row.failed_attempts += 1
                if row.failed_attempts >= ATTEMPTS:
                    row.failed_attempts, row.locked_until = 0, now + LOCKED_FOR
        raise WrongPassword(
            "This address and password do not belong together. After many wrong ones, wait for a quarter of an hour."
        )

    def change_password(self, person: Person, old: str, new: str) -> None:
        """All their sessions end."""
        with self.people.store.session() as session:
            row = session.get_one(PersonRow, person.id)
            if row.password_hash is not None and not is_password(old, row.password_hash):
                raise WrongPassword("The present password is not right.")
            row.password_hash = hashed_password(checked_password(new))
            session.execute(sa.delete(SessionRow).where(SessionRow.person_id == person.id))

    # Browsers

    def open_session(self, person: Person) -> str:
        token = new_token()
        with self.people.store.session() as session:
            now = datetime.now(UTC)
            session.execute(sa.delete(SessionRow).where(SessionRow.seen_at < now - SESSION_LASTS))
            session.add(
                SessionRow(
                    workspace_id=person.workspace_id, token_hash=fingerprint(token), person_id=person.id, seen_at=now
                )
            )
        return token

    def by_session(self, token: str) -> Person | None:
        with self.people.store.session() as session:
            row = session.get(SessionRow, fingerprint(token))
            now = datetime.now(UTC)
            if row is None or row.seen_at < now - SESSION_LASTS:
                return None
            if row.seen_at < now - NOTED_EVERY:
                row.seen_at = now
            return self._open_account(session, row.person_id)

    def close_session(self, token: str) -> None:
        with self.people.store.session() as session:
            session.execute(sa.delete(SessionRow).where(SessionRow.token_hash == fingerprint(token)))

    # Programs

    def make_key(self, person: Person, name: str, scopes: Iterable[Scope]) -> tuple[str, KeyRow]:
        """The key, which is shown this once, and what is kept of it."""
        chosen = [scope for scope in SCOPES if scope in set(scopes)]
        if not name.strip() or not chosen:
            raise InvalidRequest("Please give the key a name and at least one thing it may do.")
        if not set(chosen) <= person.scopes:
            raise InvalidRequest("A key cannot give more than it may do itself.")
        token = KEY_PREFIX + new_token()
        row = KeyRow(
            workspace_id=person.workspace_id,
            id=uuid4().hex,
            token_hash=fingerprint(token),
            person_id=person.id,
            name=name.strip()[:200],
            scopes=chosen,
            created_at=datetime.now(UTC),
        )
        with self.people.store.session() as session:
            session.add(row)
        return token, row

    def by_key(self, token: str) -> Person:
        """Raises WrongKey."""
        with self.people.store.session() as session:
            row = session.scalar(sa.select(KeyRow).where(KeyRow.token_hash == fingerprint(token)))
            person = None if row is None else self._open_account(session, row.person_id)
            if row is None or person is None:
                raise WrongKey("This API key is not known here. It may have been revoked.")
            now = datetime.now(UTC)
            if row.last_used_at is None or row.last_used_at < now - NOTED_EVERY:
                row.last_used_at = now
            return person.model_copy(update={"scopes": frozenset(row.scopes)})

    def keys(self, person: Person) -> Sequence[KeyRow]:
        with self.people.store.session() as session:
            mine = sa.select(KeyRow).where(KeyRow.person_id == person.id).order_by(KeyRow.created_at.desc())
            return session.scalars(mine).all()

    def revoke_key(self, person: Person, key_id: str) -> None:
        with self.people.store.session() as session:
            row = session.get(KeyRow, key_id)
            if row is None or row.person_id != person.id:
                raise NotFound("There is no key with this id.")
            session.delete(row)

    def _open_account(self, session: Session, person_id: str) -> Person | None:
        row = session.get_one(PersonRow, person_id)
        return None if row.disabled_at else self.people.person(session, row)
