"""One id through all that comes of a request, and OpenTelemetry spans of it where somebody asked for them.

The id is that of W3C trace context. It is kept with the recording, so that the worker and the webhooks' deliveries go
on with it, whether or not spans are made: log lines have it too.
"""

import logging
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.trace import Span

log = logging.getLogger(__name__)

ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACEPARENT: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
FLUSHED_WITHIN_MS: Final = 2000

Kind = Literal["internal", "server", "client", "consumer"]

_current: ContextVar[str | None] = ContextVar("traceparent", default=None)
_provider: "TracerProvider | None" = None


def current() -> str | None:
    """What is done now belongs to this; the value of the header `traceparent`."""
    return _current.get()


def current_id() -> str | None:
    """The part of it that stays the same from the upload to the last delivery."""
    traceparent = _current.get()
    return traceparent and traceparent.split("-")[1]


def arriving(header: str | None) -> str:
    """What a request belongs to: what it says itself, or something new."""
    if header and TRACEPARENT.fullmatch(header):
        return header
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


@contextmanager
def following(traceparent: str | None) -> Iterator[None]:
    """What is done within it belongs to `traceparent`."""
    token = _current.set(traceparent)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def span(
    name: str, kind: Kind = "internal", *, since: datetime | None = None, **attributes: str | int
) -> Iterator["Span | None"]:
    """A step of what is done now; None where no spans are made. Of a failure only its code or kind is told."""
    if _provider is None:
        yield None
        return
    from opentelemetry.trace import SpanKind, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = TraceContextTextMapPropagator()
    made = _provider.get_tracer("afterbeep").start_span(
        name,
        context.extract({"traceparent": current() or ""}),
        SpanKind[kind.upper()],
        {f"afterbeep.{key}": value for key, value in attributes.items()},
        start_time=None if since is None else int(since.timestamp() * 1e9),
    )
    at = made.get_span_context()
    try:
        with following(f"00-{at.trace_id:032x}-{at.span_id:016x}-{at.trace_flags:02x}"):
            yield made
    except Exception as error:
        made.set_status(StatusCode.ERROR)
        made.set_attribute("error.type", str(getattr(error, "code", type(error).__name__)))
        raise
    finally:
        made.end()


def start() -> None:
    """Send spans where OpenTelemetry's own variable says. Without it none are made, and nothing is imported."""
    if not os.environ.get(ENDPOINT):
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("no traces are sent: %s is set, but the extra for traces is not installed", ENDPOINT)
        return
    send_to(BatchSpanProcessor(OTLPSpanExporter()))


def send_to(processor: "SpanProcessor") -> None:
    global _provider
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider

    _provider = TracerProvider(
        resource=Resource.create({SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME", "afterbeep")})
    )
    _provider.add_span_processor(processor)


def flush() -> None:
    """Send what is made, before a process ends without tidying up."""
    if _provider is not None:
        _provider.force_flush(FLUSHED_WITHIN_MS)
