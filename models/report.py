"""What comes out: the coaching report, schema version 1, the same for CLI, API, store and page."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from models.base import Frozen
from models.playbook import SEVERITIES, PieceKind, Severity
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
    speech_level_dbfs: float | None = None
    bandwidth_hz: int | None = None
    dropouts: int | None = None
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


class RewritePiece(Frozen):
    """A part of a rewrite: the rep's own words, or the playbook's with [blanks] to fill in."""

    kind: PieceKind
    text: str
    own: bool = Field(description="Whether the rep said it, or gave it with the call.")


class Rewrite(Frozen):
    """The whole message as it could be said. `text` is the texts of the pieces, one after the other."""

    text: str
    pieces: tuple[RewritePiece, ...]
    estimated_s: float = Field(ge=0, description="How long it takes to say, blanks read out.")


class PointsLost(Frozen):
    rule: str
    points: int


class Score(Frozen):
    """`points` is `out_of` less the sum of `lost`, and nothing is lost for what was not evaluated."""

    points: int
    out_of: int = 100
    lost: tuple[PointsLost, ...] = ()


class Alike(Frozen):
    """Stored messages for other prospects that are like this one."""

    matches: int = Field(ge=0)
    prospects: int = Field(ge=0, description="For how many other prospects they were left.")


class Repeats(Frozen):
    """What was stored like this message when it was analysed."""

    same_recording: Alike | None = Field(description="None if the message is too short to tell recordings apart.")
    same_speech: Alike | None = Field(
        description="Nearly the same words in other recordings of the rep; None if there are too few words."
    )


class LikeEarlier(Frozen):
    """The earlier message whose words are likest."""

    id: str
    created_at: datetime
    likeness: float = Field(ge=0, le=1, description="Of all pairs of words in a row, the share that is in both.")


class LeftBefore(Frozen):
    """What earlier messages of the rep to the same prospect tell, as they were stored when this one was analysed."""

    attempt: int = Field(ge=1, description="Which message this is, from 1; takes of a script are practice.")
    days_since_last: float | None = Field(None, ge=0, description="Days since the one before; None for the first.")
    likest: LikeEarlier | None = Field(None, description="None for the first, and where there are too few words.")


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
    repeats: Repeats | None = Field(None, description="None where it was not compared with stored messages.")
    left_before: LeftBefore | None = Field(
        None, description="Read from stored messages; rules go by it where the context gives no attempt."
    )
    rewrite: Rewrite | None = Field(None, description="The whole message, better; None where its words are fine.")
    playbook: PlaybookRef
    analyzer_version: str

    @property
    def flagged(self) -> tuple[Finding, ...]:
        """What to change, the costliest first: by severity, then by the points it lost."""
        lost = {loss.rule: loss.points for loss in self.score.lost}
        flagged = [finding for finding in self.findings if finding.status == "flagged"]
        return tuple(sorted(flagged, key=lambda one: (SEVERITIES.index(one.severity), -lost.get(one.rule, 0))))
