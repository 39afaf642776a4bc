"""Fetching from outside: public addresses over https, checked when a name is resolved and again when connected.

Whoever names an address here is a stranger. Whatever they name (a figure for an address, a name that resolves to this
machine, a redirect into this network, a body without end), the fetch ends in a recording or in an error with a code.
"""

import json
import logging
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import unquote

import httpcore2
import httpx2

from app.addresses import is_public
from app.settings import Settings
from models.errors import FetchDenied, FetchError, FetchFailed, FetchRefused, FetchTooLarge

log = logging.getLogger(__name__)

Resolve = Callable[[str, int], list[str]]

MAX_REDIRECTS = 5
MAX_URL_CHARACTERS = 4096
MAX_ANSWER_BYTES = 2_000_000  # of an API that says where a recording is
CONNECT_S = 10.0
REDIRECTS = (301, 302, 303, 307, 308)
# What another attempt may cure: not there yet, too many at once, a server that is ill. 404 is Twilio's "not yet".
PASSING = (404, 408, 409, 423, 425, 429, *range(500, 600))
DENIED = (401, 403)


@dataclass(frozen=True)
class Order:
    """One thing to fetch. `headers` go to the host of `url` alone; without `hosts` any public one is allowed."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    hosts: tuple[str, ...] = ()
    content: bytes | None = field(default=None, repr=False)  # what is posted, if anything


@dataclass(frozen=True)
class Fetched:
    file: IO[bytes]
    size_bytes: int
    media_type: str


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, as the system knows it; a figure such as 2130706433 is an address to it too."""
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


@dataclass(frozen=True)
class Fetcher:
    max_bytes: int
    total_s: float = 120.0
    idle_s: float = 20.0
    hosts: tuple[str, ...] = ()
    inside: bool = False  # plain http and addresses of this network, for tests
    resolve: Resolve = resolve
    trust: Callable[[], ssl.SSLContext] = httpx2.create_ssl_context

    @classmethod
    def of(cls, settings: Settings) -> "Fetcher":
        return cls(
            max_bytes=settings.max_upload_bytes,
            total_s=settings.fetch_timeout_s,
            hosts=settings.allowed_hosts,
            inside=settings.fetch_inside,
        )

    def check(self, order: Order) -> httpx2.URL:
        """The address, if it may be asked at all; names are resolved only when they are. Raises FetchRefused."""
        url = _parsed(order.url)
        schemes = ("https", "http") if self.inside else ("https",)
        if url.scheme not in schemes or not url.host or not 0 < (url.port or 443) < 65536:
            raise FetchRefused("A recording can only be fetched from an address that begins with https://.")
        if url.userinfo:
            raise FetchRefused("The address has a name or password in it. Please send one without.")
        for allowed in (order.hosts, self.hosts):
            if allowed and not any(_matches(url.host, pattern) for pattern in allowed):
                raise FetchRefused(f"Recordings may not be fetched from {url.host}: it is not among the allowed hosts.")
        return url

    def check_resolved(self, order: Order) -> httpx2.URL:
        """The same, its name resolved at once. A name nobody knows will do: it is asked for again when connected."""
        url = self.check(order)
        try:
            addresses = self.resolve(url.host.strip("[]"), url.port or 443)
        except (OSError, UnicodeError):
            return url
        if not self.inside and not all(is_public(address) for address in addresses):
            raise _refused(url.host)
        return url

    def post(self, order: Order) -> int:
        """The status answered with, whatever it is; redirects are not followed. Raises FetchRefused or FetchFailed."""
        url = self.check(order)
        try:
            with (
                self._pool(time.monotonic() + self.total_s) as pool,
                self._send(pool, order, url, {**order.headers, **_OURS}) as answer,
            ):
                return answer.status
        except (httpcore2.TimeoutException, TimeoutError) as error:
            raise FetchFailed(f"{url.host} took too long to answer.", passing=True) from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
            log.info("a post broke off", exc_info=True)
            raise FetchFailed(f"{url.host} could not be reached.", passing=True) from error

    @contextmanager
    def fetch(self, order: Order) -> Iterator[Fetched]:
        """The body in a temporary file. Raises FetchRefused, FetchDenied, FetchTooLarge or FetchFailed."""
        with tempfile.TemporaryFile() as file, self._open(order) as answer:
            size_bytes = 0
            for chunk in answer.iter_stream():
                size_bytes += len(chunk)
                if size_bytes > self.max_bytes:
                    raise _too_large(self.max_bytes)
                file.write(chunk)
            file.seek(0)
            yield Fetched(file, size_bytes, _header(answer, b"content-type").partition(";")[0].strip().lower())

    def ask(self, order: Order) -> Any:
        """The JSON an API answers with. Raises as `fetch` does."""
        with self._open(order) as answer:
            body = b""
            for chunk in answer.iter_stream():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise _too_large(MAX_ANSWER_BYTES)
        try:
            return json.loads(body)
        except ValueError as error:
            raise FetchFailed(f"{_parsed(order.url).host} did not answer with JSON.") from error

    @contextmanager
    def _open(self, order: Order) -> Iterator[httpcore2.Response]:
        """The answer at the end of the redirects, each of them checked like the first address."""
        deadline_s = time.monotonic() + self.total_s
        url = self.check(order)
        origin = _origin(url)
        try:
            for _ in range(MAX_REDIRECTS + 1):
                headers = {**order.headers, **_OURS} if _origin(url) == origin else _OURS
                with self._pool(deadline_s) as pool, self._send(pool, order, url, headers) as answer:
                    if answer.status not in REDIRECTS:
                        self._accept(answer, url)
                        yield answer
                        return
                    if order.content is not None:
                        raise FetchRefused(f"{url.host} redirects what is posted to it, which is not followed.")
                    target = url.join(_header(answer, b"location"))
                url = self.check(Order(str(target), hosts=order.hosts))
        except (httpcore2.TimeoutException, TimeoutError) as error:
            raise FetchFailed(f"{url.host} took too long to send the recording.", passing=True) from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
            log.info("a fetch broke off", exc_info=True)
            raise FetchFailed(f"The recording could not be fetched from {url.host}.", passing=True) from error
        except httpx2.InvalidURL as error:
            raise FetchRefused(f"{url.host} redirects to something that is no address.") from error
        raise FetchRefused(f"The address redirects more than {MAX_REDIRECTS} times.")

    def _pool(self, deadline_s: float) -> httpcore2.ConnectionPool:
        return httpcore2.ConnectionPool(ssl_context=self.trust(), network_backend=_Network(self, deadline_s))

    def _send(
        self, pool: httpcore2.ConnectionPool, order: Order, url: httpx2.URL, headers: Mapping[str, str]
    ) -> AbstractContextManager[httpcore2.Response]:
        core_url = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        sent = list(headers.items())
        timeout = {"connect": CONNECT_S, "read": self.idle_s, "write": self.idle_s, "pool": CONNECT_S}
        method = "GET" if order.content is None else "POST"
        return pool.stream(method, core_url, headers=sent, content=order.content, extensions={"timeout": timeout})

    def _accept(self, answer: httpcore2.Response, url: httpx2.URL) -> None:
        if answer.status in DENIED:
            raise FetchDenied(
                f"{url.host} does not let Afterbeep have the recording ({answer.status}). "
                "The link has expired, or the credentials are not the right ones."
            )
        if not 200 <= answer.status < 300:
            raise FetchFailed(
                f"{url.host} answered with {answer.status} instead of the recording.", passing=answer.status in PASSING
            )
        if _header(answer, b"content-encoding").lower() not in ("", "identity"):
            raise FetchFailed(f"{url.host} sends the recording packed, which was not asked for.")
        if int(_header(answer, b"content-length") or 0) > self.max_bytes:
            raise _too_large(self.max_bytes)


_OURS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Afterbeep"}


class _Network(httpcore2.NetworkBackend):
    """Resolves a name once, refuses it unless every address is public, and connects to one of those very addresses.

    TLS and the Host header keep the name, so a certificate still has to be the name's.
    """

    def __init__(self, fetcher: Fetcher, deadline_s: float) -> None:
        self.fetcher = fetcher
        self.deadline_s = deadline_s
        self.sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        addresses = self._addresses(host, port)
        for last, address in enumerate(addresses, start=1 - len(addresses)):
            try:
                left_s = _left_s(self.deadline_s, timeout)
                stream = self.sockets.connect_tcp(address, port, left_s, socket_options=socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if last == 0:
                    raise
                continue
            connected = str(stream.get_extra_info("server_addr")[0])
            if not self._allowed(connected):
                stream.close()
                raise _refused(host)
            return _Timed(stream, self.deadline_s)
        raise httpcore2.ConnectError(f"{host} has no address")

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            addresses = self.fetcher.resolve(host.strip("[]"), port)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"{host} cannot be resolved") from error
        if not all(self._allowed(address) for address in addresses):
            raise _refused(host)
        return addresses

    def _allowed(self, address: str) -> bool:
        return self.fetcher.inside or is_public(address)


class _Timed(httpcore2.NetworkStream):
    """A connection that ends when its time is over, also where the other side sends a byte now and then."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline_s: float) -> None:
        self.stream = stream
        self.deadline_s = deadline_s

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, _left_s(self.deadline_s, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, _left_s(self.deadline_s, timeout))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left_s = _left_s(self.deadline_s, timeout)
        return _Timed(self.stream.start_tls(ssl_context, server_hostname, left_s), self.deadline_s)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def name_of(url: str) -> str:
    """The last part of an address's path, as a file's name."""
    return unquote(_parsed(url).path).rstrip("/").rpartition("/")[2] or "recording"


def _parsed(url: str) -> httpx2.URL:
    # What browsers repair is refused here: two readers of one address must not disagree about its host.
    if len(url) > MAX_URL_CHARACTERS or "\\" in url or not url.isprintable() or " " in url:
        raise FetchRefused("This is not an address a recording can be fetched from.")
    try:
        return httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError) as error:
        raise FetchRefused("This is not an address a recording can be fetched from.") from error


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _matches(host: str, pattern: str) -> bool:
    """`*.example.com` is every host under example.com, `example.com` itself alone."""
    host, pattern = host.lower().rstrip("."), pattern.lower()
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def _header(answer: httpcore2.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in answer.headers if key.lower() == name), "")


def _left_s(deadline_s: float, timeout_s: float | None) -> float:
    left_s = deadline_s - time.monotonic()
    if left_s <= 0:
        raise httpcore2.ReadTimeout("its time is over")
    return left_s if timeout_s is None else min(left_s, timeout_s)


def _refused(host: str) -> FetchError:
    return FetchRefused(f"{host} is not a public address, so nothing is fetched from there.")


def _too_large(limit_bytes: int) -> FetchError:
    return FetchTooLarge(f"The recording is larger than {limit_bytes / 1_000_000:g} MB, so it was not fetched.")
