"""A message as the rules read it: tokens in sentences, also where a speech model wrote no punctuation at all."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from analysis.detectors.words import fold
from analysis.spoken import word_set

#: Stands between sentences in `Said.line`, so that no phrase reaches over a full stop.
BREAK = "/"

_ABBREVIATIONS = word_set(
    """
    mr mrs ms dr st prof rev hon sgt gen jr sr no vs messrs mt ft
    """
)
_MAYBE_ABBREVIATIONS = word_set(
    """
    inc ltd co corp llc a.m p.m am pm etc
    """
)


@dataclass(frozen=True, slots=True)
class Token:
    """A folded word: where it stands in the transcript and what is written after it."""

    text: str
    word: int
    ends_sentence: bool = False
    comma_after: bool = False
    asked: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Tokens `first` to `last`, both included."""

    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1

    def touches(self, other: "Span") -> bool:
        """Whether they share a word."""
        return self.first <= other.last and other.first <= self.last


class Said:
    """The tokens of one message, its sentences, and one line of text in which phrases are looked for."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        tokens = _tokens(self.words)
        self.punctuated = _is_punctuated(tokens)
        self.tokens = tokens if self.punctuated else _with_guessed_sentences(tokens)
        self.texts = tuple(token.text for token in self.tokens)

    @cached_property
    def sentences(self) -> tuple[Span, ...]:
        spans, first = [], 0
        for index, token in enumerate(self.tokens):
            if token.ends_sentence or index == len(self.tokens) - 1:
                spans.append(Span(first, index))
                first = index + 1
        return tuple(spans)

    @cached_property
    def sentence_words(self) -> tuple[tuple[int, int], ...]:
        """First and last word of every sentence; together they hold every word once."""
        if not self.words:
            return ()
        ends = sorted({self.word_range(span)[1] for span in self.sentences} | {len(self.words) - 1})
        return tuple(zip([0, *(end + 1 for end in ends[:-1])], ends, strict=True))

    @cached_property
    def _line_and_starts(self) -> tuple[str, list[int]]:
        pieces: list[str] = []
        starts: list[int] = []
        at = 0
        for token in self.tokens:
            starts.append(at)
            piece = f"{token.text} {BREAK} " if token.ends_sentence else f"{token.text} "
            pieces.append(piece)
            at += len(piece)
        return "".join(pieces), starts

    @property
    def line(self) -> str:
        return self._line_and_starts[0]

    def find(self, pattern: re.Pattern[str], within: Span | None = None) -> list[Span]:
        """Every place a compiled phrase matches, left to right, not overlapping."""
        if not self.tokens:
            return []
        line, starts = self._line_and_starts
        lower, upper = 0, len(line)
        if within is not None:
            lower = max(starts[within.first] - 2, 0) if within.first else 0
            upper = starts[within.last + 1] if within.last + 1 < len(starts) else len(line)
        found = []
        for match in pattern.finditer(line, lower, upper):
            first = max(bisect_right(starts, match.start("said")) - 1, 0)
            last = max(bisect_right(starts, max(match.end("said") - 1, match.start("said"))) - 1, first)
            found.append(Span(first, last))
        return found

    def sentence_of(self, token: int) -> Span:
        for span in self.sentences:
            if span.first <= token <= span.last:
                return span
        return Span(0, max(len(self.tokens) - 1, 0))

    def text(self, span: Span) -> str:
        return " ".join(self.texts[span.first : span.last + 1])

    def word_range(self, span: Span) -> tuple[int, int]:
        return self.tokens[span.first].word, self.tokens[span.last].word


def _tokens(words: Sequence[str]) -> tuple[Token, ...]:
    tokens: list[Token] = []
    for index, word in enumerate(words):
        folded = fold(word)
        following = words[index + 1] if index + 1 < len(words) else ""
        ends, comma, asked = _ends_sentence(word, following), word.rstrip("\"')").endswith((",", ";", ":")), "?" in word
        comma = comma or (not folded and bool(word.strip()) and not word.strip("-\u2010\u2011\u2012\u2013\u2014\u2015"))
        if not folded and tokens and (ends or comma):
            before = tokens.pop()
            tokens.append(Token(before.text, before.word, before.ends_sentence or ends, True, before.asked or asked))
        for place, text in enumerate(folded):
            final = place == len(folded) - 1
            tokens.append(Token(text, index, final and ends, final and comma, final and asked))
    return tuple(tokens)


def _ends_sentence(word: str, following: str) -> bool:
    bare = word.rstrip("\"')\u201d\u2019")
    if bare.endswith(("!", "?", "\u2026", "...")):
        return True
    if not bare.endswith((".", "\u2014")) or len(bare) < 2:
        return False
    stem = bare.rstrip(".").lower()
    if stem in _ABBREVIATIONS or (len(stem) == 1 and stem.isalpha() and stem != "i"):
        return False
    if stem in _MAYBE_ABBREVIATIONS:
        return not following or following[0].isupper()
    return True


def _is_punctuated(tokens: Sequence[Token]) -> bool:
    """At least one full stop in forty words; a speech model that writes them at all writes more."""
    stops = sum(token.ends_sentence for token in tokens[:-1])
    return len(tokens) < 12 or stops * 40 >= len(tokens)


#: Where a new thought begins in text without punctuation, unless the word before still needs something.
_CUES = (
    "i am calling|i was calling|i am just|i just|i wanted|i want to|i would like|i would love|i thought i|i know you|"
    "i will|i have got|i noticed|i saw|i left|i sent|i tried|i can|i am|i was|i have|i hope|i do not|"
    "we are|we have|we do|we help|we did|we work|we just|we can|we offer|you are|you have|you just|you can|"
    "my number|my name|the reason|this is|it is|there is|there are|call me|give me|text me|ring me|reach me|holler|"
    "hope you|how are|just calling|just wanted|just checking|please call|please|thanks|thank you|"
    "so i|so we|but i|and i|anyway|anyhow|okay|sorry to|if you|let me|can i|could i|would you|shall i|do you|are you|"
    "your|the|our|they|she|he|most|when|what|looking forward|talk soon|bye|cheers|have a"
)
_CUE = re.compile(rf"(?:{_CUES})(?= |$)")
_NEEDS_MORE = word_set(
    """
    me us him them
    a an the and or but so that if when what where who which whose how why because than as of to for from with at in
    on by about into over under after before since until till while though i we you he she they it is are was were
    be been am will would can could should may might must do does did have has had not no my your our their his her
    its this these those some any all both each every very really just only also even going want wanted need needed
    like love know think thought guess hope said told see seeing say says tell give gave get got let make made take
    call calling ask asked asking between out up off through down back mr mrs ms dr every without across around near
    per plus
    """
)


def _with_guessed_sentences(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    texts = [token.text for token in tokens]
    guessed: list[Token] = []
    since = 0
    for index, token in enumerate(tokens):
        since += 1
        ahead = " ".join(texts[index + 1 : index + 4])
        new_thought = since >= 4 and bool(_CUE.match(ahead)) and token.text not in _NEEDS_MORE
        ends = token.ends_sentence or new_thought
        guessed.append(Token(token.text, token.word, ends, token.comma_after, token.asked))
        since = 0 if ends else since
    return tuple(guessed)
