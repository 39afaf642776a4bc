"""Recordings and their reports."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "recordings",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("stage", sa.String(16)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("playbook", sa.String(100), nullable=False),
        sa.Column("idempotency_key", sa.String(255), unique=True),
        sa.Column("request_digest", sa.String(64), nullable=False),
        sa.Column("duration_s", sa.Double()),
        sa.Column("format", sa.String(50)),
        sa.Column("score", sa.Integer()),
        sa.Column("flags", sa.Integer()),
        sa.Column("top_flag", sa.String(100)),
        sa.Column("error_code", sa.String(50)),
        sa.Column("error_message", sa.Text()),
    )
    op.create_index("ix_recordings_created", "recordings", ["created_at", "id"])
    op.create_table(
        "reports",
        sa.Column("recording_id", sa.String(32), sa.ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("waveform", sa.JSON(), nullable=False),
    )
