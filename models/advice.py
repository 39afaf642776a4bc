"""What to do before, or instead of, leaving a voicemail: the answer of `analysis.advice`."""

from typing import Literal

from pydantic import Field

from models.base import Frozen
from models.playbook import Decision, Goal, Situation
from models.report import PlaybookRef


class Reason(Frozen):
    text: str
    source: str


class Unless(Frozen):
    """Facts nobody gave, taken not to be so: if they are, this is the answer instead."""

    facts: tuple[str, ...] = Field(description="Fields of the call context.")
    condition: str = Field(description="In words, such as: you will call again today.")
    decision: Decision
    reason: Reason


class MessagePlan(Frozen):
    """What a voicemail should achieve, should one be left."""

    goal: Goal
    purpose: str = Field(description="The goal in a sentence.")
    length_s: tuple[float, float] = Field(description="The length to aim at, in seconds.")
    must_hold: tuple[str, ...] = Field(description="What it must hold, in the order it is said.")
    template: str = Field(description="A message to fill in; blanks stand in square brackets.")
    source: str


class ReceptionScript(Frozen):
    """What to say to a receptionist or assistant in one situation."""

    situation: Situation
    say: tuple[str, ...]
    source: str


class Advice(Frozen):
    """Leave one, hang up and try later, press zero, or write instead; or what is missing to say so."""

    decision: Decision | Literal["not_evaluated"]
    missing: tuple[str, ...] = Field((), description="Fields of the call context that are needed and were not given.")
    not_evaluated_because: str | None = Field(None, description="Why there is no answer; None when there is one.")
    reasons: tuple[Reason, ...] = ()
    unless: tuple[Unless, ...] = Field((), description="What would change the answer and was not given.")
    message: MessagePlan
    reception: tuple[ReceptionScript, ...] = ()
    playbook: PlaybookRef
