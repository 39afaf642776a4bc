"""The tables. Alembic's migrations in app/migrations make them; a test keeps both the same."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, validates

from app.tracing import current
from models.person import Role, Scope
from models.recording import CallContext, GivenWindow

Status = Literal["queued", "running", "done", "failed"]


class UtcDateTime(sa.TypeDecorator[datetime]):
    """Aware times everywhere, also where the database (SQLite) forgets the zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class ContextType(sa.TypeDecorator[CallContext]):
    impl = sa.JSON
    cache_ok = True

    def process_bind_param(self, value: CallContext | None, dialect: sa.Dialect) -> Any:
        return value.model_dump(exclude_none=True) if value else {}

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> CallContext:
        return CallContext.model_validate(value or {})


class WindowType(sa.TypeDecorator[GivenWindow]):
    impl = sa.JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: GivenWindow | None, dialect: sa.Dialect) -> Any:
        return value and value.model_dump()

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> GivenWindow | None:
        return value and GivenWindow.model_validate(value)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UtcDateTime, CallContext: ContextType, GivenWindow: WindowType}


Id = Annotated[str, mapped_column(sa.String(32), primary_key=True)]
OfRecording = Annotated[str, mapped_column(sa.ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)]


class WorkspaceRow(Base):
    """A company, or a team of one, that shares the installation and nothing in it with the others."""

    __tablename__ = "workspaces"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200), unique=True)
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]  # and then nothing is left of it but its log


class Row(Base):
    """A row of a workspace, as every row but those of workspaces is: see confining.py, which fills and asks for it."""

    __abstract__ = True

    workspace_id: Mapped[int] = mapped_column(sa.ForeignKey("workspaces.id"), server_default=sa.text("1"))


class PersonRow(Row):
    """An account. Never deleted, so that what is logged keeps its name; `disabled_at` shuts it."""

    __tablename__ = "people"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)  # lower case
    name: Mapped[str] = mapped_column(sa.String(200))
    role: Mapped[Role] = mapped_column(sa.String(16))
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    failed_attempts: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]


class TeamRow(Row):
    __tablename__ = "teams"
    __table_args__ = (sa.UniqueConstraint("workspace_id", "name", name="uq_teams_name"),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(200))


class MemberRow(Row):
    """Reps are coached in a team, coaches look after it."""

    __tablename__ = "members"

    team_id: Mapped[str] = mapped_column(sa.ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True)


class InvitationRow(Row):
    """A link that makes one account. Only a hash of what the link ends in is kept."""

    __tablename__ = "invitations"

    token_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    role: Mapped[Role] = mapped_column(sa.String(16))
    team_id: Mapped[str | None] = mapped_column(sa.ForeignKey("teams.id", ondelete="CASCADE"))
    invited_by: Mapped[str] = mapped_column(sa.String(32))
    expires_at: Mapped[datetime]


class SessionRow(Row):
    """A browser in which somebody is signed in, by a hash of its cookie."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("people.id", ondelete="CASCADE"), index=True)
    seen_at: Mapped[datetime]


class KeyRow(Row):
    """A key for programs, by its hash."""

    __tablename__ = "api_keys"

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("people.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    scopes: Mapped[list[Scope]] = mapped_column(sa.JSON)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class AuditRow(Row):
    """Who did what. Rows are only ever added; names stand in them as they were."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    person_id: Mapped[str] = mapped_column(sa.String(32))
    person_name: Mapped[str] = mapped_column(sa.String(200))
    action: Mapped[str] = mapped_column(sa.String(50))
    object: Mapped[str] = mapped_column(sa.String(300))


class RecordingRow(Row):
    """One recording from its arrival on. Its id is also the id of its (first) job and the name of its file.

    `window` is where a person says the message is; each time it is moved there is one more `revision`.
    """

    __tablename__ = "recordings"
    __table_args__ = (
        sa.UniqueConstraint("workspace_id", "idempotency_key", name="uq_recordings_idempotency_key"),
        sa.Index("ix_recordings_created", "created_at", "id"),
        sa.Index("ix_recordings_workspace", "workspace_id", "created_at", "id"),
        sa.Index("ix_recordings_status", "status", "lane", "workspace_id", "place"),
        sa.Index("ix_recordings_next", "status", "lane", "place"),
        sa.Index("ix_recordings_script", "workspace_id", "script_id"),
        sa.Index("ix_recordings_rep", "workspace_id", "rep_key", "created_at"),
        sa.Index("ix_recordings_prospect", "workspace_id", "prospect_key", "created_at"),
    )

    id: Mapped[Id]
    created_at: Mapped[datetime]
    status: Mapped[Status] = mapped_column(sa.String(16), default="queued")
    stage: Mapped[str | None] = mapped_column(sa.String(16))
    lane: Mapped[int] = mapped_column(default=1, server_default="1")  # this and `place`: see jobs.py
    place: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=0, server_default="0")
    window: Mapped[GivenWindow | None]
    demo: Mapped[bool] = mapped_column(default=False)
    owner_id: Mapped[str | None] = mapped_column(sa.ForeignKey("people.id"), index=True)  # whose message it is
    filename: Mapped[str] = mapped_column(sa.String(255))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    context: Mapped[CallContext]
    rep_key: Mapped[str | None] = mapped_column(sa.String(400))
    prospect_key: Mapped[str | None] = mapped_column(sa.String(400))
    script_id: Mapped[str | None] = mapped_column(sa.String(64))  # see script_store.py
    playbook: Mapped[str] = mapped_column(sa.String(100))
    idempotency_key: Mapped[str | None] = mapped_column(sa.String(255))
    request_digest: Mapped[str] = mapped_column(sa.String(64))
    duration_s: Mapped[float | None]
    format: Mapped[str | None] = mapped_column(sa.String(50))
    score: Mapped[int | None]
    flags: Mapped[int | None]
    top_flag: Mapped[str | None] = mapped_column(sa.String(100))
    doubtful: Mapped[bool] = mapped_column(default=False, server_default=sa.false())  # whether a person should listen
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[str | None] = mapped_column(sa.String(200))
    example_of: Mapped[str | None] = mapped_column(sa.String(500))  # why it is in the library of examples
    held_at: Mapped[datetime | None]  # since then nobody deletes anything of it
    held_by: Mapped[str | None] = mapped_column(sa.String(200))
    audio_removed_at: Mapped[datetime | None]
    transcript_removed_at: Mapped[datetime | None]
    error_code: Mapped[str | None] = mapped_column(sa.String(50))
    error_message: Mapped[str | None] = mapped_column(sa.Text)
    traceparent: Mapped[str | None] = mapped_column(sa.String(55), default=current)  # of the request it came by

    @validates("context")
    def _keys_follow(self, _name: str, context: CallContext) -> CallContext:
        """Who it is from and for, to find it by, is always what the context says."""
        self.rep_key, self.prospect_key = context.rep_key, context.prospect_key
        return context


class ScriptRow(Row):
    """A script that is kept, so that its takes stay together. `facts` is what it was drafted from, if it was."""

    __tablename__ = "scripts"

    workspace_id: Mapped[int] = mapped_column(sa.ForeignKey("workspaces.id"), primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)  # as callers choose
    created_at: Mapped[datetime]
    owner_id: Mapped[str | None] = mapped_column(sa.ForeignKey("people.id"))
    title: Mapped[str] = mapped_column(sa.String(200))
    text: Mapped[str] = mapped_column(sa.Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    playbook: Mapped[str] = mapped_column(sa.String(100))
    context: Mapped[CallContext]


class AssignmentRow(Row):
    """A script a coach gives to practise: to a team, whoever is in it then, and to single reps."""

    __tablename__ = "assignments"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["workspace_id", "script_id"], ["scripts.workspace_id", "scripts.id"], ondelete="CASCADE"
        ),
        sa.Index("ix_assignments_script_id", "script_id"),
    )

    id: Mapped[Id]
    created_at: Mapped[datetime]
    coach_id: Mapped[str] = mapped_column(sa.ForeignKey("people.id"))
    script_id: Mapped[str] = mapped_column(sa.String(64))
    playbook: Mapped[str] = mapped_column(sa.String(100))
    due_on: Mapped[date]
    team_id: Mapped[str | None] = mapped_column(sa.ForeignKey("teams.id", ondelete="SET NULL"), index=True)


class AssigneeRow(Row):
    """A rep an assignment was given to by name."""

    __tablename__ = "assignees"

    assignment_id: Mapped[str] = mapped_column(sa.ForeignKey("assignments.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True)


class ReportRow(Row):
    """The one report of a recording, as its JSON, with the waveform the page draws."""

    __tablename__ = "reports"

    recording_id: Mapped[OfRecording]
    body: Mapped[str] = mapped_column(sa.Text)
    heard: Mapped[str | None] = mapped_column(sa.Text)  # the report before a person corrected its words
    transcript: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    waveform: Mapped[list[float]] = mapped_column(sa.JSON)


class VerdictRow(Row):
    """What a coach says of one finding, and what had been found."""

    __tablename__ = "verdicts"

    recording_id: Mapped[OfRecording]
    rule: Mapped[str] = mapped_column(sa.String(100), primary_key=True, index=True)
    person_id: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    person_name: Mapped[str] = mapped_column(sa.String(200))
    agrees: Mapped[bool]
    flagged: Mapped[bool]
    playbook: Mapped[str] = mapped_column(sa.String(100))
    at: Mapped[datetime]


class AppealRow(Row):
    """A rep who does not agree with a finding; settled by the next verdict on it."""

    __tablename__ = "appeals"

    recording_id: Mapped[OfRecording]
    rule: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    person_id: Mapped[str] = mapped_column(sa.String(32))
    person_name: Mapped[str] = mapped_column(sa.String(200))
    text: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime]
    settled: Mapped[bool] = mapped_column(default=False)


class CommentRow(Row):
    """A remark, at a second of the recording or on all of it."""

    __tablename__ = "comments"

    id: Mapped[Id]
    recording_id: Mapped[str] = mapped_column(sa.ForeignKey("recordings.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[str] = mapped_column(sa.String(32))
    person_name: Mapped[str] = mapped_column(sa.String(200))
    at_s: Mapped[float | None]
    text: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime]


class FindingRow(Row):
    """What one rule said of a recording, as its report has it: lists are filtered by it."""

    __tablename__ = "findings"
    __table_args__ = (sa.Index("ix_findings_rule", "rule", "status"),)

    recording_id: Mapped[OfRecording]
    rule: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    status: Mapped[str] = mapped_column(sa.String(16))


class LinkRow(Row):
    """A way to one report without any other. The token itself is kept nowhere."""

    __tablename__ = "links"
    __table_args__ = (sa.Index("ix_links_recording", "recording_id"),)

    id: Mapped[Id]
    recording_id: Mapped[str] = mapped_column(sa.ForeignKey("recordings.id", ondelete="CASCADE"))
    token_sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    mask: Mapped[bool]


class TraceRow(Row):
    """By what a message is known again, as little-endian uint32: see analysis.repeats.Traces."""

    __tablename__ = "traces"

    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[str] = mapped_column(sa.ForeignKey("recordings.id", ondelete="CASCADE"), unique=True)
    landmarks: Mapped[bytes]
    word_pairs: Mapped[bytes]


class MarkRow(Row):
    """A sample of a message's traces, by which those like it are found without comparing all."""

    __tablename__ = "marks"
    __table_args__ = (sa.Index("ix_marks_trace", "trace_id"), {"sqlite_with_rowid": False})

    mark: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    trace_id: Mapped[int] = mapped_column(sa.ForeignKey("traces.id", ondelete="CASCADE"), primary_key=True)


class PlaybookRow(Row):
    """One version of a playbook a coach wrote, as TOML. Never changed: a report keeps the version it was made with."""

    __tablename__ = "playbooks"

    workspace_id: Mapped[int] = mapped_column(sa.ForeignKey("workspaces.id"), primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime]


class FetchRow(Row):
    """Where a recording is still to be fetched from. Gone as soon as it is fetched, or is given up."""

    __tablename__ = "fetches"

    recording_id: Mapped[OfRecording]
    connection_id: Mapped[str | None] = mapped_column(sa.ForeignKey("connections.id", ondelete="SET NULL"))
    link: Mapped[str] = mapped_column(sa.Text)  # sealed: it may hold a key
    urgent: Mapped[bool]
    attempt: Mapped[int]
    give_up_at: Mapped[datetime]


class ConnectionRow(Row):
    """A tool that tells us of calls: how its events are known to be its own, and what they mean to us."""

    __tablename__ = "connections"

    id: Mapped[Id]
    integration: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(100))
    credentials: Mapped[str] = mapped_column(sa.Text)  # sealed
    hosts: Mapped[list[str]] = mapped_column(sa.JSON)
    only_voicemails: Mapped[bool]
    agent_channel: Mapped[int | None]
    agents: Mapped[dict[str, str]] = mapped_column(sa.JSON)
    playbook: Mapped[str | None] = mapped_column(sa.String(100))
    created_at: Mapped[datetime]
    paused: Mapped[bool]


class CallEventRow(Row):
    """What became of a call a tool told us of; one row a call, however often it is told."""

    __tablename__ = "call_events"
    __table_args__ = (
        sa.UniqueConstraint("connection_id", "call_id"),
        sa.Index("ix_call_events_received", "connection_id", "received_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    connection_id: Mapped[str] = mapped_column(sa.ForeignKey("connections.id", ondelete="CASCADE"))
    call_id: Mapped[str] = mapped_column(sa.String(200))
    received_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(sa.String(16))  # taken, dropped, deleted or test
    recording_id: Mapped[str | None] = mapped_column(sa.ForeignKey("recordings.id", ondelete="SET NULL"))
    reason: Mapped[str | None] = mapped_column(sa.Text)


class WebhookRow(Row):
    """Whom we tell of what changed. Sealed: the address, which may hold a key, and all that is secret."""

    __tablename__ = "webhooks"

    id: Mapped[Id]
    url: Mapped[str] = mapped_column(sa.Text)
    secret: Mapped[str] = mapped_column(sa.Text)
    previous_secret: Mapped[str | None] = mapped_column(sa.Text)
    previous_until: Mapped[datetime | None]
    authorization: Mapped[str | None] = mapped_column(sa.Text)
    events: Mapped[list[str]] = mapped_column(sa.JSON)
    renderer: Mapped[str] = mapped_column(sa.String(16))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))
    paused_at: Mapped[datetime | None]
    paused_because: Mapped[str | None] = mapped_column(sa.Text)
    failures: Mapped[int] = mapped_column(default=0)  # messages given up in a row


class DeliveryRow(Row):
    """One message to one receiver. Its id is the message's, the same at every attempt.

    It waits while `next_attempt_at` is set, and is being sent until `claimed_until` at the latest.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.Index("ix_deliveries_due", "next_attempt_at"),
        sa.Index("ix_deliveries_webhook", "webhook_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    webhook_id: Mapped[str] = mapped_column(sa.ForeignKey("webhooks.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(sa.String(40))
    payload: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    last_status: Mapped[int | None]
    last_problem: Mapped[str | None] = mapped_column(sa.Text)
    next_attempt_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]


class WorkerRow(Base):
    """A worker, of all workspaces, that lives, or died without a word: then it beats no more."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    beats: Mapped[int] = mapped_column(sa.BigInteger)
    seen_at: Mapped[datetime | None]  # by the database's clock
    counts: Mapped[list[dict[str, Any]] | None] = mapped_column(sa.JSON(none_as_null=True))  # see metrics.py


class TurnRow(Base):
    """When some worker last began what only one of them is to do at a time."""

    __tablename__ = "turns"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    at: Mapped[datetime]
