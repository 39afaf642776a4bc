"""One database for rows and jobs, so that a recording and its job are stored together or not at all.

SQLite in the data folder, or a PostgreSQL server that many machines share.
"""

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from filelock import FileLock

from app.confining import read_again
from app.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
CONNECTIONS: Final = 20  # of one process to PostgreSQL at most, twice as many when it is busy
MIGRATION_LOCK: Final = zlib.crc32(b"afterbeep migrations")


def connect(settings: Settings) -> sa.Engine:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    url = sa.make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url, connect_args={"timeout": 30}, hide_parameters=True)
        sa.event.listen(engine, "connect", _prepare_sqlite)
    else:
        engine = sa.create_engine(
            url, pool_size=CONNECTIONS, max_overflow=CONNECTIONS, pool_pre_ping=True, hide_parameters=True
        )
    sa.event.listen(engine, "before_cursor_execute", read_again)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = (
        "IMMEDIATE"  # writers queue up at their first statement instead of failing at their last
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # what was acknowledged survives a power cut
    connection.execute("PRAGMA foreign_keys = ON")
    connection.create_function("lower", 1, _lower, deterministic=True)  # SQLite's own knows no Ł


def _lower(value: Any) -> str | None:
    return None if value is None else str(value).lower()


def migrate(settings: Settings) -> None:
    """Bring the tables of rows and jobs up to date. Safe when several processes start at once."""
    engine = connect(settings)
    with _alone(engine, settings):
        if _stamped(engine) != _stamp():
            _upgrade(engine, settings)
            _put_stamp(engine)
    engine.dispose()


@contextmanager
def _alone(engine: sa.Engine, settings: Settings) -> Iterator[None]:
    """Until it is left, no other process migrates this database, on whatever machine."""
    if _is_sqlite(engine):
        with FileLock(settings.data_dir / "migrate.lock"):
            yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Asked for again and again: who waits within a statement holds up the indexes that are made concurrently.
        while not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(MIGRATION_LOCK))):
            time.sleep(0.2)
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(MIGRATION_LOCK)))


def _upgrade(engine: sa.Engine, settings: Settings) -> None:
    from alembic import command  # heavy, like DBOS, and seldom needed
    from alembic.config import Config
    from dbos import DBOS

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        if _is_sqlite(engine):
            connection.detach()  # closed in the end: what refers to a table has to stay while it is made anew
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # sqlite3 would begin at the first row only
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    DBOS.migrate(settings.database)


def _stamp() -> int:
    """What brought a database up to date: the newest migration here, and the library whose tables lie beside ours."""
    newest = max(path.name for path in (MIGRATIONS / "versions").glob("*.py"))
    return zlib.crc32(f"{newest} {version('dbos')}".encode()) >> 1


def _stamped(engine: sa.Engine) -> int | None:
    with engine.connect() as connection:
        if _is_sqlite(engine):
            return connection.exec_driver_sql("PRAGMA user_version").scalar()
        table = sa.func.to_regclass("alembic_version")
        stamp = connection.scalar(sa.select(sa.func.obj_description(table, "pg_class")))
        return None if stamp is None else int(stamp)


def _put_stamp(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        if _is_sqlite(engine):
            connection.exec_driver_sql(f"PRAGMA user_version = {_stamp()}")
        else:
            connection.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS '{_stamp()}'")


def _is_sqlite(engine: sa.Engine) -> bool:
    return engine.dialect.name == "sqlite"
