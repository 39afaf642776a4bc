"""What a coaching school asks for: which rules, how severe, within which limits, with which phrases and advice."""

from typing import Literal

from pydantic import Field

from models.base import Frozen

Severity = Literal["high", "medium", "low"]


class Limits(Frozen):
    """Every deciding number of the measures, each with its unit in the name. Bands are inclusive."""

    length_s: tuple[float, float] = Field(description="A message within this band is neither too short nor too long.")
    length_target_s: tuple[float, float] = Field(description="The band the advice aims at.")
    message_wpm: tuple[float, float] = Field(description="Below is too slow, above is too fast (pauses included).")
    message_wpm_target: tuple[float, float] = Field(description="The band the advice aims at.")
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
    families: dict[str, tuple[str, ...]] = Field({}, description="Further phrases, grouped by what they mean.")
    weights: dict[str, float] = Field({}, description="What each signal adds; the rule speaks when the sum is above 0.")


class Playbook(Frozen):
    """A coaching school, read from `analysis/playbooks/NAME.toml`."""

    name: str
    version: int = Field(ge=1)
    title: str
    summary: str
    limits: Limits
    lists: dict[str, tuple[str, ...]] = Field({}, description="Word lists; a phrase uses one by writing {its name}.")
    rules: dict[str, RuleSettings]
    strengths: dict[str, RuleSettings] = {}
