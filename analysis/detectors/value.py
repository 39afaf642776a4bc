"""What the listener would gain, avoid or learn: never guessed from one keyword, but added up from everything said."""

from dataclasses import dataclass
from typing import Literal, get_args

from analysis.detectors.base import Heard, once_per_message
from analysis.detectors.signals import spans_of_signals, weighed
from analysis.detectors.text import Span

Kind = Literal["comparison", "result", "pain", "insight", "numbers", "loss", "trouble", "your_own"]


@dataclass(frozen=True)
class Element:
    """One thing of value, and where it is said."""

    kind: Kind
    span: Span


@once_per_message
def offers_value(heard: Heard) -> bool:
    """Whether what speaks for a benefit, a fact or an insight outweighs talk of oneself, small talk and lists."""
    return bool(heard.said.tokens) and weighed(heard, heard.playbook.rules["missing_value_prop"].weights) <= 0


@once_per_message
def value_elements(heard: Heard) -> tuple[Element, ...]:
    """The words that carry the value, strongest kind first; nothing when the message offers none."""
    if not offers_value(heard):
        return ()
    spans = spans_of_signals(heard)
    return tuple(Element(kind, span) for kind in get_args(Kind) for span in spans[kind])
