"""What a detector is given and what it answers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

from analysis.detectors.phrases import compiled
from analysis.detectors.text import Said, Span
from analysis.spoken import PhoneNumber, find_phone_numbers
from models.playbook import Playbook, RuleSettings
from models.recording import PURPOSES_WITHOUT_PITCH, CallContext
from models.report import Evidence, Measurements, Repeats, Status
from models.transcript import Transcript

if TYPE_CHECKING:
    from analysis.meaning import Understood


@dataclass(frozen=True, eq=False)
class Heard:
    """One message as the detectors see it: the words, the measures, and what is known about the call.

    `memo` keeps what several detectors ask. Without meaning the phrase rules judge alone.
    """

    transcript: Transcript
    measurements: Measurements
    not_measured: Mapping[str, str]
    context: CallContext
    playbook: Playbook
    with_meaning: bool = True
    repeats: Repeats | None = None
    memo: dict[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def said(self) -> Said:
        return Said([word.text for word in self.transcript.words])

    @cached_property
    def understood(self) -> "Understood | None":
        """The message as a whole; None where there is nothing to understand, or nothing installed to do it."""
        from analysis.meaning import installed  # numpy, and weights from disk

        meaning = installed() if self.with_meaning and self.said.words else None
        sentences = (" ".join(self.said.words[first : last + 1]) for first, last in self.said.sentence_words)
        return meaning.understand(tuple(sentences)) if meaning else None

    @cached_property
    def phone_numbers(self) -> list[PhoneNumber]:
        return find_phone_numbers(self.said.words)

    @property
    def said_numbers(self) -> list[Evidence]:
        """The telephone numbers as they stand in the transcript."""
        return [self.quote(number.first, number.last) for number in self.phone_numbers]

    @property
    def owes_a_pitch(self) -> bool:
        return self.context.purpose not in PURPOSES_WITHOUT_PITCH

    @property
    def is_script(self) -> bool:
        return self.transcript.engine == "script"

    def find(self, phrases: Iterable[str], within: Span | None = None, *, but_not: Iterable[str] = ()) -> list[Span]:
        """Where any of these playbook phrases is said, but where one that only looks alike is."""
        found = self.said.find(compiled(phrases, self.playbook.lists), within)
        lookalikes = self.find(but_not) if but_not else []
        return [span for span in found if not any(span.touches(other) for other in lookalikes)]

    def has(self, phrases: Iterable[str], within: Span | None = None) -> bool:
        return bool(self.find(phrases, within))

    def evidence(self, span: Span) -> Evidence:
        """The words of a span exactly as they stand in the transcript."""
        return self.quote(*self.said.word_range(span))

    def quote(self, first_word: int, last_word: int) -> Evidence:
        words = self.transcript.words[first_word : last_word + 1]
        return Evidence(quote=" ".join(word.text for word in words), start_s=words[0].start_s, end_s=words[-1].end_s)

    def family(self, rule: str, name: str) -> tuple[str, ...]:
        """A phrase family of a rule or a strength; empty when the playbook has none."""
        settings = self.playbook.rules.get(rule) or self.playbook.strengths.get(rule)
        return settings.families.get(name, ()) if settings else ()


Answer = TypeVar("Answer")


def once_per_message(question: Callable[[Heard], Answer]) -> Callable[[Heard], Answer]:
    """Asks only once what several detectors want to know of the same message."""

    def asked(heard: Heard) -> Answer:
        if question.__name__ not in heard.memo:
            heard.memo[question.__name__] = question(heard)
        answer: Answer = heard.memo[question.__name__]
        return answer

    return asked


@dataclass(frozen=True)
class Verdict:
    """One of the three states. Make it with `flagged`, `passed` or `not_evaluated`."""

    status: Status
    evidence: tuple[Evidence, ...] = ()
    reason: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


Detector = Callable[[Heard, RuleSettings], Verdict]
NO_WORDS: Final = "There are no words."


def flagged(*evidence: Evidence, **detail: Any) -> Verdict:
    return Verdict("flagged", evidence, detail=detail)


def passed(*evidence: Evidence, **detail: Any) -> Verdict:
    return Verdict("passed", evidence, detail=detail)


def not_evaluated(reason: str) -> Verdict:
    return Verdict("not_evaluated", reason=reason)


def flagged_if(spans: Iterable[Span], heard: Heard, **detail: Any) -> Verdict:
    """Flagged with these spans as evidence, passed when there are none."""
    evidence = tuple(heard.evidence(span) for span in spans)
    return flagged(*evidence, **detail) if evidence else passed(**detail)
