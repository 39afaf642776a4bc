"""Any tool or script that signs by the Standard Webhooks specification."""

import base64
import binascii
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from standardwebhooks import Webhook, WebhookVerificationError

from app.fetching import Order
from app.integrations.base import Ask, Delivery, Integration, Read, Secrets, Setting, Wanted, event, json_body, refuse


class Generic(Integration):
    name = "generic"
    title = "Standard Webhooks"
    settings = (
        Setting(
            "secret", "Signing secret", "whsec_ and at least 24 random bytes in base64; both sides have the same one."
        ),
        Setting(
            "authorization",
            "Authorization header for recordings",
            "Such as “Bearer …”. Sent only to the hosts named below, so name them.",
            required=False,
        ),
    )
    setup = (
        "Send a POST with JSON to the address of the connection when a recording is ready.",
        "Put the fields of the example into the body, or into its “data”. call_id and recording_url are needed.",
        "Sign it with webhook-id, webhook-timestamp and webhook-signature; standardwebhooks.com has libraries.",
    )
    known_from = "direction is outbound and outcome is voicemail."
    example: ClassVar[Mapping[str, Any]] = {
        "type": "call.recorded",
        "data": {
            "call_id": "c-4711",
            "recording_url": "https://media.example.com/c-4711.mp3",
            "direction": "outbound",
            "outcome": "voicemail",
            "agent_id": "u-7",
            "prospect": "+16155550142",
        },
    }

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        try:
            Webhook(secrets["secret"]).verify(delivery.body, dict(delivery.headers), json_parse=False)
        except WebhookVerificationError as error:
            raise refuse(str(error).lower()) from error
        except (ValueError, binascii.Error) as error:  # a header that is none
            raise refuse("its signature cannot be read") from error

    def read(self, delivery: Delivery, secrets: Secrets) -> Read:
        sent = delivery.json()
        told = sent["data"] if isinstance(sent.get("data"), dict) else sent
        outcome = told.get("outcome")
        return (
            event(
                call_id=told.get("call_id"),
                recording=told.get("recording_url"),
                direction=told.get("direction"),
                outcome="voicemail" if outcome == "voicemail" else "other" if outcome else None,
                agent_id=told.get("agent_id"),
                agent_name=told.get("agent_name"),
                prospect=told.get("prospect"),
            ),
        )

    def order(self, wanted: Wanted, secrets: Secrets, hosts: tuple[str, ...], ask: Ask) -> Order:
        authorization = secrets.get("authorization")
        headers = {"Authorization": authorization} if authorization and hosts else {}
        return Order(wanted.recording, headers, hosts)

    def check(self, secrets: Secrets) -> str | None:
        try:
            key = base64.b64decode(secrets["secret"].removeprefix("whsec_") + "==", validate=False)
        except binascii.Error:
            key = b""
        return None if len(key) >= 24 else "The signing secret has to be whsec_ and at least 24 bytes in base64."

    def sample(self, url: str, secrets: Secrets) -> Delivery:
        body, now = json_body(self.example), time.time()
        # The library takes the time as if it were UTC without saying so.
        signature = Webhook(secrets["secret"]).sign("msg_test", datetime.fromtimestamp(now, UTC), body.decode())
        headers = {"webhook-id": "msg_test", "webhook-timestamp": str(int(now)), "webhook-signature": signature}
        return Delivery(url, headers, body)
