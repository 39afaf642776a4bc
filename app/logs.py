"""What the processes say of themselves: lines to read, or JSON for machines. Never anything personal.

Our own messages are constants with ids and codes, which a test sees to. Of an exception only its kind and its place in
the code are told, since what it says may hold anything; what other libraries say is masked.
"""

import errno
import json
import logging
import re
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

from app import tracing
from app.settings import Settings
from models.errors import AfterbeepError

#: What a line may hold beside its message; given with `extra`.
FIELDS: Final = ("recording", "connection", "webhook", "queue", "attempt", "method", "route", "status", "code", "ms")
LONGEST: Final = 300
FRAMES: Final = 12  # of each exception, those nearest to it
MASKS: Final = (
    (re.compile(r"“[^”]*”|\"[^\"]*\"|(?<!\w)'[^']*'|‘[^’]*’|`[^`]*`"), "[…]"),
    (re.compile(r"(\bhttps?://)(?:[^\s/@]*@)?([\w.-]*(?::\d+)?)\S*"), r"\1\2"),
    (re.compile(r"\S*@\S*"), "[address]"),
    (re.compile(r"\b(?:ab_|whsec_|sk-|gAAAA|Bearer |Basic )\S+"), "[key]"),
    (re.compile(r"(?<!\w)\+?\(?\d(?:[\s().-]{0,3}\d){6,}(?!\w)"), "[number]"),
)

_recording: ContextVar[str | None] = ContextVar("recording", default=None)


@contextmanager
def about(recording_id: str | None) -> Iterator[None]:
    """Lines within it are about this recording."""
    token = _recording.set(recording_id)
    try:
        yield
    finally:
        _recording.reset(token)


def configure(settings: Settings, process: str) -> None:
    """For a process of our own: all its lines, those of libraries too, go to standard error in one form."""
    handler = logging.StreamHandler()
    handler.setFormatter(Json(process) if settings.log_format == "json" else Plain(process))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("app").setLevel(settings.log_level.upper())
    if settings.log_format == "plain":
        logging.getLogger("app.seen").setLevel(logging.WARNING)  # who reads lines wants no line for each request
    dbos = logging.getLogger("dbos")
    dbos.handlers, dbos.propagate = [handler], False  # it would add its own where it finds none
    threading.excepthook = _tell_of_thread


def told(record: logging.LogRecord) -> dict[str, Any]:
    """All that is said of a record."""
    line: dict[str, Any] = {"message": masked(record.getMessage())}
    line |= {"request": tracing.current_id(), "recording": _recording.get()}
    line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
    if record.exc_info and record.exc_info[1]:
        line["errors"] = [_error(one) for one in _causes(record.exc_info[1])]
    return {name: value for name, value in line.items() if value is not None}


def masked(message: str) -> str:
    """The first line of a message, without what could be somebody's."""
    first = message.partition("\n")[0]
    for pattern, instead in MASKS:
        first = pattern.sub(instead, first)
    return first[:LONGEST]


class Json(logging.Formatter):
    """A JSON object a line."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self.process = process

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        head = {"at": at, "level": record.levelname.lower(), "process": self.process, "logger": record.name}
        return json.dumps(head | told(record), ensure_ascii=False, default=str)


class Plain(Json):
    """The same to read."""

    def format(self, record: logging.LogRecord) -> str:
        line = told(record)
        errors = "".join(f"\n  {one['kind']}: {' < '.join(one['where'])}" for one in line.pop("errors", ()))
        fields = "".join(f" {name}={value}" for name, value in line.items() if name != "message")
        return f"{datetime.fromtimestamp(record.created):%H:%M:%S} {self.process}: {line['message']}{fields}{errors}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception, and what led to it."""
    known: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in known:
        yield cause
        known.add(id(cause))
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _error(error: BaseException) -> dict[str, Any]:
    kind, code = type(error).__name__, None
    if isinstance(error, AfterbeepError):
        code = error.code
    elif isinstance(error, OSError):
        code = errno.errorcode.get(error.errno or 0)
    else:  # PostgreSQL's and SQLite's
        code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    frames = [
        f"{frame.f_globals.get('__name__')}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    return {"kind": f"{kind} {code}" if code else kind, "where": frames[: -FRAMES - 1 : -1]}


def _tell_of_thread(ended: threading.ExceptHookArgs) -> None:
    logging.getLogger("app").error("a thread ended", exc_info=ended.exc_value)
