"""What is told, and writing it down in the transaction of the change itself, so that neither is without the other."""

from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.schema import DeliveryRow, PersonRow, RecordingRow, WebhookRow

Event = Literal["report.ready", "report.failed", "review.changed", "recording.deleted"]

#: Every event, and when it is told.
EVENTS: Final[dict[Event, str]] = {
    "report.ready": "A recording has its report, for the first time or again.",
    "report.failed": "A recording could not be fetched or analysed.",
    "review.changed": "Somebody judged, appealed, commented on or corrected a report.",
    "recording.deleted": "A recording and its report are gone.",
}
TEST: Final = "webhook.test"


def tell(session: Session, event: Event, row: RecordingRow | None) -> None:
    """One message for everyone who asked for such events; samples are nobody's, so nothing is told of them."""
    if row is None or row.demo:
        return
    asked = [one for one in session.scalars(sa.select(WebhookRow)) if event in one.events]
    if asked:
        owner = session.get(PersonRow, row.owner_id) if row.owner_id else None
        now = datetime.now(UTC)
        payload = payload_of(event, row, owner.email if owner else None, now)
        session.add_all(message(webhook.id, payload, now) for webhook in asked)


def message(webhook_id: str, payload: dict[str, Any], now: datetime) -> DeliveryRow:
    return DeliveryRow(
        id=f"msg_{uuid4().hex}",
        webhook_id=webhook_id,
        event=payload["type"],
        payload=payload,
        created_at=now,
        attempts=0,
        next_attempt_at=now,
    )


def payload_of(event: Event, row: RecordingRow, owner: str | None, now: datetime) -> dict[str, Any]:
    """Small: what it is and where to find the rest. Of what is deleted, no more than that it is."""
    gone = event == "recording.deleted"
    page, api = f"/voicemails/{row.id}", f"/v1/voicemails/{row.id}"
    data = {
        "id": row.id,
        "links": {} if gone else {"self": api, "report": f"{api}/report", "page": page},
        "status": "deleted" if gone else row.status,
        "score": None if gone else row.score,
        "flags": None if gone else row.flags,
        "top_flag": None if gone else row.top_flag,
        "owner": owner,
    }
    return _envelope(event, now, data)


def trial_payload(now: datetime) -> dict[str, Any]:
    """Like the others, of no recording."""
    data = {"id": "test", "links": {}, "status": "done", "score": 82, "flags": 1, "top_flag": "Just checking in"}
    return _envelope(TEST, now, {**data, "owner": None})


def _envelope(kind: str, now: datetime, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "timestamp": now.isoformat(timespec="seconds").replace("+00:00", "Z"), "data": data}


def with_base(payload: dict[str, Any], base: str | None) -> dict[str, Any]:
    """Links as others reach them, where that address is set."""
    if base is None:
        return payload
    links = {name: base.rstrip("/") + path for name, path in payload["data"]["links"].items()}
    return {**payload, "data": {**payload["data"], "links": links}}
