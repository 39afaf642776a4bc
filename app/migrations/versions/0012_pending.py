"""Unfinished recordings, found without reading all."""

from alembic import op

revision = "0012"
down_revision = "0010"


def upgrade() -> None:
    op.create_index("ix_recordings_status", "recordings", ["status"])
