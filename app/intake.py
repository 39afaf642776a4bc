"""The one door: whatever way a recording comes, here it becomes stored audio, a row and a job."""

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath, PureWindowsPath
from typing import IO
from uuid import uuid4

from sqlalchemy.exc import IntegrityError

from analysis.audio.decode import HEADERLESS
from app.audio_store import AudioStore
from app.jobs import Jobs, Lane
from app.playbook_store import Playbooks
from app.schema import RecordingRow
from app.script_store import Scripts
from app.store import Store, check_audio, no_recording, on_hold
from app.tracing import current
from models.errors import (
    Busy,
    EmptyFile,
    IdempotencyKeyReused,
    InvalidRequest,
    NotAudio,
    NotReady,
    OnHold,
    TranscriptRemoved,
)
from models.person import Person
from models.recording import MIN_MESSAGE_S, CallContext, GivenWindow

SNIFFED_BYTES = 4096
# How recordings begin: (offset, bytes).
SIGNATURES = (
    (0, b"RIFF"), (0, b"RIFX"), (0, b"RF64"), (0, b"riff"), (0, b"OggS"), (0, b"fLaC"), (0, b"ID3"), (0, b"FORM"),
    (0, b"caff"), (0, b".snd"), (0, b"#!AMR"), (0, b"wvpk"), (0, b"TTA1"), (0, b"\x1aE\xdf\xa3"), (0, b".RMF"),
    (0, b"Creative Voice"), (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"), (0, b"\x0b\x77"), (4, b"ftyp"), (4, b"moov"),
    (4, b"mdat"), (4, b"wide"), (0, b"\x00\x00\x01\xba"), (0, b"\x47\x40"),
)  # fmt: skip
# Frames of MP3 and AAC, and of AC-3 in either byte order, maybe behind some padding; two frames of GSM 06.10.
FRAMES = re.compile(rb"\xff[\xe0-\xff]|\x0b\x77|\x77\x0b|\A[\xd0-\xdf].{32}[\xd0-\xdf]", re.DOTALL)


@dataclass(frozen=True)
class Arrival:
    """One recording as it comes through the door."""

    audio: IO[bytes]
    filename: str
    playbook: str
    context: CallContext = field(default_factory=CallContext)
    idempotency_key: str | None = None
    demo: bool = False
    owner_id: str | None = None  # whose message it is
    lane: Lane = Lane.SOON
    script_id: str | None = None  # the script it is a take of


@dataclass(frozen=True)
class Intake:
    store: Store
    audio: AudioStore
    jobs: Jobs
    playbooks: Playbooks
    max_queued: int

    def receive(self, arrival: Arrival) -> RecordingRow:
        """Store the audio, then the row and the job in one transaction: once this returns, nothing can be lost.

        Raises Busy, EmptyFile, NotAudio, NotFound where there is no such script, UnknownPlaybook or InvalidPlaybook, or
        IdempotencyKeyReused if the key came with another request.
        """
        self.make_room()
        self.playbooks.load(arrival.playbook)
        if arrival.script_id is not None:
            Scripts(self.store).get(arrival.script_id)
        size_bytes, sha256 = inspect(arrival.audio, arrival.filename)
        digest = _digest(arrival, sha256)
        if known := self.known(arrival.idempotency_key, digest):
            return known
        row = RecordingRow(
            id=uuid4().hex,
            created_at=datetime.now(UTC),
            status="queued",
            lane=arrival.lane,
            demo=arrival.demo,
            owner_id=arrival.owner_id,
            filename=base_name(arrival.filename),
            size_bytes=size_bytes,
            sha256=sha256,
            context=arrival.context,
            script_id=arrival.script_id,
            playbook=arrival.playbook,
            idempotency_key=arrival.idempotency_key,
            request_digest=digest,
        )
        arrival.audio.seek(0)
        self.audio.put(row.id, arrival.audio)
        try:
            with self.store.session() as session:
                session.add(row)
                session.flush()
                self.jobs.enqueue(session, row)
        except IntegrityError:  # the same key came twice at once, and the other was first
            self.audio.delete(row.id)
            known = self.known(arrival.idempotency_key, digest)
            if known is None:
                raise
            return known
        return row

    def of(self, workspace_id: int) -> "Intake":
        """The same of another workspace."""
        store = self.store.of(workspace_id)
        return replace(self, store=store, playbooks=Playbooks(store))

    def make_room(self) -> None:
        """Raises Busy while too much of this workspace is waiting."""
        if self.store.waiting() >= self.max_queued:
            raise Busy("Too many recordings are waiting. Please send this one again in a minute.")

    def known(self, idempotency_key: str | None, digest: str) -> RecordingRow | None:
        """What the same request gave before. Raises IdempotencyKeyReused if it was another request."""
        if idempotency_key is None:
            return None
        row = self.store.by_idempotency_key(idempotency_key)
        if row is not None and row.request_digest != digest:
            raise IdempotencyKeyReused(
                "This Idempotency-Key was already used for another request. Use a new key for a new recording."
            )
        return row

    def mark_message(self, recording_id: str, window: GivenWindow | None) -> RecordingRow:
        """Have a recording analysed again with its message where a person says; with None, where Afterbeep finds it.

        Raises NotFound, NotReady while it is being analysed, OnHold, AudioRemoved, TranscriptRemoved or InvalidRequest.
        """
        with self.store.session() as session:
            row = session.get(RecordingRow, recording_id, with_for_update=True)
            if row is None:
                raise no_recording()
            if row.held_at is not None:  # there would be another report in place of this one
                raise on_hold()
            check_audio(row)
            if row.transcript_removed_at is not None:
                raise TranscriptRemoved("The words of this recording were removed, so they are not written down again.")
            if row.status in ("queued", "running"):
                raise NotReady("This recording is still being analysed. Please mark the message when that is done.")
            if not row.sha256:
                raise NotReady("This recording could not be fetched, so there is no message to mark.")
            if window and row.duration_s is not None and window.start_s + MIN_MESSAGE_S > row.duration_s:
                raise InvalidRequest(f"This recording ends after {row.duration_s:.1f} s, before the message marked.")
            row.window, row.revision = window, row.revision + 1
            row.status, row.stage, row.attempts = "queued", None, 0
            row.error_code = row.error_message = None
            row.traceparent = current()
            row.lane = Lane.URGENT
            self.jobs.enqueue(session, row)
            return row

    def remove(self, recording_id: str, by: Person) -> None:
        """Forget a recording: its row and report first, then its audio. Raises NotFound or OnHold."""
        self.store.delete(recording_id, by)
        self.audio.delete(recording_id)

    def remove_demo(self, by: Person) -> int:
        """How many; those on hold stay."""
        removed = 0
        for recording_id in self.store.ids(demo=True):
            with suppress(OnHold):
                self.remove(recording_id, by)
                removed += 1
        return removed


def inspect(audio: IO[bytes], filename: str) -> tuple[int, str]:
    """Size and SHA-256, once the first bytes look like a recording. Raises EmptyFile or NotAudio."""
    audio.seek(0)
    head = audio.read(SNIFFED_BYTES)
    if not head:
        raise EmptyFile("The file is empty. Please record again or choose another file.")
    if not looks_like_audio(head, filename):
        name = base_name(filename)
        raise NotAudio(f"“{name}” is not a recording. Please send a voice recording, such as WAV, MP3 or M4A.")
    audio.seek(0)
    sha256 = hashlib.file_digest(audio, "sha256").hexdigest()  # type: ignore[arg-type]  # any file will do
    return audio.seek(0, 2), sha256


def looks_like_audio(head: bytes, filename: str) -> bool:
    """Whether a file could be a recording at all; the worker, apart from the service, finds out whether it is one."""
    if any(head.startswith(signature, offset) for offset, signature in SIGNATURES):
        return True
    return PurePosixPath(filename).suffix.lower() in HEADERLESS or bool(FRAMES.search(head))


def base_name(filename: str) -> str:
    """The last part of a path of either kind, without control characters, for showing only."""
    name = PureWindowsPath(PurePosixPath(filename).name).name
    return "".join(char for char in name if char.isprintable())[:255] or "recording"


def _digest(arrival: Arrival, sha256: str) -> str:
    parts = [sha256, arrival.filename, arrival.playbook, arrival.context.model_dump_json()]
    parts += [arrival.script_id] if arrival.script_id else []
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
