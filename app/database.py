"""One database for rows and jobs, so that a recording and its job are stored together or not at all."""

import zlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from filelock import FileLock

from app.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"


def connect(settings: Settings) -> sa.Engine:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(settings.database_url, connect_args={"timeout": 30})
    sa.event.listen(engine, "connect", _prepare_sqlite)
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
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.data_dir / "migrate.lock"):
        engine = connect(settings)
        with engine.connect() as connection:
            is_current = connection.exec_driver_sql("PRAGMA user_version").scalar() == _stamp()
        if not is_current:
            _upgrade(engine, settings)
        engine.dispose()


def _upgrade(engine: sa.Engine, settings: Settings) -> None:
    from alembic import command  # heavy, like DBOS, and seldom needed
    from alembic.config import Config
    from dbos import DBOS

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    DBOS.migrate(settings.database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"PRAGMA user_version = {_stamp()}")


def _stamp() -> int:
    """What brought a database up to date: the newest migration here, and the library whose tables lie beside ours."""
    newest = max(path.name for path in (MIGRATIONS / "versions").glob("*.py"))
    return zlib.crc32(f"{newest} {version('dbos')}".encode()) >> 1
