"""A message put together piece by piece, as rewrites and drafts do: a playbook's sentences, its order, its length."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from analysis.measure import SCRIPT_WPM
from analysis.spoken import count_spoken_words
from models.playbook import MessageShape, PieceKind
from models.report import RewritePiece

BLANKS = {"name": "[your name]", "company": "[your company]", "number": "[your number]", "referrer": "[who sent you]"}
ALWAYS_PLACED: tuple[PieceKind, ...] = ("referrer", "matter", "reason", "pain", "value", "proof", "step", "number")
BREATH = " ... "
_BLANK = re.compile(r"\[([^\]]+)\]")
_NUMBER_HINT, _DIGITS = BLANKS["number"].strip("[]"), 10
_SLOT = re.compile(r"(\{\w+\})")

Sentence = tuple[RewritePiece, ...]
Chosen = Mapping[PieceKind, Sequence[Sentence]]


def filled(shape: MessageShape, kind: PieceKind, slots: Mapping[str, str]) -> Sentence:
    """A sentence of the playbook, with what is known filled in and the rest left as a blank."""
    sentence = shape.sentences[kind]
    if "prospect" not in slots:
        sentence = sentence.replace(" {prospect}", "").replace("{prospect}", "")
    return tuple(_part(kind, part, slots) for part in _SLOT.split(sentence) if part)


def _part(kind: PieceKind, part: str, slots: Mapping[str, str]) -> RewritePiece:
    name = part[1:-1] if _SLOT.fullmatch(part) else ""
    known = slots.get(name)
    text = known or (BLANKS.get(name, f"[{name}]") if name else part)
    return RewritePiece(kind=kind, text=text, own=known is not None)


def in_order(shape: MessageShape, chosen: Chosen) -> Iterator[RewritePiece]:
    """The sentences in the playbook's order, with spaces between."""
    order = list(shape.order)
    order += [kind for kind in ALWAYS_PLACED if kind not in order]
    if "number_again" not in order:
        order.insert(order.index("number") + 1, "number_again")
    sentences = [sentence for kind in order for sentence in chosen.get(kind, ())]
    for number, sentence in enumerate(sentences):
        if number:
            yield RewritePiece(kind=sentence[0].kind, text=" ", own=False)
        yield from sentence


def joined(pieces: Iterable[RewritePiece]) -> str:
    return "".join(piece.text for piece in pieces)


def length_s(text: str) -> float:
    """At an even pace. What fills a blank is longer than the hint in it, and a number has ten digits."""
    hints = [blank[1] for blank in _BLANK.finditer(text)]
    said = count_spoken_words(_BLANK.sub(" ", text).split())
    said += sum(_DIGITS if hint == _NUMBER_HINT else 2 * len(hint.split()) for hint in hints)
    return round(said / SCRIPT_WPM * 60, 1)


def in_breaths(digits: str, said: str = "") -> str:
    """A number in groups with pauses: as it was said where it was said in groups, else by threes and fours."""
    digits = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
    if len(digits) == 10 and digits[0] != "0":
        return BREATH.join((digits[:3], digits[3:6], digits[6:]))
    if len(digits) == 11 and digits[0] == "0":
        return BREATH.join((digits[:5], digits[5:8], digits[8:]))
    groups = re.findall(r"\+?\d+", said)
    if 1 < len(groups) <= 4 and "".join(groups).lstrip("+") == digits:
        return BREATH.join(groups)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    if len(groups) > 1 and len(groups[-1]) < 3:
        groups[-2:] = [groups[-2] + groups[-1]]
    return BREATH.join(groups)
