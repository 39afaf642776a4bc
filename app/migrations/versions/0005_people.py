"""Accounts, teams, invitations, sessions, keys, the log of who did what, and whose a recording is."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    time, identifier = sa.DateTime(timezone=True), sa.String(32)

    def person() -> sa.ForeignKey:
        return sa.ForeignKey("people.id", ondelete="CASCADE")

    def team() -> sa.ForeignKey:
        return sa.ForeignKey("teams.id", ondelete="CASCADE")

    op.create_table(
        "people",
        sa.Column("id", identifier, primary_key=True),
        sa.Column("email", sa.String(254), nullable=False, unique=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password_hash", sa.String(200)),
        sa.Column("created_at", time, nullable=False),
        sa.Column("disabled_at", time),
        sa.Column("failed_attempts", sa.Integer(), nullable=False),
        sa.Column("locked_until", time),
    )
    op.create_table(
        "teams",
        sa.Column("id", identifier, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False, unique=True),
    )
    op.create_table(
        "members",
        sa.Column("team_id", identifier, team(), primary_key=True),
        sa.Column("person_id", identifier, person(), primary_key=True, index=True),
    )
    op.create_table(
        "invitations",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("team_id", identifier, team()),
        sa.Column("invited_by", identifier, nullable=False),
        sa.Column("expires_at", time, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("person_id", identifier, person(), nullable=False, index=True),
        sa.Column("seen_at", time, nullable=False),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", identifier, primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("person_id", identifier, person(), nullable=False, index=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.Column("last_used_at", time),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", time, nullable=False, index=True),
        sa.Column("person_id", identifier, nullable=False),
        sa.Column("person_name", sa.String(200), nullable=False),
        sa.Column("action", sa.String(50), nullable=False),
        sa.Column("object", sa.String(300), nullable=False),
    )
    # In one statement: SQLite adds a reference with its column only, and to rebuild the table would lose reports.
    op.execute("ALTER TABLE recordings ADD COLUMN owner_id VARCHAR(32) REFERENCES people (id)")
    op.create_index("ix_recordings_owner_id", "recordings", ["owner_id"])
