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
from analysis.detectors.words import fold
from analysis.spoken import FILLERS, word_set
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
_CERTAIN, _LIKELY, _UNSURE, _SOME = 0.8, 0.5, 0.3, 0.15
#: A clause that begins so needs "I'm" before it to stand alone.
_DOING = word_set("confirming calling ringing phoning letting returning")
_SUBORDINATE = word_set("if when once while unless whether until as")
_SUBJECTS = word_set(
    "i i'll i'd i'm i've we we'll we'd we're you you'll you'd it it's that that's they he she there just"
)
_JOINS = word_set("and but so because since")
_STARTS = word_set(
    """
    i we you your yours our the a an my there most one if when every each half two three four five six seven eight
    nine ten
    """
)
_LEANS = word_set(
    "they them their it its that that's it's he she his her those these who which either otherwise this he's"
)
_TRIMMED_FRONT = word_set("and but so because since okay ok well anyway listen look hey now yeah")
_TRIMMED_BACK = word_set(
    "and or but so at on is to for because with by in my it's its i i'm the a an of that if you your"
)
_NUMBER_CUES = word_set(
    """
    at on my number number's is are numbers direct line cell mobile phone it's that's that again office under its the
    it here
    """
)
_ASKS = word_set("can could shall should would will may do does did are is have")
_FEWEST_WORDS = 4
_DIGITS = 7  # of a telephone number in one word, whether or not it was taken for one
_PUNCTUATION = " ,;:.!?\"'\u2013\u2014-\u2026\u201c\u201d"


@dataclass(frozen=True)
class OwnPiece:
    """Sentences of the rep that belong together, `lead` put before them; those up to `core` are never left out.

    `offers_at` is the first sentence with something worth a call back.
    """

    kind: PieceKind
    lead: str
    sentences: tuple[str, ...]
    core: int
    strength: float
    offers_at: int | None
    at: int

    @property
    def text(self) -> str:
        return " ".join(self.sentences)

    @property
    def offers(self) -> bool:
        return self.offers_at is not None and self.offers_at < len(self.sentences)


@dataclass(frozen=True)
class _Unit:
    """A sentence or a clause that can stand alone: words `first` to `last`, of sentence number `sentence`."""

    first: int
    last: int
    sentence: int
    kind: PieceKind | None
    strength: float
    offers: bool
    leans: bool
    lead: str = ""


def own_pieces(heard: Heard, judgement: Judgement) -> tuple[OwnPiece, ...]:
    """Every piece worth keeping, in the order it was said."""
    finder = _Finder(heard, judgement)
    groups: list[list[_Unit]] = []
    for unit in finder.units():
        if not unit.leans:
            groups.append([unit])
        elif groups and groups[-1][-1].sentence == unit.sentence - 1 and groups[-1][0].kind != "step":
            groups[-1].append(unit)
    return tuple(piece for group in groups if (piece := _piece(group, finder)))


def _piece(group: list[_Unit], finder: "_Finder") -> OwnPiece | None:
    spoken = [unit for unit in group if unit.kind is not None and (unit.kind != "step" or unit is group[0])]
    best = max(spoken, key=lambda unit: unit.strength, default=None)
    if best is None or best.kind is None:
        return None
    sentences = tuple(finder.sentence(unit) for unit in group)
    offers_at = next((number for number, unit in enumerate(group) if unit.offers), None)
    return OwnPiece(best.kind, group[0].lead, sentences, group.index(best), best.strength, offers_at, group[0].first)


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
        window = opening_window(heard)
        self.opening = self._words_of([window]) if window else set()
        self.opens_well = "vague_opener" not in self.flagged
        self.signals = {name: self._words_of(spans) for name, spans in spans_of_signals(heard).items()}

    # ---- what must go

    def _must_go(self) -> set[int]:
        heard, rules = self.heard, self.heard.playbook.rules
        spans = [
            *check_ins(heard),
            *heard.find(heard.family("prior_contact_reference", "attempt")),
            *heard.find(rules["apologetic_or_hedging"].phrases),
            *heard.find(heard.playbook.message.leave_out),
            *feature_lists(heard),
            *next_steps(heard).bare_callbacks,
        ]
        if "checking_in" in self.flagged:
            spans += heard.find(heard.family("checking_in", "explicit"))
        if "prior_contact_reference" in self.flagged:
            spans += heard.find(heard.family("prior_contact_reference", "false_history"))
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
        found = {index for index, word in enumerate(self.words) if sum(ch.isdigit() for ch in word) >= _DIGITS}
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
            if self._is_unwanted(number):
                continue
            if not self.stop & set(range(first, last + 1)):
                yield from self._unit(first, last, number, whole=True)
                continue
            for run_first, run_last in self._clean_runs(first, last):
                yield from self._unit(run_first, run_last, number, whole=run_first == first)

    def _is_unwanted(self, sentence: int) -> bool:
        """Likely what was flagged in this message, or surely what should not be in any."""
        flagged = [label for label in STOPS if label in self.flagged]
        unwanted = _UNWANTED if self.heard.owes_a_pitch else ()
        return self._scored(sentence, *flagged) >= _LIKELY or self._scored(sentence, *unwanted) >= _CERTAIN

    def _unit(self, first: int, last: int, sentence: int, *, whole: bool) -> Iterator[_Unit]:
        trimmed = first
        while trimmed < last and (self.bare[trimmed] in _TRIMMED_FRONT or not fold(self.words[trimmed])):
            trimmed += 1
        while last > trimmed and not whole and self.bare[last] in _TRIMMED_BACK:
            last -= 1
        if last - trimmed + 1 < _FEWEST_WORDS:
            return
        starts = self.bare[trimmed]
        lead = "I'm " if starts in _DOING else ""
        leans = starts in _LEANS
        if not (whole or leans or lead or starts in _STARTS):
            return
        if starts in _SUBORDINATE and not _SUBJECTS.intersection(self.bare[trimmed + 2 : last + 1]):
            return
        at = set(range(trimmed, last + 1))
        kind, strength = self._kind(at, sentence)
        yield _Unit(trimmed, last, sentence, kind, strength, self._offers(at, sentence), leans, lead)

    def _offers(self, at: set[int], sentence: int) -> bool:
        if "missing_value_prop" in self.flagged:
            return False
        return self._scored(sentence, "specific_value") >= _LIKELY or bool(
            self.quoted.get("specific_value", set()) & at
        )

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
        asked = asked or (not self.heard.said.punctuated and self.bare[unit.first] in _ASKS)
        text = " ".join(said).strip(_PUNCTUATION)
        text = " ".join("I" + word[1:] if word == "i" or word.startswith("i'") else word for word in text.split())
        return text[:1].upper() + text[1:] + ("?" if asked else ".")

    # ---- where it belongs

    def _scored(self, sentence: int, *labels: str) -> float:
        understood = self.heard.understood
        return (
            max((understood.sentences[sentence].get(label, 0.0) for label in labels), default=0.0) if understood else 0
        )

    def _is_step(self, at: set[int], sentence: int) -> bool:
        """What a listener could hold the rep to; not what only looks like it, nor a mere wish of the rep's."""
        wished = "self_centered_pitch" in self.flagged and bool(self.signals["intent"] & at)
        if not self.steps & at or wished or "no_call_to_action" in self.flagged:
            return False
        timed = bool(self._words_of(self.heard.find(("{day}",))) & at)
        return self.heard.understood is None or self._scored(sentence, "ask") >= (_UNSURE if timed else _LIKELY)

    def _kind(self, at: set[int], sentence: int) -> tuple[PieceKind | None, float]:
        """The place of a unit in the message, and how strongly it speaks for a call back."""

        def has(*signals: str) -> bool:
            return any(self.signals.get(name, set()) & at for name in signals)

        worth = self._scored(sentence, "specific_value")
        if not self.heard.owes_a_pitch:
            return "matter", 1.0
        if self.quoted.get("referral_mention", set()) & at:
            return "referrer", 5.0
        if self._is_step(at, sentence) and (worth < _CERTAIN or not has("comparison", "result", "numbers")):
            return "step", 2.0 + self._scored(sentence, "ask")
        if self.opens_well and at & self.opening:
            return "reason", 4.0 + worth - (min(at) - min(self.opening)) / 20
        if self._offers(at, sentence):
            if has("comparison", "result"):
                return "proof", 3.0 + 2 * worth
            if has("pain", "trouble", "loss"):
                return "pain", 2.0 + 2 * worth + has("numbers")
            return "value", 2.0 + 2 * worth + has("numbers")
        if has("noticed", "about_you", "your_own") and (self.opens_well or not at & self.opening):
            return "reason", 1.0 + 2 * worth + has("noticed", "about_you")
        if "missing_value_prop" not in self.flagged and worth >= _SOME:
            return "value", worth
        return None, 0.0
