"""Several teams or customers, strictly apart; what there is so far belongs to the first, `default`."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

ROWS = (
    "people", "teams", "members", "invitations", "sessions", "api_keys", "audit", "recordings", "assignees", "reports",
    "verdicts", "appeals", "comments", "findings", "links", "traces", "marks", "fetches", "connections", "call_events",
    "webhooks", "deliveries",
)  # fmt: skip
NAMES = {"uq": "uq_%(table_name)s_%(column_0_name)s"}  # of constraints that were made without one


def upgrade() -> None:
    workspaces = op.create_table(
        "workspaces",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False, unique=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.bulk_insert(workspaces, [{"name": "default", "created_at": datetime.now(UTC)}])
    for table in ROWS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN workspace_id INTEGER DEFAULT 1 NOT NULL REFERENCES workspaces (id)")
    op.add_column("recordings", sa.Column("lane", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("recordings", sa.Column("place", sa.Integer(), nullable=True))
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, key in (("teams", "name"), ("recordings", "idempotency_key")):
        with op.batch_alter_table(table, naming_convention=NAMES) as batch:
            batch.drop_constraint(f"uq_{table}_{key}" if on_sqlite else f"{table}_{key}_key", type_="unique")
            batch.create_unique_constraint(f"uq_{table}_{key}", ["workspace_id", key])
    # Scripts and playbooks are called what people choose, so two workspaces may choose the same.
    if on_sqlite:
        _make_anew_with_keys()
    else:
        _change_keys()
    for name, columns in {
        "status": ["status", "lane", "workspace_id", "place"],
        "script": ["workspace_id", "script_id"],
        "rep": ["workspace_id", "rep_key", "created_at"],
        "prospect": ["workspace_id", "prospect_key", "created_at"],
    }.items():
        op.drop_index(f"ix_recordings_{name}", "recordings")
        op.create_index(f"ix_recordings_{name}", "recordings", columns)
    op.create_index("ix_recordings_workspace", "recordings", ["workspace_id", "created_at", "id"])
    if on_sqlite and (broken := op.get_bind().exec_driver_sql("PRAGMA foreign_key_check").all()):
        raise RuntimeError(f"rows that refer to nothing: {broken[:5]}")


def _change_keys() -> None:
    for table in ("playbooks", "scripts", "assignments"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN workspace_id INTEGER DEFAULT 1 NOT NULL REFERENCES workspaces (id)")
    op.drop_constraint("assignments_script_id_fkey", "assignments", type_="foreignkey")
    for table, key in (("playbooks", ["name", "version"]), ("scripts", ["id"])):
        op.drop_constraint(f"{table}_pkey", table, type_="primary")
        op.create_primary_key(f"{table}_pkey", table, ["workspace_id", *key])
    both = ["workspace_id", "script_id"]
    op.create_foreign_key(None, "assignments", "scripts", both, ["workspace_id", "id"], ondelete="CASCADE")


def _make_anew_with_keys() -> None:
    identifier = sa.String(32)

    def workspace() -> "sa.Column[int]":
        of = sa.ForeignKey("workspaces.id")
        return sa.Column("workspace_id", sa.Integer(), of, primary_key=True, autoincrement=False, server_default="1")

    _make_anew(
        "playbooks",
        workspace(),
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    _make_anew(
        "scripts",
        workspace(),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", identifier, sa.ForeignKey("people.id"), nullable=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("playbook", sa.String(100), nullable=False),
        sa.Column("context", sa.JSON(), nullable=False),
    )
    _make_anew(
        "assignments",
        sa.Column("workspace_id", sa.Integer(), sa.ForeignKey("workspaces.id"), nullable=False, server_default="1"),
        sa.Column("id", identifier, primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("coach_id", identifier, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("script_id", sa.String(64), nullable=False),
        sa.Column("playbook", sa.String(100), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("team_id", identifier, sa.ForeignKey("teams.id", ondelete="SET NULL")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "script_id"], ["scripts.workspace_id", "scripts.id"], ondelete="CASCADE"
        ),
    )
    op.create_index("ix_assignments_script_id", "assignments", ["script_id"])
    op.create_index("ix_assignments_team_id", "assignments", ["team_id"])


def _make_anew(table: str, *parts: "sa.Column[Any] | sa.ForeignKeyConstraint") -> None:
    """With the same rows, which are of the first workspace."""
    kept = [part.name for part in parts if isinstance(part, sa.Column) and part.name != "workspace_id"]
    op.create_table(f"new_{table}", *parts)
    columns = ", ".join(kept)
    op.execute(f"INSERT INTO new_{table} (workspace_id, {columns}) SELECT 1, {columns} FROM {table}")  # noqa: S608
    op.drop_table(table)
    op.rename_table(f"new_{table}", table)
