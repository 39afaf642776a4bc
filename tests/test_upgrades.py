"""Every schema there ever was, with a row in each table, is brought up to date: nothing is lost, all of it is read."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from fastapi import FastAPI

from app.analyst import Analyst
from app.courier import courier_of
from app.database import MIGRATIONS, connect, migrate
from app.jobs import Jobs, launch_worker
from app.listing import Filter
from app.main import create_app
from app.playbook_store import Playbooks
from app.schema import Base, FindingRow, RecordingRow, Row
from app.settings import Settings
from app.store import Store
from app.vault import Vault
from models.person import DEFAULT_WORKSPACE
from tests.processes import wait_until
from tests.provider import provider_server
from tests.scripted import CHECKING_IN, Scripted
from tests.stored import WAV, receive

ON_BOTH_DATABASES = True

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
REPORT = {"transcript": {"text": "Hi Dana."}, "findings": [{"rule": "checking_in", "status": "flagged"}]}

#: By column, where the product reads more into it than its type says.
VALUES: dict[str, Any] = {
    "recordings.status": "done",
    "recordings.context": {"rep": "Maya Ross", "prospect": "Dana"},
    "recordings.window": {"start_s": 1.0, "end_s": 8.0},
    "reports.body": json.dumps(REPORT),
    "reports.waveform": [0.5],
    "people.role": "rep",
    "invitations.role": "rep",
    "api_keys.scopes": ["read"],
    "connections.hosts": ["calls.example.com"],
    "webhooks.events": ["report.ready"],
    "workers.counts": [],
}


BY_TYPE: dict[type[sa.types.TypeEngine[Any]], Any] = {
    sa.JSON: {},
    sa.Boolean: True,
    sa.Integer: 7,
    sa.Float: 0.5,
    sa.LargeBinary: bytes(8),
    sa.DateTime: NOW,
    sa.Date: date(2026, 2, 1),
}

Rows = dict[str, dict[str, Any]]  # by the name of the table, the one row of each


def configuration(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


@cache
def revisions() -> list[str]:
    """From the first to the newest."""
    found = ScriptDirectory.from_config(configuration()).walk_revisions()
    return [one.revision for one in found][::-1]


@contextmanager
def release(settings: Settings, revision: str) -> Iterator[sa.Connection]:
    """Its database, to put rows into."""
    engine = connect(settings)
    with engine.begin() as connection:
        command.upgrade(configuration(connection), revision)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def reflected(connection: sa.Connection) -> sa.MetaData:
    tables = sa.MetaData()
    tables.reflect(connection, only=lambda name, _: name != "alembic_version")
    return tables


def fill(connection: sa.Connection) -> Rows:
    """A row in each table that has none, which refers to those of the tables it refers to."""
    rows: Rows = {}
    for table in reflected(connection).sorted_tables:
        if not connection.execute(sa.select(table)).first():
            row = {
                column.name: value_of(column, rows) for column in table.c if column is not table.autoincrement_column
            }
            connection.execute(sa.insert(table).values(row))
        rows[table.name] = dict(connection.execute(sa.select(table)).one()._mapping)
    return rows


def value_of(column: "sa.Column[Any]", rows: Rows) -> Any:
    if column.foreign_keys:
        referred = next(iter(column.foreign_keys)).column
        return rows[referred.table.name][referred.name]
    name = f"{column.table.name}.{column.name}"
    if name in VALUES:
        return VALUES[name]
    if isinstance(column.type, sa.String):
        return name[: column.type.length]
    return next(value for kind, value in BY_TYPE.items() if isinstance(column.type, kind))


@pytest.mark.parametrize("revision", revisions())
def test_what_a_release_kept_is_there_after_the_upgrade(settings: Settings, revision: str) -> None:
    with release(settings, revision) as connection:
        before = fill(connection)
    migrate(settings)
    engine = connect(settings)
    check_rows(engine, before)
    check_models(Store(engine), before)
    check_use(create_app(settings))
    engine.dispose()


def check_rows(engine: sa.Engine, before: Rows) -> None:
    """Each row as it was, in the columns there were."""
    with engine.connect() as connection:
        tables = reflected(connection).tables
        for name, row in before.items():
            now = connection.execute(sa.select(tables[name])).one()._mapping
            assert {column: now[column] for column in row} == row, name


def check_models(store: Store, before: Rows) -> None:
    """Read by the models of today, in the first workspace, with what later releases keep beside it."""
    with store.session() as session:
        for mapper in Base.registry.mappers:
            kind = mapper.class_
            if kind.__tablename__ in before:
                (row,) = session.scalars(sa.select(kind)).all()
                assert not isinstance(row, Row) or row.workspace_id == DEFAULT_WORKSPACE, kind
        found = [(row.rule, row.status) for row in session.scalars(sa.select(FindingRow))]
    (recording,) = store.recordings()
    assert (recording.id, recording.context.rep) == ("recordings.id", "Maya Ross")
    assert store.waveform(recording.id) == [0.5]
    if "findings" not in before:
        assert found == [("checking_in", "flagged")]
        assert [row.id for row in store.recordings(matching=Filter(text="dana"))] == [recording.id]
    if "rep_key" not in before["recordings"]:
        assert (recording.rep_key, recording.prospect_key) == ("maya ross", "dana")


def check_use(app: FastAPI) -> None:
    """More is taken in beside it, other workspaces see nothing of it, and what refers to a recording goes with it."""
    store = app.state.store
    receive(app)
    assert len(store.recordings()) == 2
    other = Store(store.engine, DEFAULT_WORKSPACE + 1)
    assert (list(other.recordings()), Playbooks(other).newest()) == ([], {})
    with store.session() as session:
        session.execute(sa.delete(RecordingRow).where(RecordingRow.id == "recordings.id"))
        for table in Base.metadata.sorted_tables:
            for key in table.foreign_keys:
                if key.column is RecordingRow.__table__.c.id and key.ondelete == "CASCADE":
                    of_it = sa.select(table).where(key.parent == "recordings.id", table.c.workspace_id == 1)
                    assert session.execute(of_it).all() == [], table
    store.engine.dispose()


# What was in the queue

#: As releases wrote them, to the letter: the first, which had one queue, the one before workspaces, and the one before
#: workers had roles.
QUEUED: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
    "one": ({"queue_name": "recordings", "priority": 10, "workflow_id": "one"}, ("one",)),
    "two": ({"queue_name": "recordings", "workflow_id": "two"}, ("two", False)),
    "moved": ({"queue_name": "urgent", "workflow_id": "moved.1"}, ("moved", True)),
    "three": ({"queue_name": "recordings", "priority": 536870913, "workflow_id": "three"}, ("three", False)),
    "address": ({"queue_name": "fetches", "workflow_id": "address.fetch.0"}, ("address", 0)),
}


def test_what_earlier_releases_queued_is_finished(settings: Settings) -> None:
    settings = settings.model_copy(update={"fetch_inside": True})
    with provider_server() as provider:
        with release(settings, "0019") as connection:
            link = Vault(settings).seal(provider.serve("/a.wav", WAV))
            for recording_id in QUEUED:
                known = {"status": "queued", "attempts": 0, "revision": int(recording_id == "moved")}
                add(connection, "recordings", id=recording_id, playbook="cold-outreach", **known)
            later = datetime.now(UTC) + timedelta(hours=1)
            add(connection, "fetches", recording_id="address", link=link, attempt=0, urgent=False, give_up_at=later)
        enqueue(settings)
        migrate(settings)
        app = create_app(settings)
        for recording_id in QUEUED.keys() - {"address"}:
            app.state.audio.put(recording_id, io.BytesIO(WAV))
        with working(app):
            wait_until(lambda: {row.status for row in app.state.store.recordings()} <= {"done", "failed"})
    assert {(row.id, row.error_code) for row in app.state.store.recordings()} == {(name, None) for name in QUEUED}


def add(connection: sa.Connection, table_name: str, **known: Any) -> None:
    """A row with no more in it than there has to be."""
    table = reflected(connection).tables[table_name]
    needed = {column.name: value_of(column, {}) for column in table.c if not (column.nullable or column.name in known)}
    connection.execute(sa.insert(table).values(needed | known))


def enqueue(settings: Settings) -> None:
    from dbos import DBOS, DBOSClient

    DBOS.migrate(settings.database)
    engine = connect(settings)
    client = DBOSClient(system_database_engine=engine, application_name="afterbeep")
    for options, arguments in QUEUED.values():
        workflow = "fetch_recording" if options["queue_name"] == "fetches" else "analyze_recording"
        client.enqueue({**options, "workflow_name": workflow, "app_version": "1"}, *arguments)
    client.destroy()
    engine.dispose()


@contextmanager
def working(app: FastAPI) -> Iterator[None]:
    """A worker of this release, which hears the same words in every message."""
    state = app.state
    everywhere = state.store.everywhere()
    worker = Analyst(everywhere, state.audio, Scripted(CHECKING_IN), state.settings)
    courier = courier_of(state.settings, everywhere, state.audio, Jobs(state.store.engine))
    stop = launch_worker(
        state.store.engine, state.settings, lambda id, _: worker.run(id), courier.run, at_once=1, drain_s=5
    )
    try:
        yield
    finally:
        stop()
