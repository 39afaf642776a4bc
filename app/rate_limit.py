"""How many requests a minute a person or a key may make. Counted in memory, by each process for itself."""

import math
import time
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from app.secrets import fingerprint
from models.errors import RateLimited
from models.person import Person

COUNTED: Final = "/v1/"


@dataclass(frozen=True)
class Standing:
    """Where one stands in the running minute."""

    limit: int
    remaining: int
    reset_s: int
    refused: bool

    @property
    def headers(self) -> dict[str, str]:
        told = {"Limit": self.limit, "Remaining": self.remaining, "Reset": self.reset_s}
        again = {"Retry-After": str(self.reset_s)} if self.refused else {}
        return {f"RateLimit-{name}": str(value) for name, value in told.items()} | again


class RateLimit:
    def __init__(self, per_minute: int) -> None:
        self.limiter = FixedWindowRateLimiter(MemoryStorage())
        self.minute = RateLimitItemPerMinute(per_minute) if per_minute else None

    def count(self, request: Request, person: Person) -> None:
        """Count a request to the API; its standing is kept for the answer's headers. Raises RateLimited.

        Whoever sits at the machine is not limited, and pages are not counted.
        """
        if self.minute is None or person.is_local or not request.url.path.startswith(COUNTED):
            return
        who = _key(request) or person.id
        allowed = self.limiter.hit(self.minute, who)
        reset_at, remaining = self.limiter.get_window_stats(self.minute, who)
        reset_s = max(1, math.ceil(reset_at - time.time()))
        request.state.rate_standing = Standing(self.minute.amount, remaining, reset_s, refused=not allowed)
        if not allowed:
            raise RateLimited(
                f"More than {self.minute.amount} requests came within a minute. Please go on in {reset_s} s."
            )


def rate_headers(request: Request) -> dict[str, str]:
    standing: Standing | None = getattr(request.state, "rate_standing", None)
    return standing.headers if standing else {}


def _key(request: Request) -> str | None:
    """Each key counts for itself; only a hash of it is held."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return fingerprint(token.strip()) if kind.lower() == "bearer" else None
