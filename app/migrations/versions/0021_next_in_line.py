"""Whose turn is next is asked at every arrival: without reading all that wait."""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_index("ix_recordings_next", "recordings", ["status", "lane", "place"])
