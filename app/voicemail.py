"""A recording as the API shows it: where it stands, and where to find the rest."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from app.schema import RecordingRow, Status
from models.recording import CallContext


class Failure(BaseModel):
    code: str
    message: str


class Links(BaseModel):
    self: str
    report: str
    audio: str
    waveform: str
    page: str


class Voicemail(BaseModel):
    id: str
    status: Status = Field(description="queued, running, then done or failed.")
    stage: str | None = Field(
        description="What it is at: fetching while queued; decoding, listening, transcribing or judging while running."
    )
    filename: str
    created_at: datetime
    demo: bool = Field(description="One of the samples, not a recording of yours.")
    context: CallContext
    playbook: str
    script_id: str | None = Field(description="The kept script it is a take of.")
    duration_s: float | None
    held_at: datetime | None = Field(description="Since when it is on hold; nobody deletes it then.")
    held_by: str | None
    audio_removed_at: datetime | None = Field(description="When its audio was deleted by age; null while it is there.")
    transcript_removed_at: datetime | None = Field(description="The same of its words.")
    score: int | None
    flags: int | None
    top_flag: str | None
    error: Failure | None
    links: Links

    @classmethod
    def of(cls, row: RecordingRow) -> Self:
        path = f"/v1/voicemails/{row.id}"
        return cls(
            id=row.id,
            status=row.status,
            stage=row.stage,
            filename=row.filename,
            created_at=row.created_at,
            demo=row.demo,
            context=row.context,
            playbook=row.playbook,
            script_id=row.script_id,
            duration_s=row.duration_s,
            held_at=row.held_at,
            held_by=row.held_by,
            audio_removed_at=row.audio_removed_at,
            transcript_removed_at=row.transcript_removed_at,
            score=row.score,
            flags=row.flags,
            top_flag=row.top_flag,
            error=Failure(code=row.error_code, message=row.error_message or "") if row.error_code else None,
            links=Links(
                self=path,
                report=f"{path}/report",
                audio=f"{path}/audio",
                waveform=f"{path}/waveform",
                page=f"/voicemails/{row.id}",
            ),
        )


class VoicemailPage(BaseModel):
    items: list[Voicemail]
    next_cursor: str | None = Field(description="Pass as cursor for the next page; null on the last.")

    @classmethod
    def of(cls, rows: Sequence[RecordingRow], limit: int) -> Self:
        """The rows are asked for with one more than the page holds, which tells whether there is another."""
        items = [Voicemail.of(row) for row in rows[:limit]]
        return cls(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


class Waveform(BaseModel):
    duration_s: float
    peaks: list[float] = Field(description="Loudest sample of each of 600 equal parts, 0 to 1.")
