"""Whom we tell, as stored: made, rotated, paused, tried, and what became of each message."""

import base64
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.fetching import Fetcher
from app.schema import DeliveryRow, WebhookRow
from app.store import Store
from app.vault import Vault
from app.webhooks.events import EVENTS, message, trial_payload
from app.webhooks.post import check
from app.webhooks.renderers import BY_NAME
from models.errors import InvalidRequest, NotFound

BOTH_SIGN_FOR = timedelta(hours=24)
DELIVERIES_SHOWN = 50


@dataclass(frozen=True)
class Webhooks:
    store: Store
    vault: Vault
    sender: Fetcher

    def all(self) -> Sequence[WebhookRow]:
        with self.store.session() as session:
            return session.scalars(sa.select(WebhookRow).order_by(WebhookRow.created_at, WebhookRow.id)).all()

    def get(self, webhook_id: str) -> WebhookRow:
        with self._changing(webhook_id) as (_, row):
            return row

    def url(self, row: WebhookRow) -> str:
        return self.vault.open(row.url)

    def add(
        self, by: str, url: str, events: Collection[str], renderer: str, authorization: str | None = None
    ) -> tuple[WebhookRow, str]:
        """The webhook, and its secret, which is shown this once. Raises InvalidRequest."""
        check(self.sender, url)
        if not events or not set(events) <= set(EVENTS):
            raise InvalidRequest(f"Choose at least one of the events {', '.join(EVENTS)}.")
        if renderer not in BY_NAME:
            raise InvalidRequest(f"A renderer is one of {', '.join(BY_NAME)}.")
        if authorization and not (authorization.isascii() and authorization.isprintable()):
            raise InvalidRequest("An Authorization header holds plain characters on one line.")
        secret = new_secret()
        row = WebhookRow(
            id=uuid4().hex,
            url=self.vault.seal(url),
            secret=self.vault.seal(secret),
            authorization=self.vault.seal(authorization) if authorization else None,
            events=[event for event in EVENTS if event in events],
            renderer=renderer,
            created_at=datetime.now(UTC),
            created_by=by,
            failures=0,
        )
        with self.store.session() as session:
            session.add(row)
        return row, secret

    def rotate(self, webhook_id: str) -> tuple[WebhookRow, str]:
        """A new secret. Messages are signed by the old one too for a day, so that receivers can change over."""
        secret = new_secret()
        with self._changing(webhook_id) as (_, row):
            row.previous_secret, row.previous_until = row.secret, datetime.now(UTC) + BOTH_SIGN_FOR
            row.secret = self.vault.seal(secret)
        return row, secret

    def pause(self, webhook_id: str, *, paused: bool) -> WebhookRow:
        """What is told meanwhile waits, and is sent when it goes on."""
        with self._changing(webhook_id) as (_, row):
            row.failures = 0
            row.paused_at = datetime.now(UTC) if paused else None
            row.paused_because = "Paused by an administrator." if paused else None
        return row

    def delete(self, webhook_id: str) -> None:
        with self._changing(webhook_id) as (session, row):
            session.delete(row)

    # Messages

    def deliveries(self, webhook_id: str, before: str | None = None) -> Sequence[DeliveryRow]:
        """The newest first, older than the message `before`."""
        query = sa.select(DeliveryRow).where(DeliveryRow.webhook_id == webhook_id)
        with self._changing(webhook_id) as (session, _):
            if before is not None:
                last = _message(session, webhook_id, before)
                query = query.where(sa.tuple_(DeliveryRow.created_at, DeliveryRow.id) < (last.created_at, last.id))
            newest = query.order_by(DeliveryRow.created_at.desc(), DeliveryRow.id.desc())
            return session.scalars(newest.limit(DELIVERIES_SHOWN)).all()

    def delivery(self, webhook_id: str, delivery_id: str) -> DeliveryRow:
        with self.store.session() as session:
            return _message(session, webhook_id, delivery_id)

    def replay(self, webhook_id: str, delivery_id: str) -> DeliveryRow:
        """Send a message once more, with all its attempts; its id stays, by which the receiver knows it again."""
        with self.store.session() as session:
            row = _message(session, webhook_id, delivery_id)
            row.attempts, row.delivered_at, row.next_attempt_at = 0, None, datetime.now(UTC)
            return row

    def add_test(self, webhook_id: str) -> DeliveryRow:
        """A message that is not in the queue: the caller sends it, once."""
        now = datetime.now(UTC)
        with self._changing(webhook_id) as (session, row):
            sent = message(row.id, trial_payload(now), now)
            sent.next_attempt_at = None
            session.add(sent)
        return sent

    @contextmanager
    def _changing(self, webhook_id: str) -> Iterator[tuple[Session, WebhookRow]]:
        with self.store.session() as session:
            row = session.get(WebhookRow, webhook_id)
            if row is None:
                raise NotFound("There is no webhook with this id. It may have been deleted.")
            yield session, row


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _message(session: Session, webhook_id: str, delivery_id: str) -> DeliveryRow:
    row = session.get(DeliveryRow, delivery_id)
    if row is None or row.webhook_id != webhook_id:
        raise NotFound("There is no message with this id.")
    return row
