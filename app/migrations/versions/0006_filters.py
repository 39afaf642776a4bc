"""What lists are filtered by: each rule's verdict, and the words of the transcript."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

AT_ONCE = 200


def upgrade() -> None:
    op.add_column("reports", sa.Column("transcript", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "findings",
        sa.Column("recording_id", sa.String(32), sa.ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("rule", sa.String(80), primary_key=True),
        sa.Column("status", sa.String(16), nullable=False),
    )
    op.create_index("ix_findings_rule", "findings", ["rule", "status"])
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    """From the stored reports, a few at a time."""
    reports = sa.table("reports", sa.column("recording_id"), sa.column("body"), sa.column("transcript"))
    findings = sa.table("findings", sa.column("recording_id"), sa.column("rule"), sa.column("status"))
    newest = sa.select(reports.c.recording_id, reports.c.body).order_by(reports.c.recording_id).limit(AT_ONCE)
    last = ""
    while rows := connection.execute(newest.where(reports.c.recording_id > last)).all():
        for recording_id, body in rows:
            report = json.loads(body)
            connection.execute(
                sa.update(reports)
                .where(reports.c.recording_id == recording_id)
                .values(transcript=report.get("transcript", {}).get("text", ""))
            )
            found = {finding["rule"]: finding["status"] for finding in report.get("findings", ())}
            if found:
                connection.execute(
                    sa.insert(findings),
                    [{"recording_id": recording_id, "rule": rule, "status": found[rule]} for rule in found],
                )
        last = rows[-1][0]
