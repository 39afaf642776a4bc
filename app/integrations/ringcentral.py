"""RingCentral: telephony sessions. Nothing is signed, a token is agreed on; recordings are found in the call log."""

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from app.fetching import Order
from app.integrations.base import (
    Ask,
    Delivery,
    Dropped,
    Integration,
    Read,
    Reply,
    Secrets,
    Setting,
    Wanted,
    basic,
    dig,
    event,
    json_body,
    refuse,
    same,
    text_of,
)
from models.errors import FetchFailed

LONGEST_TOKEN = 1024
ENDED = ("Disconnected", "VoiceMail")


class RingCentral(Integration):
    name = "ringcentral"
    title = "RingCentral"
    settings = (
        Setting("verification_token", "Verification token", "Any long random text; give the same to the subscription."),
        Setting("client_id", "Client ID", secret=False),
        Setting("client_secret", "Client secret"),
        Setting("jwt", "JWT credential", "Of a user who may read the call log and its recordings.", lines=True),
        Setting("server_url", "Server", secret=False, default="https://platform.ringcentral.com"),
    )
    hosts = ("*.ringcentral.com",)
    setup = (
        "Subscribe (POST /restapi/v1.0/subscription) with the address of the connection and the verification token.",
        "Event filter: /restapi/v1.0/account/~/telephony/sessions?withRecordings=true&direction=Outbound.",
        "Calls shorter than 30 seconds are not kept as recordings by RingCentral, and most voicemails are: "
        "use another recorder, or upload.",
    )
    known_from = "the outbound party's direction, and the status VoiceMail; else choose “only voicemails”."
    unsure = "How an outbound call that ended in a voicemail is reported."
    example: ClassVar[Mapping[str, Any]] = {
        "uuid": "1198984813205000000",
        "event": "/restapi/v1.0/account/400000/telephony/sessions",
        "timestamp": "2026-03-02T15:04:52Z",
        "subscriptionId": "c9e40d8f",
        "ownerId": "600000",
        "body": {
            "telephonySessionId": "s-4f8c",
            "sessionId": "600001",
            "sequence": 5,
            "parties": [
                {
                    "extensionId": "7",
                    "direction": "Outbound",
                    "from": {"phoneNumber": "+12125550100", "name": "Tyler Reed"},
                    "to": {"phoneNumber": "+16155550142"},
                    "status": {"code": "VoiceMail"},
                }
            ],
        },
    }

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        agreed = delivery.headers.get("verification-token") or delivery.headers.get("validation-token")
        if not _is_set_up(delivery) and not same(secrets["verification_token"], agreed):
            raise refuse("Verification-Token is not the connection's")

    def read(self, delivery: Delivery, secrets: Secrets) -> Read:
        if _is_set_up(delivery):
            return Reply(headers={"Validation-Token": delivery.headers["validation-token"]})
        session = delivery.json().get("body")
        parties = dig(session, "parties")
        call_id = text_of(dig(session, "telephonySessionId"))
        ours = [one for one in parties if dig(one, "direction") == "Outbound"] if isinstance(parties, list) else []
        if not ours:
            return (Dropped("inbound", call_id),)
        codes = {dig(one, "status", "code") for one in ours}
        if not codes & set(ENDED):
            return (Dropped("the call is still going on", call_id),)
        return (
            event(
                call_id=call_id,
                recording=call_id,
                direction="outbound",
                outcome="voicemail" if "VoiceMail" in codes else None,
                agent_id=dig(ours, 0, "extensionId"),
                agent_name=dig(ours, 0, "from", "name"),
                prospect=dig(ours, 0, "to", "name") or dig(ours, 0, "to", "phoneNumber"),
            ),
        )

    def order(self, wanted: Wanted, secrets: Secrets, hosts: tuple[str, ...], ask: Ask) -> Order:
        server = secrets["server_url"].rstrip("/")
        grant = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": secrets["jwt"]}
        headers = {
            **basic(secrets["client_id"], secrets["client_secret"]),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        token = ask(Order(f"{server}/restapi/oauth/token", headers, content=urlencode(grant).encode()))
        access = {"Authorization": f"Bearer {text_of(dig(token, 'access_token'))}"}
        call = f"telephonySessionId={quote(wanted.recording, safe='')}&view=Detailed"
        log = ask(Order(f"{server}/restapi/v1.0/account/~/call-log?{call}", access))
        link = text_of(dig(log, "records", 0, "recording", "contentUri"))
        if link is None:
            raise FetchFailed("RingCentral's call log has no recording of this call (yet).", passing=True)
        return Order(link, access, hosts or self.hosts)

    def sample(self, url: str, secrets: Secrets) -> Delivery:
        return Delivery(url, {"verification-token": secrets["verification_token"]}, json_body(self.example))


def _is_set_up(delivery: Delivery) -> bool:
    """The first request of a subscription: a token to send back, and nothing else."""
    token = delivery.headers.get("validation-token", "")
    return 0 < len(token) <= LONGEST_TOKEN and token.isprintable() and not delivery.body.strip()
