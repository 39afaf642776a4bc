"""Dialpad: call events whose whole body is a JWT signed with the webhook's secret."""

from collections.abc import Mapping
from typing import Any, ClassVar

import jwt

from app.fetching import Order
from app.integrations.base import (
    Ask,
    Delivery,
    Dropped,
    Integration,
    Read,
    Secrets,
    Setting,
    Wanted,
    dig,
    event,
    outcome_of,
    refuse,
    text_of,
    under,
)


class Dialpad(Integration):
    name = "dialpad"
    title = "Dialpad"
    settings = (
        Setting("secret", "Webhook secret", "The one the webhook was made with; without a secret nothing is signed."),
        Setting("api_key", "API key", "With the scope recordings_export, to fetch recordings."),
    )
    hosts = ("dialpad.com", "*.dialpad.com", "storage.googleapis.com")
    setup = (
        "Make a webhook by the API (POST /api/v2/webhooks) with the address of the connection and a secret.",
        "Subscribe it to call events (POST /api/v2/subscriptions/call) with the states recording and hangup, and the "
        "scope recordings_export.",
        "Have reps choose a disposition or label with “voicemail” in it.",
    )
    known_from = "direction is outbound and a label or disposition has “voicemail” in it."
    unsure = "The fields of labels and dispositions, and the hosts of recordings: choose “only voicemails” if needed."
    example: ClassVar[Mapping[str, Any]] = {
        "call_id": 5010000000000001,
        "state": "recording",
        "direction": "outbound",
        "external_number": "+16155550142",
        "internal_number": "+12125550100",
        "date_started": 1772463845000,
        "date_ended": 1772463890000,
        "target": {"id": 7, "type": "user", "name": "Tyler Reed", "email": "tyler@example.com"},
        "was_recorded": True,
        "recording_url": ["https://dialpad.com/r/5010000000000001"],
        "labels": ["Left voicemail"],
        "event_timestamp": 1772463891000,
    }

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        self._told(delivery, secrets)

    def read(self, delivery: Delivery, secrets: Secrets) -> Read:
        told = self._told(delivery, secrets)
        call_id, state = text_of(told.get("call_id")), text_of(told.get("state")) or "nothing"
        if state.startswith("voicemail"):
            return (Dropped("a voicemail left for us, not by us", call_id),)
        link = told.get("recording_url") or dig(told, "recording_details", 0, "url")
        return (
            event(
                call_id=call_id,
                recording=dig(link, 0) if isinstance(link, list) else link,
                direction=told.get("direction"),
                outcome=outcome_of(told.get("labels"), told.get("call_dispositions"), told.get("disposition")),
                agent_id=dig(told, "target", "id"),
                agent_name=dig(told, "target", "name"),
                prospect=dig(told, "contact", "name") or told.get("external_number"),
            ),
        )

    def order(self, wanted: Wanted, secrets: Secrets, hosts: tuple[str, ...], ask: Ask) -> Order:
        headers = {"Authorization": f"Bearer {secrets['api_key']}"} if under(wanted.recording, "dialpad.com") else {}
        return Order(wanted.recording, headers, hosts)

    def sample(self, url: str, secrets: Secrets) -> Delivery:
        return Delivery(url, {}, jwt.encode(dict(self.example), secrets["secret"], algorithm="HS256").encode())

    def _told(self, delivery: Delivery, secrets: Secrets) -> dict[str, Any]:
        try:
            told: dict[str, Any] = jwt.decode(delivery.body.strip(), secrets["secret"], algorithms=["HS256"])
        except jwt.PyJWTError as error:
            raise refuse("its body is not a JWT signed with the secret") from error
        return told
