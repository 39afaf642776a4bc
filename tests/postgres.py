"""PostgreSQL for tests: a database of one test's own, on a server that is there or that is started for the run."""

import atexit
import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from tests.processes import free_port

USUAL = "postgresql+psycopg://postgres@127.0.0.1:5432/test"


@contextmanager
def fresh_database() -> Iterator[str]:
    """The address of an empty database, gone afterwards. Skips where there is no server and none can be started."""
    server, why = find_server()
    if server is None:
        pytest.skip(why)
    name = f"afterbeep_{uuid4().hex[:12]}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        engine.dispose()


@cache
def find_server() -> tuple[str | None, str]:
    """Its address, or None and the reason."""
    if given := os.environ.get("AFTERBEEP_TEST_POSTGRES_URL"):
        return given, ""
    if _answers(USUAL):
        return USUAL, ""
    places = [shutil.which("initdb"), *map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    programs = next((Path(place).parent for place in places if place), None)
    if programs is None:
        return None, "no PostgreSQL: nothing at 127.0.0.1:5432, AFTERBEEP_TEST_POSTGRES_URL is not set, no initdb"
    return _start(programs), ""


def _answers(url: str) -> bool:
    try:
        engine = sa.create_engine(url, connect_args={"connect_timeout": 2})
        with engine.connect():
            return True
    except sa.exc.OperationalError:
        return False
    finally:
        engine.dispose()


def _start(programs: Path) -> str:
    folder, port = Path(tempfile.mkdtemp(prefix="afterbeep-postgres-")), free_port()
    user = _user()
    shutil.chown(folder, user)
    initdb = [programs / "initdb", "--pgdata", folder / "data", "--auth", "trust", "--username", "postgres"]
    subprocess.run(
        [*initdb, "--encoding", "UTF8", "--locale", "C.UTF-8"], check=True, user=user, stdout=subprocess.DEVNULL
    )
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder}"
    control = [programs / "pg_ctl", "--pgdata", folder / "data", "--log", folder / "log", "--wait"]
    subprocess.run([*control, "--options", options, "start"], check=True, user=user, stdout=subprocess.DEVNULL)

    def stop() -> None:
        subprocess.run([*control, "--mode", "immediate", "stop"], user=user, stdout=subprocess.DEVNULL, check=False)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"


def _user() -> str:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return getpass.getuser()
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
