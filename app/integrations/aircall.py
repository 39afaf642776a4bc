"""Aircall: nothing is signed there, so the body's token is compared, and every call is taken once."""

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

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
    dig,
    event,
    json_body,
    outcome_of,
    refuse,
    same,
    text_of,
)
from models.errors import InvalidEvent

READY = "call.comm_assets_generated"


class Aircall(Integration):
    name = "aircall"
    title = "Aircall"
    settings = (
        Setting("token", "Webhook token", "Aircall shows it beside the webhook, and sends it with every event."),
        Setting("api_id", "API ID", "With it a link that has expired is asked for again.", False, required=False),
        Setting("api_token", "API token", required=False),
        Setting("api_url", "API address", secret=False, default="https://api.aircall.io"),
    )
    hosts = ("*.aircall.io", "*.amazonaws.com")
    setup = (
        "In the Aircall dashboard open Integrations, Webhooks, and add the address of the connection.",
        f"Choose the event {READY}; call.ended may come too and is left aside until the recording is there.",
        "Have reps tag a call “Left voicemail”, or let a workflow do it.",
    )
    known_from = "direction is outbound and a tag has “voicemail” in it."
    unsure = "How long recording links live, and the hosts they point to: the list of hosts can be changed."
    example: ClassVar[Mapping[str, Any]] = {
        "resource": "call",
        "event": READY,
        "timestamp": 1772463890,
        "token": "",
        "data": {
            "id": 812,
            "direction": "outbound",
            "status": "done",
            "started_at": 1772463845,
            "ended_at": 1772463890,
            "duration": 45,
            "raw_digits": "+1 615-555-0142",
            "recording": "https://assets.aircall.io/calls/812/recording",
            "user": {"id": 7, "name": "Tyler Reed", "email": "tyler@example.com"},
            "tags": [{"id": 1, "name": "Left voicemail"}],
        },
    }

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        try:
            token = text_of(delivery.json().get("token"))
        except InvalidEvent as error:
            raise refuse("it is not JSON, so it has no token") from error
        if not same(secrets["token"], token):
            raise refuse("its token is not the connection's")

    def read(self, delivery: Delivery, secrets: Secrets) -> Read:
        told = delivery.json()
        call, kind = told.get("data"), text_of(told.get("event")) or "nothing"
        call_id = text_of(dig(call, "id"))
        if kind == "call.voicemail_left":
            return (Dropped("a voicemail left for us, not by us", call_id),)
        if kind not in (READY, "call.ended"):
            return (Dropped(f"the event {kind[:60]} is of no use here", None),)
        return (
            event(
                call_id=call_id,
                recording=dig(call, "recording"),
                direction=dig(call, "direction"),
                outcome=outcome_of(dig(call, "tags")),
                agent_id=dig(call, "user", "id"),
                agent_name=dig(call, "user", "name"),
                prospect=dig(call, "raw_digits"),
            ),
        )

    def order(self, wanted: Wanted, secrets: Secrets, hosts: tuple[str, ...], ask: Ask) -> Order:
        if not (secrets.get("api_id") and secrets.get("api_token")):
            return Order(wanted.recording, hosts=hosts)
        headers = basic(secrets["api_id"], secrets["api_token"])
        api = secrets["api_url"].rstrip("/")
        call = ask(Order(f"{api}/v1/calls/{quote(wanted.call_id, safe='')}", headers))
        return Order(text_of(dig(call, "call", "recording")) or wanted.recording, hosts=hosts)

    def sample(self, url: str, secrets: Secrets) -> Delivery:
        return Delivery(url, {}, json_body({**self.example, "token": secrets["token"]}))
