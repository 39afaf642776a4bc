"""What a message holds that is worth saying again: the rep's own sentences, each with its place in a good message."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from analysis.detectors.asks import next_steps
from analysis.detectors.base import Heard
from analysis.detectors.judging import Judgement
from analysis.detectors.lists import feature_lists
from analysis.detectors.opening import check_ins, opening_window
from analysis.detectors.people import introduction
from analysis.detectors.signals import spans_of_signals
from analysis.detectors.text import Span
from analysis.detectors.words import FILLERS, fold
from analysis.spoken import word_set
from models.playbook import PieceKind
from models.report import Evidence

#: Rules whose evidence is what must go; the evidence of the others is right but late, once, or the whole opening.
STOPS = word_set(
    """
    checking_in prior_contact_reference apologetic_or_hedging missing_value_prop self_centered_pitch feature_dump
    generic_claim stock_phrases callback_only_cta
    """
)
#: What a sentence must not be likely to be, by what was understood of it.
_UNWANTED = (
    "checking_in", "prior_contact_reference", "apologetic_or_hedging", "feature_dump", "callback_only_cta"
)  # fmt: skip
_LIKELY, _CERTAIN = 0.5, 0.8
_JOINS = word_set("and but so because since")
_STARTS = word_set(
    "i we you your yours our the a an my there most one if when every each half two three four five six seven eight nine ten"
)
_LEANS = word_set(
    "they them their it its that that's it's he she his her those these who which either otherwise this he's"
)
_TRIMMED_FRONT = word_set("and but so because since okay ok well anyway listen look hey now also yeah yes right like")
_TRIMMED_BACK = word_set(
    "and or but so at on is to for because with by in my it's its i i'm the a an of that if you your"
)
_NUMBER_CUES = word_set(
    "at on my number number's is are numbers direct line cell mobile phone it's that's that again office under its the it here"
)
_FEWEST_WORDS = 4
_PUNCTUATION = " ,;:.!?\"'\u2013\u2014-\u2026\u201c\u201d"


@dataclass(frozen=True)
class OwnPiece:
    """Sentences of the rep that belong together. `core` is the first of them that must be kept."""

    kind: PieceKind
    sentences: tuple[str, ...]
    core: int
    strength: float
    at: int


@dataclass(frozen=True)
class _Unit:
    """A sentence or a clause that can stand alone: words `first` to `last`, of sentence number `sentence`."""

    first: int
    last: int
    sentence: int
    kind: PieceKind | None
    strength: float
    leans: bool


def own_pieces(heard: Heard, judgement: Judgement) -> tuple[OwnPiece, ...]:
    """Every piece worth keeping, in the order it was said."""
    finder = _Finder(heard, judgement)
    groups: list[list[_Unit]] = []
    for unit in finder.units():
        follows = groups and groups[-1][-1].sentence == unit.sentence - 1
        if unit.leans and not (follows and groups[-1][0].kind != "step" and unit.kind != "step"):
            if unit.kind == "step":
                groups.append([unit])
            continue
        if unit.leans:
            groups[-1].append(unit)
        else:
            groups.append([unit])
    return tuple(piece for group in groups if (piece := _piece(group, finder)))


def _piece(group: list[_Unit], finder: "_Finder") -> OwnPiece | None:
    if not any(unit.kind for unit in group):
        return None
    core = max(range(len(group)), key=lambda number: (group[number].kind is not None, group[number].strength, -number))
    best = group[core]
    assert best.kind is not None
    sentences = tuple(finder.sentence(unit) for unit in group)
    return OwnPiece(best.kind, sentences, core, best.strength, group[0].first)


class _Finder:
    """Reads one message."""

    def __init__(self, heard: Heard, judgement: Judgement) -> None:
        self.heard = heard
        self.words = heard.said.words
        self.bare = [word.lower().replace("\u2019", "'").strip(_PUNCTUATION) for word in self.words]
        self.flagged = {finding.rule for finding in judgement.findings if finding.status == "flagged"}
        self.quoted = {
            rule: self._places(evidence)
            for rule, evidence in (
                *((one.rule, one.evidence) for one in judgement.findings if one.status == "flagged"),
                *((one.rule, one.evidence) for one in judgement.strengths),
            )
        }
        self.steps = self._words_of(next_steps(heard).firm)
        self.stop = self._must_go()
        self.signals = {name: self._words_of(spans) for name, spans in spans_of_signals(heard).items()}

    # ---- what must go

    def _must_go(self) -> set[int]:
        heard, rules = self.heard, self.heard.playbook.rules
        families = rules["prior_contact_reference"].families
        spans = [
            *check_ins(heard),
            *heard.find(rules["checking_in"].families.get("explicit", ())),
            *heard.find(families.get("attempt", ())),
            *heard.find(rules["apologetic_or_hedging"].phrases),
            *heard.find(heard.playbook.message.leave_out),
            *feature_lists(heard),
            *next_steps(heard).bare_callbacks,
        ]
        if "prior_contact_reference" in self.flagged:
            spans += heard.find(families.get("false_history", ()))
        if {"vague_opener", "missing_value_prop"} & self.flagged:
            spans += heard.find(heard.family("vague_opener", "vague"))
        if {"generic_claim", "missing_value_prop"} & self.flagged:
            spans += heard.find(rules["generic_claim"].phrases)
        stop = self._words_of(spans) | self._introduced() | self._numbers()
        for rule in STOPS & self.flagged:
            stop |= self.quoted.get(rule, set())
        return stop

    def _introduced(self) -> set[int]:
        """Who calls whom, which the greeting says; the caller's name wherever it is said again."""
        intro = introduction(self.heard)
        found = self._words_of(span for span in (intro.caller, intro.company, intro.prospect) if span is not None)
        said = {
            tuple(self.heard.said.texts[span.first : span.last + 1])
            for span in (intro.caller, intro.prospect)
            if span is not None
        }
        texts = self.heard.said.texts
        for name in said:
            for at in range(len(texts) - len(name) + 1):
                if texts[at : at + len(name)] == name:
                    found |= self._words_of([Span(at, at + len(name) - 1)])
        return found

    def _numbers(self) -> set[int]:
        """Telephone numbers with the words that lead to them."""
        found: set[int] = set()
        for number in self.heard.phone_numbers:
            first = number.first
            while first > 0 and self.bare[first - 1] in _NUMBER_CUES and not self._ends_clause(first - 1):
                first -= 1
            found |= set(range(first, number.last + 1))
        return found

    def _places(self, evidence: Iterable[Evidence]) -> set[int]:
        """The words of quotes, wherever they are said."""
        found: set[int] = set()
        for one in evidence:
            quote = tuple(one.quote.split())
            for at in range(len(self.words) - len(quote) + 1):
                if quote and self.words[at : at + len(quote)] == quote:
                    found |= set(range(at, at + len(quote)))
        return found

    def _words_of(self, spans: Iterable[Span]) -> set[int]:
        found: set[int] = set()
        for span in spans:
            first, last = self.heard.said.word_range(span)
            found |= set(range(first, last + 1))
        return found

    # ---- what can stand alone

    def units(self) -> Iterator[_Unit]:
        for number, (first, last) in enumerate(self.heard.said.sentence_words):
            unwanted = self._scored(number, *_UNWANTED) >= _CERTAIN
            if unwanted and not self.steps & set(range(first, last + 1)):
                continue
            if not self.stop & set(range(first, last + 1)):
                yield from self._unit(first, last, number, whole=True)
                continue
            for run_first, run_last in self._clean_runs(first, last):
                yield from self._unit(run_first, run_last, number, whole=run_first == first)

    def _unit(self, first: int, last: int, sentence: int, *, whole: bool) -> Iterator[_Unit]:
        trimmed = first
        while trimmed < last and (self.bare[trimmed] in _TRIMMED_FRONT or not fold(self.words[trimmed])):
            trimmed += 1
        while last > trimmed and not whole and self.bare[last] in _TRIMMED_BACK:
            last -= 1
        if last - trimmed + 1 < _FEWEST_WORDS:
            return
        leans = self.bare[trimmed] in _LEANS
        if not whole and not leans and self.bare[trimmed] not in _STARTS:
            return
        kind, strength = self._kind(set(range(trimmed, last + 1)), sentence)
        yield _Unit(trimmed, last, sentence, kind, strength, leans)

    def _clean_runs(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Clauses next to each other that hold nothing that must go."""
        start, clean_from = first, -1
        for index in range(first, last + 1):
            if index < last and not self._ends_clause(index):
                continue
            clean = not self.stop & set(range(start, index + 1))
            if clean and clean_from < 0:
                clean_from = start
            if not clean and clean_from >= 0:
                yield clean_from, start - 1
                clean_from = -1
            start = index + 1
        if clean_from >= 0:
            yield clean_from, last

    def _ends_clause(self, index: int) -> bool:
        word = self.words[index].rstrip("\"'\u201d")
        if word.endswith((",", ";", ":", "\u2014", "\u2013", "...", "\u2026")) or index + 1 >= len(self.words):
            return True
        return self.bare[index + 1] in _JOINS

    def sentence(self, unit: _Unit) -> str:
        """The words of a unit as a sentence: hesitations left out, a capital in front, a stop behind."""
        said = [
            word
            for word, bare in zip(
                self.words[unit.first : unit.last + 1], self.bare[unit.first : unit.last + 1], strict=True
            )
            if bare not in FILLERS
        ]
        if not said:
            return ""
        asked = self.words[unit.last].rstrip("\"'\u201d").endswith("?")
        text = " ".join(said).strip(_PUNCTUATION)
        text = " ".join("I" + word[1:] if word == "i" or word.startswith("i'") else word for word in text.split())
        return text[:1].upper() + text[1:] + ("?" if asked else ".")

    # ---- where it belongs

    def _scored(self, sentence: int, *labels: str) -> float:
        understood = self.heard.understood
        return (
            max((understood.sentences[sentence].get(label, 0.0) for label in labels), default=0.0) if understood else 0
        )

    def _kind(self, at: set[int], sentence: int) -> tuple[PieceKind | None, float]:
        """The place of a unit in the message, and how strongly it speaks for a call back."""

        def has(*signals: str) -> bool:
            return any(self.signals.get(name, set()) & at for name in signals)

        worth = self._scored(sentence, "specific_value")
        steps = self.steps & at
        if not self.heard.owes_a_pitch:
            return ("step", 2.0) if steps else ("matter", 1.0)
        if self.quoted.get("referral_mention", set()) & at:
            return "referrer", 5.0
        if steps and (worth < _CERTAIN or not has("comparison", "result", "numbers")):
            return "step", 2.0 + has("numbers")
        offers = "missing_value_prop" not in self.flagged and (worth >= _LIKELY or self.heard.understood is None)
        if offers and has("comparison", "result"):
            return "proof", 3.0 + 2 * worth
        if offers and has("pain", "trouble", "loss"):
            return "pain", 2.0 + 2 * worth + has("numbers")
        if offers and (has("insight", "numbers", "change", "better") or self.quoted.get("specific_value", set()) & at):
            return "value", 2.0 + 2 * worth + has("numbers")
        if has("noticed", "about_you", "your_own") and not self._is_idle(at):
            return "reason", 1.0 + 2 * worth + has("noticed", "about_you")
        return None, 0.0

    def _is_idle(self, at: set[int]) -> bool:
        """What stands in an opening that was flagged as vague is no reason."""
        if "vague_opener" not in self.flagged:
            return False
        window = opening_window(self.heard)
        return window is not None and bool(self._words_of([window]) & at)
