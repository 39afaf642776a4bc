"""CallRail: post-call webhooks. How they are signed could not be verified, so it can be set, and fails closed."""

from collections.abc import Mapping
from typing import Any, ClassVar

from app.fetching import Order
from app.integrations.base import (
    Ask,
    Delivery,
    Integration,
    Read,
    Secrets,
    Setting,
    Wanted,
    dig,
    digest,
    event,
    json_body,
    outcome_of,
    refuse,
    same,
    text_of,
    under,
)
from models.errors import FetchFailed


class CallRail(Integration):
    name = "callrail"
    title = "CallRail"
    settings = (
        Setting("secret", "Signing key", "Of the company, under Integrations, Webhooks."),
        Setting("header", "Header of the signature", secret=False, default="Signature"),
        Setting("algorithm", "Algorithm", secret=False, default="sha1", choices=("sha1", "sha256")),
        Setting("encoding", "Written as", secret=False, default="base64", choices=("base64", "hex")),
        Setting("api_key", "API key", "To fetch recordings."),
    )
    hosts = ("*.callrail.com",)
    setup = (
        "Under Integrations, Webhooks add the address of the connection as Post-call and as Call modified webhook: "
        "some recordings come only with the second.",
        "Have reps tag a call “Left voicemail”.",
    )
    known_from = "direction is outbound and a tag has “voicemail” in it."
    unsure = "Header, algorithm and encoding of the signature (they can be set above), and the hosts of recordings."
    example: ClassVar[Mapping[str, Any]] = {
        "resource_id": "CAL01",
        "answered": False,
        "direction": "outbound",
        "duration": 45,
        "start_time": "2026-03-02T15:04:05Z",
        "customer_phone_number": "+16155550142",
        "tracking_phone_number": "+12125550100",
        "recording": "https://app.callrail.com/calls/CAL01/recording",
        "agent_email": "tyler@example.com",
        "tags": ["Left voicemail"],
        "company_resource_id": "COM01",
    }

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        given = delivery.headers.get(secrets["header"].strip().lower())
        if not same(digest(secrets["secret"], delivery.body, secrets["algorithm"], secrets["encoding"]), given):
            raise refuse(f"the header {secrets['header']} does not match")

    def read(self, delivery: Delivery, secrets: Secrets) -> Read:
        told: dict[str, Any] = dict(delivery.form) if delivery.is_form else delivery.json()
        agent = text_of(told.get("agent_email")) or text_of(told.get("employee_email"))
        return (
            event(
                call_id=told.get("resource_id"),
                recording=told.get("recording"),
                direction=told.get("direction"),
                outcome=outcome_of(told.get("tags")),
                agent_id=agent,
                prospect=told.get("customer_phone_number") or told.get("Customer_number"),
            ),
        )

    def order(self, wanted: Wanted, secrets: Secrets, hosts: tuple[str, ...], ask: Ask) -> Order:
        key = {"Authorization": f'Token token="{secrets["api_key"]}"'}
        if not under(wanted.recording, "api.callrail.com"):
            return Order(wanted.recording, key if under(wanted.recording, "callrail.com") else {}, hosts)
        link = text_of(dig(ask(Order(wanted.recording, key, self.hosts)), "url"))
        if link is None:
            raise FetchFailed("CallRail has no recording of this call (yet).", passing=True)
        return Order(link, hosts=hosts)

    def sample(self, url: str, secrets: Secrets) -> Delivery:
        body = json_body(self.example)
        signed = digest(secrets["secret"], body, secrets["algorithm"], secrets["encoding"])
        return Delivery(url, {secrets["header"].strip().lower(): signed}, body)
