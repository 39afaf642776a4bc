"""Delivers what waits, again and again until it arrives or the last attempt has failed.

The table of deliveries is the queue: a message is in it from the transaction of its change on. Whoever sends one claims
it for a while; if they die, it is due again, under the same id.
"""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from standardwebhooks import Webhook

from app.fetching import Fetcher
from app.logs import about
from app.metrics import WEBHOOK_ATTEMPTS
from app.schema import DeliveryRow, RecordingRow, WebhookRow
from app.settings import Settings
from app.store import Store
from app.tracing import following, span
from app.vault import Vault
from app.webhooks.events import TEST, with_base
from app.webhooks.post import TOTAL_S, post, sender_of
from app.webhooks.renderers import BY_NAME
from models.errors import SecretUnreadable

log = logging.getLogger(__name__)

Outcome = Literal["delivered", "again_later", "given_up", "gone"]

#: Seconds before each attempt.
AFTER_S = (0, 30, 120, 600, 3600, 6 * 3600, 24 * 3600)
PAUSED_AFTER = 5  # messages in a row of which every attempt failed
GONE = 410
CLAIM = timedelta(seconds=2 * TOTAL_S + 10)
KEPT = timedelta(days=30)
AT_ONCE = 4
POLLING_S = 0.5


@dataclass(frozen=True)
class Postman:
    store: Store
    vault: Vault
    sender: Fetcher
    base: str | None = None  # the service's public address
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @classmethod
    def of(cls, settings: Settings, store: Store) -> "Postman":
        return cls(store.everywhere(), Vault(settings), sender_of(settings), settings.public_url)

    def walk(self, stop: threading.Event) -> None:
        """Deliver until stopped."""
        while not stop.is_set():
            try:
                rest = not self.deliver_next()
            except Exception:
                log.exception("a webhook could not be delivered")
                rest = True
            if rest:
                stop.wait(POLLING_S)

    def deliver_next(self) -> bool:
        """Whether there was anything due."""
        delivery_id = self._claim()
        if delivery_id is not None:
            self.send(delivery_id)
        return delivery_id is not None

    def send(self, delivery_id: str) -> None:
        """One attempt, and what follows from it."""
        with self.store.session() as session:
            delivery = session.get(DeliveryRow, delivery_id)
            webhook = session.get(WebhookRow, delivery.webhook_id) if delivery else None
            recording = session.get(RecordingRow, delivery.payload["data"]["id"]) if delivery else None
        if delivery is None or webhook is None:
            return
        known = (recording.traceparent, recording.id) if recording else (None, None)
        with following(known[0]), about(known[1]):
            self._send(delivery, webhook)

    def _send(self, delivery: DeliveryRow, webhook: WebhookRow) -> None:
        with span("webhook", "client", event=delivery.event, attempt=delivery.attempts) as made:
            status, problem = self._attempt(delivery, webhook)
            if made is not None:
                made.set_attribute("afterbeep.delivered", problem is None)
        with self.store.session() as session:
            kept, receiver = session.get(DeliveryRow, delivery.id), session.get(WebhookRow, webhook.id)
            if kept is None or receiver is None:
                return  # deleted meanwhile
            kept.last_status, kept.last_problem, kept.claimed_until = status, problem, None
            outcome = self._conclude(kept, receiver)
        WEBHOOK_ATTEMPTS.labels(outcome).inc()
        known = {"webhook": webhook.id, "attempt": delivery.attempts, "status": status}
        log.info("a webhook's message: %s", outcome, extra=known)

    def sweep(self) -> None:
        """Forget what was delivered or given up long ago."""
        with self.store.session() as session:
            old = (DeliveryRow.created_at < self.now() - KEPT) & DeliveryRow.next_attempt_at.is_(None)
            session.execute(sa.delete(DeliveryRow).where(old))

    def _attempt(self, delivery: DeliveryRow, webhook: WebhookRow) -> tuple[int | None, str | None]:
        body = json.dumps(BY_NAME[webhook.renderer].render(with_base(delivery.payload, self.base))).encode()
        try:
            return post(self.sender, self.vault.open(webhook.url), self._headers(delivery, webhook, body), body)
        except SecretUnreadable as error:
            return None, str(error)

    def _conclude(self, delivery: DeliveryRow, webhook: WebhookRow) -> Outcome:
        now = self.now()
        if delivery.last_problem is None:
            delivery.delivered_at, delivery.next_attempt_at, webhook.failures = now, None, 0
            return "delivered"
        if delivery.event == TEST:
            delivery.next_attempt_at = None
            return "given_up"
        if delivery.last_status == GONE:
            delivery.next_attempt_at = now  # kept for when somebody lets it go on
            _pause(webhook, now, "The receiver answered 410 Gone: it wants no more messages.")
            return "gone"
        if delivery.attempts < len(AFTER_S):
            delivery.next_attempt_at = now + timedelta(seconds=AFTER_S[delivery.attempts])
            return "again_later"
        delivery.next_attempt_at = None
        webhook.failures += 1
        if webhook.failures >= PAUSED_AFTER:
            problem = delivery.last_problem
            _pause(webhook, now, f"{PAUSED_AFTER} messages in a row could not be delivered. The last: {problem}")
        return "given_up"

    def _claim(self) -> str | None:
        """A message that is due, for this one to send; of each receiver one at a time: a slow one holds up itself."""
        now = self.now()
        other = aliased(DeliveryRow)
        busy = sa.select(other.webhook_id).where(other.claimed_until > now)
        free = DeliveryRow.claimed_until.is_(None) | (DeliveryRow.claimed_until <= now)
        due = (
            sa.select(DeliveryRow.id)
            .join(WebhookRow)
            .where(DeliveryRow.next_attempt_at <= now, free, WebhookRow.paused_at.is_(None))
            .where(DeliveryRow.webhook_id.not_in(busy))
            .order_by(DeliveryRow.next_attempt_at, DeliveryRow.created_at)
            .limit(1)
        )
        with self.store.session() as session:
            delivery_id = session.scalar(due)
        if delivery_id is None:
            return None
        claimed = (
            sa.update(DeliveryRow)
            .where(DeliveryRow.id == delivery_id, DeliveryRow.next_attempt_at <= now, free)
            .values(claimed_until=now + CLAIM, attempts=DeliveryRow.attempts + 1)
            .returning(DeliveryRow.id)
        )
        with self.store.session() as session:
            mine: str | None = session.scalar(claimed)
        return mine

    def _headers(self, delivery: DeliveryRow, webhook: WebhookRow, body: bytes) -> dict[str, str]:
        now, sealed = self.now(), [webhook.secret]
        if webhook.previous_secret and webhook.previous_until and now < webhook.previous_until:
            sealed.append(webhook.previous_secret)
        signers = (Webhook(self.vault.open(one)) for one in sealed)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(one.sign(delivery.id, now, body.decode()) for one in signers),
        }
        if webhook.authorization:
            headers["Authorization"] = self.vault.open(webhook.authorization)
        return headers


def _pause(webhook: WebhookRow, now: datetime, because: str) -> None:
    webhook.paused_at, webhook.paused_because = now, because


def start_postmen(postman: Postman, stop: threading.Event) -> None:
    """The worker's threads that deliver; they end with the process, and what they were at is due again."""
    postman.sweep()
    for _ in range(AT_ONCE):
        threading.Thread(target=postman.walk, args=(stop,), daemon=True).start()
