"""The whole message as it could be said: the rep's own words in the playbook's order, and blanks for what is missing.

Nothing is made up. Every word is the rep's, the playbook's, or stands in [brackets] for the rep to fill in.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from analysis.detectors.base import Heard
from analysis.detectors.judging import Judgement
from analysis.detectors.people import introduction
from analysis.detectors.people.words import TITLES, first_names
from analysis.detectors.text import Span
from analysis.detectors.wording import named
from analysis.own_words import OwnPiece, own_pieces
from analysis.pieces import Chosen, Sentence, filled, in_breaths, in_order, joined, length_s
from models.playbook import PieceKind
from models.report import Rewrite, RewritePiece

#: Rules a rewrite cannot help: how it was said, and whether to leave one at all.
NOT_ABOUT_WORDS = frozenset(
    ["too_fast", "too_slow", "monotone", "no_pauses", "long_pause", "fillers", "voicemail_advised", "prerecorded_drop"]
)


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
        made = _Draft(heard, judgement, own).made()
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

    def __init__(self, heard: Heard, judgement: Judgement, own: Sequence[OwnPiece]) -> None:
        self.heard = heard
        self.flagged = {one.rule for one in judgement.findings if one.status == "flagged"}
        self.shape = heard.playbook.message
        self.own = own
        self.slots = slots(heard)
        limits = heard.playbook.limits
        self.aim_s, self.limit_s = limits.length_target_s[1], limits.length_s[1]

    def made(self) -> Rewrite:
        frame = {kind: [self._filled(kind)] for kind in self._always()}
        if step := self._own_step():
            frame["step"] = [step]
        chosen = self._with_own(frame)
        if length_s(self._text(chosen)) > self.limit_s and step:
            frame["step"] = [self._filled("step")]
            chosen = self._with_own(frame)
        pieces = tuple(in_order(self.shape, chosen))
        text = joined(pieces)
        return Rewrite(text=text, pieces=pieces, estimated_s=length_s(text))

    def _always(self) -> Iterator[PieceKind]:
        yield from ("greeting", "number")
        if self.heard.owes_a_pitch or "no_call_to_action" in self.flagged:
            yield "step"
        if self.heard.playbook.rules["number_once"].enabled or "number_again" in self.shape.order:
            yield "number_again"
        if self.heard.owes_a_pitch and "referrer" in self.slots and all(one.kind != "referrer" for one in self.own):
            yield "referrer"

    def _own_step(self) -> Sentence | None:
        """One step only: the one most like a step, the last of these."""
        steps = [piece for piece in self.own if piece.kind == "step"]
        best = max(steps, key=lambda piece: (piece.strength, piece.at), default=None)
        return _said(replace(best, sentences=best.sentences[:1])) if best else None

    def _with_own(self, frame: Chosen) -> Chosen:
        """The strongest pieces first, as long as they fit; one that spares a blank may use the whole band."""
        taken: list[OwnPiece] = []
        for piece in sorted((one for one in self.own if one.kind != "step"), key=lambda one: -one.strength):
            shorter = (replace(piece, sentences=piece.sentences[:end]) for end in _ends(piece))
            fitting = next((one for one in shorter if self._fits(one, taken, frame)), None)
            taken += [fitting] if fitting else []
        chosen = {kind: list(sentences) for kind, sentences in frame.items()}
        for piece in sorted(taken, key=lambda one: one.at):
            chosen.setdefault(piece.kind, []).append(_said(piece))
        for kind in self._missing(taken):
            longer = {**chosen, kind: [self._filled(kind)]}
            chosen = longer if length_s(self._text(longer)) <= self.limit_s else chosen
        return chosen

    def _fits(self, piece: OwnPiece, taken: Sequence[OwnPiece], frame: Chosen) -> bool:
        """Beside what is taken and the blanks still needed then."""
        missing = list(self._missing([*taken, piece]))
        spares_blank = len(missing) < len(list(self._missing(taken)))
        blanks = " ".join(joined(self._filled(kind)) for kind in missing)
        spoken = " ".join([self._text(frame), blanks, piece.lead, *(one.text for one in (*taken, piece))])
        return length_s(spoken) <= (self.limit_s if spares_blank else self.aim_s)

    def _missing(self, taken: Sequence[OwnPiece]) -> Iterator[PieceKind]:
        """Kinds that have to be there and are not."""
        there = {piece.kind for piece in taken}
        if not self.heard.owes_a_pitch:
            if "matter" not in there:
                yield "matter"
            return
        offers = any(piece.offers for piece in taken) or bool({"value", "proof"} & there)
        opens = "vague_opener" not in self.flagged and bool(there)
        met = {"value": offers, "reason": opens or bool({"reason", "referrer"} & there) or "referrer" in self.slots}
        yield from (kind for kind in self.shape.needs if kind not in there and not met.get(kind, False))

    def _filled(self, kind: PieceKind) -> Sentence:
        return filled(self.shape, kind, self.slots)

    def _text(self, chosen: Chosen) -> str:
        return joined(in_order(self.shape, chosen))


def _ends(piece: OwnPiece) -> range:
    """How many of its sentences may be said, the most first, always with the one that matters."""
    return range(len(piece.sentences), piece.core, -1)


def _said(piece: OwnPiece) -> Sentence:
    said = RewritePiece(kind=piece.kind, text=piece.text, own=True)
    if not piece.lead:
        return (said,)
    uncapped = said.model_copy(update={"text": piece.text[:1].lower() + piece.text[1:]})
    return RewritePiece(kind=piece.kind, text=piece.lead, own=False), uncapped


# -------------------------------------------------------------------------------------------------- what is known


def slots(heard: Heard) -> dict[str, str]:
    """Who calls whom, for whom, sent by whom, and the number, as far as it was said or given."""
    intro, context = introduction(heard), heard.context
    known = {
        "prospect": context.prospect or _addressed(heard, intro.prospect, intro.company),
        "name": context.rep or _named(heard, intro.caller),
        "company": context.company or _named(heard, intro.company),
        "referrer": context.referrer,
        "number": _number(heard),
    }
    if known["company"] == known["name"]:
        known["company"] = None
    if known["name"] and known["prospect"] in (known["name"], known["name"].split()[0]):
        known["prospect"] = None
    return {name: value for name, value in known.items() if value}


def _named(heard: Heard, span: Span | None) -> str | None:
    if span is None or heard.has(heard.playbook.message.leave_out, span):
        return None  # "Cheerio" is no company
    return named(heard, span)


def _addressed(heard: Heard, span: Span | None, company: Span | None) -> str | None:
    """With the title they were addressed by: Mrs Iqbal is not called Iqbal. What may be no name is left out."""
    if span is None or (company is not None and span.touches(company)):
        return None
    if span.first > 0 and heard.said.texts[span.first - 1] in TITLES:
        return _named(heard, Span(span.first - 1, span.last))
    named = heard.said.texts[span.first] in first_names() or heard.evidence(span).quote[:1].isupper()
    return _named(heard, span) if named else None


def _number(heard: Heard) -> str | None:
    if not heard.phone_numbers:
        return None
    return in_breaths(heard.phone_numbers[-1].digits, heard.said_numbers[-1].quote)
