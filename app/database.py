"""One database for rows and jobs, so that a recording and its job are stored together or not at all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from filelock import FileLock

from app.settings import Settings


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


def migrate(settings: Settings, say: Callable[[str], None] = lambda line: None) -> None:
    """Bring the tables of rows and jobs up to date. Safe when several processes start at once."""
    from alembic import command
    from alembic.config import Config
    from dbos import DBOS

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.data_dir / "migrate.lock"):
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        engine = connect(settings)
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        engine.dispose()
        DBOS.migrate(settings.database_url)
