"""A4 pages with the few forms a report needs: paragraphs that stay together, rows, a waveform."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final, Literal, NamedTuple

from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos

Colour = tuple[int, int, int]
StyleName = Literal["title", "head", "lead", "item", "body", "bold", "small", "voice", "said", "points"]

INK: Final[Colour] = (16, 35, 44)
SOFT: Final[Colour] = (84, 104, 114)
LINE: Final[Colour] = (218, 226, 230)
EDGE: Final[Colour] = (130, 148, 157)
STOP: Final[Colour] = (172, 47, 34)
KEEP: Final[Colour] = (20, 103, 63)
WARN: Final[Colour] = (128, 82, 10)
TRY: Final[Colour] = (11, 91, 112)
BEEP: Final[Colour] = (242, 100, 58)

MARGIN: Final = 20.0  # mm, as are all lengths here
FOOT: Final = 20.0
FONTS: Final = (
    ("sans", "", "font_source_sans_pro", "SourceSansPro-Regular.ttf"),
    ("sans", "B", "font_source_sans_pro", "SourceSansPro-Semibold.ttf"),
    ("serif", "", "font_source_serif_pro", "SourceSerifPro-Regular.ttf"),
)


class Style(NamedTuple):
    family: str
    weight: Literal["", "B"]
    size_pt: float
    leading: float


STYLES: Final[dict[StyleName, Style]] = {
    "title": Style("sans", "B", 20, 8.4),
    "head": Style("sans", "B", 14, 6.4),
    "lead": Style("sans", "B", 12.5, 5.8),
    "item": Style("sans", "B", 11.5, 5.4),
    "body": Style("sans", "", 10, 4.8),
    "bold": Style("sans", "B", 10, 4.8),
    "small": Style("sans", "", 8.5, 4.1),
    "voice": Style("serif", "", 11, 5.4),
    "said": Style("serif", "", 10.5, 5.2),
    "points": Style("sans", "B", 40, 15),
}


@dataclass(frozen=True)
class Para:
    text: str
    style: StyleName = "body"
    colour: Colour = INK
    above: float = 1.2
    indent: float = 0.0


class Cell(NamedTuple):
    text: str
    style: StyleName = "body"
    colour: Colour = INK


class Paper(FPDF):
    """What the foot of each page says is `foot_text`."""

    def __init__(self, foot_text: str) -> None:
        super().__init__(unit="mm", format="A4")
        self.foot_text = foot_text
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(True, FOOT)
        self.set_lang("en")
        for family, weight, package, name in FONTS:
            self.add_font(family, weight, str(files(package).joinpath("files", name)))
        self.add_page()

    def footer(self) -> None:
        self.set_y(-FOOT + 6)
        self._wear("small", SOFT)
        self.cell(self.epw / 2, 4, self.foot_text)
        self.cell(self.epw / 2, 4, f"{self.page_no()} of {{nb}}", align="R")

    def heading(self, text: str, *, needs: float = 30.0) -> None:
        """A heading, never alone at the foot of a page, and a bookmark of the same name."""
        if self.will_page_break(needs):
            self.add_page()
        else:
            self.ln(6)
        self.start_section(text)
        self.paragraph(Para(text, "head", above=0))
        self.ln(1)

    def paragraph(self, para: Para) -> None:
        self.ln(para.above)
        self._wear(para.style, para.colour)
        self.set_x(self.l_margin + para.indent)
        self._written(para.text, self.epw - para.indent, STYLES[para.style].leading)

    def block(self, paras: Sequence[Para], bar: Colour) -> None:
        """Paragraphs on one page, if a page can hold them, with a bar of colour beside them."""
        height = sum(para.above + self._height(para, self.epw - para.indent) for para in paras)
        self.ln(3.5)
        if self.will_page_break(height):
            self.add_page()
        page, top = self.page, self.y
        for para in paras:
            self.paragraph(para)
        if self.page == page:
            self.set_fill_color(*bar)
            self.rect(self.l_margin, top + 1, 0.9, self.y - top - 1, style="F")

    def rows(self, widths: Sequence[float], rows: Iterable[Sequence[Cell]], *, ruled: bool = True) -> None:
        """Columns as shares of the width; a row never breaks."""
        columns = [share * self.epw for share in widths]
        for row in rows:
            height = max(self._height(cell, width - 3) for cell, width in zip(row, columns, strict=True))
            if self.will_page_break(height + 2):
                self.add_page()
            top, left = self.y + 1, self.l_margin
            for cell, width in zip(row, columns, strict=True):
                self.set_xy(left, top)
                self._wear(cell.style, cell.colour)
                self._written(cell.text, width - 3, STYLES[cell.style].leading)
                left += width
            self.set_xy(self.l_margin, top + height + 1)
            if ruled:
                self.set_draw_color(*LINE)
                self.set_line_width(0.2)
                self.line(self.l_margin, self.y, self.l_margin + self.epw, self.y)

    def _wear(self, name: StyleName, colour: Colour) -> None:
        style = STYLES[name]
        self.set_font(style.family, style.weight, style.size_pt)
        self.set_text_color(*colour)

    def _written(self, text: str, width: float, leading: float) -> None:
        self.multi_cell(width, leading, text, align="L", padding=0, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _height(self, cell: Cell | Para, width: float) -> float:
        self._wear(cell.style, cell.colour)
        leading = STYLES[cell.style].leading
        height = self.multi_cell(width, leading, cell.text, align="L", dry_run=True, output=MethodReturnValue.HEIGHT)
        assert isinstance(height, int | float)
        return float(height)
