"""Vonage Voice: the record action's event, with a signed JWT that holds the body's hash."""

import time
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import uuid4

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
    bearer,
    check_time,
    event,
    json_body,
    refuse,
    same,
    sha256,
    text_of,
)
from models.errors import EventUnsigned, FetchFailed

TOKEN_LIVES_S = 900


class Vonage(Integration):
    name = "vonage"
    title = "Vonage"
    settings = (
        Setting("signature_secret", "Signature secret", "In the dashboard under API settings."),
        Setting("application_id", "Application ID", secret=False),
        Setting(
            "private_key",
            "Private key of the application",
            "The whole PEM; recordings are fetched with it.",
            lines=True,
        ),
    )
    hosts = ("*.nexmo.com", "*.vonage.com")
    setup = (
        "In the dashboard turn on signed webhooks for the Voice application.",
        "Set the address of the connection as eventUrl of the record action, method POST.",
        "Vonage does not say which way the call went or how it ended: record voicemails alone, and choose "
        "“only voicemails”.",
    )
    known_from = "nothing in the event, so only with “only voicemails”."
    unsure = "The hosts of recordings in every region: the list of hosts can be changed."
    example: ClassVar[Mapping[str, Any]] = {
        "start_time": "2026-03-02T15:04:05Z",
        "end_time": "2026-03-02T15:04:50Z",
        "recording_url": "https://api.nexmo.com/v1/files/bbbbbbbb-aaaa-cccc-dddd-0123456789ab",
        "size": 91233,
        "recording_uuid": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
        "conversation_uuid": "CON-aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
        "timestamp": "2026-03-02T15:04:51Z",
    }

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        token = bearer(delivery)
        if not token:
            raise EventUnsigned("Vonage leaves the signature out now and then. Please send the event again.")
        try:
            claims = jwt.decode(
                token,
                secrets["signature_secret"],
                algorithms=["HS256"],
                options={"require": ["iat", "payload_hash"], "verify_aud": False},
            )
        except jwt.PyJWTError as error:
            raise refuse("its JWT is not signed with the signature secret") from error
        if not same(sha256(delivery.body), text_of(claims["payload_hash"])):
            raise refuse("the body is not the one that was signed")
        if claims.get("application_id") not in (None, secrets["application_id"]):
            raise refuse("it belongs to another application")
        check_time(claims["iat"])

    def read(self, delivery: Delivery, secrets: Secrets) -> Read:
        told = delivery.json()
        if "recording_url" not in told:
            return (Dropped("no recording: an event of the call itself", text_of(told.get("conversation_uuid"))),)
        return (
            event(
                call_id=told.get("conversation_uuid") or told.get("recording_uuid"),
                recording=told.get("recording_url"),
            ),
        )

    def order(self, wanted: Wanted, secrets: Secrets, hosts: tuple[str, ...], ask: Ask) -> Order:
        now_s = int(time.time())
        claims = {"application_id": secrets["application_id"], "iat": now_s, "exp": now_s + TOKEN_LIVES_S}
        try:
            token = jwt.encode({**claims, "jti": uuid4().hex}, secrets["private_key"], algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise FetchFailed("The private key of the connection cannot be used.") from error
        return Order(wanted.recording, {"Authorization": f"Bearer {token}"}, hosts or self.hosts)

    def check(self, secrets: Secrets) -> str | None:
        try:
            jwt.encode({}, secrets["private_key"], algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            return "The private key has to be the PEM of an RSA key, from “BEGIN” to “END”."
        return None

    def sample(self, url: str, secrets: Secrets) -> Delivery:
        body = json_body(self.example)
        claims = {"iat": int(time.time()), "payload_hash": sha256(body), "application_id": secrets["application_id"]}
        token = jwt.encode(claims, secrets["signature_secret"], algorithm="HS256")
        return Delivery(url, {"authorization": f"Bearer {token}"}, body)
