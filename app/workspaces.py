"""The workspaces of an installation, and all there is in each: what a request, a link or a call may reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.audio_store import AudioStore
from app.audit import AuditLog
from app.call_intake import CallIntake
from app.connection_store import Connections
from app.fetching import Fetcher
from app.intake import Intake
from app.jobs import Jobs
from app.people import People
from app.playbook_store import Playbooks
from app.remote import Remotes
from app.schema import WorkspaceRow
from app.settings import Settings
from app.store import Store
from app.vault import Vault
from app.webhooks.post import sender_of
from app.webhooks.shelf import Webhooks
from app.workspace_removal import WorkspaceRemoval
from models.errors import AlreadyThere, InvalidRequest, NotFound
from models.person import LOCAL

OPERATOR: Final = LOCAL.model_copy(update={"name": "The operator"})


@dataclass(frozen=True)
class Workspace:
    """Everything here reads and writes through one store, which is confined to one workspace."""

    store: Store
    playbooks: Playbooks
    people: People
    intake: Intake
    remotes: Remotes
    connections: Connections
    calls: CallIntake
    webhooks: Webhooks


@dataclass(frozen=True)
class Workspaces:
    """`store` is that of the whole installation, as is whatever is not in a workspace."""

    settings: Settings
    store: Store
    audio: AudioStore
    jobs: Jobs
    vault: Vault

    @classmethod
    def of(cls, settings: Settings, engine: sa.Engine) -> "Workspaces":
        return cls(settings, Store(engine, None), AudioStore.of(settings), Jobs(engine), Vault(settings))

    @cached_property
    def people(self) -> People:
        """Everybody's accounts, for signing in."""
        return People(self.store)

    @property
    def connections(self) -> Connections:
        """All of them, for calling tools, which know no more than the connection's id."""
        return Connections(self.store, self.vault, Playbooks(self.store))

    def open(self, workspace_id: int) -> Workspace:
        store, fetcher = self.store.of(workspace_id), self._fetcher
        playbooks, people = Playbooks(store), People(store)
        intake = Intake(store, self.audio, self.jobs, playbooks, self.settings.max_queued)
        remotes = Remotes(intake, self.vault, fetcher, self.settings.fetch_retry_s)
        connections = Connections(store, self.vault, playbooks)
        calls = CallIntake(connections, remotes, people, self.settings.playbook)
        webhooks = Webhooks(store, self.vault, self._sender)
        return Workspace(store, playbooks, people, intake, remotes, connections, calls, webhooks)

    def all(self) -> Sequence[WorkspaceRow]:
        """The oldest first."""
        with self.store.session() as session:
            there = sa.select(WorkspaceRow).where(WorkspaceRow.deleted_at.is_(None))
            return session.scalars(there.order_by(WorkspaceRow.id)).all()

    def find(self, name: str) -> Workspace:
        for row in self.all():
            if row.name == name:
                return self.open(row.id)
        raise NotFound(f"There is no workspace “{name}”. There are: {', '.join(row.name for row in self.all())}.")

    def add(self, name: str, admin: str) -> str:
        """Make a workspace, and the secret end of the link by which its first admin joins.

        Not before there is any account: with the first one everybody has to sign in, also who sits at this machine.
        Raises AlreadyThere or InvalidRequest.
        """
        if not (name := " ".join(name.split())[:200]):
            raise InvalidRequest("Please give the workspace a name.")
        if not self.people.exist():
            raise InvalidRequest("Make your own account first: afterbeep people add you@example.com --role admin")
        if self.people.by_email(admin) is not None:
            raise AlreadyThere(f"There is an account with the address {admin} already; an address has one workspace.")
        row = WorkspaceRow(name=name, created_at=datetime.now(UTC))
        try:
            with self.store.session() as session:
                session.add(row)
        except IntegrityError as error:
            raise AlreadyThere(f"There is a workspace “{name}” already.") from error
        workspace = self.open(row.id)
        AuditLog(workspace.store).note(OPERATOR, "workspace.made", f"{name}, for {admin}")
        return workspace.people.invite(OPERATOR, "admin", None)

    @property
    def removal(self) -> WorkspaceRemoval:
        return WorkspaceRemoval(self.store, self.audio, self.jobs)

    @cached_property
    def _fetcher(self) -> Fetcher:
        return Fetcher.of(self.settings)

    @cached_property
    def _sender(self) -> Fetcher:
        return sender_of(self.settings)
