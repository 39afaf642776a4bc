"""What every tool's file speaks: a delivery comes in; a call, a reason why not, or an answer goes out."""

import base64
import hashlib
import hmac
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Final, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field as Checked
from pydantic import ValidationError

from app.fetching import Order
from models.base import Frozen
from models.errors import EventRefused, InvalidEvent

TOLERANCE_S: Final = 300  # how far a signed time may be from ours
Secrets = Mapping[str, str]
Ask = Callable[[Order], Any]


@dataclass(frozen=True)
class Delivery:
    """An event as it came: nothing of it is believed before it is verified. Names of headers are in small letters."""

    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    @property
    def is_form(self) -> bool:
        return self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")

    def json(self) -> dict[str, Any]:
        return json_object(self.body)


class CallEvent(Frozen):
    """One recorded call. `call_id` knows it again: the recording's id where a call may have several recordings."""

    call_id: str = Checked(min_length=1, max_length=200)
    recording: str = Checked(min_length=1, max_length=4096, description="Its address, or what its tool calls it.")
    direction: Literal["outbound", "inbound"] | None = None
    outcome: Literal["voicemail", "other"] | None = None
    agent_id: str | None = Checked(None, max_length=200)
    agent_name: str | None = Checked(None, max_length=200)
    prospect: str | None = Checked(None, max_length=200)


@dataclass(frozen=True)
class Dropped:
    """Not for us; acknowledged all the same, so that it is not sent again."""

    reason: str
    call_id: str | None = None


@dataclass(frozen=True)
class Deleted:
    """The tool deleted this recording, so we do too."""

    call_id: str


@dataclass(frozen=True)
class Reply:
    """What a tool wants to hear when it is set up."""

    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """What a stored event says of the recording to fetch."""

    call_id: str
    recording: str


@dataclass(frozen=True)
class Setting:
    """One thing a connection has to know. An empty one that is not `required` is left out."""

    name: str
    label: str
    help: str = ""
    secret: bool = True
    required: bool = True
    default: str = ""
    choices: tuple[str, ...] = ()
    lines: bool = False


Read = tuple[CallEvent | Dropped | Deleted, ...] | Reply


class Integration(ABC):
    """A calling tool. `verify` comes first and looks at the body as it came; `read` may trust what it finds."""

    name: ClassVar[str]
    title: ClassVar[str]
    settings: ClassVar[tuple[Setting, ...]]
    hosts: ClassVar[tuple[str, ...]] = ()
    link_lives_s: ClassVar[float | None] = None
    setup: ClassVar[tuple[str, ...]]  # what to do in the tool, step by step
    known_from: ClassVar[str]  # how a voicemail of ours is told from other calls
    unsure: ClassVar[str | None] = None  # what could not be verified without an account
    example: ClassVar[Mapping[str, Any]]

    @abstractmethod
    def verify(self, delivery: Delivery, secrets: Secrets) -> None:
        """Raises EventRefused, or EventUnsigned."""

    @abstractmethod
    def read(self, delivery: Delivery, secrets: Secrets) -> Read:
        """Raises InvalidEvent."""

    def order(self, wanted: Wanted, secrets: Secrets, hosts: tuple[str, ...], ask: Ask) -> Order:
        """What to fetch. May ask the tool first; raises FetchError."""
        return Order(wanted.recording, hosts=hosts)

    def check(self, secrets: Secrets) -> str | None:
        """What is wrong with the credentials, as far as can be told without the tool."""
        return None

    def sample(self, url: str, secrets: Secrets) -> Delivery | None:
        """The example, signed; None where only the tool can sign."""
        return None


def event(**told: Any) -> CallEvent | Dropped:
    """The call, or why it is none: without a recording there is nothing to do. Raises InvalidEvent."""
    call_id = text_of(told.pop("call_id", None))
    if call_id is None:
        raise InvalidEvent("The event does not name its call.")
    texts = {name: text_of(told.pop(name, None)) for name in ("recording", "agent_id", "agent_name", "prospect")}
    if texts["recording"] is None:
        return Dropped("no recording", call_id[:200])
    direction = (text_of(told.pop("direction", None)) or "").lower()
    known = direction if direction in ("outbound", "inbound") else None
    try:
        return CallEvent.model_validate({"call_id": call_id, "direction": known, **texts, **told})
    except ValidationError as error:
        fields = ", ".join(str(one["loc"][0]) for one in error.errors())
        raise InvalidEvent(f"The event cannot be read: {fields}.") from error


def text_of(value: Any) -> str | None:
    """Names and ids, also where they come as numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


def dig(data: Any, *keys: str | int) -> Any:
    """The value under keys, one inside the other; None where there is none."""
    for key in keys:
        if isinstance(key, int):
            data = data[key] if isinstance(data, list) and len(data) > key else None
        else:
            data = data.get(key) if isinstance(data, dict) else None
    return data


def outcome_of(*labels: Any) -> Literal["voicemail"] | None:
    """What a rep or the tool called the end of the call: “Left voicemail”, “VM left”."""
    named = [label for each in labels for label in (each if isinstance(each, list) else [each])]
    words = " ".join(str(dig(label, "name") or label).lower() for label in named if label)
    return "voicemail" if "voicemail" in words or "vm" in words.split() else None


def json_object(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidEvent("The event is not JSON.") from error
    if not isinstance(parsed, dict):
        raise InvalidEvent("The event is not a JSON object.")
    return parsed


def refuse(reason: str) -> EventRefused:
    return EventRefused(f"The event was not looked at: {reason}.")


def same(expected: str, given: str | None) -> bool:
    """In a time that does not depend on how much is right. Nothing equals an empty secret."""
    return bool(expected) and hmac.compare_digest(expected.encode(), (given or "").encode())


def check_time(sent_s: str | float | None) -> None:
    """Refuse what was signed too long ago, or not yet."""
    try:
        sent = float(sent_s or "")
    except ValueError:
        raise refuse("it does not say when it was sent") from None
    if not abs(time.time() - (sent / 1000 if sent > 1e11 else sent)) <= TOLERANCE_S:
        raise refuse("it was sent too long ago, or the clocks differ")


def digest(secret: str, message: bytes, algorithm: str = "sha256", encoding: str = "hex") -> str:
    signed = hmac.new(secret.encode(), message, algorithm).digest()
    return signed.hex() if encoding == "hex" else base64.b64encode(signed).decode()


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def bearer(delivery: Delivery) -> str:
    scheme, _, token = delivery.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else delivery.headers.get("authorization", "").strip()


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def under(url: str, domain: str) -> bool:
    """Whether credentials for a domain may be shown to this address's host."""
    host = (urlsplit(url).hostname or "").lower()
    return host == domain or host.endswith(f".{domain}")


def json_body(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()
