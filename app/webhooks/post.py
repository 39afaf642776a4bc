"""Sending to an address a person gave: by the rules of fetching, in ten seconds, and to no other address than that."""

from app.fetching import Fetcher, Order
from app.settings import Settings
from models.errors import FetchError, FetchRefused, InvalidRequest

TOTAL_S = 10.0
ONLY_PUBLIC = (
    "Events are only sent to public addresses that begin with https://, without a name or password in them. "
    "This address is none."
)


def sender_of(settings: Settings) -> Fetcher:
    return Fetcher(max_bytes=0, total_s=TOTAL_S, idle_s=TOTAL_S, inside=settings.fetch_inside)


def check(sender: Fetcher, url: str) -> None:
    """Raises InvalidRequest. A name that nobody knows yet will do; it is asked for again at every attempt."""
    try:
        sender.check_resolved(Order(url))
    except FetchRefused as error:
        raise InvalidRequest(ONLY_PUBLIC) from error


def post(sender: Fetcher, url: str, headers: dict[str, str], body: bytes) -> tuple[int | None, str | None]:
    """The status answered with, and what is wrong if it does not mean “taken”."""
    try:
        status = sender.post(Order(url, headers, content=body))
    except FetchRefused:
        return None, ONLY_PUBLIC
    except FetchError as error:
        return None, str(error)
    if 200 <= status < 300:
        return status, None
    return status, f"Answered with {status}{': redirects are not followed' if 300 <= status < 400 else ''}."
