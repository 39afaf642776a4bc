"""A report with names and telephone numbers replaced by what they are: [name], [company], [number].

What is masked: the people and the company given with the call, those the rules hear in the message, any known first
name written large, e-mail addresses and telephone numbers. A name nobody gave and no rule hears stays.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Any, Final

from analysis import playbooks
from analysis.audio.bleep import Cut
from analysis.detectors.base import Heard
from analysis.detectors.people import introduction
from analysis.detectors.people.runs import Runs
from analysis.detectors.people.words import COMMON, GREETINGS, TITLES, company_words
from analysis.detectors.text import Span
from analysis.spoken import find_phone_numbers
from models.recording import CallContext
from models.report import Evidence, Finding, Report, Rewrite, RewritePiece
from models.transcript import Transcript, Word

NAME: Final = "[name]"
COMPANY: Final = "[company]"
NUMBER: Final = "[number]"
ADDRESS: Final = "[address]"
PLAYED_AROUND_S: Final = 0.5  # of a word, so that a voice does not sound chopped
BLEEP_AROUND_S: Final = 0.25  # Whisper's times are off by less

_TOKEN = re.compile(r"[^\W_]+")
_MARKER = re.compile(r"\[(?:name|company|number|address)\]")
_EMAIL = re.compile(r"[^\s@<>\"“”(),;]+@[^\s@<>\"“”(),;]*[^\s@<>\"“”(),;.!?]")
_DIGIT_RUN = re.compile(r"\+?\d(?:[\s.,()/…\u2010-\u2015-]*\d){5,}")
_JOINT = re.compile(r"[\s.&'’_/\u2010-\u2015-]{0,3}")  # what may stand inside "Blue-Peak", "O'Brien", "K. A. R. E. N."
_MOST_TOKENS = 14  # of one name, spelled out
_FEWEST_LETTERS = 2


def masked(report: Report) -> Report:
    """The same report for somebody who need not know whom it is about. Masking twice changes nothing."""
    secrets = _Secrets.of(report)
    words = secrets.words(report.transcript.words)
    spans = _Spans(report.transcript.words, words)

    def evidence(quotes: Iterable[Evidence]) -> tuple[Evidence, ...]:
        return tuple(one.model_copy(update={"quote": spans.masked(one) or secrets.text(one.quote)}) for one in quotes)

    def finding(one: Finding) -> Finding:
        told = {name: secrets.text(getattr(one, name)) for name in ("title", "why", "advice", "say_instead", "source")}
        reason = None if one.reason is None else secrets.text(one.reason)
        detail = secrets.within(one.detail)
        return one.model_copy(update=told | {"reason": reason, "detail": detail, "evidence": evidence(one.evidence)})

    strengths = tuple(
        one.model_copy(
            update={
                "title": secrets.text(one.title),
                "why": secrets.text(one.why),
                "evidence": evidence(one.evidence),
            }
        )
        for one in report.strengths
    )
    recording = report.recording and report.recording.model_copy(
        update={"filename": f"recording{_suffix(report.recording.filename)}"}
    )
    said = report.transcript
    return report.model_copy(
        update={
            "recording": recording,
            "context": masked_context(report.context),
            "transcript": Transcript.of_words(
                (word for word, _ in words), language=said.language, engine=said.engine, model=said.model
            ).model_copy(update={"removed_at": said.removed_at}),
            "not_measured": secrets.within(report.not_measured),
            "findings": tuple(finding(one) for one in report.findings),
            "strengths": strengths,
            "rewrite": report.rewrite and _rewrite(report.rewrite, secrets),
            "playbook": report.playbook.model_copy(update={"name": secrets.text(report.playbook.name)}),
        }
    )


def audible(report: Report) -> Cut | None:
    """What may be heard of a masked recording: the words that were written down, a tone over those that are masked.

    What was said beside them (the greeting, the other side, what was not understood) nobody has looked through, so it
    is silent. None where it cannot be told when each word was said: nothing may be heard then.
    """
    words, window = report.transcript.words, report.message
    if window is None or not words or report.transcript.corrected:  # a corrected word stands about where it was said
        return None
    spoken = [(word.start_s, word.end_s) for word in words]
    timed = [(start, end) for start, end in spoken if start is not None and end is not None]
    if len(timed) < len(words):
        return None
    hidden = [
        (timed[first][0], timed[last][1])
        for word, (first, last) in _Secrets.of(report).words(words)
        if first < last or word.text != words[first].text
    ]
    return Cut(
        channel=window.channel or 0,
        heard=tuple(
            (max(start - PLAYED_AROUND_S, window.start_s), min(end + PLAYED_AROUND_S, window.end_s))
            for start, end in timed
        ),
        bleeped=tuple((max(start - BLEEP_AROUND_S, 0.0), end + BLEEP_AROUND_S) for start, end in hidden),
    )


def masked_context(context: CallContext) -> CallContext:
    people = {name: NAME for name in ("rep", "prospect", "referrer") if getattr(context, name)}
    return context.model_copy(update=people | ({"company": COMPANY} if context.company else {}))


def _suffix(filename: str) -> str:
    suffix = PurePath(filename).suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,4}", suffix) else ""


def _rewrite(rewrite: Rewrite, secrets: "_Secrets") -> Rewrite:
    pieces = tuple(
        RewritePiece(kind=piece.kind, text=secrets.text(piece.text), own=piece.own) for piece in rewrite.pieces
    )
    return Rewrite(text="".join(piece.text for piece in pieces), pieces=pieces, estimated_s=rewrite.estimated_s)


# --------------------------------------------------------------------------------------------- what is to be masked


def _folded(text: str) -> tuple[str, ...]:
    """The letters and figures of a text, word by word, without case and accents: José is Jose."""
    if text.isascii():
        return tuple(_TOKEN.findall(text.lower()))
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return tuple(_TOKEN.findall(plain.casefold()))


@dataclass(frozen=True)
class _Secrets:
    """Names without spaces -> what stands for them, and the digits of the telephone numbers that were said."""

    names: Mapping[str, str]
    numbers: frozenset[str]

    @cached_property
    def longest(self) -> int:
        return max(map(len, self.names), default=0)

    @classmethod
    def of(cls, report: Report) -> "_Secrets":
        names: dict[str, str] = {}
        context = report.context
        for text, marker in _heard_names(report):
            names |= _forms(text, marker)
        for person in (context.rep, context.prospect, context.referrer):
            names |= _forms(person or "", NAME)
        names = _forms(context.company or "", COMPANY) | names
        if context.company:
            names["".join(_folded(context.company))] = COMPANY
        said = find_phone_numbers([word.text for word in report.transcript.words])
        names.pop("", None)
        return cls(names, frozenset(number.digits for number in said))

    def words(self, words: Sequence[Word]) -> list[tuple[Word, tuple[int, int]]]:
        """Masked words, each with the first and last word it stands for; a name of two words becomes one."""
        text = " ".join(word.text for word in words)
        ends = [0]
        for word in words:
            ends.append(ends[-1] + len(word.text) + 1)
        hidden = list(self._spans(text))
        found: list[tuple[Word, tuple[int, int]]] = []
        index = 0
        while index < len(words):
            last = index
            while any(start < ends[last + 1] - 1 and stop > ends[last + 1] for start, stop, _ in hidden):
                last += 1
            first_word, last_word = words[index], words[last]
            shown = _replaced(text, hidden, ends[index], ends[last + 1] - 1)
            same = first_word if last == index else first_word.model_copy(update={"end_s": last_word.end_s})
            found.append((same.model_copy(update={"text": "".join(shown.split())}), (index, last)))
            index = last + 1
        return found

    def text(self, text: str) -> str:
        return _replaced(text, list(self._spans(text)), 0, len(text))

    def within(self, value: Any) -> Any:
        """The strings of a JSON value, however deep; its keys are names of measures."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.within(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.within(one) for one in value)
        return value

    def _spans(self, text: str) -> Iterator[tuple[int, int, str]]:
        """What to replace, in order, not overlapping."""
        taken: list[tuple[int, int, str]] = [(one.start(), one.end(), one.group()) for one in _MARKER.finditer(text)]
        for start, stop, marker in (*_emails(text), *self._numbers(text), *self._names(text)):
            if all(stop <= begun or start >= ended for begun, ended, _ in taken):
                taken.append((start, stop, marker))
        return iter(sorted(taken))

    def _numbers(self, text: str) -> Iterator[tuple[int, int, str]]:
        words = [(one.start(), one.end(), one.group()) for one in re.finditer(r"\S+", text)]
        for number in find_phone_numbers([word for _, _, word in words]):
            stop = words[number.last][0] + len(words[number.last][2].rstrip('.,;:!?"”)'))
            yield words[number.first][0], stop, NUMBER
        for run in _DIGIT_RUN.finditer(text):
            digits = re.sub(r"\D", "", run.group())
            if any(digits in known or known in digits for known in self.numbers):
                yield run.start(), run.end(), NUMBER

    def _names(self, text: str) -> Iterator[tuple[int, int, str]]:
        """The longest name from each word on: "Blue Peak" too where the company is Bluepeak."""
        tokens = [(one.start(), one.end(), "".join(_folded(one.group()))) for one in _TOKEN.finditer(text)]
        at = 0
        while at < len(tokens):
            joined = ""
            found: int | None = None
            for end in range(at, min(at + _MOST_TOKENS, len(tokens))):
                if end > at and not _JOINT.fullmatch(text, tokens[end - 1][1], tokens[end][0]):
                    break
                joined += tokens[end][2]
                if len(joined) > self.longest:
                    break
                if joined in self.names and self._is_meant(joined, text[tokens[at][0]]):
                    found = end
            if found is None:
                at += 1
                continue
            name = "".join(token for _, _, token in tokens[at : found + 1])
            yield tokens[at][0], tokens[found][1], self.names[name]
            at = found + 1

    def _is_meant(self, name: str, initial: str) -> bool:
        """Will is a name where it is written large only."""
        return name not in COMMON or not initial.islower()


def _heard_names(report: Report) -> Iterator[tuple[str, str]]:
    """Names as the rules hear them in the message."""
    heard = Heard(
        report.transcript,
        report.measurements,
        report.not_measured,
        report.context,
        playbooks.load(),
        with_meaning=False,
    )
    if not heard.said.texts:
        return
    runs = Runs(heard)
    for index in range(len(runs.texts)) if runs.cased else ():
        run = runs.run(index)
        if run and runs.known_name(run):
            yield heard.evidence(run).quote, NAME
    found = introduction(heard)
    for span, marker in ((found.company, COMPANY), (found.prospect, NAME), (found.caller, NAME)):
        if span is not None and not _is_plain(heard, span):
            yield heard.evidence(span).quote, marker


def _is_plain(heard: Heard, span: Span) -> bool:
    """ "Cheerio" is nobody."""
    return heard.has(heard.playbook.message.leave_out, span)


def _forms(name: str, marker: str) -> dict[str, str]:
    """A name as a whole; and of a person each part, of a company the first where it is a word of its own."""
    name = _MARKER.sub(" ", name)
    parts = [part for part in _folded(name) if part not in TITLES and part not in GREETINGS]
    forms = {"".join(parts): marker} if parts else {}
    single = parts[:1] if marker == COMPANY else parts
    forms |= {part: marker for part in single if _stands_alone(part, marker)}
    return {form: marker for form in forms if len(form) >= _FEWEST_LETTERS or len(parts) == 1}


def _stands_alone(part: str, marker: str) -> bool:
    """ "Bluepeak" is the company; "national", of "National Freight", is a word like any other."""
    if len(part) < _FEWEST_LETTERS:
        return False
    return marker == NAME or (part not in COMMON and part not in company_words())


# --------------------------------------------------------------------------------------------- replacing


def _emails(text: str) -> Iterator[tuple[int, int, str]]:
    return ((one.start(), one.end(), ADDRESS) for one in _EMAIL.finditer(text))


def _replaced(text: str, spans: Sequence[tuple[int, int, str]], first: int, last: int) -> str:
    """The stretch of a text from `first` to `last`, what is hidden in it replaced; no span crosses its ends."""
    shown, at = [], first
    for start, stop, marker in spans:
        if start >= at and stop <= last:
            shown += [text[at:start], marker]
            at = stop
    return "".join([*shown, text[at:last]])


class _Spans:
    """Quotes of the masked transcript in place of those of the first one, so that they are found in it again."""

    def __init__(self, said: Sequence[Word], shown: Sequence[tuple[Word, tuple[int, int]]]) -> None:
        self.said = said
        self.shown = shown

    def masked(self, quote: Evidence) -> str | None:
        parts = quote.quote.split()
        starts = [
            at
            for at in range(len(self.said) - len(parts) + 1)
            if parts and all(self.said[at + step].text == part for step, part in enumerate(parts))
        ]
        if not starts:
            return None
        first = min(starts, key=lambda at: abs((self.said[at].start_s or 0) - (quote.start_s or 0)))
        last = first + len(parts) - 1
        return " ".join(word.text for word, (begins, ends) in self.shown if begins <= last and ends >= first)
