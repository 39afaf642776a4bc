"""Many recordings from the command line: a line of JSON each, as it is done; a run cut off can be gone on with."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.audio.decode import Decode
from analysis.pipeline import Analysis, analyze
from analysis.speech.transcriber import Transcriber
from app.collector import Collector
from app.settings import Settings
from app.sidecar import context_beside, recordings_of
from app.speech import transcriber_of
from models.errors import AfterbeepError
from models.playbook import Playbook

Line = dict[str, Any]  # {"file", "report"} or {"file", "error"}


def recordings_in(paths: Iterable[Path]) -> list[Path]:
    """The files given and those within the folders given, hidden ones and what only describes a recording left out."""
    found: list[Path] = []
    for path in paths:
        within = (one for one in path.rglob("*") if one.is_file() and one.suffix != ".json" and one.name[0] != ".")
        found += sorted(within) if path.is_dir() else [path]
    return recordings_of(found)


def analyze_file(
    path: Path,
    settings: Settings,
    playbook: Playbook,
    transcriber: Transcriber,
    report_id: str,
    decode: Decode,
    on_stage: Callable[[str], None] = lambda stage: None,
) -> Analysis:
    """The report with what a page draws beside it."""
    return analyze(
        path,
        transcriber=transcriber,
        playbook=playbook,
        report_id=report_id,
        created_at=datetime.now(UTC),
        context=context_beside(path),
        max_duration_s=settings.max_duration_s,
        decode=decode,
        on_stage=on_stage,
    )


def failure(path: Path, error: Exception) -> Line:
    if isinstance(error, AfterbeepError):
        code, message = error.code, str(error)
    else:
        code, message = "cannot_read", f"“{path}” cannot be read: {getattr(error, 'strerror', None) or error}."
    return {"error": {"code": code, "message": message}, "recording": {"filename": path.name}}


def done_before(out: Path) -> list[Line]:
    """The lines of an earlier run. A last line that was cut off in the middle is taken out of the file."""
    if not out.exists():
        return []
    whole = [line for line in out.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    with out.open("r+b") as file:
        file.truncate(sum(map(len, whole)))
    return [json.loads(line) for line in whole]


def analyze_all(
    recordings: Sequence[Path],
    out: Path,
    settings: Settings,
    playbook: Playbook,
    decode: Decode,
    on_done: Callable[[], None],
) -> list[Line]:
    """Append a line for each recording that has none in `out` yet; returns all lines, reports cut to the summary's."""
    lines = [_summary(line) for line in done_before(out)]
    known = {line["file"] for line in lines}
    todo = [(number, path) for number, path in enumerate(recordings, 1) if str(path) not in known]
    for _ in known:
        on_done()
    transcriber = transcriber_of(settings)
    transcriber.load()  # a missing model stops the run, not every recording
    collector = Collector(transcriber)
    with out.open("a", encoding="utf-8") as file, ThreadPoolExecutor(collector.jobs) as jobs:

        def run(number: int, path: Path) -> None:
            with collector.desk(urgent=False) as seat:  # one at a time, so lines are whole
                try:
                    report = analyze_file(path, settings, playbook, seat, f"{number:04d}", decode).report
                    line = {"file": str(path), "report": report.model_dump(mode="json")}
                except (AfterbeepError, OSError) as error:
                    line = {"file": str(path), "error": failure(path, error)["error"]}
                print(json.dumps(line, ensure_ascii=False), file=file, flush=True)
                lines.append(_summary(line))
                on_done()

        for running in [jobs.submit(run, *one) for one in todo]:
            running.result()
    return lines


def _summary(line: Line) -> Line:
    if "error" in line:
        return line
    flagged = [finding["title"] for finding in line["report"]["findings"] if finding["status"] == "flagged"]
    return {"file": line["file"], "points": line["report"]["score"]["points"], "flagged": flagged}


def flag_counts(lines: Iterable[Line]) -> Counter[str]:
    return Counter(title for line in lines for title in line.get("flagged", ()))
