"""Reports and progress on a terminal. Progress goes to standard error, so that output can be piped."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from analysis.evaluate import RuleAccuracy
from app.views.advice import DECISIONS, FACTS, GOALS, SITUATIONS, TONES, unless_sentence
from app.views.drafting import asks_for, left_out
from app.views.measures import measured
from app.views.unknown import unknown
from app.views.wording import check_name, decimal
from models.advice import Advice
from models.draft import Draft
from models.playbook import Playbook
from models.report import Evidence, Finding, Report, Rewrite

out = Console()
err = Console(stderr=True)
TONE_STYLE = {"keep": "bold green", "stop": "bold red", "try": "bold cyan", "silent": "bold yellow"}
SEVERITY_STYLE = {"high": "bold red", "medium": "yellow", "low": "dim yellow"}


@dataclass
class Steps:
    """What a long command is at."""

    bar: Progress
    task: TaskID

    def begin(self, name: str) -> None:
        self.bar.update(self.task, description=escape(name), stage="")

    def stage(self, stage: str) -> None:
        self.bar.update(self.task, stage=stage)

    def end(self) -> None:
        self.bar.advance(self.task)


@contextmanager
def progress(total: int) -> Iterator[Steps]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("[dim]{task.fields[stage]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        yield Steps(bar, bar.add_task("", total=total, stage=""))


@contextmanager
def model_progress(name: str) -> Iterator[Callable[[str, float], None]]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(f"Speech model {name}", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)


def show_failure(name: str, message: str) -> None:
    out.print(Panel(Text(message), title=escape(name), border_style="red", title_align="left"))


def show_report(report: Report, playbook: Playbook) -> None:
    passed = [check_name(one.rule, one.title) for one in report.findings if one.status == "passed"]
    parts: list[Any] = [_headline(report), Text(report.transcript.text, style="italic"), Text()]
    if report.strengths:
        parts += [Rule("Keep", style="green", align="left")]
        parts += [_strength(strength.title, strength.evidence) for strength in report.strengths]
    if report.flagged:
        lost = {loss.rule: loss.points for loss in report.score.lost}
        parts += [Rule("Stop, and try instead", style="red", align="left")]
        parts += [_finding(finding, lost.get(finding.rule, 0)) for finding in report.flagged]
    if report.rewrite:
        parts += [Rule("Say it like this", style="cyan", align="left"), _rewrite(report.rewrite)]
    parts += [Rule("Measured", align="left"), _measures(report, playbook)]
    if passed:
        parts += [Text("Passed: " + ", ".join(passed), style="dim")]
    if unjudged := unknown(report):
        parts += [Text("Not judged, and why:", style="dim")]
        parts += [Text(f"  {', '.join(names)}: {reason}", style="dim") for reason, names in unjudged]
    name = report.recording.filename if report.recording else "Script"
    out.print(Panel(Group(*parts), title=f"[bold]{escape(name)}", title_align="left"))


def _headline(report: Report) -> Text:
    points = report.score.points
    style = "bold green" if points >= 80 else "bold yellow" if points >= 50 else "bold red"
    return Text.assemble((f"{points}", style), f" of {report.score.out_of} points")


def _quotes(evidence: Sequence[Evidence]) -> Text:
    text = Text()
    for number, one in enumerate(evidence):
        when = "" if one.start_s is None else f"{_clock(one.start_s)} "
        text.append("\n" if number else "")
        text.append(when, "cyan").append(f"“{one.quote}”")
    return text


def _strength(title: str, evidence: Sequence[Evidence]) -> Padding:
    return Padding(Group(Text(f"✓ {title}", style="green"), _quotes(evidence)), (0, 0, 1, 2))


def _finding(finding: Finding, points: int) -> Padding:
    title = Text.assemble((f"✗ {finding.title}", SEVERITY_STYLE[finding.severity]), (f"  −{points}", "dim"))
    parts: list[Any] = [title]
    if finding.evidence:
        parts.append(_quotes(finding.evidence))
    parts.append(Text(finding.why))
    if finding.advice:
        parts.append(Text(finding.advice))
    if finding.say_instead:
        parts.append(Text.assemble(("Say: ", "bold green"), finding.say_instead))
    parts.append(Text(finding.source, style="dim"))
    return Padding(Group(*parts), (0, 0, 1, 2))


def _rewrite(rewrite: Rewrite) -> Padding:
    """The rep's own words stand out; what is in brackets is theirs to fill in."""
    said = Text()
    for piece in rewrite.pieces:
        said.append(piece.text, "" if piece.own else "dim")
    said.highlight_regex(r"\[[^\]]+\]", "bold yellow")
    return Padding(Group(said, Text(f"About {rewrite.estimated_s:.0f} s when spoken.", style="dim")), (0, 0, 1, 2))


def _measures(report: Report, playbook: Playbook) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("measure", "value", "", "allowed", ""):
        table.add_column(column, justify="right" if column == "value" else "left")
    bands, facts = measured(report, playbook.limits)
    for band in bands:
        shown = decimal(band.value, band.measure.digits)
        table.add_row(band.measure.label, shown, band.measure.unit, band.allowed_text, Text(band.verdict, "dim"))
    for measure, value in facts:
        table.add_row(measure.label, decimal(value, measure.digits), measure.unit)
    return table


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"


def show_draft(draft: Draft) -> None:
    notes = [*([asked] if (asked := asks_for(draft)) else []), *left_out(draft)]
    out.print(_rewrite(draft.message), *(Text(note, "yellow") for note in notes))


def show_advice(advice: Advice, playbook: Playbook) -> None:
    parts: list[Any] = [Text(DECISIONS[advice.decision], TONE_STYLE[TONES[advice.decision]])]
    if advice.missing:
        parts += [Text(f"Please say {' and '.join(FACTS[fact] for fact in advice.missing)}.")]
    elif advice.not_evaluated_because:
        parts += [Text(advice.not_evaluated_because)]
    for reason in advice.reasons:
        parts += [Text(reason.text), Text(reason.source, style="dim")]
    parts += [Text.assemble((unless_sentence(one), "yellow"), f" {one.reason.text}") for one in advice.unless]
    message, (shortest_s, longest_s) = advice.message, advice.message.length_s
    parts += [Text(), Rule("If you leave one", style="green", align="left")]
    parts += [Text(f"{GOALS[message.goal]}, in {shortest_s:g} to {longest_s:g} seconds. {message.purpose}")]
    parts += [Text(f"  {number}. {part}") for number, part in enumerate(message.must_hold, 1)]
    parts += [Text.assemble(("Say: ", "bold green"), message.template), Text(message.source, style="dim")]
    for script in advice.reception:
        parts += [Text(), Rule(SITUATIONS[script.situation], align="left")]
        parts += [Text.assemble(("Say: ", "bold green"), line) for line in script.say]
        parts += [Text(script.source, style="dim")]
    out.print(Panel(Group(*parts), title=f"[bold]{escape(playbook.title)}", title_align="left"))


def show_accuracy(accuracies: Sequence[RuleAccuracy], *, show_errors: bool) -> None:
    table = Table(box=None, header_style="dim", caption="95 % Wilson intervals in brackets", caption_justify="left")
    table.add_column("rule", no_wrap=True)
    for column in ("labelled", "flagged", "precision", "recall", "F1"):
        table.add_column(column, justify="right")
    for one in accuracies:
        precision, recall = _share(one.precision, one.precision_interval), _share(one.recall, one.recall_interval)
        f1 = "–" if one.f1 is None else f"{one.f1:.2f}"
        table.add_row(one.rule, f"{one.positives}", f"{one.flagged}", precision, recall, f1)
    out.print(table)
    for one in accuracies if show_errors else ():
        for mistake in one.mistakes:
            kind = "missed" if mistake.expected else "flagged wrongly"
            out.print(Text.assemble((f"\n{one.rule}: {kind} ", "bold"), (mistake.id, "cyan")))
            out.print(Text(mistake.text))
            out.print(Text("  ".join(f"“{quote}”" for quote in mistake.quotes), style="yellow"))


def _share(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None or interval is None:
        return "–"
    return f"{value:.2f} ({interval[0]:.2f}–{interval[1]:.2f})"


def show_summary(lines: Sequence[dict[str, Any]], path: Path) -> None:
    """What a bulk analysis found: how many, how good, which rules how often, and what could not be analysed."""
    from app.bulk import flag_counts

    points = [line["points"] for line in lines if "points" in line]
    failed = [line for line in lines if "error" in line]
    average = f", {sum(points) / len(points):.0f} of 100 points on average" if points else ""
    out.print(f"{len(points)} reports{average}, {len(failed)} could not be analysed: {path}", soft_wrap=True)
    table = Table(box=None, header_style="dim")
    for column in ("rule", "flagged", "share"):
        table.add_column(column, justify="left" if column == "rule" else "right")
    for rule, count in flag_counts(lines).most_common():
        table.add_row(rule, str(count), f"{count / len(points):.0%}")
    out.print(table)
    for line in failed:
        out.print(f"{escape(line['file'])}: {escape(line['error']['message'])}", style="red", soft_wrap=True)


def show_models(rows: Sequence[dict[str, Any]], model_dir: Path) -> None:
    """The models, what each engine loads of them, and how fast they were in the last benchmark here."""
    table = Table(title=f"Speech models in {model_dir}", title_justify="left", box=None, header_style="dim")
    for column in ("model", "openai-whisper", "faster-whisper", "speed, times real time"):
        table.add_column(column)
    for row in rows:
        paths = [Path(row[f"{engine}_path"]).name if row[f"{engine}_path"] else "–" for engine in ENGINE_FIELDS]
        speed = ", ".join(f"{engine} {times:g}" for engine, times in row["times_real_time"].items())
        packaged = " [dim](packaged: made at first use)[/]" if row["packaged"] and "–" in paths else ""
        name = f"[bold]{row['name']}[/] (default)" if row["default"] else row["name"]
        table.add_row(name + packaged, *paths, speed)
    out.print(table)
    out.print("What is missing is fetched at first use, or by: afterbeep models get NAME", style="dim")


ENGINE_FIELDS = ("openai_whisper", "faster_whisper")
