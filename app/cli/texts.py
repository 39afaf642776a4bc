"""afterbeep script: a text judged before it is spoken; and afterbeep evaluate, the same against labels."""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TextIO

import click

from app.cli.common import json_option, playbook_of, playbook_option, settings_from

if TYPE_CHECKING:
    from models.playbook import Playbook
    from models.recording import CallContext
    from models.report import Report


@click.command()
@click.argument("file", type=click.File(encoding="utf-8"), metavar="FILE|-")
@click.option("--jsonl", is_flag=True, help='One {"id", "text", "context"?} a line in, one verdict a line out.')
@json_option
@playbook_option
def script(file: Iterable[str], jsonl: bool, as_json: bool, playbook: str | None) -> None:
    """Check a text before it is spoken, from FILE or from standard input (-)."""
    chosen = playbook_of(settings_from(playbook=playbook))
    if jsonl:
        failed = False
        for verdict in _check_lines(file, chosen):
            failed = failed or "error" in verdict
            print(json.dumps(verdict, ensure_ascii=False))
        sys.exit(failed)
    report = _check_script("".join(file), "script", None, chosen)
    if as_json:
        print(report.model_dump_json(indent=2))
    else:
        from app.terminal import show_report

        show_report(report, chosen)


def _check_script(text: str, report_id: str, context: "CallContext | None", playbook: "Playbook") -> "Report":
    from datetime import UTC, datetime

    from analysis.pipeline import analyze_script

    return analyze_script(text, playbook=playbook, context=context, report_id=report_id, created_at=datetime.now(UTC))


def _check_lines(lines: Iterable[str], playbook: "Playbook") -> Iterator[dict[str, Any]]:
    """Verdicts in the order of the lines; a line that is no script gives its error and the rest go on."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row: Any = None
        try:
            row = json.loads(line)
            report = _check_script(str(row["text"]), str(row.get("id", number)), _context(row.get("context")), playbook)
            verdict = report.model_dump(mode="json", include={"findings", "strengths", "score"})
            yield {"id": row.get("id", number), **verdict}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            known = row.get("id") if isinstance(row, dict) else None
            message = f"Line {number} is not a script with a “text”: {error}"
            yield {
                "id": known if known is not None else number,
                "error": {"code": "invalid_request", "message": message},
            }


def _context(given: Any) -> "CallContext":
    """A context as an object, or in short as its purpose alone."""
    from models.recording import CallContext

    return CallContext.model_validate({"purpose": given} if isinstance(given, str) else given or {})


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.File(encoding="utf-8"), metavar="FILE.jsonl|- ...")
@click.option("--show-errors", is_flag=True, help="Show each message on which a rule and its label differ.")
@click.option("--markdown", is_flag=True, help="Print the page docs/accuracy.md.")
@json_option
@playbook_option
def evaluate(files: tuple[TextIO, ...], show_errors: bool, markdown: bool, as_json: bool, playbook: str | None) -> None:
    """Precision, recall and F1 of every rule against labelled messages, one JSON object a line."""
    from analysis.evaluate import accuracy_page
    from analysis.evaluate import evaluate as run
    from app.terminal import show_accuracy

    rows = [row for file in files for row in _labelled_rows(file)]
    accuracies = run(rows, playbook_of(settings_from(playbook=playbook)))
    if markdown:
        print(accuracy_page(accuracies, messages=len(rows), files=[file.name for file in files]), end="")
    elif as_json:
        print(json.dumps([accuracy.summary() for accuracy in accuracies], indent=2))
    else:
        show_accuracy(accuracies, show_errors=show_errors)


def _labelled_rows(lines: Iterable[str]) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
                rows.append({"text": str(row["text"]), "labels": dict(row["labels"])} | row)
            except (ValueError, KeyError, TypeError) as error:
                raise click.ClickException(f"Line {number} needs a “text” and “labels”: {error}") from error
    return rows
