"""The service inside the test's own process: no worker and no speech model, for what is stored beforehand."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from tests.processes import free_port, wait_until


@contextmanager
def serving(app: FastAPI, *, starts: bool = False) -> Iterator[str]:
    """The address under which `app` is reached. It `starts` here, or has been made ready to answer before."""
    port = free_port()
    usual = {"log_level": "error", "ws": "none", "timeout_graceful_shutdown": 5}
    server = uvicorn.Server(uvicorn.Config(app, port=port, lifespan="on" if starts else "off", **usual))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()
