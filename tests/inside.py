"""The service inside the test's own process: no worker and no speech model, for what is stored beforehand."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from tests.conftest import wait_until
from tests.ports import free_port

STARTS_WITHIN_S = 20


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The address under which a browser reaches `app`."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started, STARTS_WITHIN_S)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
