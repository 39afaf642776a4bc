"""Next steps: what the message asks for or promises, and whether a call back is asked for with a reason."""

from dataclasses import dataclass

from analysis.detectors.base import Heard, once_per_message
from analysis.detectors.text import Span


@dataclass(frozen=True)
class NextSteps:
    """`bare_callbacks` ask for a call and give nothing for it; `others` are every other step, theirs or the rep's."""

    bare_callbacks: tuple[Span, ...]
    others: tuple[Span, ...]


@once_per_message
def next_steps(heard: Heard) -> NextSteps:
    callbacks = heard.find(heard.family("no_call_to_action", "callback"))
    others = [
        span
        for name in ("promise", "ask", "meeting", "question")
        for span in heard.find(heard.family("no_call_to_action", name))
        if not heard.has(heard.family("no_call_to_action", "not_a_step"), _around(heard, span))
    ]
    bare = [span for span in callbacks if not _has_reason(heard, span)]
    with_reason = [span for span in callbacks if span not in bare]
    return NextSteps(tuple(bare), tuple(with_reason + others))


def _around(heard: Heard, span: Span) -> Span:
    """The sentence, at most five tokens before and after."""
    sentence = heard.said.sentence_of(span.first)
    return Span(max(sentence.first, span.first - 4), min(sentence.last, span.last + 4))


def _has_reason(heard: Heard, span: Span) -> bool:
    """A day, an hour, an offer or a choice in the sentence that asks, right before the asking or a dozen words after it."""
    sentence = heard.said.sentence_of(span.first)
    window = Span(max(sentence.first, span.first - 3), min(sentence.last, span.last + 14))
    return heard.has(heard.family("callback_only_cta", "reason"), window)
