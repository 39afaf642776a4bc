"""A filtered list as CSV or JSON Lines, written while it is read: any length takes the memory of a few rows."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, Final

from analysis.masking import masked, masked_context
from app.schema import RecordingRow
from models.report import Report

Found = tuple[RecordingRow, str | None]  # with its report as JSON

COLUMNS: Final = (
    "id", "received_at", "status", "filename", "rep", "prospect", "company", "purpose", "relationship", "attempt",
    "playbook", "recording_s", "score", "flags", "flagged_rules", "strengths", "message_s", "message_wpm",
    "words_spoken", "longest_pause_s", "error_code", "error_message", "transcript",
)  # fmt: skip
#: A spreadsheet takes a cell that begins so for a formula, and would run it.
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
BYTE_ORDER_MARK: Final = "\ufeff"  # without it spreadsheets take UTF-8 for something else, and é for Ã©


def as_csv(found: Iterable[Found], *, mask: bool = False) -> Iterator[str]:
    """A row a recording, those without a report too."""
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow(COLUMNS)
    yield BYTE_ORDER_MARK + line.getvalue()
    for row, body in found:
        report = Report.model_validate_json(body) if body else None
        line.seek(0)
        line.truncate()
        writer.writerow([safe(value) for value in _cells(row, report, mask).values()])
        yield line.getvalue()


def as_jsonl(found: Iterable[Found], *, mask: bool = False) -> Iterator[str]:
    """A report a line; recordings without one are left out."""
    for _, body in found:
        if body is not None:
            yield (masked(Report.model_validate_json(body)).model_dump_json() if mask else body) + "\n"


def safe(value: Any) -> Any:
    """Words that no spreadsheet takes for a formula; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _cells(row: RecordingRow, report: Report | None, mask: bool) -> dict[str, Any]:
    if mask:
        report = report and masked(report)
    shown = masked_context(row.context) if mask else row.context
    measures = report.measurements if report else None
    given = (
        row.id,
        row.created_at.isoformat(timespec="seconds"),
        row.status,
        _filename(report) if mask else row.filename,
        shown.rep,
        shown.prospect,
        shown.company,
        shown.purpose,
        shown.relationship,
        shown.attempt,
        report.playbook.name if mask and report else row.playbook,
        row.duration_s,
        row.score,
        row.flags,
        " ".join(finding.rule for finding in report.flagged) if report else None,
        " ".join(strength.rule for strength in report.strengths) if report else None,
        measures and measures.message_s,
        measures and measures.message_wpm,
        measures and measures.words_spoken,
        measures and measures.longest_pause_s,
        row.error_code,
        None if mask else row.error_message,  # it may name the file
        report.transcript.text if report else None,
    )
    return dict(zip(COLUMNS, given, strict=True))


def _filename(report: Report | None) -> str:
    return report.recording.filename if report and report.recording else "recording"
