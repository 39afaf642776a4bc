"""A rewrite as the page shows it: own words, the playbook's words, blanks to fill in, pauses."""

import re
from typing import Literal, NamedTuple

from models.report import Rewrite

_SPLIT = re.compile(r"(\[[^\]]+\]| \.\.\. )")


class Part(NamedTuple):
    kind: Literal["own", "template", "blank", "pause"]
    text: str


class Shown(NamedTuple):
    text: str
    parts: tuple[Part, ...]
    estimated_s: float

    @property
    def has_blanks(self) -> bool:
        return any(part.kind == "blank" for part in self.parts)


def shown(rewrite: Rewrite) -> Shown:
    parts = [_part(text, piece.own) for piece in rewrite.pieces for text in _SPLIT.split(piece.text) if text]
    return Shown(rewrite.text, tuple(parts), rewrite.estimated_s)


def _part(text: str, own: bool) -> Part:
    if text.strip() == "...":
        return Part("pause", " … ")
    if text.startswith("[") and not own:
        return Part("blank", text.strip("[]"))
    return Part("own" if own else "template", text)
