"""What comes out: the coaching report, schema version 1, the same for CLI, API, store and page."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from models.base import Frozen
from models.playbook import Severity
from models.recording import CallContext, Recording
from models.transcript import Transcript

Status = Literal["flagged", "passed", "not_evaluated"]
FoundBy = Literal["beep", "channel", "speech", "whole_file", "given"]


class MessageWindow(Frozen):
    """Where in the recording the rep's message is, in seconds of the recording."""

    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    found_by: FoundBy
    beep_end_s: float | None = None
    channel: int | None = None
    confidence: float = Field(ge=0, le=1)


class Measurements(Frozen):
    """Numbers with their unit in the name; docs/measurements.md defines each; `not_measured` explains every None."""

    message_s: float | None = None
    speech_s: float | None = None
    words_spoken: int | None = None
    message_wpm: int | None = None
    articulation_wpm: int | None = None
    pause_threshold_s: float | None = None
    pauses_over_threshold: int | None = None
    longest_pause_s: float | None = None
    pitch_sd_semitones: float | None = None
    snr_db: float | None = None
    clipped_share: float | None = None
    phone_number_digits_per_s: float | None = None
    phone_number_times: int | None = None
    filler_words_at_least: int | None = None
    first_value_s: float | None = None


class Evidence(Frozen):
    """The words a finding rests on, exactly as in the transcript, and when they were said (no times in a script)."""

    quote: str
    start_s: float | None = None
    end_s: float | None = None


class Finding(Frozen):
    """One rule's verdict on one message."""

    rule: str
    status: Status
    severity: Severity
    title: str
    why: str
    advice: str
    say_instead: str
    source: str
    reason: str | None = Field(None, description="Why it was not evaluated; None otherwise.")
    detail: dict[str, Any] = {}
    evidence: tuple[Evidence, ...] = ()


class Strength(Frozen):
    """Something to keep."""

    rule: str
    title: str
    why: str
    evidence: tuple[Evidence, ...] = ()


class PointsLost(Frozen):
    rule: str
    points: int


class Score(Frozen):
    """`points` is `out_of` less the sum of `lost`, and nothing is lost for what was not evaluated."""

    points: int
    out_of: int = 100
    lost: tuple[PointsLost, ...] = ()


class PlaybookRef(Frozen):
    name: str
    version: int


class Report(Frozen):
    """What was said, how, which habits cost call-backs, and what to say instead."""

    schema_version: Literal[1] = 1
    id: str
    created_at: datetime
    recording: Recording | None = Field(None, description="None for a script.")
    context: CallContext = CallContext()
    message: MessageWindow | None = Field(None, description="None for a script.")
    transcript: Transcript
    measurements: Measurements
    not_measured: dict[str, str] = Field({}, description="Measure -> why it has no value.")
    findings: tuple[Finding, ...]
    strengths: tuple[Strength, ...]
    score: Score
    playbook: PlaybookRef
    analyzer_version: str
