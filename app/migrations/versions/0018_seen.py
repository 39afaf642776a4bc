"""What each worker has counted and when it was seen, and which request a recording came by."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("workers", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("workers", sa.Column("counts", sa.JSON(), nullable=True))
    op.add_column("recordings", sa.Column("traceparent", sa.String(55), nullable=True))
