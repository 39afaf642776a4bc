"""Next steps: what the message asks for or promises, and whether a call back is asked for with a reason."""

from dataclasses import dataclass

from analysis.detectors.base import Heard, once_per_message
from analysis.detectors.text import Span


@dataclass(frozen=True)
class NextSteps:
    """`bare_callbacks` ask for a call and give nothing for it; `others` are every other step, theirs or the rep's.

    `firm` are those of the others that a listener could hold the rep to: not a mere wish to meet some time.
    """

    bare_callbacks: tuple[Span, ...]
    others: tuple[Span, ...]
    firm: tuple[Span, ...]


@once_per_message
def next_steps(heard: Heard) -> NextSteps:
    callbacks = heard.find(heard.family("no_call_to_action", "callback"))
    done = [span for span in _steps(heard, "promise", "ask") if not any(_touches(span, call) for call in callbacks)]
    wished = _steps(heard, "meeting", "question")
    reasoned = [span for span in callbacks if _has_reason(heard, span)]
    timed = [span for span in _steps(heard, "meeting") if heard.has(_WHEN, heard.said.sentence_of(span.first))]
    return NextSteps(
        bare_callbacks=tuple(span for span in callbacks if span not in reasoned),
        others=tuple(reasoned + done + wished + _appointments(heard)),
        firm=tuple(reasoned + done + timed),
    )


_WHEN = (
    "{day}",
    "at {number} $",
    "the {ordinal}",
    "next|this week|month",
    "{number} minutes",
    "half|an hour",
    "coffee|lunch|breakfast",
)


def _touches(step: Span, callback: Span) -> bool:
    """ "could you give me a call" asks for a call and for nothing else."""
    return step.first <= callback.last and callback.first <= step.last + 1


def _appointments(heard: Heard) -> list[Span]:
    """A day that is still to come, named in the second half beside "I", "we" or "you": "I'm in Linden Tuesday"."""
    half = len(heard.said.tokens) // 2
    found = []
    for span in heard.find(("{day}",)):
        sentence = heard.said.sentence_of(span.first)
        people = {"i", "we", "you"}.intersection(heard.said.texts[sentence.first : sentence.last + 1])
        over = heard.has(
            ("last|past|since|on|yesterday|from|until {day}", "{day} and|was|they|i_left|i_called"), sentence
        )
        if span.first >= half and people and not over:
            found.append(span)
    return found


def _steps(heard: Heard, *families: str) -> list[Span]:
    """What these phrase families find, less what only looks like a step."""
    found = [span for name in families for span in heard.find(heard.family("no_call_to_action", name))]
    lookalikes = heard.family("no_call_to_action", "not_a_step")
    return [span for span in found if not heard.has(lookalikes, _around(heard, span))]


def _around(heard: Heard, span: Span) -> Span:
    """The sentence, at most five tokens before and after."""
    sentence = heard.said.sentence_of(span.first)
    return Span(max(sentence.first, span.first - 4), min(sentence.last, span.last + 4))


def _has_reason(heard: Heard, span: Span) -> bool:
    """A day, an hour, an offer or a choice right before the asking, or within a dozen words after it."""
    sentence = heard.said.sentence_of(span.first)
    window = Span(max(sentence.first, span.first - 3), min(sentence.last, span.last + 14))
    return heard.has(heard.family("callback_only_cta", "reason"), window)
