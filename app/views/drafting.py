"""The form a script is built from, and the words around what came of it."""

from typing import NamedTuple

from pydantic import BaseModel

from app.views.wording import sentence
from models.draft import FACT_NAMES, Draft, FactName, Facts


class Field(NamedTuple):
    """One fact as the form asks for it."""

    name: FactName
    label: str
    example: str
    wide: bool = False


WHO = (
    Field("rep", "Who calls?", "Marcus Lee"),
    Field("company", "For which company?", "Northline"),
    Field("number", "Number to call back", "615-555-0142"),
    Field("prospect", "Who is it for?", "Dana"),
    Field("referrer", "Who suggested the call?", "Nobody, or a name"),
)
WHAT = (
    Field("insight", "What is true of them?", "you opened a second clinic in March", wide=True),
    Field("pain", "What does it cost them today?", "they lose two hours a day on paper forms", wide=True),
    Field("value", "What would they gain?", "cut no-shows by a third", wide=True),
    Field("proof", "Who got that before?", "Smile Dental did, in two months", wide=True),
    Field("next_step", "What happens next?", "call me back Thursday", wide=True),
    Field("matter", "What is it about, if you sell nothing?", "confirm our meeting on Tuesday at ten", wide=True),
)
#: What an answer calls each fact.
FACTS: dict[FactName, str] = {
    "rep": "who calls",
    "company": "your company",
    "prospect": "who it is for",
    "number": "your number",
    "referrer": "who suggested the call",
    "matter": "what it is about",
    "insight": "what is true of them",
    "pain": "what it costs them",
    "value": "what they would gain",
    "proof": "who got it before",
    "next_step": "what happens next",
}


class DraftForm(BaseModel):
    """The fields as they were typed; an empty one means unknown."""

    playbook: str = ""
    purpose: str = ""
    relationship: str = ""
    rep: str = ""
    company: str = ""
    number: str = ""
    prospect: str = ""
    referrer: str = ""
    insight: str = ""
    pain: str = ""
    value: str = ""
    proof: str = ""
    next_step: str = ""
    matter: str = ""

    def facts(self) -> Facts:
        """Raises ValidationError where a fact is too long or no choice of the form's."""
        return Facts.model_validate({name: value or None for name, value in self if name != "playbook"})

    @property
    def told(self) -> dict[str, str]:
        """What the check of the draft needs to know of the call."""
        names = ("rep", "company", "prospect", "referrer", "purpose", "relationship")
        return {name: value for name in names if (value := getattr(self, name))}


def asks_for(draft: Draft) -> str | None:
    """What is still needed, in a sentence."""
    if not draft.missing:
        return None
    words = [FACTS[fact] for fact in FACT_NAMES if fact in draft.missing]
    listed = f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
    return f"Still needed: {listed}."


def left_out(draft: Draft) -> tuple[str, ...]:
    """Each fact that was given and not used, with the reason."""
    return tuple(sentence(f"{FACTS[one.fact]} is left out: {one.because}") for one in draft.unused)
