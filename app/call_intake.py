"""What a tool tells us: verified, read, judged, and kept with the recording and its job, or with the reason."""

import json
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.connection_store import Connections
from app.fetching import Order
from app.integrations import BY_NAME
from app.integrations.base import Ask, CallEvent, Deleted, Delivery, Dropped, Integration, Read, Reply, Wanted
from app.people import People
from app.remote import RemoteArrival, Remotes
from app.schema import CallEventRow, ConnectionRow, FetchRow
from models.errors import AfterbeepError, FetchRefused, NotFound, OnHold
from models.person import Person
from models.recording import CallContext

log = logging.getLogger(__name__)

TEST_CALL = "test"
WHERE = "choose “only voicemails” if this tool sends nothing else"


@dataclass(frozen=True)
class CallIntake:
    connections: Connections
    remotes: Remotes
    people: People
    default_playbook: str

    def receive(self, connection: ConnectionRow, delivery: Delivery) -> Reply:
        """Once this returns, nothing can be lost. Raises EventRefused or InvalidEvent, and keeps nothing."""
        try:
            read = self._read(connection, delivery)
        except AfterbeepError as error:
            log.info("an event was refused", extra={"connection": connection.id, "code": error.code})
            raise
        if isinstance(read, Reply):
            return read
        outcomes = [self._settle(connection, one) for one in read]
        counted = {outcome: outcomes.count(outcome) for outcome in ("taken", "dropped", "known", "deleted")}
        return Reply(json.dumps(counted).encode(), {"content-type": "application/json"})

    def try_out(self, connection: ConnectionRow, url: str) -> str:
        """The integration's example, signed by us, taken as far as the decision; what came of it, as a sentence."""
        integration, secrets = BY_NAME[connection.integration], self.connections.secrets(connection)
        sample = integration.sample(url, secrets)
        if sample is None:
            integration.read(Delivery(url, {}, json.dumps(integration.example).encode()), secrets)
            found = f"The key can be used. Only {integration.title} can sign with it: send a test from there."
        else:
            read = self._read(connection, sample)
            one = read[0] if isinstance(read, tuple) else None
            reason = one.reason if isinstance(one, Dropped) else why_not(connection, one) if one else None
            found = f"Signed, verified and read. A call like it would be {f'dropped: {reason}' if reason else 'taken'}."
        with self.connections.store.session() as session:
            _write(session, _of_call(session, connection, TEST_CALL), "test", found)
        return found

    def _read(self, connection: ConnectionRow, delivery: Delivery) -> Read:
        integration, secrets = BY_NAME[connection.integration], self.connections.secrets(connection)
        integration.verify(delivery, secrets)
        return integration.read(delivery, secrets)

    def _settle(self, connection: ConnectionRow, one: CallEvent | Dropped | Deleted) -> str:
        if isinstance(one, Deleted):
            return self._delete(connection, one)
        reason = one.reason if isinstance(one, Dropped) else why_not(connection, one)
        if reason is not None:
            log.info("a call was dropped", extra={"connection": connection.id})
            if one.call_id is None:
                return "dropped"
        try:
            return self._keep(connection, one, reason)
        except IntegrityError:  # the same call was told twice at once, and the other was first
            return self._keep(connection, one, reason)

    def _keep(self, connection: ConnectionRow, one: CallEvent | Dropped, reason: str | None) -> str:
        """The event's row comes first: who writes it has the call, and nobody else makes a recording of it."""
        assert one.call_id is not None
        arrival = self._arrival(connection, one) if reason is None and isinstance(one, CallEvent) else None
        outcome = "dropped" if arrival is None else "taken"
        with self.connections.store.session() as session:
            row = _claim(session, connection, one.call_id, outcome, reason)
            if row is None:
                return "known"
            if arrival is not None:
                row.recording_id = self.remotes.add(session, arrival).id
        return outcome

    def _arrival(self, connection: ConnectionRow, call: CallEvent) -> RemoteArrival:
        rep = connection.agents.get(call.agent_id or "") or connection.agents.get(call.agent_name or "")
        owner = self.people.by_email(rep or call.agent_id or "")
        return RemoteArrival(
            link=json.dumps({"call_id": call.call_id, "recording": call.recording}),
            filename=f"{connection.integration}-{call.call_id}",
            playbook=connection.playbook or self.default_playbook,
            context=CallContext(
                rep=owner.name if owner else rep or call.agent_name,
                prospect=call.prospect,
                agent_channel=connection.agent_channel,
            ),
            owner_id=owner.id if owner else None,
            connection_id=connection.id,
            lives_s=BY_NAME[connection.integration].link_lives_s,
        )

    def _delete(self, connection: ConnectionRow, deleted: Deleted) -> str:
        """Also a recording that is only told of later: its call is known from now on, as deleted."""
        with self.connections.store.session() as session:
            row = _of_call(session, connection, deleted.call_id)
            recording_id = row.recording_id
            _write(session, row, "deleted", "deleted in the tool")
        if recording_id is not None:
            with suppress(OnHold):  # the tool has it no more, and is told nothing; here it stays
                self.remotes.intake.remove(recording_id, Person(id=connection.id, name=connection.name, role="admin"))
        return "deleted"


def why_not(connection: ConnectionRow, call: CallEvent | Deleted) -> str | None:
    """Only outbound calls that ended in a voicemail; what is not said counts as no, unless a person said otherwise."""
    if isinstance(call, Deleted):
        return None
    if connection.paused:
        return "the connection is paused"
    if call.direction == "inbound":
        return "inbound"
    if call.outcome == "other":
        return "it did not end in a voicemail"
    if connection.only_voicemails:
        return None
    if call.direction is None:
        return f"the tool does not say which way the call went; {WHERE}"
    if call.outcome is None:
        return f"the tool does not say that it ended in a voicemail; {WHERE}"
    return None


def order_of(connections: Connections, fetch: FetchRow, link: str, ask: Ask) -> Order:
    """What a stored link stands for: an address, or what a connection's tool has to be asked for. Raises FetchError."""
    try:
        told = json.loads(link)
    except ValueError:
        return Order(link)
    try:
        connection = connections.get(fetch.connection_id or "")
    except NotFound as error:
        raise FetchRefused("The connection this call came from has been deleted.") from error
    integration: Integration = BY_NAME[connection.integration]
    secrets = connections.secrets(connection)
    return integration.order(Wanted(**told), secrets, tuple(connection.hosts), ask)


def _claim(
    session: Session, connection: ConnectionRow, call_id: str, outcome: str, reason: str | None
) -> CallEventRow | None:
    """The row of a new call, or of one that was dropped before; None if it is settled.

    Writes before it reads, so that two who are told of one call wait for each other. Raises IntegrityError if the other
    was first.
    """
    of_call = (CallEventRow.connection_id == connection.id, CallEventRow.call_id == call_id)
    again = sa.update(CallEventRow).where(*of_call, CallEventRow.outcome == "dropped")
    told = again.values(outcome=outcome, reason=reason, received_at=datetime.now(UTC))
    row = session.scalar(told.returning(CallEventRow))
    if row is not None or session.scalar(sa.select(CallEventRow.id).where(*of_call)) is not None:
        return row
    return _write(session, CallEventRow(connection_id=connection.id, call_id=call_id), outcome, reason)


def _write(session: Session, row: CallEventRow, outcome: str, reason: str | None) -> CallEventRow:
    row.outcome, row.reason, row.received_at = outcome, reason, datetime.now(UTC)
    session.add(row)
    session.flush()
    return row


def _of_call(session: Session, connection: ConnectionRow, call_id: str) -> CallEventRow:
    known = sa.select(CallEventRow).where(CallEventRow.connection_id == connection.id, CallEventRow.call_id == call_id)
    return session.scalar(known) or CallEventRow(connection_id=connection.id, call_id=call_id)
