"""What is on hold, what was removed by age and whose turn it was to remove it; and a log that nobody changes."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    for name in ("held_at", "audio_removed_at", "transcript_removed_at"):
        op.add_column("recordings", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("recordings", sa.Column("held_by", sa.String(200), nullable=True))
    turns = op.create_table(
        "turns",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.bulk_insert(turns, [{"name": "retention", "at": datetime(2000, 1, 1, tzinfo=UTC)}])
    _only_add("audit")


def _only_add(table: str) -> None:
    """The database itself refuses to change or delete a row, also for who goes round this program."""
    refusal = f"the rows of {table} are only ever added"
    if op.get_bind().dialect.name == "sqlite":
        refused = f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        for change in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} {refused}")
        known = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"  # noqa: S608  INSERT OR REPLACE
        op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} {known} {refused}")
    else:
        body = f"BEGIN RAISE EXCEPTION '{refusal}'; END"
        op.execute(f"CREATE FUNCTION {table}_only_added() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        op.execute(
            f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_only_added()"
        )
