"""A report as a PDF: what app/templates/handout.html says, set on paper."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from app.exports.handout import Check, Handout, measured_instead, seconds_of
from app.exports.paper import (
    BEEP,
    EDGE,
    INK,
    KEEP,
    LINE,
    SOFT,
    STOP,
    STYLES,
    TRY,
    WARN,
    Cell,
    Colour,
    Paper,
    Para,
    StyleName,
)
from app.views.coaching import Change, Kept
from app.views.player import BARS, HEIGHT, QUIETEST_BAR, Wave, bar_heights
from app.views.wording import LEVELS, SEVERITIES, clock
from models.report import Evidence

WAVE_MM: Final = 16.0
LANE_MM: Final = 4.6
INDENT: Final = 4.0
ROW_MM: Final = 6.9  # of a table, where nothing wraps
LEVEL_COLOURS: Final[dict[str, Colour]] = {"strong": KEEP, "close": WARN, "rework": STOP, "none": INK}
VERDICT_COLOURS: Final[dict[str, Colour]] = {"flagged": STOP, "passed": KEEP, "not_evaluated": SOFT}


def handout_pdf(handout: Handout, peaks: Sequence[float] | None) -> bytes:
    report, coached = handout.report, handout.coached
    paper = Paper(f"{handout.title}, {handout.meta[-1]}")
    paper.set_title(f"{handout.title}: voicemail report")
    paper.set_author("Afterbeep")
    paper.set_creation_date(report.created_at)
    _head(paper, handout)
    if handout.wave:
        _waveform(paper, handout.wave, peaks or ())
    for title, changes in ((handout.first_title, coached.first), (handout.then_title, coached.then)):
        if changes:
            paper.heading(title, needs=60)
        for change in changes:
            paper.block(list(_change(change, handout)), STOP)
    if coached.kept:
        paper.heading("Keep", needs=40)
        for kept in coached.kept:
            paper.block(list(_kept(kept)), KEEP)
    if handout.rewrite:
        paper.heading("Say it like this", needs=50)
        paper.block([Para(handout.rewrite.text, "voice", indent=INDENT, above=0)], TRY)
        paper.paragraph(Para(handout.rewrite_told, "small", SOFT, above=2))
    paper.heading("What was said")
    said = ([Cell(one.at or "", "small", SOFT), Cell(one.text, "said")] for one in handout.sentences)
    paper.rows((0.08, 0.92), said, ruled=False)
    paper.heading("Every check", needs=40)
    paper.rows((0.42, 0.58), _checks(handout.checks))
    if handout.lines:
        paper.heading("Measures", needs=20 + ROW_MM * len(handout.lines))
        names = ("Measure", "Here", "Playbook allows", "Verdict")
        paper.rows((0.26, 0.26, 0.2, 0.28), [[Cell(name, "small", SOFT) for name in names]])
        lines = ([Cell(line.label, "bold"), *map(Cell, line[1:])] for line in handout.lines)
        paper.rows((0.26, 0.26, 0.2, 0.28), lines)
    about = "About this recording" if report.recording else "About this check"
    paper.heading(about, needs=14 + ROW_MM * len(handout.facts))
    paper.rows((0.3, 0.7), ([Cell(label, "bold"), Cell(value, "body", SOFT)] for label, value in handout.facts.items()))
    return bytes(paper.output())


def _head(paper: Paper, handout: Handout) -> None:
    report = handout.report
    _mark(paper)
    paper.paragraph(Para("Voicemail report", "small", SOFT, above=0, indent=9))
    paper.paragraph(Para(handout.title, "title", above=4))
    paper.paragraph(Para(" · ".join(handout.meta), "body", SOFT))
    if handout.masked:
        paper.paragraph(Para("Names, companies and telephone numbers are masked.", "small", SOFT))
    paper.ln(3)
    points = Cell(str(report.score.points), "points", LEVEL_COLOURS[handout.level])
    level = f"of {report.score.out_of}\n{LEVELS[handout.level]}"
    top = paper.y
    paper.rows((0.22, 0.22, 0.56), [[points, Cell(""), Cell("")]], ruled=False)
    bottom = paper.y
    for left, cell in ((0.13, Cell(level, "bold", SOFT)), (0.28, Cell(handout.coached.headline, "lead"))):
        paper.set_y(top + 4.2)
        paper.rows((left, 1 - left), [[Cell(""), cell]], ruled=False)
    paper.set_y(max(bottom, paper.y))


def _mark(paper: Paper) -> None:
    """The beep, and the voice that follows it."""
    x, y = paper.l_margin, paper.y + STYLES["small"].leading / 2
    paper.set_fill_color(*BEEP)
    paper.circle(x=x + 1.1, y=y, radius=1.1, style="F")
    paper.set_draw_color(*INK)
    paper.set_line_width(0.8)
    for step, half in enumerate((1.5, 2.2, 1.0)):
        paper.line(x + 3.6 + 1.5 * step, y - half, x + 3.6 + 1.5 * step, y + half)


def _waveform(paper: Paper, wave: Wave, peaks: Sequence[float]) -> None:
    left, top, width = paper.l_margin, paper.y + 2, paper.epw
    middle = top + WAVE_MM / 2
    begin, end = wave.message_x_percent, wave.message_x_percent + wave.message_width_percent
    paper.set_line_width(0.5)
    for index, bar in enumerate(bar_heights(peaks, BARS)):
        at = 100 * (index + 0.5) / BARS
        half = max(QUIETEST_BAR / HEIGHT, 0.47 * bar) * WAVE_MM
        paper.set_draw_color(*(EDGE if begin <= at <= end else LINE))
        paper.line(left + at * width / 100, middle - half, left + at * width / 100, middle + half)
    if wave.beep_x_percent is not None:
        paper.set_draw_color(*BEEP)
        x = left + wave.beep_x_percent * width / 100
        paper.line(x, top, x, top + WAVE_MM)
    for marker in wave.markers:
        colour = STOP if marker.kind == "stop" else KEEP
        x, y = left + marker.x_percent * width / 100, top + WAVE_MM + 1 + LANE_MM * marker.lane
        paper.set_fill_color(*colour)
        paper.rect(x, y, max(marker.width_percent * width / 100, 1), 0.8, style="F")
        paper.set_xy(x - 1 if not marker.at_end else x - 4, y + 1)
        paper.set_font("sans", "B", 8)
        paper.set_text_color(*colour)
        paper.cell(6, 3, marker.label)
    paper.set_xy(left, top + WAVE_MM + 1 + LANE_MM * wave.lanes)
    ends = [Cell("0:00", "small", SOFT), Cell(""), Cell(clock(wave.duration_s), "small", SOFT)]
    paper.rows((0.2, 0.72, 0.08), [ends], ruled=False)


def _change(change: Change, handout: Handout) -> Iterator[Para]:
    finding = change.finding
    points = f", −{change.points}" if change.points else ""
    yield Para(f"{change.number}  {finding.title}", "item", STOP, above=0, indent=INDENT)
    yield Para(f"{SEVERITIES[finding.severity]}{points}", "small", SOFT, above=0.2, indent=INDENT)
    yield from _quotes(change.quotes)
    if measure := measured_instead(change, handout.report):
        yield Para(measure, "bold", indent=INDENT)
    if because := finding.detail.get("because"):
        yield Para(str(because), indent=INDENT)
    yield Para(finding.why, "body", SOFT, indent=INDENT)
    if finding.say_instead:
        yield Para("Say instead", "small", TRY, above=2, indent=INDENT)
        yield Para(f"“{finding.say_instead}”", "voice", TRY, above=0, indent=INDENT)
    if finding.advice:
        yield Para(finding.advice, indent=INDENT)
    yield Para(finding.source, "small", SOFT, indent=INDENT)


def _kept(kept: Kept) -> Iterator[Para]:
    yield Para(kept.strength.title, "item", KEEP, above=0, indent=INDENT)
    yield from _quotes(kept.quotes)
    yield Para(kept.strength.why, "body", SOFT, indent=INDENT)


def _quotes(quotes: Iterable[Evidence]) -> Iterator[Para]:
    for quote in quotes:
        yield Para(f"“{quote.quote}” {seconds_of(quote)}".rstrip(), "voice", indent=INDENT)


def _checks(checks: Iterable[Check]) -> Iterator[list[Cell]]:
    for check in checks:
        style: StyleName = "bold" if check.status == "flagged" else "body"
        yield [Cell(check.name, "bold"), Cell(check.told, style, VERDICT_COLOURS[check.status])]
