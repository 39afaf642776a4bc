"""A bucket for tests, on a server that speaks S3."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from uuid import uuid4

import pytest

from tests.processes import free_port


@contextmanager
def bucket_url() -> Iterator[str]:
    """The address of an empty bucket; the environment says where its server is, as it would to AWS tools."""
    server()
    files = pytest.importorskip("s3fs", reason="s3fs is not installed (extra s3)").S3FileSystem()
    name = f"afterbeep-{uuid4().hex[:12]}"
    files.mkdir(name)
    yield f"s3://{name}/audio"


@cache
def server() -> Any:
    """Started once, and left to the end of the run."""
    moto = pytest.importorskip("moto.server", reason="moto is not installed (extra dev)")
    port = free_port()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    running = moto.ThreadedMotoServer("127.0.0.1", port, verbose=False)
    running.start()
    return running


def pause() -> None:
    """Nobody listens any more; what is in the buckets stays."""
    server().stop()


def resume() -> None:
    server().start()
