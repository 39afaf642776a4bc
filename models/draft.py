"""A message drafted from facts: what a rep types, and what comes of it."""

from typing import Any, Literal, get_args

from pydantic import Field, field_validator

from models.base import Frozen
from models.recording import Purpose, Relationship
from models.report import PlaybookRef, Rewrite

FactName = Literal[
    "rep", "company", "prospect", "number", "referrer", "matter", "insight", "pain", "value", "proof", "next_step"
]
FACT_NAMES: tuple[FactName, ...] = get_args(FactName)
LONGEST_NAME, LONGEST_FACT = 200, 1000


class Facts(Frozen):
    """What a message is made of, as people type it: a sentence, a few words, an order. Every fact may be missing."""

    rep: str | None = Field(None, max_length=LONGEST_NAME, description="Who calls.")
    company: str | None = Field(None, max_length=LONGEST_NAME, description="For which company.")
    prospect: str | None = Field(None, max_length=LONGEST_NAME, description="Who the call is for.")
    number: str | None = Field(None, max_length=LONGEST_NAME, description="The number to call back.")
    referrer: str | None = Field(None, max_length=LONGEST_NAME, description="Who suggested the call.")
    matter: str | None = Field(None, max_length=LONGEST_FACT, description="What a call that sells nothing is about.")
    insight: str | None = Field(
        None, max_length=LONGEST_FACT, description="Something true of them or their trade: you opened a second clinic."
    )
    pain: str | None = Field(
        None, max_length=LONGEST_FACT, description="What it costs them today: they lose two hours a day on paper forms."
    )
    value: str | None = Field(
        None, max_length=LONGEST_FACT, description="What they would gain: cut no-shows by a third."
    )
    proof: str | None = Field(None, max_length=LONGEST_FACT, description="Who got it before: Smile Dental did in May.")
    next_step: str | None = Field(
        None, max_length=LONGEST_FACT, description="What happens next: call me back Thursday."
    )
    purpose: Purpose | None = Field(None, description="What the call is for.")
    relationship: Relationship | None = Field(None, description="How well they know the rep.")

    @field_validator(*FACT_NAMES, mode="before")
    @classmethod
    def _plain(cls, given: Any) -> Any:
        """One line, single spaces; nothing where nothing was typed."""
        return (" ".join(given.split()) or None) if isinstance(given, str) else given


class Unused(Frozen):
    """A fact that was given and left out, with the reason."""

    fact: FactName
    because: str


class Draft(Frozen):
    """The message, its pieces in order, and what would make it better."""

    message: Rewrite
    missing: tuple[FactName, ...] = Field((), description="Facts still needed; each is a blank in the text.")
    unused: tuple[Unused, ...] = Field((), description="Facts left out, each with the reason.")
    objections: tuple[str, ...] = Field(
        (), description="Rules it still breaks though no fact is missing; as a rule none, and never silently."
    )
    playbook: PlaybookRef
