"""What a coaching school asks for: which rules, how severe, within which limits, with which phrases and advice."""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from models.base import Frozen
from models.recording import Channel, Purpose, Relationship

Severity = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)  # the worst first


def _from_low_to_high(band: tuple[float, float]) -> tuple[float, float]:
    if band[0] > band[1]:
        raise PydanticCustomError("band", "the first number is above the second")
    return band


Band = Annotated[tuple[float, float], AfterValidator(_from_low_to_high)]


class Limits(Frozen):
    """Every deciding number of the measures, each with its unit in the name. Bands are inclusive."""

    model_config = ConfigDict(allow_inf_nan=False)

    length_s: Band = Field(description="A message within this band is neither too short nor too long.")
    length_target_s: Band = Field(description="The band the advice aims at, as far as it is allowed.")
    message_wpm: Band = Field(description="Below is too slow, above is too fast (pauses included).")
    message_wpm_target: Band = Field(description="The band the advice aims at, as far as it is allowed.")
    articulation_wpm_max: float = Field(description="Above is too fast, pauses left out.")
    pace_dead_band: float = Field(0.1, ge=0, lt=1, description="Share beyond a pace limit that no listener notices.")
    rate_needs_speech_s: float = Field(description="Less speech than this, and no rate is given.")
    rate_needs_words: int = Field(description="Fewer words than this, and no rate is given.")
    late_value_s: float = Field(14.0, description="A first reason to listen after this second is late.")
    late_value_words: int = Field(35, description="The same for a text without times: words before the reason.")
    number_digits_per_s_max: float = Field(2.5, description="A call-back number said faster than this is rushed.")
    pitch_sd_semitones_min: float = Field(1.5, description="A voice that varies less than this sounds flat.")
    long_pause_s: float = Field(2.0, description="A silence longer than this sounds like a lost thread.")
    pauses_needed_from_s: float = Field(15.0, description="From this length on, a message without a pause sounds read.")
    fillers_per_min_max: float = Field(6.0, description="More fillers a minute than this are noticed.")
    fillers_min: int = Field(3, description="Fewer fillers than this are never worth a remark.")

    @field_validator("length_target_s", "message_wpm_target")
    @classmethod
    def _as_far_as_allowed(cls, target: Band, info: ValidationInfo) -> Band:
        """Whoever narrows what is allowed does not want advice to aim beyond it."""
        low, high = info.data.get((info.field_name or "").replace("_target", ""), target)
        return min(max(target[0], low), high), min(max(target[1], low), high)


class RuleSettings(Frozen):
    """One rule as a playbook sees it: what it costs, what it says, and the phrases it knows."""

    enabled: bool = True
    severity: Severity = "medium"
    points: int = Field(0, ge=0, le=100, description="Lost of 100 when flagged.")
    title: str
    why: str = Field(description="Why it matters, for the rep.")
    advice: str = Field("", description="What to do about it.")
    say_instead: str = Field("", description="A sentence to say; {name} {company} {prospect} {number} are filled in.")
    source: str = Field(description="The article, study or norm it rests on.")
    phrases: tuple[str, ...] = Field((), description="Phrases that speak for the rule.")
    exceptions: tuple[str, ...] = Field((), description="Phrases that look alike and do not.")
    always: tuple[str, ...] = Field((), description="Phrases that decide: where one is said, the rule is flagged.")
    never: tuple[str, ...] = Field((), description="Phrases that decide: where one is said, the rule passes.")
    families: dict[str, tuple[str, ...]] = Field({}, description="Further phrases, grouped by what they mean.")
    weights: dict[str, float] = Field({}, description="What each signal adds; the rule speaks when the sum is above 0.")


Decision = Literal["leave_one", "hang_up_try_later", "press_zero", "write_instead"]
Goal = Literal["next_step", "callback", "meeting", "awareness", "confirm"]
Situation = Literal["in_a_meeting", "away_today", "keeps_the_diary"]


class WhenToLeave(Frozen):
    """One line of a school's table. The first line whose conditions all hold decides; no condition means always."""

    purpose: tuple[Purpose, ...] = Field((), description="The call is for one of these.")
    relationship: tuple[Relationship, ...] = Field((), description="They know the rep in one of these ways.")
    preferred_channel: tuple[Channel, ...] = Field((), description="They like to be reached in one of these ways.")
    channels_tried: tuple[Channel, ...] = Field((), description="All of these were tried without an answer.")
    planned_retry_today: bool | None = Field(None, description="Another call is, or is not, planned the same day.")
    attempt: int | None = Field(None, ge=1, description="It would be this message to them, or a later one.")
    unknown: Literal["ask", "mention", "skip"] = Field(
        "ask",
        description="When a fact of this line is not known: ask for it and do not judge; "
        "take it not to be so and mention it; or take it not to be so.",
    )
    then: Decision
    because: str = Field(min_length=1, description="Why, for the rep.")
    source: str = Field(min_length=1, description="The article, study or norm it rests on.")


class ReceptionLines(Frozen):
    """What to say when a person answers instead; {prospect} {rep} {company} {referrer} are filled in."""

    say: tuple[str, ...] = Field(min_length=1)
    source: str = Field(min_length=1, description="The article, study or norm it rests on; the words are ours.")


class VoicemailAdvice(Frozen):
    """What a school says before the call: whether to leave a voicemail, what for, and what to say to a receptionist."""

    goal: Goal = Field("next_step", description="What a message is left for; next_step is any one concrete step.")
    purpose: str = Field("", description="The goal in a sentence for the rep.")
    must_hold: tuple[str, ...] = Field((), description="What a message must hold, in the order it is said.")
    template: str = Field(
        "", description="A message to fill in; {prospect} {rep} {company} {referrer} are known words."
    )
    source: str = Field("", description="The article, study or norm the goal rests on.")
    table: tuple[WhenToLeave, ...] = Field((), description="Whether to leave one; empty takes no side.")
    reception: dict[Situation, ReceptionLines] = Field({}, description="Lines for whoever answers instead.")


PieceKind = Literal[
    "greeting", "referrer", "matter", "reason", "pain", "value", "proof", "step", "number", "number_again"
]


#: What is said where the rep's own words are missing, unless a playbook says it otherwise.
SENTENCES: Mapping[PieceKind, str] = {
    "greeting": "Hi {prospect}, this is {name} with {company}.",
    "referrer": "{referrer} suggested I call you.",
    "matter": "It's about [what you have going with them].",
    "reason": "I noticed [one fact about them].",
    "pain": "Most [people in their role] lose [how much] to [the problem].",
    "value": "[Someone like them] went from [before] to [after] in [time].",
    "proof": "[Someone they know] got [one result] in [time].",
    "step": "I'll send you [the one page] today and try you [day] at [time].",
    "number": "My number is {number}.",
    "number_again": "Again, that's {number}.",
}  # fmt: skip
#: Phrases no rewrite keeps: pleasantries, thanks, goodbyes, and the words around a message that say nothing.
LEAVE_OUT: tuple[str, ...] = (
    "how are you|things|y'all", "how is it|everything|your|things|business", "hope|hoping|trust you|your|this|all",
    "hope|hoping|trust everything|things|it|the", "thanks", "thank you", "have a|an|yourself", "talk soon",
    "talk to you", "speak soon", "bye", "goodbye", "cheers", "take care", "god bless", "looking|look forward",
    "earliest convenience", "get a chance|minute|moment|sec|second", "have|got a chance|minute|moment|sec|second",
    "quick call|question|message|note", "voice mail", "leave|leaving (you) a message",
    "good|nice day|one|week|morning|afternoon|evening", "sorry", "just (a) reminder", "happy to help|chat|talk",
    "feel free", "do not hesitate", "as promised", "any questions|queries", "love to hear", "hear back",
    "hear from you", "anyway", "i guess|suppose",
)  # fmt: skip


def _over_the_usual(said: dict[PieceKind, str]) -> dict[PieceKind, str]:
    return {**SENTENCES, **said}


class MessageShape(Frozen):
    """How a school builds a message: its pieces in order, and what is said where the rep has not said one.

    In the sentences {prospect} {name} {company} {referrer} {number} are filled in, and what stands in [brackets] is
    left to the rep. `matter` is what a call that sells nothing is about.
    """

    order: tuple[PieceKind, ...] = Field(
        ("greeting", "referrer", "matter", "reason", "pain", "value", "proof", "step", "number"),
        min_length=1,
        description="The pieces in the order they are said; number_again says the number once more later on.",
    )
    needs: tuple[PieceKind, ...] = Field(
        ("reason", "value"), description="Pieces that get a blank when they are missing; a step and a number always do."
    )
    sentences: Annotated[dict[PieceKind, str], AfterValidator(_over_the_usual)] = Field(
        dict(SENTENCES), description="Piece -> what to say where the rep's own words are missing."
    )
    leave_out: tuple[str, ...] = Field(
        LEAVE_OUT, description="Phrases that never survive: pleasantries, thanks, goodbyes."
    )


class Retention(Frozen):
    """For how many hours what arrived is kept; None sets no end."""

    model_config = ConfigDict(allow_inf_nan=False)

    audio_h: float | None = Field(None, gt=0, description="Hours the recording and its copy are kept.")
    transcript_h: float | None = Field(None, gt=0, description="Hours the words and every quote of them are kept.")
    report_h: float | None = Field(None, gt=0, description="Hours the rest is kept, with whatever is still there.")

    def shortened(self, other: "Retention") -> "Retention":
        """The shorter of both, part by part."""
        both = {name: (getattr(self, name), getattr(other, name)) for name in Retention.model_fields}
        return Retention(**{name: min((h for h in pair if h is not None), default=None) for name, pair in both.items()})


class Playbook(Frozen):
    """A coaching school, read from `analysis/playbooks/NAME.toml`."""

    name: str
    version: int = Field(ge=1)
    title: str = Field(min_length=1)
    summary: str
    limits: Limits
    lists: dict[str, tuple[str, ...]] = Field({}, description="Word lists; a phrase uses one by writing {its name}.")
    rules: dict[str, RuleSettings]
    strengths: dict[str, RuleSettings] = {}
    voicemail: VoicemailAdvice = VoicemailAdvice()
    message: MessageShape = MessageShape()
    retention: Retention = Field(Retention(), description="How long its recordings are kept; settings may say less.")
