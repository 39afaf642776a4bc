"""Fetching from outside: what a stranger may name, and what becomes of it. Real servers, real sockets."""

import ipaddress
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpcore2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.addresses import is_public
from app.fetching import Fetcher, Order, name_of
from models.errors import FetchDenied, FetchError, FetchFailed, FetchRefused, FetchTooLarge
from tests.provider import Provider, cut_off, dripping, endless, provider_server, silent

pytestmark = pytest.mark.tools

PUBLIC = "93.184.215.14"
BODY = b"RIFF" + bytes(range(256)) * 40


@pytest.fixture
def fetcher() -> Fetcher:
    """May look inside, as the fake provider is; every name is this machine."""
    return Fetcher(max_bytes=100_000, total_s=1.0, idle_s=0.5, inside=True, resolve=lambda host, port: ["127.0.0.1"])


STRICT = Fetcher(max_bytes=100_000, total_s=2.0, idle_s=1.0)


def body_of(fetcher: Fetcher, order: Order) -> bytes:
    with fetcher.fetch(order) as fetched:
        body = fetched.file.read()
    assert fetched.size_bytes == len(body)
    return body


# Addresses


@pytest.mark.parametrize(
    "address",
    "127.0.0.1 127.1.2.3 0.0.0.0 10.0.0.1 172.16.0.1 192.168.1.1 100.64.0.1 169.254.169.254 192.0.0.192 198.18.0.1 "
    "192.88.99.1 203.0.113.9 224.0.0.1 240.0.0.1 255.255.255.255 "
    ":: ::1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:a00:1 ::7f00:1 ::ffff:0:7f00:1 64:ff9b::7f00:1 "
    "64:ff9b::a9fe:a9fe 64:ff9b:1::101:101 2002:7f00:1:: 2002:a9fe:a9fe:: 2001:0:1::1 fe80::1 fe80::1%eth0 fc00::1 "
    "fd00:ec2::254 fec0::1 ff02::1 2001:db8::1 100::1 localhost 2130706433".split(),
)
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", PUBLIC, "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    "127.0.0.1 127.1 2130706433 017700000001 0177.0.0.1 0x7f000001 0x7f.0.0.1 0 0.0.0.0 [::1] [::] [::ffff:127.0.0.1] "
    "[0:0:0:0:0:ffff:7f00:1] [64:ff9b::7f00:1] [2002:7f00:1::] localhost 169.254.169.254 2852039166 0xa9fea9fe "
    "[::ffff:a9fe:a9fe] [fd00:ec2::254] 10.0.0.1 192.168.0.1 127.0.0.1. 127。0。0。1 ①②⑦.⓪.⓪.① %31%32%37.0.0.1".split(),
)
def test_no_way_of_writing_reaches_this_machine_or_network(host: str, provider: Provider) -> None:
    provider.serve("/secret", b"secret")
    with pytest.raises(FetchError) as refused:
        body_of(STRICT, Order(f"https://{host}:{provider.port}/secret"))
    assert isinstance(refused.value, FetchRefused) or "could not be fetched" in str(refused.value)
    assert provider.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "017700000001", "[::1]", "localhost"])
def test_what_resolves_to_this_machine_is_refused_for_good(host: str) -> None:
    with pytest.raises(FetchRefused) as refused:
        body_of(STRICT, Order(f"https://{host}/"))
    assert not refused.value.passing


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a.wav", "ftp://example.com/a.wav", "file:///etc/passwd", "gopher://example.com/", "//a/b",
        "example.com/a.wav", "", "https://", "https:///a.wav", "https://user:pass@example.com/a.wav",
        "https://example.com@127.0.0.1/", "https://127.0.0.1#@example.com/", "https://example.com\\@127.0.0.1/",
        "https://127.0.0.1\\.example.com/", "https://exa mple.com/", "https://example.com/\r\nHost: evil", "data:,x",
        "https://[::1", "https://example.com:99999/", "https://" + "a" * 5000 + ".com/",
    ],
)  # fmt: skip
def test_addresses_that_are_not_asked_at_all(url: str) -> None:
    asked: list[str] = []
    fetcher = replace(STRICT, resolve=lambda host, port: asked.append(host) or ["127.0.0.1"])
    with pytest.raises(FetchRefused):
        body_of(fetcher, Order(url))
    assert asked in ([], ["127.0.0.1"])


class Recorded(httpcore2.SyncBackend):
    """Notes where it is asked to connect, and leads there only what is public: to the fake provider."""

    def __init__(self, ports: dict[str, int]) -> None:
        self.ports = ports
        self.asked: list[str] = []

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self.asked.append(host)
        stream = super().connect_tcp("127.0.0.1", self.ports[host], timeout)
        peer = stream.get_extra_info
        stream.get_extra_info = lambda info: (host, port) if info == "server_addr" else peer(info)
        return stream


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    backend = Recorded({})
    monkeypatch.setattr("app.fetching.httpcore2.SyncBackend", lambda: backend)
    return backend


def certificate(folder: Path, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's side of a certificate for some names."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))


@pytest.fixture
def outside(tmp_path: Path, recorded: Recorded) -> Iterator[tuple[Provider, Fetcher]]:
    """A public provider over TLS, as far as anybody can tell, and the strict fetcher that trusts its certificate."""
    server, client = certificate(tmp_path, "calls.example", "media.example")
    seen: list[str] = []
    server.sni_callback = lambda _socket, name, _context: seen.append(name)
    with provider_server(server) as provider:
        recorded.ports[PUBLIC] = provider.port
        provider.seen = seen  # type: ignore[attr-defined]
        yield provider, replace(STRICT, trust=lambda: client, resolve=lambda host, port: [PUBLIC])


def test_the_checked_address_is_connected_and_the_name_is_kept(outside, recorded: Recorded) -> None:
    provider, fetcher = outside
    provider.serve("/a.wav", BODY)
    assert body_of(fetcher, Order("https://calls.example/a.wav")) == BODY
    assert recorded.asked == [PUBLIC]
    assert provider.seen == ["calls.example"]
    assert provider.asked[0].headers["host"] == "calls.example"


def test_a_certificate_of_another_name_is_not_trusted(outside) -> None:
    provider, fetcher = outside
    with pytest.raises(FetchFailed):
        body_of(fetcher, Order("https://other.example/a.wav"))
    assert provider.asked == []


def test_a_name_that_changes_its_address_is_read_once(outside, recorded: Recorded) -> None:
    provider, fetcher = outside
    provider.serve("/a.wav", BODY)
    answers = [[PUBLIC], ["127.0.0.1"]]
    changing = replace(fetcher, resolve=lambda host, port: answers.pop(0))
    assert body_of(changing, Order("https://calls.example/a.wav")) == BODY
    with pytest.raises(FetchRefused):
        body_of(changing, Order("https://calls.example/a.wav"))
    assert recorded.asked == [PUBLIC]


def test_one_address_inside_among_public_ones_is_enough_to_refuse(recorded: Recorded) -> None:
    for inside in ("127.0.0.1", "::1", "fe80::1%eth0", "::ffff:10.0.0.1"):
        with pytest.raises(FetchRefused):
            body_of(replace(STRICT, resolve=lambda host, port, at=inside: [PUBLIC, at]), Order("https://a.example/"))
    assert recorded.asked == []


def test_what_is_connected_is_looked_at_again(recorded: Recorded, provider: Provider, monkeypatch) -> None:
    """Should the system connect elsewhere than asked, nothing is sent."""
    recorded.ports[PUBLIC] = provider.port
    real = super(Recorded, recorded).connect_tcp
    monkeypatch.setattr(Recorded, "connect_tcp", lambda self, *a, **k: real("127.0.0.1", provider.port))
    with pytest.raises(FetchRefused):
        body_of(replace(STRICT, resolve=lambda host, port: [PUBLIC]), Order("https://calls.example/"))
    assert provider.asked == []


@pytest.mark.parametrize(
    "target",
    [
        "https://127.0.0.1/", "http://calls.example/a.wav", "https://2130706433/", "https://[::1]/", "//[::1]/",
        "file:///etc/passwd", "https://169.254.169.254/latest/meta-data/", "https://user@calls.example/",
        "https://inside.example/",
    ],
)  # fmt: skip
def test_redirects_are_checked_like_the_first_address(outside, recorded: Recorded, target: str) -> None:
    provider, fetcher = outside
    provider.serve("/a.wav", b"", 302, location=target)
    known = {"calls.example": PUBLIC, "inside.example": "10.0.0.7"}
    with pytest.raises(FetchRefused):
        body_of(
            replace(fetcher, resolve=lambda host, port: [known.get(host) or "127.0.0.1"]),
            Order("https://calls.example/a.wav"),
        )
    assert [asked.path for asked in provider.asked] == ["/a.wav"]
    assert recorded.asked == [PUBLIC]


def test_credentials_do_not_follow_to_another_host(outside) -> None:
    provider, fetcher = outside
    provider.serve("/a", b"", 302, location="/b")
    provider.serve("/b", b"", 307, location="https://media.example/c")
    provider.serve("/c", b"", 302, location="https://calls.example/d")
    provider.serve("/d", BODY)
    body_of(fetcher, Order("https://calls.example/a", headers={"Authorization": "Bearer key"}))
    assert ["authorization" in asked.headers for asked in provider.asked] == [True, True, False, True]


def test_redirects_stay_on_allowed_hosts_and_come_to_an_end(outside) -> None:
    provider, fetcher = outside
    provider.serve("/a", b"", 302, location="https://media.example/c")
    provider.serve("/round", b"", 302, location="/round")
    with pytest.raises(FetchRefused, match="allowed hosts"):
        body_of(fetcher, Order("https://calls.example/a", hosts=("calls.example",)))
    with pytest.raises(FetchRefused, match="redirects"):
        body_of(fetcher, Order("https://calls.example/round"))
    assert len(provider.asked) == 7


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("api.example.com", True), ("API.Example.COM", True), ("example.com", False), ("evilexample.com", False),
        ("example.com.evil.net", False), ("one.net", True), ("two.one.net", False),
    ],
)  # fmt: skip
def test_hosts_can_be_named(host: str, allowed: bool) -> None:
    fetcher = replace(STRICT, hosts=("*.example.com", "one.net"))
    for order in (Order(f"https://{host}/"), Order(f"https://{host}/", hosts=("*.example.com", "one.net"))):
        if allowed:
            fetcher.check(order)
        else:
            with pytest.raises(FetchRefused):
                replace(fetcher, hosts=() if order.hosts else fetcher.hosts).check(order)


# Bodies


def test_a_recording_comes_whole(fetcher: Fetcher, provider: Provider) -> None:
    url = provider.serve("/a.wav", BODY, content_type="audio/x-wav; rate=8000")
    with fetcher.fetch(Order(url)) as fetched:
        assert fetched.file.read() == BODY
        assert fetched.media_type == "audio/x-wav"


def test_a_body_too_large_is_not_taken_whether_it_says_so_or_not(fetcher: Fetcher, provider: Provider) -> None:
    told = provider.serve("/told", bytes(100_001))
    provider.routes["/endless"] = endless
    for url in (told, provider.url("/endless")):
        with pytest.raises(FetchTooLarge) as error:
            body_of(fetcher, Order(url))
        assert not error.value.passing


@pytest.mark.parametrize("route", [dripping("head"), dripping("body"), silent], ids=["head", "body", "silent"])
def test_a_slow_server_is_left_when_its_time_is_over(fetcher: Fetcher, provider: Provider, route) -> None:
    provider.routes["/slow"] = route
    began_s = time.monotonic()
    with pytest.raises(FetchFailed, match="too long") as error:
        body_of(fetcher, Order(provider.url("/slow")))
    assert error.value.passing
    assert time.monotonic() - began_s < 2


def test_a_body_cut_off_is_no_recording(fetcher: Fetcher, provider: Provider) -> None:
    provider.routes["/cut"] = cut_off
    with pytest.raises(FetchFailed) as error:
        body_of(fetcher, Order(provider.url("/cut")))
    assert error.value.passing


def test_nothing_is_unpacked(fetcher: Fetcher, provider: Provider) -> None:
    url = provider.serve("/bomb", b"\x1f\x8b", content_encoding="gzip")
    with pytest.raises(FetchFailed, match="packed"):
        body_of(fetcher, Order(url))
    assert provider.asked[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("status", "kind", "passing"),
    [
        (401, FetchDenied, False), (403, FetchDenied, False), (404, FetchFailed, True), (410, FetchFailed, False),
        (429, FetchFailed, True), (500, FetchFailed, True), (503, FetchFailed, True), (304, FetchFailed, False),
    ],
)  # fmt: skip
def test_what_a_server_answers_decides_on_another_attempt(
    fetcher: Fetcher, provider: Provider, status: int, kind: type[FetchError], passing: bool
) -> None:
    with pytest.raises(kind) as error:
        body_of(fetcher, Order(provider.serve("/a", b"", status)))
    assert error.value.passing is passing


def test_nobody_there_may_pass(fetcher: Fetcher) -> None:
    with pytest.raises(FetchFailed) as error:
        body_of(fetcher, Order("http://127.0.0.1:9/"))
    assert error.value.passing


def test_an_api_is_asked_for_json(fetcher: Fetcher, provider: Provider) -> None:
    good = provider.serve("/json", b'{"url": "https://a"}')
    assert fetcher.ask(Order(good, content=b"grant=1")) == {"url": "https://a"}
    assert (provider.asked[0].method, provider.asked[0].body) == ("POST", b"grant=1")
    with pytest.raises(FetchFailed):
        fetcher.ask(Order(provider.serve("/html", b"<html>")))
    with pytest.raises(FetchRefused):
        fetcher.ask(Order(provider.serve("/moved", b"", 302, location="/json"), content=b"secret"))


def test_a_name_for_showing_comes_from_the_path() -> None:
    assert name_of("https://a.example/calls/take%201.wav?key=secret") == "take 1.wav"
    assert name_of("https://a.example/") == "recording"
    assert ipaddress.ip_address(PUBLIC).is_global
