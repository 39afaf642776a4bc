"""Telnyx: saved recordings as JSON, and TeXML's callbacks as forms; both signed with the account's Ed25519 key."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.fetching import Order
from app.integrations.base import (
    Ask,
    CallEvent,
    Delivery,
    Dropped,
    Integration,
    Read,
    Secrets,
    Setting,
    Wanted,
    check_time,
    dig,
    event,
    json_object,
    outcome_of,
    refuse,
    text_of,
    under,
)
from models.errors import InvalidEvent

SAVED = "call.recording.saved"


class Telnyx(Integration):
    name = "telnyx"
    title = "Telnyx"
    settings = (
        Setting("public_key", "Public key", "Mission Control: Account settings, Keys & Credentials.", secret=False),
        Setting("api_key", "API key", "Sent to Telnyx only, where a link needs it.", required=False),
    )
    hosts = ("*.telnyx.com", "s3.amazonaws.com", "*.s3.amazonaws.com")
    link_lives_s = 600
    setup = (
        "Set the address of the connection as webhook of your Voice API application or TeXML recordingStatusCallback.",
        "Telnyx does not say which way the call went or how it ended. Put that into client_state, as base64 of JSON: "
        '{"direction": "outbound", "outcome": "voicemail", "agent": "u-7", "prospect": "+16155550142"}. '
        "For TeXML, which has none, choose “only voicemails” and record only those.",
    )
    known_from = "direction and outcome in client_state."
    unsure = "The hosts recording links point to: the list of hosts can be changed."
    example: ClassVar[Mapping[str, Any]] = {
        "data": {
            "record_type": "event",
            "event_type": SAVED,
            "id": "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0",
            "occurred_at": "2026-03-02T15:04:52Z",
            "payload": {
                "call_leg_id": "428c31b6-7af4-4bcb-b7f5-5013ef9657c1",
                "call_session_id": "428c31b6-abf3-3bc1-b7f4-5013ef9657c1",
                "client_state": "eyJkaXJlY3Rpb24iOiJvdXRib3VuZCIsIm91dGNvbWUiOiJ2b2ljZW1haWwiLCJhZ2VudCI6InUtNyJ9",
                "recording_started_at": "2026-03-02T15:04:05Z",
                "recording_ended_at": "2026-03-02T15:04:50Z",
                "channels": "dual",
                "recording_urls": {"mp3": "https://api.telnyx.com/v2/recordings/1.mp3", "wav": None},
                "public_recording_urls": {},
            },
        }
    }

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        sent_s = delivery.headers.get("telnyx-timestamp", "")
        try:
            signature = base64.b64decode(delivery.headers.get("telnyx-signature-ed25519", ""), validate=True)
            _key(secrets).verify(signature, f"{sent_s}|".encode() + delivery.body)
        except (InvalidSignature, ValueError) as error:
            raise refuse("telnyx-signature-ed25519 does not match") from error
        check_time(sent_s)

    def read(self, delivery: Delivery, secrets: Secrets) -> Read:
        return (_texml(dict(delivery.form)) if delivery.is_form else _saved(delivery.json()),)

    def order(self, wanted: Wanted, secrets: Secrets, hosts: tuple[str, ...], ask: Ask) -> Order:
        needs_key = secrets.get("api_key") and under(wanted.recording, "telnyx.com")
        headers = {"Authorization": f"Bearer {secrets['api_key']}"} if needs_key else {}
        return Order(wanted.recording, headers, hosts)

    def check(self, secrets: Secrets) -> str | None:
        try:
            _key(secrets)
        except ValueError:
            return "The public key has to be 32 bytes in base64."
        return None


def _key(secrets: Secrets) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(secrets["public_key"], validate=True))
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _saved(told: dict[str, Any]) -> CallEvent | Dropped:
    kind, call = text_of(dig(told, "data", "event_type")) or "nothing", dig(told, "data", "payload")
    call_id = text_of(dig(call, "call_leg_id"))
    if kind != SAVED:
        return Dropped(f"the event {kind[:60]} is of no use here", call_id if "recording" in kind else None)
    links = [dig(call, place, form) for place in ("public_recording_urls", "recording_urls") for form in ("wav", "mp3")]
    state = _state(dig(call, "client_state"))
    return event(
        call_id=call_id,
        recording=next(filter(None, links), None),
        direction=state.get("direction") or dig(call, "direction"),
        outcome=outcome_of(state.get("outcome")) or ("other" if state.get("outcome") else None),
        agent_id=state.get("agent"),
        prospect=state.get("prospect"),
    )


def _texml(told: dict[str, str]) -> CallEvent | Dropped:
    call_id, status = told.get("RecordingSid") or told.get("CallSid"), told.get("RecordingStatus") or "completed"
    if status != "completed":
        return Dropped(f"no recording: its status is {status[:40]}", call_id)
    return event(call_id=call_id, recording=told.get("RecordingUrl"), prospect=told.get("To"))


def _state(client_state: Any) -> dict[str, Any]:
    """What the caller of the API left there; anything else than JSON is somebody else's."""
    try:
        return json_object(base64.b64decode(client_state or "", validate=True))
    except (TypeError, ValueError, InvalidEvent):
        return {}
