"""Twilio: the recording status callback, as a form or as JSON."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode, urlsplit

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
    digest,
    event,
    refuse,
    same,
    sha256,
    text_of,
    under,
)

PORTS = {"https": 443, "http": 80}


class Twilio(Integration):
    name = "twilio"
    title = "Twilio"
    settings = (
        Setting("account_sid", "Account SID", "Begins with AC.", secret=False),
        Setting("auth_token", "Auth Token", "Twilio signs with it, and hands out recordings for it."),
        Setting("api_key", "API key SID", "To fetch with a key instead of the Auth Token.", False, required=False),
        Setting("api_secret", "API key secret", required=False),
    )
    hosts = ("*.twilio.com",)
    setup = (
        "Set recordingStatusCallback (REST, Dial, Record, Conference) to the address of the connection, method POST.",
        "Twilio does not say in it which way the call went, how it ended or who called, so put that behind the address "
        "for each call: ?direction=outbound&outcome=voicemail&agent=u-7&prospect=%2B16155550142. Twilio signs it too.",
        "AnsweredBy of answering machine detection may stand there instead of outcome.",
    )
    known_from = "direction=outbound and outcome=voicemail (or AnsweredBy=machine_…) in the address of the callback."
    example: ClassVar[Mapping[str, Any]] = {
        "AccountSid": "AC00000000000000000000000000000000",
        "CallSid": "CA00000000000000000000000000000001",
        "RecordingSid": "RE00000000000000000000000000000001",
        "RecordingUrl": "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000000/Recordings/"
        "RE00000000000000000000000000000001",
        "RecordingStatus": "completed",
        "RecordingDuration": "31",
        "RecordingChannels": "2",
        "RecordingSource": "DialVerb",
    }

    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        given = delivery.headers.get("x-twilio-signature")
        params = delivery.form if delivery.is_form else []
        if not delivery.is_form and not same(sha256(delivery.body), delivery.query.get("bodySHA256")):
            raise refuse("the body is not the one that was signed")
        signed = [
            same(signature(secrets["auth_token"], url, params), given) for url in with_and_without_port(delivery.url)
        ]
        if not any(signed):
            raise refuse("X-Twilio-Signature does not match; is AFTERBEEP_PUBLIC_URL the address Twilio calls?")

    def read(self, delivery: Delivery, secrets: Secrets) -> Read:
        told = dict(delivery.form) if delivery.is_form else delivery.json()
        hints = {**delivery.query, **{key: told[key] for key in ("AnsweredBy",) if key in told}}
        call_id = text_of(told.get("RecordingSid")) or text_of(told.get("CallSid"))
        status = text_of(told.get("RecordingStatus")) or "completed"
        if status != "completed":
            return (Dropped(f"no recording: its status is {status[:40]}", call_id),)
        if not same(secrets["account_sid"], text_of(told.get("AccountSid"))):
            return (Dropped("another Twilio account", call_id),)
        url = text_of(told.get("RecordingUrl"))
        both = "?RequestedChannels=2" if text_of(told.get("RecordingChannels")) == "2" else ""
        return (
            event(
                call_id=call_id,
                recording=url and f"{url.removesuffix('.wav').removesuffix('.mp3')}.wav{both}",
                direction=hints.get("direction"),
                outcome=_outcome(hints),
                agent_id=hints.get("agent"),
                prospect=hints.get("prospect"),
            ),
        )

    def order(self, wanted: Wanted, secrets: Secrets, hosts: tuple[str, ...], ask: Ask) -> Order:
        user, password = secrets["account_sid"], secrets["auth_token"]
        if secrets.get("api_key") and secrets.get("api_secret"):
            user, password = secrets["api_key"], secrets["api_secret"]
        headers = basic(user, password) if under(wanted.recording, "twilio.com") else {}
        return Order(wanted.recording, headers, hosts)

    def sample(self, url: str, secrets: Secrets) -> Delivery:
        url = f"{url}?direction=outbound&outcome=voicemail&agent=u-7"
        body = urlencode({**self.example, "AccountSid": secrets["account_sid"]}).encode()
        delivery = Delivery(url, {"content-type": "application/x-www-form-urlencoded"}, body)
        signed = {"x-twilio-signature": signature(secrets["auth_token"], url, delivery.form)}
        return Delivery(url, {**delivery.headers, **signed}, body)


def signature(auth_token: str, url: str, params: list[tuple[str, str]]) -> str:
    """The address with every name and value behind it, sorted, each pair once."""
    signed = url + "".join(name + value for name, value in sorted(set(params)))
    return digest(auth_token, signed.encode(), "sha1", "base64")


def with_and_without_port(url: str) -> list[str]:
    """Twilio signs the standard port sometimes and sometimes not."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or PORTS.get(parts.scheme)
    return [url, *(parts._replace(netloc=netloc).geturl() for netloc in (host, f"{host}:{port}"))]


def _outcome(hints: Mapping[str, Any]) -> Literal["voicemail", "other"] | None:
    said = text_of(hints.get("outcome")) or text_of(hints.get("AnsweredBy"))
    if said is None or said == "unknown":
        return None
    return "voicemail" if said == "voicemail" or said.startswith("machine") else "other"
