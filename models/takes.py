"""Two takes of one message side by side: what went, what came, what stayed."""

from datetime import datetime

from models.base import Frozen
from models.report import PlaybookRef


class Named(Frozen):
    """A rule or a strength, by its name and as the report calls it."""

    rule: str
    title: str


class Take(Frozen):
    """One of the two, in figures."""

    id: str
    created_at: datetime
    score: int
    message_s: float | None
    message_wpm: int | None
    playbook: PlaybookRef


class TakesCompared(Frozen):
    """From the take `then` to the take `now`. A flag that could not be judged in the other take is `unclear`."""

    then: Take
    now: Take
    went: tuple[Named, ...]
    came: tuple[Named, ...]
    stayed: tuple[Named, ...]
    unclear: tuple[Named, ...]
    strengths_gained: tuple[Named, ...]
    strengths_lost: tuple[Named, ...]
    strengths_kept: tuple[Named, ...]
