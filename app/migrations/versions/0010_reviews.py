"""What coaches and reps say of reports: verdicts, appeals, comments, corrections, examples."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    time, identifier, name = sa.DateTime(timezone=True), sa.String(32), sa.String(200)

    def recording() -> sa.ForeignKey:
        return sa.ForeignKey("recordings.id", ondelete="CASCADE")

    op.add_column("recordings", sa.Column("doubtful", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("recordings", sa.Column("reviewed_at", time))
    op.add_column("recordings", sa.Column("reviewed_by", name))
    op.add_column("recordings", sa.Column("example_of", sa.String(500)))
    op.add_column("reports", sa.Column("heard", sa.Text()))
    op.create_table(
        "verdicts",
        sa.Column("recording_id", identifier, recording(), primary_key=True),
        sa.Column("rule", sa.String(100), primary_key=True, index=True),
        sa.Column("person_id", identifier, primary_key=True),
        sa.Column("person_name", name, nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("playbook", sa.String(100), nullable=False),
        sa.Column("at", time, nullable=False),
    )
    op.create_table(
        "appeals",
        sa.Column("recording_id", identifier, recording(), primary_key=True),
        sa.Column("rule", sa.String(100), primary_key=True),
        sa.Column("person_id", identifier, nullable=False),
        sa.Column("person_name", name, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", time, nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "comments",
        sa.Column("id", identifier, primary_key=True),
        sa.Column("recording_id", identifier, recording(), nullable=False, index=True),
        sa.Column("person_id", identifier, nullable=False),
        sa.Column("person_name", name, nullable=False),
        sa.Column("at_s", sa.Double()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", time, nullable=False),
    )
