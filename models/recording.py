"""What arrives: a recording, and what is known about the call it was left on."""

from typing import Any, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from models.base import Frozen

Purpose = Literal["cold", "warm_followup", "active_deal", "meeting_confirmation", "non_sales"]
Relationship = Literal["none", "referred", "known", "customer"]
Channel = Literal["phone", "voicemail", "email", "text", "social", "assistant"]

MIN_MESSAGE_S: Final = 0.5  # less than a name takes to say
#: Purposes that owe the listener no pitch: neither an opener nor a value proposition is judged.
PURPOSES_WITHOUT_PITCH: frozenset[Purpose] = frozenset({"active_deal", "meeting_confirmation", "non_sales"})


class CallContext(Frozen):
    """What a recording cannot tell. Every field may be unknown (None); rules that need it then say so."""

    rep: str | None = Field(None, max_length=200, description="Who left the message.")
    prospect: str | None = Field(None, max_length=200, description="Who the message was left for.")
    company: str | None = Field(None, max_length=200, description="The rep's own organisation.")
    purpose: Purpose | None = Field(None, description="What the call was for.")
    relationship: Relationship | None = Field(None, description="How well the prospect knew the rep before the call.")
    attempt: int | None = Field(None, ge=1, le=1000, description="Which message to this prospect this is, from 1.")
    referrer: str | None = Field(None, max_length=200, description="Who suggested the call.")
    spoke_before: bool | None = Field(None, description="Whether rep and prospect had really spoken before.")
    planned_retry_today: bool | None = Field(None, description="Whether the rep means to call again the same day.")
    preferred_channel: Channel | None = Field(None, description="How the prospect likes to be reached, where known.")
    channels_tried: tuple[Channel, ...] | None = Field(
        None,
        description="What was tried for this matter without an answer: "
        "phone, voicemail, email, text, social, assistant; empty, or “none” in a form, if nothing was.",
    )
    agent_channel: int | None = Field(None, ge=0, le=63, description="The rep's channel of the recording, from 0.")

    @property
    def rep_key(self) -> str | None:
        """Who left the message, however the name is written; None where that is not known."""
        return _key(self.rep)

    @property
    def prospect_key(self) -> str | None:
        """Who it was left for, in the same way."""
        return _key(self.prospect)

    @field_validator("channels_tried", mode="before")
    @classmethod
    def _from_a_form(cls, given: Any) -> Any:
        """Forms send words: “email, text”, or “none” for nothing tried."""
        words = given.replace(",", " ").split() if isinstance(given, str) else given
        return [word for word in words if word != "none"] if isinstance(words, list | tuple) else words


def _key(name: str | None) -> str | None:
    return " ".join((name or "").casefold().split()) or None


class GivenWindow(Frozen):
    """Where a person says the message is, in seconds of the recording; with `channel`, on that one (from 0)."""

    start_s: float = Field(ge=0, allow_inf_nan=False, description="Second of the recording at which it begins.")
    end_s: float = Field(ge=0, allow_inf_nan=False, description="Second of the recording at which it ends.")
    channel: int | None = Field(None, ge=0, le=63, description="Channel it is on, from 0; the first, if left out.")

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        if self.end_s - self.start_s < MIN_MESSAGE_S:
            raise ValueError(f"a message ends at least {MIN_MESSAGE_S:g} s after it begins")
        return self


class Recording(Frozen):
    """The file as it came."""

    filename: str
    duration_s: float = Field(ge=0)
    sample_rate_hz: int
    channels: int
    format: str = Field(description="Container and codec, such as wav/pcm_mulaw.")
    sha256: str
