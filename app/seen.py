"""Each request, and each stage of a recording, as it is seen from outside: timed, traced and logged in one place."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from app.metrics import REQUEST_SECONDS, STAGE_SECONDS
from app.schema import RecordingRow
from app.tracing import arriving, current_id, following, span

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: Asked for every few seconds, or a dozen a page: counted, but neither logged nor traced.
QUIET: Final = ("/healthz", "/readyz", "/metrics", "/static/")
ID_HEADER: Final = b"x-request-id"


class Seen:
    """ASGI middleware. Of an address no more is told than its route: addresses hold ids, and secrets."""

    def __init__(self, app: "ASGIApp") -> None:
        self.app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        quiet = scope["path"].startswith(QUIET)
        method = scope["method"] if scope["method"] in METHODS else "other"
        began_s = time.perf_counter()
        seconds: float | None = None
        status = 500

        async def send_seen(message: "Message") -> None:
            nonlocal seconds, status
            if message["type"] == "http.response.start":
                seconds, status = time.perf_counter() - began_s, message["status"]
                message["headers"] = [*message["headers"], (ID_HEADER, (current_id() or "").encode())]
            await send(message)

        header = dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1")
        with following(arriving(header)), ExitStack() as spans:
            made = None if quiet else spans.enter_context(span(method, "server"))
            scope.setdefault("state", {})["request_id"] = current_id()
            try:
                await self.app(scope, receive, send_seen)
            except Exception:
                log.exception("a request failed", extra={"method": method, "route": _route(scope)})
                raise
            finally:
                seconds = time.perf_counter() - began_s if seconds is None else seconds
                route = _route(scope)
                REQUEST_SECONDS.labels(method, route, status).observe(seconds)
                if made is not None:
                    made.update_name(f"{method} {route}")
                    made.set_attributes({"http.request.method": method, "http.route": route})
                    made.set_attribute("http.response.status_code", status)
                if not quiet:
                    known = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000)}
                    log.info("request", extra=known)


def _route(scope: "Scope") -> str:
    """What was asked for, as the table of routes has it."""
    return getattr(scope.get("route"), "path", None) or "none"


def waited(row: RecordingRow) -> None:
    """A recording has been begun: how long it stood in the queue, if it did not stand there again."""
    if row.attempts == 1 and not row.revision:
        STAGE_SECONDS.labels("queued").observe(max(0.0, (datetime.now(UTC) - row.created_at).total_seconds()))
        with span("queued", "consumer", since=row.created_at):
            pass


@contextmanager
def stage(name: str) -> Iterator[None]:
    with STAGE_SECONDS.labels(name).time(), span(name):
        yield


@contextmanager
def stages() -> Iterator[Callable[[str], None]]:
    """What it gives is called as a stage begins, which ends the one before."""
    with ExitStack() as running:

        def begin(name: str) -> None:
            running.close()
            running.enter_context(stage(name))

        yield begin
