"""How long things are kept: what was removed by age, and whose turn it was to remove it."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0016"


def upgrade() -> None:
    for name in ("audio_removed_at", "transcript_removed_at"):
        op.add_column("recordings", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    turns = op.create_table(
        "turns",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.bulk_insert(turns, [{"name": "retention", "at": datetime(2000, 1, 1, tzinfo=UTC)}])
