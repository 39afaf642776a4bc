"""A calling tool's own server, over real HTTP: it hands out recordings, or misbehaves."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, dict[str, str], bytes]
Route = Callable[["Asked"], Reply]


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    handler: BaseHTTPRequestHandler = field(repr=False)


@dataclass
class Provider:
    server: ThreadingHTTPServer
    routes: dict[str, Route] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def serve(self, path: str, body: bytes, status: int = 200, **headers: str) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.routes[path] = lambda asked: (status, named, body)
        return self.url(path)

    def in_turn(self, path: str, *replies: Reply) -> str:
        """One reply after the other; the last again and again."""
        left = list(replies)
        self.routes[path] = lambda asked: left.pop(0) if len(left) > 1 else left[0]
        return self.url(path)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider: Provider

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, headers, body, self)
        self.provider.asked.append(asked)
        route = self.provider.routes.get(self.path.partition("?")[0])
        status, more, content = route(asked) if route else (404, {}, b"")
        try:
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            pass  # the other side left, as it should

    do_GET = do_POST = _answer

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def provider_server(context: Any = None) -> Iterator[Provider]:
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    provider = handler.provider = Provider(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield provider
    server.shutdown()
    server.server_close()
    thread.join()


def endless(asked: Asked) -> Reply:
    """A body without a length that never ends."""
    handler = asked.handler
    handler.close_connection = True
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        while True:
            handler.wfile.write(bytes(65536))
    except OSError:
        return 500, {}, b""


def dripping(where: str) -> Route:
    """A byte now and then, in the head or in the body: never idle, never done."""

    def drip(asked: Asked) -> Reply:
        handler = asked.handler
        handler.close_connection = True
        try:
            handler.wfile.write(
                b"HTTP/1.1 200 OK\r\n" + (b"x-slow: " if where == "head" else b"connection: close\r\n\r\n")
            )
            end_s = time.monotonic() + 5
            while time.monotonic() < end_s:
                handler.wfile.write(b"a")
                handler.wfile.flush()
                time.sleep(0.05)
        except OSError:
            pass
        return 500, {}, b""

    return drip


def silent(asked: Asked) -> Reply:
    time.sleep(3)
    return 200, {}, b"too late"


def cut_off(asked: Asked) -> Reply:
    """Says more than it sends."""
    handler = asked.handler
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nRIFF")
    handler.connection.close()
    return 500, {}, b""
