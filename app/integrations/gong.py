"""Gong: an automation rule's webhook, known by a key in its address or by a JWT signed with the rule's key."""

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
    basic,
    bearer,
    dig,
    event,
    json_body,
    outcome_of,
    refuse,
    same,
    sha256,
    text_of,
)
from models.errors import FetchFailed


class Gong(Integration):
    name = "gong"
    title = "Gong"
    settings = (
        Setting(
            "public_key",
            "Public key of the rule",
            "For “Signed JWT header”. Give this or the key.",
            False,
            False,
            lines=True,
        ),
        Setting(
            "url_key", "Key in the address", "For “URL includes key”: put ?key=… behind the address.", required=False
        ),
        Setting("access_key", "API access key", secret=False),
        Setting("access_secret", "API access key secret"),
        Setting("api_url", "API address", secret=False, default="https://api.gong.io"),
    )
    hosts = ("*.gong.io", "*.amazonaws.com")
    setup = (
        "In Gong open Admin center, Settings, Automation rules, and add a rule that fires a webhook to the address of "
        "the connection.",
        "Choose “Signed JWT header” and paste its public key here, or “URL includes key” and put ?key=… behind the "
        "address.",
        "Filter the rule to outbound calls whose outcome is “Left voicemail”, and choose “only voicemails” here.",
    )
    known_from = "metaData.direction is Outbound; the outcome is the rule's filter, so choose “only voicemails”."
    unsure = "Where an event holds the outcome of a call, and the hosts of recordings."
    example: ClassVar[Mapping[str, Any]] = {
        "callData": {
            "metaData": {
                "id": "7782342274025937895",
                "url": "https://app.gong.io/call?id=7782342274025937895",
                "title": "Call to Dana",
                "started": "2026-03-02T15:04:05Z",
                "duration": 45,
                "primaryUserId": "7",
                "direction": "Outbound",
                "system": "Outreach",
                "scope": "External",
                "media": "Audio",
            },
            "context": [],
            "parties": [
                {"userId": "7", "name": "Tyler Reed", "affiliation": "Internal"},
                {"name": "Dana Lee", "phoneNumber": "+16155550142", "affiliation": "External"},
            ],
        },
        "isTest": False,
    }

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        if not secrets.get("public_key"):
            if not same(secrets.get("url_key", ""), delivery.query.get("key")):
                raise refuse("the key in the address is not the connection's")
            return
        try:
            claims = jwt.decode(
                bearer(delivery),
                _pem(secrets["public_key"]),
                algorithms=["RS256"],
                options={"require": ["exp", "webhook_url", "body_sha256"], "verify_aud": False},
            )
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise refuse("its JWT is not signed with the rule's key, or has expired") from error
        if not same(sha256(delivery.body), text_of(claims["body_sha256"])):
            raise refuse("the body is not the one that was signed")
        if not same(delivery.url, text_of(claims["webhook_url"])):
            raise refuse("it was signed for another address; is AFTERBEEP_PUBLIC_URL the one Gong calls?")

    def read(self, delivery: Delivery, secrets: Secrets) -> Read:
        told = delivery.json()
        meta, parties = dig(told, "callData", "metaData"), dig(told, "callData", "parties")
        people = parties if isinstance(parties, list) else []
        call_id, agent_id = text_of(dig(meta, "id")), text_of(dig(meta, "primaryUserId"))
        if told.get("isTest") is True:
            return (Dropped("Gong's own test", None),)
        rep = next((one for one in people if agent_id and text_of(dig(one, "userId")) == agent_id), None)
        prospect = next((one for one in people if dig(one, "affiliation") == "External"), None)
        return (
            event(
                call_id=call_id,
                recording=call_id,
                direction=dig(meta, "direction"),
                outcome=outcome_of(dig(meta, "outcome"), dig(meta, "disposition")),
                agent_id=agent_id,
                agent_name=dig(rep, "name"),
                prospect=dig(prospect, "name") or dig(prospect, "phoneNumber"),
            ),
        )

    def order(self, wanted: Wanted, secrets: Secrets, hosts: tuple[str, ...], ask: Ask) -> Order:
        """Links to media live for hours only, so one is asked for when it is needed."""
        asked = {"filter": {"callIds": [wanted.recording]}, "contentSelector": {"exposedFields": {"media": True}}}
        headers = {**basic(secrets["access_key"], secrets["access_secret"]), "Content-Type": "application/json"}
        api = secrets["api_url"].rstrip("/")
        found = ask(Order(f"{api}/v2/calls/extensive", headers, content=json_body(asked)))
        link = text_of(dig(found, "calls", 0, "media", "audioUrl")) or text_of(
            dig(found, "calls", 0, "media", "videoUrl")
        )
        if link is None:
            raise FetchFailed("Gong has no recording of this call (yet).", passing=True)
        return Order(link, hosts=hosts)

    def check(self, secrets: Secrets) -> str | None:
        if bool(secrets.get("public_key")) == bool(secrets.get("url_key")):
            return "Give either the public key of the rule or the key in the address."
        if secrets.get("url_key") and len(secrets["url_key"]) < 16:
            return "The key in the address needs at least 16 characters."
        return None

    def sample(self, url: str, secrets: Secrets) -> Delivery | None:
        if secrets.get("public_key"):
            return None
        return Delivery(f"{url}?key={secrets['url_key']}", {}, json_body(self.example))


def _pem(key: str) -> str:
    """Gong shows the key as bare base64."""
    key = key.strip()
    return key if key.startswith("-----") else f"-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n"
