"""Workers and their beats, so that the jobs of one that is gone are done by others."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("beats", sa.BigInteger(), nullable=False),
    )
