"""Where a person says the message is."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("recordings", sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("recordings", sa.Column("window", sa.JSON(), nullable=True))
