"""The command line. Heavy imports happen inside the commands that need them, so that `--help` is quick."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from app.people_cli import people

if TYPE_CHECKING:
    from analysis.audio.decode import Decode
    from app.settings import Settings
    from models.playbook import Playbook
    from models.recording import CallContext
    from models.report import Report


def _settings(**flags: Any) -> "Settings":
    """The settings of the environment, with the flags that were given over them."""
    from pydantic import ValidationError

    from app.settings import Settings

    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        lines = [f"AFTERBEEP_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()]
        raise click.ClickException("\n".join(lines)) from error


def _playbook(settings: "Settings") -> "Playbook":
    """The playbook of a name, or of a file ending in .toml."""
    from analysis import playbooks

    name = settings.playbook
    return playbooks.load(Path(name) if name.endswith(".toml") else name)


class FriendlyGroup(click.Group):
    """Failures that a person can meet end in their sentence and status 1, not in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        from models.errors import AfterbeepError

        try:
            return super().invoke(ctx)
        except AfterbeepError as error:
            raise click.ClickException(str(error)) from error


playbook_option = click.option(
    "--playbook", metavar="NAME|FILE", help="Playbook to judge by: a name, or a .toml file (default: cold-outreach)."
)
model_option = click.option("--model", metavar="NAME|PATH", help="Whisper model (default: base).")
engine_option = click.option("--engine", metavar="NAME", help="openai-whisper (default) or faster-whisper.")
language_option = click.option("--language", metavar="CODE", help="Language spoken (default: en); auto to find out.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a page.")


@click.group(cls=FriendlyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="afterbeep")
def main() -> None:
    """What did the rep say after the beep? Coaching reports from recorded sales voicemails."""


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.jsonl|.pdf|.html",
    help="Write a line for each recording instead; what has a line there already is not analysed again. "
    "With .pdf or .html, write the report of one recording to hand over.",
)
@json_option
@playbook_option
@model_option
@engine_option
@language_option
@click.option("--verbatim", is_flag=True, default=None, help="Write down um and uh too, to count more of them.")
def analyze(
    files: tuple[Path, ...],
    out: Path | None,
    as_json: bool,
    playbook: str | None,
    model: str | None,
    engine: str | None,
    language: str | None,
    verbatim: bool | None,
) -> None:
    """Analyse recordings, or folders of them, and print their reports.

    A file NAME.json beside a recording tells what the recording cannot, such as {"context": {"purpose": "cold"}}.
    Exit status 1 if any recording failed; the others are reported all the same.
    """
    from app.bulk import analyze_file, failure, recordings_in
    from app.decoder import IsolatedDecoder
    from app.speech import get_weights, transcriber_of
    from app.terminal import progress, show_failure, show_report
    from models.errors import AfterbeepError

    settings = _settings(playbook=playbook, model=model, engine=engine, language=language, verbatim=verbatim)
    recordings = recordings_in(files)
    chosen = _playbook(settings)
    decode = click.get_current_context().with_resource(IsolatedDecoder())
    decode.warm_up()
    if out is not None and out.suffix.lower() in (".pdf", ".html"):
        return _hand_over(out, recordings, settings, chosen, decode)
    if out is not None:
        sys.exit(not _analyze_to(out, recordings, settings, chosen, decode))
    results: list[dict[str, Any]] = []
    failed = False
    with progress(len(recordings)) as step:
        step.stage("loading the speech model")
        get_weights(settings)
        transcriber = transcriber_of(settings)
        for number, path in enumerate(recordings):
            step.begin(path.name)
            try:
                report = analyze_file(path, settings, chosen, transcriber, f"{number + 1:04d}", decode, step.stage)
                results.append(report.model_dump(mode="json"))
                if not as_json:
                    show_report(report, chosen)
            except (AfterbeepError, OSError) as error:
                failed = True
                results.append(failure(path, error))
                if not as_json:
                    show_failure(path.name, results[-1]["error"]["message"])
            step.end()
    if as_json:
        print(json.dumps(results, indent=2, ensure_ascii=False))
    sys.exit(failed)


def _analyze_to(
    out: Path, recordings: "list[Path]", settings: "Settings", playbook: "Playbook", decode: "Decode"
) -> bool:
    """Whether every recording has a report."""
    from app.bulk import analyze_all
    from app.terminal import progress, show_summary

    with progress(len(recordings)) as step:
        lines = analyze_all(recordings, out, settings, playbook, decode, step.end)
    show_summary(lines, out)
    return not any("error" in line for line in lines)


def _hand_over(
    out: Path, recordings: "list[Path]", settings: "Settings", playbook: "Playbook", decode: "Decode"
) -> None:
    """The report of one recording as a file."""
    from app.bulk import analyze_whole
    from app.exports.handout import handout
    from app.exports.handout_page import handout_page
    from app.exports.handout_pdf import handout_pdf
    from app.speech import transcriber_of

    if len(recordings) != 1:
        raise click.UsageError(f"{out.name} holds the report of one recording; {len(recordings)} were given.")
    analysis = analyze_whole(recordings[0], settings, playbook, transcriber_of(settings), "0001", decode)
    made = handout(analysis.report, analysis.waveform, playbook)
    as_pdf = out.suffix.lower() == ".pdf"
    out.write_bytes(handout_pdf(made, analysis.waveform) if as_pdf else handout_page(made).encode())
    print(out)


@main.command()
@click.argument("file", type=click.File(encoding="utf-8"), metavar="FILE|-")
@click.option("--jsonl", is_flag=True, help='One {"id", "text", "context"?} a line in, one verdict a line out.')
@json_option
@playbook_option
def script(file: Iterable[str], jsonl: bool, as_json: bool, playbook: str | None) -> None:
    """Check a text before it is spoken, from FILE or from standard input (-)."""
    chosen = _playbook(_settings(playbook=playbook))
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


@main.command()
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
    accuracies = run(rows, _playbook(_settings(playbook=playbook)))
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


@main.command()
@click.option("--host", help="Address to listen on (default: 127.0.0.1).")
@click.option("--port", type=int, help="Port to listen on (default: 8000).")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of recordings and database.")
@click.option(
    "--demo",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Show the recordings of DIR as samples, if nothing is stored yet.",
)
@model_option
def serve(host: str | None, port: int | None, data_dir: Path | None, demo: Path | None, model: str | None) -> None:
    """Start the service and its worker."""
    from app.serve import serve as run

    run(_settings(host=host, port=port, data_dir=data_dir, model=model), demo)


@main.command()
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of recordings and database.")
@click.option(
    "--attached", is_flag=True, help="Stop when standard input closes, as when the service that began it dies."
)
@model_option
def worker(data_dir: Path | None, attached: bool, model: str | None) -> None:
    """Start a worker: take recordings from the queue and analyse them."""
    from app.worker import work

    work(_settings(data_dir=data_dir, model=model), attached=attached)


@main.group()
def models() -> None:
    """Speech models: what there is, what is here."""


@models.command("list")
@json_option
def list_models(as_json: bool) -> None:
    """Show the speech models, and which are on this machine."""
    from app.speech_models import rows
    from app.terminal import show_models

    settings = _settings()
    found = rows(settings)
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        show_models(found, settings.model_dir)


@models.command("bench")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@model_option
@engine_option
def bench_model(files: tuple[Path, ...], model: str | None, engine: str | None) -> None:
    """Measure how fast a speech model transcribes your recordings on this machine; `models list` shows it."""
    from app.bulk import recordings_in
    from app.speech_models import bench

    settings = _settings(model=model, engine=engine)
    speed = bench(settings, recordings_in(files))
    print(f"{settings.model} with {settings.engine}: {speed:g} times real time.")


@models.command("get")
@click.argument("name", default="")
@engine_option
def get_model(name: str, engine: str | None) -> None:
    """Fetch a speech model for the engine, checked and ready to use (default: base)."""
    from app.speech import get_weights
    from app.terminal import model_progress

    settings = _settings(model=name or None, engine=engine)
    with model_progress(settings.model) as step:
        path = get_weights(settings, step)
    print(path)


@main.group()
def demo() -> None:
    """The samples shown to a newcomer."""


@demo.command("remove")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of recordings and database.")
def remove_demo(data_dir: Path | None) -> None:
    """Remove the samples from the list; recordings of your own stay."""
    from app.main import create_app

    app = create_app(_settings(data_dir=data_dir))
    print(f"{app.state.intake.remove_demo()} samples removed.")


@main.command()
@click.option("--relationship", metavar="none|referred|known|customer", help="How well they know you.")
@click.option(
    "--purpose",
    metavar="PURPOSE",
    help="What the call is for: cold, warm_followup, active_deal, meeting_confirmation or non_sales.",
)
@click.option("--attempt", metavar="N", help="Which message to them this would be, from 1.")
@click.option("--retry-today/--no-retry-today", "planned_retry_today", default=None, help="Will you call again today?")
@click.option(
    "--preferred-channel", metavar="CHANNEL", help="How they like to be reached: phone, voicemail, email, text, social."
)
@click.option(
    "--tried",
    "channels_tried",
    multiple=True,
    metavar="CHANNEL",
    help="What you have tried: a channel, assistant, or none; may be given several times.",
)
@click.option("--spoke-before/--never-spoke", "spoke_before", default=None, help="Have you spoken with them before?")
@click.option("--referrer", metavar="NAME", help="Who suggested the call.")
@click.option("--prospect", metavar="NAME", help="Who the call is for.")
@click.option("--rep", metavar="NAME", help="Who calls.")
@click.option("--company", metavar="NAME", help="For which company.")
@playbook_option
@json_option
def advise(playbook: str | None, as_json: bool, channels_tried: tuple[str, ...], **facts: Any) -> None:
    """Ask before a call: leave a voicemail, try later, press zero, or write?

    Exit status 1 if too little is known to say.
    """
    from analysis.advice import advise as run

    chosen = _playbook(_settings(playbook=playbook))
    advice = run(_call(facts | {"channels_tried": channels_tried or None}), chosen)
    if as_json:
        print(advice.model_dump_json(indent=2))
    else:
        from app.terminal import show_advice

        show_advice(advice, chosen)
    sys.exit(advice.decision == "not_evaluated")


def _call(facts: dict[str, Any]) -> "CallContext":
    from pydantic import ValidationError

    from models.errors import InvalidRequest
    from models.recording import CallContext

    try:
        return CallContext.model_validate(facts)
    except ValidationError as error:
        wrong = [f"{str(e['loc'][0]).replace('_', ' ')}: {e['msg'].lower()}" for e in error.errors()]
        raise InvalidRequest("; ".join(wrong)) from error


main.add_command(people)


if __name__ == "__main__":
    main()
