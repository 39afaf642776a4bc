"""Scripts a coach gives to practise."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"


def upgrade() -> None:
    identifier = sa.String(32)
    op.create_table(
        "assignments",
        sa.Column("id", identifier, primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("coach_id", identifier, sa.ForeignKey("people.id"), nullable=False),
        sa.Column(
            "script_id", sa.String(64), sa.ForeignKey("scripts.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("playbook", sa.String(100), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("team_id", identifier, sa.ForeignKey("teams.id", ondelete="SET NULL"), index=True),
    )
    op.create_table(
        "assignees",
        sa.Column("assignment_id", identifier, sa.ForeignKey("assignments.id", ondelete="CASCADE"), primary_key=True),
        sa.Column(
            "person_id", identifier, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
        ),
    )
