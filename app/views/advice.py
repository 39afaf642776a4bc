"""The page before the call: what its form asks, and the words around the answer."""

from typing import NamedTuple

from pydantic import BaseModel

from app.views.coaching import SentencePart, with_blanks
from models.advice import Advice, Unless
from models.playbook import Decision, Goal, Situation
from models.recording import Channel

DECISIONS: dict[Decision | str, str] = {
    "leave_one": "Leave one",
    "hang_up_try_later": "Hang up, try later",
    "press_zero": "Press zero",
    "write_instead": "Write instead",
    "not_evaluated": "One more thing to know",
}
#: The colour and icon of an answer; its title always says the same in words.
TONES: dict[Decision | str, str] = {
    "leave_one": "keep",
    "hang_up_try_later": "stop",
    "press_zero": "try",
    "write_instead": "try",
    "not_evaluated": "silent",
}
GOALS: dict[Goal, str] = {
    "next_step": "A next step",
    "callback": "A call back",
    "meeting": "A meeting",
    "awareness": "That they know",
    "confirm": "A confirmation",
}
SITUATIONS: dict[Situation, str] = {
    "in_a_meeting": "“They’re in a meeting.”",
    "away_today": "“They’re out today.”",
    "keeps_the_diary": "“I look after the diary.”",
}
CHANNELS: dict[Channel, str] = {
    "phone": "Phone",
    "voicemail": "Voicemail",
    "email": "Email",
    "text": "Text message",
    "social": "Social network",
    "assistant": "Assistant or reception",
}
PREFERABLE: tuple[Channel, ...] = ("phone", "voicemail", "email", "text", "social")
YES_NO = {"yes": "Yes", "no": "No"}
#: What the form calls each fact, for an answer that needs one more.
FACTS = {
    "purpose": "what the call is for",
    "relationship": "how well they know you",
    "preferred_channel": "how they like to be reached",
    "channels_tried": "what you have tried already",
    "planned_retry_today": "whether you will call again today",
    "attempt": "which message to them this would be",
}


class AdviceForm(BaseModel):
    """The fields as they were typed; an empty one means unknown."""

    playbook: str = ""
    relationship: str = ""
    purpose: str = ""
    attempt: str = ""
    planned_retry_today: str = ""
    preferred_channel: str = ""
    channels_tried: list[str] = []
    referrer: str = ""
    prospect: str = ""
    rep: str = ""
    company: str = ""

    def context(self) -> dict[str, str]:
        """What is said about the call, in the words the call context takes from forms."""
        fields = self.model_dump(exclude={"playbook", "channels_tried"})
        return fields | {"channels_tried": ",".join(self.channels_tried)}


class Line(NamedTuple):
    """What to say in one situation, cut at the blanks."""

    situation: str
    say: tuple[tuple[SentencePart, ...], ...]
    source: str


class Shown(NamedTuple):
    """An answer as the page shows it."""

    advice: Advice
    title: str
    tone: str
    missing: tuple[str, ...]
    goal: str
    template: tuple[SentencePart, ...]
    reception: tuple[Line, ...]


def shown(advice: Advice) -> Shown:
    return Shown(
        advice=advice,
        title=DECISIONS[advice.decision],
        tone=TONES[advice.decision],
        missing=tuple(advice.missing),
        goal=GOALS[advice.message.goal],
        template=with_blanks(advice.message.template),
        reception=tuple(
            Line(SITUATIONS[script.situation], tuple(with_blanks(line) for line in script.say), script.source)
            for script in advice.reception
        ),
    )


def unless_sentence(unless: Unless) -> str:
    """A condition and what it would change, as one sentence."""
    condition = unless.condition[:1].upper() + unless.condition[1:]
    return f"{condition}? Then {DECISIONS[unless.decision].lower()}."
