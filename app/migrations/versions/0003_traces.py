"""What is kept of messages to know them again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "traces",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "recording_id",
            sa.String(32),
            sa.ForeignKey("recordings.id", ondelete="CASCADE"),
            nullable=False,
            unique=True,
        ),
        sa.Column("landmarks", sa.LargeBinary(), nullable=False),
        sa.Column("word_pairs", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "marks",
        sa.Column("mark", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("trace_id", sa.Integer(), sa.ForeignKey("traces.id", ondelete="CASCADE"), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_marks_trace", "marks", ["trace_id"])
