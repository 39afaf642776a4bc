"""How somebody's messages change from week to week, always with the number behind a figure."""

from datetime import date

from pydantic import Field

from models.base import Frozen


class Median(Frozen):
    """The median of `of` messages."""

    value: float
    of: int = Field(ge=1)


class Share(Frozen):
    """How many of the messages a rule could be judged in were flagged."""

    flagged: int = Field(ge=0)
    of: int = Field(ge=1)

    @property
    def share(self) -> float:
        return self.flagged / self.of


class Tally(Frozen):
    """What some recordings come to. A median is None where nothing was measured."""

    recordings: int
    flagged: Share | None = Field(None, description="In how many anything was flagged.")
    score: Median | None
    message_s: Median | None
    message_wpm: Median | None
    rules: dict[str, Share] = Field({}, description="Rule -> in how many it was flagged; never judged, not here.")


class Week(Tally):
    """The recordings of a week from Monday, UTC."""

    monday: date


class Progress(Frozen):
    since: date
    rep: str | None = Field(description="Whose recordings; None for everybody's.")
    weeks: tuple[Week, ...] = Field(description="From the first week with a recording to the last, empty ones too.")


class Trend(Frozen):
    """One rep's, one team's or everybody's recordings: week by week, and all of them together."""

    name: str
    total: Tally
    weeks: tuple[Week, ...] = Field(description="The same weeks for all who are compared.")


class Trends(Frozen):
    since: date
    everybody: Trend
    teams: tuple[Trend, ...] = Field(description="By name; somebody in two teams counts in both.")
    reps: tuple[Trend, ...] = Field(description="By name, unless the owner of the service turned ranking on.")
