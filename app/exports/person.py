"""Everything about one person as a ZIP, written while it is read: whoever asks what is known of them gets this."""

import io
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path, PurePath
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.audio_store import AudioStore
from app.audit import AuditLog
from app.schema import (
    AppealRow,
    AssigneeRow,
    AssignmentRow,
    Base,
    CommentRow,
    KeyRow,
    MemberRow,
    PersonRow,
    RecordingRow,
    ReportRow,
    ScriptRow,
    SessionRow,
    TeamRow,
    VerdictRow,
)
from app.store import Store
from models.errors import NotFound

SECRET: Final = frozenset({"password_hash", "token_hash", "token_sha256", "request_digest"})
CHUNK_BYTES: Final = 1 << 18

Entry = tuple[str, bytes | Path]


def everything(store: Store, audio: AudioStore, person_id: str) -> Iterator[Entry]:
    """The account and what hangs on it, then recording by recording. Raises NotFound at once."""
    with store.session() as session:
        person = session.get(PersonRow, person_id)
        if person is None:
            raise NotFound("There is no account with this id.")
        files = {name: _json(told) for name, told in _account(session, person).items()}
        own = sa.select(RecordingRow.id).where(RecordingRow.owner_id == person_id, store.sees)
        ids = session.scalars(own.order_by(RecordingRow.created_at, RecordingRow.id)).all()
    return _entries(store, audio, person_id, files, ids)


def _entries(
    store: Store, audio: AudioStore, person_id: str, files: dict[str, bytes], ids: Iterable[str]
) -> Iterator[Entry]:
    yield from files.items()
    known = set(ids)
    lines = (line for line in AuditLog(store).walk() if line.person_id == person_id or line.object[:32] in known)
    yield "log.json", _json([_plain(line) for line in lines])
    for recording_id in ids:
        yield from _recording(store, audio, recording_id)


def _account(session: Session, person: PersonRow) -> dict[str, Any]:
    def rows(kind: type[Base], *conditions: "sa.ColumnElement[bool]") -> list[dict[str, Any]]:
        return [_plain(row) for row in session.scalars(sa.select(kind).where(*conditions))]

    teams = sa.select(MemberRow.team_id).where(MemberRow.person_id == person.id)
    given = sa.select(AssigneeRow.assignment_id).where(AssigneeRow.person_id == person.id)
    return {
        "account.json": _plain(person)
        | {
            "teams": rows(TeamRow, TeamRow.id.in_(teams)),
            "keys": rows(KeyRow, KeyRow.person_id == person.id),
            "sessions": rows(SessionRow, SessionRow.person_id == person.id),
        },
        "scripts.json": rows(ScriptRow, ScriptRow.owner_id == person.id),
        "assignments.json": rows(AssignmentRow, AssignmentRow.id.in_(given) | (AssignmentRow.coach_id == person.id)),
        "reviews.json": {
            kind.__tablename__: rows(kind, kind.person_id == person.id) for kind in (VerdictRow, AppealRow, CommentRow)
        },
    }


def _recording(store: Store, audio: AudioStore, recording_id: str) -> Iterator[Entry]:
    """Nothing of one that was deleted meanwhile."""
    folder = f"recordings/{recording_id}"
    with store.session() as session:
        row = session.get(RecordingRow, recording_id)
        if row is None:
            return
        kept = session.get(ReportRow, recording_id)
        reviews = {
            kind.__tablename__: [_plain(one) for one in session.scalars(sa.select(kind).filter_by(recording_id=row.id))]
            for kind in (VerdictRow, AppealRow, CommentRow)
        }
    yield f"{folder}/recording.json", _json(_plain(row))
    yield f"{folder}/reviews.json", _json(reviews)
    if kept is not None:
        yield f"{folder}/report.json", kept.body.encode()
        if kept.heard is not None:
            yield f"{folder}/report-before-correction.json", kept.heard.encode()
    try:
        original = audio.original(recording_id)
    except FileNotFoundError:
        return
    suffix = PurePath(row.filename).suffix.lower()
    yield f"{folder}/audio{suffix if re.fullmatch(r'[.][a-z0-9]{1,4}', suffix) else ''}", original


def zipped(entries: Iterable[Entry]) -> Iterator[bytes]:
    """A ZIP, of which never more than a piece is in memory."""
    pieces = _Pieces()
    now = datetime.now(UTC).timetuple()[:6]
    with ZipFile(pieces, "w") as archive:
        for name, content in entries:
            about = ZipInfo(name, now)
            about.compress_type = ZIP_DEFLATED if name.endswith(".json") else ZIP_STORED
            source = io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
            with source, archive.open(about, "w") as file:
                while chunk := source.read(CHUNK_BYTES):
                    file.write(chunk)
                    yield pieces.taken()
    yield pieces.taken()


class _Pieces(io.RawIOBase):
    """What was written since it was last asked for."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._written += piece
        return len(piece)

    def taken(self) -> bytes:
        piece, self._written = bytes(self._written), bytearray()
        return piece


def _plain(row: Base) -> dict[str, Any]:
    """A row as it is stored, without what only proves who somebody is."""
    names = (column.key for column in sa.inspect(type(row)).column_attrs)
    return {name: getattr(row, name) for name in names if name not in SECRET}


def _json(told: Any) -> bytes:
    return json.dumps(told, ensure_ascii=False, indent=2, default=_told).encode()


def _told(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    raise TypeError(f"{type(value)} cannot be told")
