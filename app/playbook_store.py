"""The playbooks one can be judged by: those that come with the product, and every version a coach saved."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from analysis import playbooks
from app.schema import PlaybookRow
from app.store import Store
from models.errors import InvalidPlaybook, InvalidRequest, ShippedPlaybook, UnknownPlaybook
from models.playbook import Playbook
from models.report import PlaybookRef

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST_NAME = 80
ATTEMPTS_TO_SAVE = 10  # someone else may save a version at the same moment


@dataclass(frozen=True)
class Card:
    """A playbook in a list. One that this release can no longer read says so in `problem`, and stays in the list."""

    name: str
    version: int
    title: str
    summary: str
    shipped: bool
    problem: str | None = None


@dataclass(frozen=True)
class Playbooks:
    """One shelf over both kinds. What is shipped cannot be changed; what is stored gets a new version each time."""

    store: Store

    def names(self) -> tuple[str, ...]:
        """The shipped ones first, the default before all."""
        return tuple(card.name for card in self.cards())

    def load(self, name: str, version: int | None = None) -> Playbook:
        """The newest version, or the very one asked for. Raises UnknownPlaybook, or InvalidPlaybook if unreadable."""
        row = self.stored(name, version)
        if row is not None:
            return _parsed(row.text, row.name, row.version)
        if name not in playbooks.names():
            raise UnknownPlaybook(f"There is no playbook “{name}”. There are: {', '.join(self.names())}.")
        shipped = playbooks.load(name)
        if version not in (None, shipped.version):
            raise UnknownPlaybook(f"“{name}” comes as version {shipped.version}; version {version} is not kept.")
        return shipped

    def find(self, ref: PlaybookRef) -> Playbook | None:
        """The very version a report was made with; None if it is no longer at hand."""
        try:
            return self.load(ref.name, ref.version)
        except (UnknownPlaybook, InvalidPlaybook):
            return None

    def text(self, name: str, version: int | None = None) -> str:
        """The TOML of a playbook, as it was written."""
        row = self.stored(name, version)
        return row.text if row is not None else playbooks.shipped_text(self.load(name, version).name)

    def stored(self, name: str, version: int | None = None) -> PlaybookRow | None:
        """One version of what was saved under a name, or its newest."""
        query = _versions(name) if version is None else _versions(name).where(PlaybookRow.version == version)
        with self.store.session() as session:
            return session.scalar(query.limit(1))

    def versions(self, name: str) -> tuple[PlaybookRow, ...]:
        """What was saved under a name, the newest first; nothing for a shipped one."""
        with self.store.session() as session:
            return tuple(session.scalars(_versions(name)))

    def newest(self) -> dict[str, PlaybookRow]:
        """The newest version of each that was saved, by name."""
        versions = sa.select(PlaybookRow.name, sa.func.max(PlaybookRow.version).label("version"))
        newest = versions.group_by(PlaybookRow.name).subquery()
        is_newest = (PlaybookRow.name == newest.c.name) & (PlaybookRow.version == newest.c.version)
        with self.store.session() as session:
            rows = session.scalars(sa.select(PlaybookRow).join(newest, is_newest).order_by(PlaybookRow.name))
            return {row.name: row for row in rows}

    def add(self, row: PlaybookRow) -> None:
        """Raises IntegrityError if there is this version already."""
        with self.store.session() as session:
            session.add(row)

    def is_shipped(self, name: str) -> bool:
        return name in playbooks.names()

    def cards(self) -> tuple[Card, ...]:
        """The newest version of each, from one query: every page that offers a choice asks for them."""
        cards = {name: _card(playbooks.load(name)) for name in playbooks.names()}
        cards |= {name: _stored_card(row) for name, row in self.newest().items()}
        return tuple(cards.values())

    def titles(self) -> dict[str, str]:
        """What can be chosen, by name."""
        return {name: playbook.title for name, playbook in self.readable().items()}

    def readable(self) -> dict[str, Playbook]:
        """The newest version of each that this release can read, by name."""
        found = {name: playbooks.load(name) for name in playbooks.names()}
        for name, row in self.newest().items():
            found.pop(name, None)  # what is stored stands before what is shipped, readable or not
            with suppress(InvalidPlaybook):
                found[name] = _parsed(row.text, name, row.version)
        return found

    def next_version(self, name: str) -> int:
        return _after(self.stored(name))

    def save(self, name: str, text: str) -> Playbook:
        """Keep a text as the next version of a name, whatever name and version the text claims.

        The same text as the newest version's makes no new one. Raises InvalidPlaybook, ShippedPlaybook, InvalidRequest.
        """
        self.check_name(name)
        for _ in range(ATTEMPTS_TO_SAVE):
            newest = self.stored(name)
            if newest is not None and newest.text == text:
                return _parsed(text, name, newest.version)
            version = _after(newest)
            playbook = _parsed(text, name, version)
            row = PlaybookRow(name=name, version=version, text=text, created_at=datetime.now(UTC))
            try:
                self.add(row)
            except IntegrityError:
                continue
            return playbook
        raise InvalidRequest(f"“{name}” is being saved by many at once. Please save again.")

    def check_name(self, name: str) -> None:
        if self.is_shipped(name):
            raise ShippedPlaybook(f"“{name}” comes with Afterbeep and stays as it is. Save yours under another name.")
        if len(name) > LONGEST_NAME or not NAME.fullmatch(name):
            raise InvalidRequest(
                f"“{name[:LONGEST_NAME]}” cannot be a playbook’s name. "
                f"Use small letters, figures and single hyphens, at most {LONGEST_NAME}: our-cold-calls."
            )


def _versions(name: str) -> sa.Select[PlaybookRow]:
    return sa.select(PlaybookRow).where(PlaybookRow.name == name).order_by(PlaybookRow.version.desc())


def _card(playbook: Playbook) -> Card:
    shipped = playbook.name in playbooks.names()
    return Card(playbook.name, playbook.version, playbook.title, playbook.summary, shipped)


def _stored_card(row: PlaybookRow) -> Card:
    try:
        return _card(_parsed(row.text, row.name, row.version))
    except InvalidPlaybook as error:
        shipped = row.name in playbooks.names()
        return Card(row.name, row.version, title=row.name, summary="", shipped=shipped, problem=str(error))


def _after(newest: PlaybookRow | None) -> int:
    return 1 if newest is None else newest.version + 1


@lru_cache(maxsize=64)
def _parsed(text: str, name: str, version: int) -> Playbook:
    return playbooks.parse(text, name, given={"name": name, "version": version})
