"""Recordings that are still elsewhere: their row and the job that fetches them, stored together."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.fetching import Fetcher, Order, name_of
from app.intake import Intake, base_name
from app.jobs import Lane
from app.schema import FetchRow, RecordingRow
from app.vault import Vault
from models.recording import CallContext


@dataclass(frozen=True)
class RemoteArrival:
    """`link` is an address, or with a connection whatever its tool calls the recording."""

    link: str
    filename: str
    playbook: str
    context: CallContext = field(default_factory=CallContext)
    connection_id: str | None = None
    lives_s: float | None = None  # how long the link is good for, where that is known
    owner_id: str | None = None  # whose message it is
    idempotency_key: str | None = None
    lane: Lane = Lane.SOON


@dataclass(frozen=True)
class Remotes:
    intake: Intake
    vault: Vault
    fetcher: Fetcher
    retry_s: float

    def receive(self, arrival: RemoteArrival) -> RecordingRow:
        """Store the row and the job that fetches: once this returns, nothing can be lost.

        Raises FetchRefused, UnknownPlaybook or InvalidPlaybook, or IdempotencyKeyReused.
        """
        self.fetcher.check(Order(arrival.link))
        self.intake.playbooks.load(arrival.playbook)
        digest = _digest(arrival)
        if known := self.intake.known(arrival.idempotency_key, digest):
            return known
        try:
            with self.intake.store.session() as session:
                return self.add(session, arrival)
        except IntegrityError:  # the same key came twice at once, and the other was first
            known = self.intake.known(arrival.idempotency_key, digest)
            if known is None:
                raise
            return known

    def add(self, session: Session, arrival: RemoteArrival) -> RecordingRow:
        """The same within the caller's transaction; address and playbook are the caller's to check. Raises Busy."""
        self.intake.make_room()
        now = datetime.now(UTC)
        row = RecordingRow(
            id=uuid4().hex,
            created_at=now,
            status="queued",
            stage="fetching",
            lane=arrival.lane,
            demo=False,
            owner_id=arrival.owner_id,
            filename=base_name(arrival.filename),
            size_bytes=0,
            sha256="",
            context=arrival.context,
            playbook=arrival.playbook,
            idempotency_key=arrival.idempotency_key,
            request_digest=_digest(arrival),
        )
        lives_s = self.retry_s if arrival.lives_s is None else min(self.retry_s, arrival.lives_s)
        session.add(row)
        session.flush()
        session.add(
            FetchRow(
                recording_id=row.id,
                connection_id=arrival.connection_id,
                link=self.vault.seal(arrival.link),
                urgent=arrival.lane == Lane.URGENT,
                attempt=0,
                give_up_at=now + timedelta(seconds=lives_s),
            )
        )
        self.intake.jobs.enqueue_fetch(session, row, attempt=0)
        return row


def filename_of(link: str) -> str:
    return base_name(name_of(link))


def _digest(arrival: RemoteArrival) -> str:
    parts = (arrival.link, arrival.filename, arrival.playbook, arrival.context.model_dump_json())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
