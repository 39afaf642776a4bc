"""A message from facts: in a playbook's order and length, and judged by its rules before it is handed over.

Of the ways a fact can be said, the first that no rule of the playbook objects to is taken. A fact that is objected to
however it is said is left out, with the reason; what is missing stands as a blank.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from analysis.drafting.phrasing import (
    Ways,
    insight_ways,
    matter_ways,
    pain_ways,
    proof_ways,
    referrer_ways,
    step_ways,
    value_ways,
)
from analysis.drafting.typed import split_sentences
from analysis.pieces import Sentence, filled, in_breaths, in_order, joined, length_s
from analysis.pipeline import analyze_script
from analysis.rewrite import NOT_ABOUT_WORDS
from analysis.spoken import find_phone_numbers
from models.draft import Draft, FactName, Facts, Unused
from models.playbook import PieceKind, Playbook
from models.recording import PURPOSES_WITHOUT_PITCH, CallContext
from models.report import Finding, PlaybookRef, Rewrite, RewritePiece

#: What each piece is made of, and how.
SAID_OF: Mapping[PieceKind, tuple[FactName, Any]] = {
    "referrer": ("referrer", referrer_ways),
    "matter": ("matter", matter_ways),
    "reason": ("insight", insight_ways),
    "pain": ("pain", pain_ways),
    "value": ("value", value_ways),
    "proof": ("proof", proof_ways),
    "step": ("next_step", step_ways),
}
FACT_OF: Mapping[PieceKind, FactName] = {kind: fact for kind, (fact, _) in SAID_OF.items()}
#: A piece that is needed is there too where one of these is.
STANDS_FOR: Mapping[PieceKind, set[PieceKind]] = {"reason": {"pain", "referrer"}, "value": {"proof"}}
#: What is left out first where not everything fits.
SPARED_FIRST: tuple[PieceKind, ...] = ("proof", "reason", "pain", "referrer", "value", "matter", "step")
#: Rules that a message breaks because a fact is missing, whatever is made of the others.
EXCUSED_BY: Mapping[str, tuple[FactName, ...]] = {
    "missing_caller_name": ("rep",),
    "missing_company": ("company",),
    "missing_callback_number": ("number",),
    "number_once": ("number",),
    "no_call_to_action": ("next_step",),
    "callback_only_cta": ("next_step",),
    "vague_opener": ("insight", "pain", "value", "referrer"),
    "missing_value_prop": ("value", "proof"),
    "late_value": ("value",),
    "self_centered_pitch": ("value", "insight", "pain", "proof"),
    "generic_claim": ("value", "proof"),
    "prior_contact_reference": ("referrer",),  # "[who sent you]" reads like something sent
}
_GREETINGS = (
    "Hi {prospect}, this is {name} with {company}.",
    "Hi {prospect}, this is {name} from {company}.",
    "Hi {prospect}, my name is {name} and I'm calling from {company}.",
    "Hi {prospect}, it's {name}, calling from {company}.",
)
#: Blanks that help where the facts given are too thin for a rule.
HELPFUL: tuple[PieceKind, ...] = ("step", "proof", "reason", "pain", "value")
_ROUNDS = 3
_WHEN_NEVER = datetime(2000, 1, 1, tzinfo=UTC)  # a draft's report is thrown away


@dataclass(frozen=True)
class _Plan:
    """Which of its ways each piece is said in; a piece that is not here is a blank or left out."""

    ways: Mapping[PieceKind, int]
    greeting: int = 0
    asked: tuple[PieceKind, ...] = ()  # blanks beyond those every message needs


@dataclass
class _Drafter:
    facts: Facts
    playbook: Playbook
    tried: dict[str, tuple[Finding, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.shape, self.limits = self.playbook.message, self.playbook.limits
        self.pitches = self.facts.purpose not in PURPOSES_WITHOUT_PITCH
        self.number = _number(self.facts.number)
        self.slots = {name: said for name, said in self._known().items() if said}
        self.ways: dict[PieceKind, Ways] = {
            kind: make(given) for kind, (fact, make) in SAID_OF.items() if (given := getattr(self.facts, fact))
        }
        if not self.pitches:
            self.ways = {kind: self.ways[kind] for kind in ("referrer", "matter", "step") if kind in self.ways}
        else:
            self.ways.pop("matter", None)
        self.because: dict[FactName, str] = {}
        if self.facts.number and not self.number:
            self.because["number"] = "no telephone number was found in it"
        self.context = CallContext(
            rep=self.facts.rep, prospect=self.facts.prospect, company=self.facts.company, referrer=self.facts.referrer,
            purpose=self.facts.purpose, relationship=self.facts.relationship,
        )  # fmt: skip

    def _known(self) -> dict[str, str | None]:
        facts = self.facts
        return {
            "prospect": facts.prospect,
            "name": _without(facts.rep, "this is ", "my name is ", "i'm ", "i am "),
            "company": _without(facts.company, "with ", "from ", "at "),
            "referrer": facts.referrer,
            "number": self.number,
        }

    def made(self) -> Draft:
        plan = self._fitting(_Plan(dict.fromkeys(self.ways, 0)))
        plan = self._best_of(plan)
        text = self._text(plan)
        order = list(Facts.model_fields)
        given = {kind: FACT_OF[kind] for kind in SAID_OF if getattr(self.facts, FACT_OF[kind])}
        idle = [fact for kind, fact in given.items() if kind not in self.ways]
        unused = dict.fromkeys(idle, "a call like this says what it is about and no more")
        if self.pitches:
            unused = dict.fromkeys(idle, "it is for calls that sell nothing; say what the call is for")
        unused |= self.because
        return Draft(
            message=Rewrite(text=text, pieces=tuple(self._pieces(plan)), estimated_s=length_s(text)),
            missing=tuple(sorted(self._missing(plan), key=order.index)),
            objections=tuple(one.rule for one in self._objections(plan)),
            unused=tuple(Unused(fact=fact, because=unused[fact]) for fact in sorted(unused, key=order.index)),
            playbook=PlaybookRef(name=self.playbook.name, version=self.playbook.version),
        )

    # ---- what is said

    def _pieces(self, plan: _Plan) -> Iterator[RewritePiece]:
        chosen: dict[PieceKind, list[Sentence]] = {"greeting": [self._greeting(plan.greeting)]}
        for kind, way in plan.ways.items():
            chosen[kind] = [(RewritePiece(kind=kind, text=self.ways[kind][way], own=True),)]
        chosen["number"] = [filled(self.shape, "number", self.slots)]
        if self.playbook.rules["number_once"].enabled or "number_again" in self.shape.order:
            chosen["number_again"] = [filled(self.shape, "number_again", self.slots)]
        for kind in self._needed(plan):  # a blank is only put where there is room for what fills it
            longer = {**chosen, kind: [filled(self.shape, kind, {} if kind == "referrer" else self.slots)]}
            chosen = longer if length_s(joined(in_order(self.shape, longer))) <= self.limits.length_s[1] else chosen
        yield from in_order(self.shape, chosen)

    def _greeting(self, way: int) -> Sentence:
        if not way:
            return filled(self.shape, "greeting", self.slots)
        said = {**self.shape.sentences, "greeting": _GREETINGS[way]}
        return filled(self.shape.model_copy(update={"sentences": said}), "greeting", self.slots)

    def _text(self, plan: _Plan) -> str:
        return joined(self._pieces(plan))

    def _needed(self, plan: _Plan) -> list[PieceKind]:
        """Pieces that have to be there and are not."""
        needed: tuple[PieceKind, ...] = ("step", *self.shape.needs) if self.pitches else ("matter",)
        return [
            kind
            for kind in dict.fromkeys((*needed, *plan.asked))
            if kind not in plan.ways and not (STANDS_FOR.get(kind, set()) & plan.ways.keys() - set(plan.asked))
        ]

    def _missing(self, plan: _Plan) -> set[FactName]:
        names: tuple[tuple[FactName, str], ...] = (("rep", "name"), ("company", "company"), ("number", "number"))
        return {fact for fact, slot in names if slot not in self.slots} | {FACT_OF[kind] for kind in self._needed(plan)}

    # ---- how long

    def _fitting(self, plan: _Plan) -> _Plan:
        """As much as fits: first sentences first, then pieces, those that have to be there last."""
        for kind in SPARED_FIRST:
            if self._fits(plan):
                return plan
            if kind in plan.ways:
                self.ways[kind] = tuple(_first_sentence(way) for way in self.ways[kind])
        needed = self.shape.needs
        for kind in sorted(SPARED_FIRST, key=lambda one: one in needed or one in ("step", "matter")):
            if self._fits(plan):
                break
            if kind in plan.ways:
                plan = _without_piece(plan, kind)
                self.because[FACT_OF[kind]] = f"it does not fit into {self.limits.length_s[1]:g} seconds"
        return plan

    def _fits(self, plan: _Plan) -> bool:
        return length_s(self._text(plan)) <= self.limits.length_s[1]

    # ---- what the playbook says to it

    def _objections(self, plan: _Plan) -> tuple[Finding, ...]:
        """What is flagged although the facts in the message could have been said otherwise."""
        text = self._text(plan)
        if text not in self.tried:
            report = analyze_script(
                text, playbook=self.playbook, context=self.context, report_id="draft", created_at=_WHEN_NEVER
            )
            self.tried[text] = tuple(one for one in report.flagged if one.rule not in NOT_ABOUT_WORDS)
        missing = self._missing(plan)
        return tuple(one for one in self.tried[text] if not self._is_excused(one.rule, missing, plan))

    def _is_excused(self, rule: str, missing: set[FactName], plan: _Plan) -> bool:
        no_pain = rule == "missing_pain" and "pain" not in plan.ways
        return no_pain or bool(missing.intersection(EXCUSED_BY.get(rule, ())))

    def _cost(self, plan: _Plan) -> tuple[int, int, int]:
        """Objections, then facts left out, then blanks to fill in."""
        too_long = 0 if self._fits(plan) else 100
        return too_long + len(self._objections(plan)), len(self.ways) - len(plan.ways), len(plan.asked)

    def _best_of(self, plan: _Plan) -> _Plan:
        """Other words where a rule objects, then other facts; the fewest objections win, then the most facts."""
        best, cost = plan, self._cost(plan)
        for _ in range(_ROUNDS):
            for other, dropped in self._neighbours(best):
                if not cost[0]:
                    break
                if (new := self._cost(other)) >= cost:
                    continue
                if dropped:
                    still = {one.rule for one in self._objections(other)}
                    gone = [one for one in self._objections(best) if one.rule not in still]
                    self.because[FACT_OF[dropped]] = _because(gone)
                best, cost = other, new
        held = {FACT_OF[kind] for kind in best.ways}
        self.because = {fact: why for fact, why in self.because.items() if fact not in held}
        return best

    def _neighbours(self, plan: _Plan) -> Iterator[tuple[_Plan, PieceKind | None]]:
        for way in range(1, len(_GREETINGS)):
            if any(one.rule in ("missing_caller_name", "missing_company") for one in self._objections(plan)):
                yield replace(plan, greeting=way), None
        guilty = [kind for kind in plan.ways if self._may_be_guilty(kind, plan)]
        for kind in guilty:
            for way in range(1, len(self.ways[kind])):
                yield replace(plan, ways={**plan.ways, kind: way}), None
        found = {one.rule for one in self._objections(plan)}
        for kind in HELPFUL if self.pitches else HELPFUL[:1]:
            if kind not in plan.ways and any(FACT_OF[kind] in EXCUSED_BY.get(rule, ()) for rule in found):
                yield replace(plan, asked=(*plan.asked, kind)), None
        for kind in sorted(guilty, key=SPARED_FIRST.index):
            yield _without_piece(plan, kind), kind

    def _may_be_guilty(self, kind: PieceKind, plan: _Plan) -> bool:
        """Whether a rule objects to its words, or to something without pointing at words."""
        found = self._objections(plan)
        said = self.ways[kind][plan.ways[kind]]
        return any(not one.evidence or any(_overlap(quote.quote, said) for quote in one.evidence) for one in found)


def draft(facts: Facts, playbook: Playbook) -> Draft:
    """A message of these facts by this playbook. The same facts always give the same message."""
    return _Drafter(facts, playbook).made()


def _without_piece(plan: _Plan, kind: PieceKind) -> _Plan:
    return replace(plan, ways={one: way for one, way in plan.ways.items() if one != kind})


def _because(findings: Iterable[Finding]) -> str:
    return "the playbook objects: " + ", ".join(dict.fromkeys(one.title.lower() for one in findings))


def _overlap(quote: str, said: str) -> bool:
    one, other = quote.casefold().strip(" .?!,"), said.casefold().strip(" .?!,")
    return one in other or other in one or any(part in other for part in one.split(". ") if len(part.split()) > 2)


def _first_sentence(way: str) -> str:
    return split_sentences(way)[0]


def _number(given: str | None) -> str | None:
    """In breaths, as it is said; None where no telephone number is in it."""
    words = f"My number is {given}".split() if given else []
    numbers = find_phone_numbers(words)
    if not numbers:
        return None
    first = numbers[0]
    return in_breaths(first.digits, " ".join(words[first.first : first.last + 1]))


def _without(given: str | None, *leads: str) -> str | None:
    said = (given or "").strip(" .,")
    for lead in leads:
        if said.lower().startswith(lead):
            said = said[len(lead) :]
    return said or None
