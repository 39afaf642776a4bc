"""The whole message as it could be said: the rep's own words in the playbook's order, and blanks for what is missing.

Nothing is made up. Every word is the rep's, the playbook's, or stands in [brackets] for the rep to fill in.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from analysis.detectors.base import Heard
from analysis.detectors.judging import Judgement
from analysis.detectors.people import TITLES, introduction
from analysis.detectors.text import Span
from analysis.measure import SCRIPT_WPM
from analysis.own_words import OwnPiece, own_pieces
from analysis.spoken import PhoneNumber, count_spoken_words
from models.playbook import PieceKind
from models.report import Rewrite, RewritePiece

#: Rules a rewrite cannot help: how it was said, and whether to leave one at all.
NOT_ABOUT_WORDS = frozenset(
    ["too_fast", "too_slow", "monotone", "no_pauses", "long_pause", "fillers", "voicemail_advised", "prerecorded_drop"]
)
BLANKS = {"name": "[your name]", "company": "[your company]", "number": "[your number]", "referrer": "[who sent you]"}
SELLING: frozenset[PieceKind] = frozenset({"reason", "pain", "value", "proof", "referrer"})
BREATH = " ... "
_SLOT = re.compile(r"(\{\w+\})")


def rewrite(heard: Heard, judgement: Judgement) -> Rewrite | None:
    """None where the words are good as they are."""
    if not any(one.status == "flagged" and one.rule not in NOT_ABOUT_WORDS for one in judgement.findings):
        return None
    own = own_pieces(heard, judgement)
    quotes = [
        quote.quote
        for one in judgement.findings
        if one.status == "flagged" and one.rule not in {"number_once", "number_rushed", "late_value"}
        for quote in one.evidence
    ]
    while True:
        made = _Draft(heard, own).made()
        spoilt = next((quote for quote in quotes if _holds(made.text, quote)), None)
        guilty = [piece for piece in own if spoilt and _shares(piece, spoilt)]
        if not guilty:
            return made
        own = tuple(piece for piece in own if piece is not min(guilty, key=lambda piece: piece.strength))


def _holds(text: str, quote: str) -> bool:
    return bool(quote) and _plain(quote) in _plain(text)


def _shares(piece: OwnPiece, quote: str) -> bool:
    return any(_plain(one) in _plain(quote) or _plain(quote) in _plain(one) for one in piece.sentences)


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w' ]", " ", text.lower()).split())


class _Draft:
    """Chooses what fits, best pieces first, and writes it down in the playbook's order."""

    def __init__(self, heard: Heard, own: Sequence[OwnPiece]) -> None:
        self.heard = heard
        self.shape = heard.playbook.message
        self.own = own
        self.slots = slots(heard)
        limits = heard.playbook.limits
        self.aim_s = min(limits.length_target_s[1], limits.length_s[1])
        self.limit_s = limits.length_s[1]

    def made(self) -> Rewrite:
        chosen: dict[PieceKind, list[RewritePiece]] = {}
        for kind in self._always():
            chosen[kind] = self._filled(kind)
        if step := self._best("step"):
            chosen["step"] = [_own("step", step)]
        self._add_own(chosen)
        self._add_blanks(chosen)
        if _estimated_s(self._text(chosen)) > self.limit_s and "step" in chosen:
            chosen["step"] = min(
                (chosen["step"], self._filled("step")), key=lambda pieces: _estimated_s(_joined(pieces))
            )
        pieces = tuple(self._in_order(chosen))
        text = _joined(pieces)
        return Rewrite(text=text, pieces=pieces, estimated_s=_estimated_s(text))

    def _always(self) -> Iterator[PieceKind]:
        yield from ("greeting", "step", "number")
        if self.heard.playbook.rules["number_once"].enabled or "number_again" in self.shape.order:
            yield "number_again"

    def _best(self, kind: PieceKind) -> str | None:
        found = [piece for piece in self.own if piece.kind == kind]
        best = max(found, key=lambda piece: (piece.strength, piece.at), default=None)
        return best.sentences[best.core] if best else None

    def _add_own(self, chosen: dict[PieceKind, list[RewritePiece]]) -> None:
        """The strongest first, as long as they fit; the first thing of value may use the whole band."""
        rest = [piece for piece in self.own if piece.kind != "step"]
        taken: list[tuple[OwnPiece, str]] = []
        for piece in sorted(rest, key=lambda piece: -piece.strength):
            room_s = (self.limit_s if not taken else self.aim_s) - self._reserved_s(chosen, taken, piece)
            text = _fitted(piece, room_s)
            if text and text not in [said for _, said in taken]:
                taken.append((piece, text))
        for piece, text in sorted(taken, key=lambda one: one[0].at):
            chosen.setdefault(piece.kind, []).append(_own(piece.kind, text))

    def _reserved_s(
        self, chosen: dict[PieceKind, list[RewritePiece]], taken: Sequence[tuple[OwnPiece, str]], piece: OwnPiece
    ) -> float:
        """What is spoken already, and the blanks that would still be needed beside this piece."""
        kinds = {*(one.kind for one, _ in taken), piece.kind}
        blanks = " ".join(_joined(self._filled(kind)) for kind in self._needed(kinds))
        said = " ".join(text for _, text in taken)
        return _estimated_s(f"{self._text(chosen)} {blanks} {said}")

    def _needed(self, there: Iterable[PieceKind]) -> Iterator[PieceKind]:
        """Kinds that have to be there and are not."""
        there = set(there)
        if not self.heard.owes_a_pitch:
            yield from ("matter",) if "matter" not in there else ()
            return
        meets: dict[PieceKind, set[PieceKind]] = {
            "value": {"value", "proof"},
            "reason": {"reason", "referrer", "pain"},
        }
        for kind in self.shape.needs:
            if not meets.get(kind, {kind}) & there:
                yield kind

    def _add_blanks(self, chosen: dict[PieceKind, list[RewritePiece]]) -> None:
        if self.heard.owes_a_pitch and self.heard.context.referrer and "referrer" not in chosen:
            chosen["referrer"] = self._filled("referrer")
        for kind in tuple(self._needed(chosen)):
            added = {**chosen, kind: self._filled(kind)}
            if _estimated_s(self._text(added)) <= self.limit_s:
                chosen[kind] = added[kind]

    def _filled(self, kind: PieceKind) -> list[RewritePiece]:
        """A sentence of the playbook, with what is known filled in."""
        sentence = self.shape.sentences[kind]
        if "prospect" not in self.slots:
            sentence = sentence.replace(" {prospect}", "").replace("{prospect}", "")
        parts = (part for part in _SLOT.split(sentence) if part)
        return [self._part(kind, part) for part in parts]

    def _part(self, kind: PieceKind, part: str) -> RewritePiece:
        name = part.strip("{}") if _SLOT.fullmatch(part) else None
        known = self.slots.get(name) if name else None
        text = known or (BLANKS.get(name, f"[{name}]") if name else part)
        return RewritePiece(kind=kind, text=text, own=known is not None)

    def _in_order(self, chosen: dict[PieceKind, list[RewritePiece]]) -> Iterator[RewritePiece]:
        order = list(self.shape.order)
        order += [kind for kind in ("step", "number") if kind not in order]
        if "number_again" not in order:
            order.insert(order.index("number") + 1, "number_again")
        spoken = [chosen[kind] for kind in order if kind in chosen]
        space = RewritePiece(kind="greeting", text=" ", own=False)
        for number, pieces in enumerate(spoken):
            for place, piece in enumerate(pieces):
                begins = number > 0 and (place == 0 or (piece.own and pieces[place - 1].own))
                yield piece.model_copy(update={"text": space.text + piece.text}) if begins else piece

    def _text(self, chosen: dict[PieceKind, list[RewritePiece]]) -> str:
        return _joined(self._in_order(chosen))


def _fitted(piece: OwnPiece, room_s: float) -> str | None:
    """As many of the sentences as fit, the one that matters among them."""
    for end in range(len(piece.sentences), piece.core, -1):
        text = " ".join(piece.sentences[:end])
        if _estimated_s(text) <= room_s:
            return text
    return None


def _own(kind: PieceKind, text: str) -> RewritePiece:
    return RewritePiece(kind=kind, text=text, own=True)


def _joined(pieces: Iterable[RewritePiece]) -> str:
    return "".join(piece.text for piece in pieces)


def _estimated_s(text: str) -> float:
    return round(count_spoken_words(text.split()) / SCRIPT_WPM * 60, 1)


# -------------------------------------------------------------------------------------------------- what is known


def slots(heard: Heard) -> dict[str, str]:
    """Who calls whom, for whom, sent by whom, and the number, as far as it was said or given."""
    intro, context = introduction(heard), heard.context
    known = {
        "prospect": context.prospect or _addressed(heard, intro.prospect),
        "name": context.rep or _named(heard, intro.caller),
        "company": context.company or _named(heard, intro.company),
        "referrer": context.referrer,
        "number": in_breaths(heard, heard.phone_numbers[-1]) if heard.phone_numbers else None,
    }
    return {name: value for name, value in known.items() if value}


def _named(heard: Heard, span: Span | None) -> str | None:
    if span is None:
        return None
    words = heard.evidence(span).quote.strip(" ,.;:!?")
    return words if any(ch.isupper() for ch in words) else words.title()


def _addressed(heard: Heard, span: Span | None) -> str | None:
    """With the title they were addressed by: Mrs Iqbal is not called Iqbal."""
    titled = span is not None and span.first > 0 and heard.said.texts[span.first - 1] in TITLES
    return _named(heard, Span(span.first - 1, span.last) if span and titled else span)


def in_breaths(heard: Heard, number: PhoneNumber) -> str:
    """A number in groups with pauses: as it was said where it was said in groups, else by threes and fours."""
    digits = number.digits[1:] if len(number.digits) == 11 and number.digits[0] == "1" else number.digits
    if len(digits) == 10 and digits[0] != "0":
        return BREATH.join((digits[:3], digits[3:6], digits[6:]))
    said = re.findall(r"\+?\d+", heard.quote(number.first, number.last).quote)
    if 1 < len(said) <= 4 and "".join(said).lstrip("+") == digits:
        return BREATH.join(said)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    if len(groups) > 1 and len(groups[-1]) < 3:
        groups[-2:] = [groups[-2] + groups[-1]]
    return BREATH.join(groups)
