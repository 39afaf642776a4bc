"""Zoom Phone: a completed recording, one that was deleted, and the check of the address."""

import time
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from app.fetching import Order
from app.integrations.base import (
    Ask,
    CallEvent,
    Deleted,
    Delivery,
    Dropped,
    Integration,
    Read,
    Reply,
    Secrets,
    Setting,
    Wanted,
    basic,
    check_time,
    dig,
    digest,
    event,
    json_body,
    outcome_of,
    refuse,
    same,
    text_of,
)
from models.errors import FetchFailed


class Zoom(Integration):
    name = "zoom"
    title = "Zoom Phone"
    settings = (
        Setting("secret_token", "Secret token", "On the Feature page of your Zoom app."),
        Setting("account_id", "Account ID", "Of the server-to-server OAuth app that may fetch recordings.", False),
        Setting("client_id", "Client ID", secret=False),
        Setting("client_secret", "Client secret", "Needs the scope phone_recording:read."),
        Setting("oauth_url", "OAuth address", secret=False, default="https://zoom.us"),
    )
    hosts = ("zoom.us", "*.zoom.us")
    setup = (
        "In the Zoom App Marketplace make a server-to-server OAuth app with the scope phone_recording:read.",
        "Under Feature, Event subscriptions, add the address of the connection and press Validate.",
        "Subscribe to phone.recording_completed, and to phone.recording_deleted: what is deleted there goes here too.",
    )
    known_from = "direction is outbound; Zoom does not say how a call ended, so choose “only voicemails” if that is so."
    example: ClassVar[Mapping[str, Any]] = {
        "event": "phone.recording_completed",
        "event_ts": 1772463890000,
        "payload": {
            "account_id": "AbCdEfGh",
            "object": {
                "recordings": [
                    {
                        "id": "0f8a1c",
                        "call_id": "7158000000000000001",
                        "caller_number": "+12125550100",
                        "caller_name": "Tyler Reed",
                        "callee_number": "+16155550142",
                        "direction": "outbound",
                        "duration": 45,
                        "date_time": "2026-03-02T15:04:05Z",
                        "end_time": "2026-03-02T15:04:50Z",
                        "download_url": "https://zoom.us/v2/phone/recording/download/0f8a1c",
                        "recording_type": "Automatic",
                        "owner": {"id": "u-7", "type": "user", "name": "Tyler Reed"},
                    }
                ]
            },
        },
    }

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        sent_s = delivery.headers.get("x-zm-request-timestamp", "")
        signed = f"v0={digest(secrets['secret_token'], f'v0:{sent_s}:'.encode() + delivery.body)}"
        if not same(signed, delivery.headers.get("x-zm-signature")):
            raise refuse("x-zm-signature does not match")
        check_time(sent_s)

    def read(self, delivery: Delivery, secrets: Secrets) -> Read:
        told = delivery.json()
        kind = text_of(told.get("event")) or "nothing"
        if kind == "endpoint.url_validation":
            plain = text_of(dig(told, "payload", "plainToken")) or ""
            answer = {"plainToken": plain, "encryptedToken": digest(secrets["secret_token"], plain.encode())}
            return Reply(json_body(answer), {"content-type": "application/json"})
        recordings = dig(told, "payload", "object", "recordings")
        if kind not in ("phone.recording_completed", "phone.recording_deleted") or not isinstance(recordings, list):
            return (Dropped(f"the event {kind[:60]} is of no use here"),)
        if kind == "phone.recording_deleted":
            return tuple(Deleted(call_id) for one in recordings if (call_id := _id(one)))
        return tuple(_event(one) for one in recordings)

    def order(self, wanted: Wanted, secrets: Secrets, hosts: tuple[str, ...], ask: Ask) -> Order:
        grant = urlencode({"grant_type": "account_credentials", "account_id": secrets["account_id"]})
        headers = basic(secrets["client_id"], secrets["client_secret"])
        token = ask(Order(f"{secrets['oauth_url'].rstrip('/')}/oauth/token?{grant}", headers, content=b""))
        access = text_of(dig(token, "access_token"))
        if access is None:
            raise FetchFailed("Zoom gave no access token for the connection's credentials.")
        return Order(wanted.recording, {"Authorization": f"Bearer {access}"}, hosts or self.hosts)

    def sample(self, url: str, secrets: Secrets) -> Delivery:
        body, sent_s = json_body(self.example), str(int(time.time()))
        signed = f"v0={digest(secrets['secret_token'], f'v0:{sent_s}:'.encode() + body)}"
        return Delivery(url, {"x-zm-request-timestamp": sent_s, "x-zm-signature": signed}, body)


def _id(recording: Any) -> str | None:
    return text_of(dig(recording, "id")) or text_of(dig(recording, "call_id"))


def _event(recording: Any) -> CallEvent | Dropped:
    return event(
        call_id=_id(recording),
        recording=dig(recording, "download_url"),
        direction=dig(recording, "direction"),
        outcome=outcome_of(dig(recording, "disposition")),
        agent_id=dig(recording, "user_id") or dig(recording, "owner", "id"),
        agent_name=dig(recording, "owner", "name"),
        prospect=dig(recording, "callee_number"),
    )
