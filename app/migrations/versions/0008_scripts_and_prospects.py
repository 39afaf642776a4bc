"""Scripts that are kept, with their takes; who a message was from and for, to find it by."""

import json

import sqlalchemy as sa
from alembic import op

from models.recording import CallContext

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "scripts",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.String(32), sa.ForeignKey("people.id"), nullable=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("playbook", sa.String(100), nullable=False),
        sa.Column("context", sa.JSON(), nullable=False),
    )
    op.add_column("recordings", sa.Column("script_id", sa.String(64), nullable=True))
    op.add_column("recordings", sa.Column("rep_key", sa.String(400), nullable=True))
    op.add_column("recordings", sa.Column("prospect_key", sa.String(400), nullable=True))
    op.create_index("ix_recordings_script", "recordings", ["script_id"])
    op.create_index("ix_recordings_rep", "recordings", ["rep_key", "created_at"])
    op.create_index("ix_recordings_prospect", "recordings", ["prospect_key", "created_at"])
    _fill_keys(op.get_bind())


def _fill_keys(connection: sa.Connection) -> None:
    recordings = sa.table("recordings", *map(sa.column, ("id", "context", "rep_key", "prospect_key")))
    for row in connection.execute(sa.select(recordings.c.id, recordings.c.context)).all():
        told = json.loads(row.context) if isinstance(row.context, str) else row.context or {}
        context = CallContext(rep=told.get("rep"), prospect=told.get("prospect"))
        keys = {"rep_key": context.rep_key, "prospect_key": context.prospect_key}
        connection.execute(recordings.update().where(recordings.c.id == row.id).values(keys))
