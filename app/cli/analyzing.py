"""afterbeep analyze: recordings in, reports out."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.common import (
    engine_option,
    json_option,
    language_option,
    model_option,
    playbook_of,
    playbook_option,
    settings_from,
)

if TYPE_CHECKING:
    from analysis.audio.decode import Decode
    from app.settings import Settings
    from models.playbook import Playbook


@click.command()
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

    settings = settings_from(playbook=playbook, model=model, engine=engine, language=language, verbatim=verbatim)
    recordings = recordings_in(files)
    chosen = playbook_of(settings)
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
                name = f"{number + 1:04d}"
                report = analyze_file(path, settings, chosen, transcriber, name, decode, step.stage).report
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
    from app.bulk import analyze_file
    from app.exports.handout import handout
    from app.exports.handout_page import handout_page
    from app.exports.handout_pdf import handout_pdf
    from app.speech import transcriber_of

    if len(recordings) != 1:
        raise click.UsageError(f"{out.name} holds the report of one recording; {len(recordings)} were given.")
    analysis = analyze_file(recordings[0], settings, playbook, transcriber_of(settings), "0001", decode)
    made = handout(analysis.report, analysis.waveform, playbook)
    as_pdf = out.suffix.lower() == ".pdf"
    out.write_bytes(handout_pdf(made, analysis.waveform) if as_pdf else handout_page(made).encode())
    print(out)
