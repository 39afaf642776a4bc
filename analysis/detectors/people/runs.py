"""Which words of a message may be a name: told by capitals where there are any, and by closed classes of words."""

from analysis.detectors.base import Heard
from analysis.detectors.people.words import (
    AFTER_OWN_COMPANY,
    BEFORE_LINKS,
    COMMON,
    GREETINGS,
    LINKS,
    NAMELESS,
    NOT_IN_NAMES,
    ROLES,
    SPOKEN_OF,
    TITLES,
    UNNAMED,
    first_names,
)
from analysis.detectors.text import Said, Span


class Runs:
    """Runs of words in one message that may name somebody, and what stands around them."""

    def __init__(self, heard: Heard) -> None:
        self.heard = heard
        self.said: Said = heard.said
        self.texts = heard.said.texts
        self.company_words = frozenset(heard.playbook.lists.get("company_word", ()))
        written = [
            word for word in self.said.words[1:] if word[:1].isalpha() and not word.startswith("I'") and word != "I"
        ]
        self.cased = bool(written) and sum(word[0].isupper() for word in written) * 25 >= len(written)

    def name_like(self, index: int) -> bool:
        token = self.said.tokens[index]
        if (
            not any(ch.isalpha() for ch in token.text)
            or token.text in COMMON
            or token.text in GREETINGS
            or (not self.cased and token.text in NOT_IN_NAMES | ROLES | SPOKEN_OF)
            or (token.text in NAMELESS and token.text not in first_names())
        ):
            return False
        return not self.cased or self.written_large(index)

    def written_large(self, index: int) -> bool:
        word = self.said.words[self.said.tokens[index].word].lstrip("\"'(")
        named = word[:1].isupper() or (word[:1].isdigit() and any(ch.isupper() for ch in word))
        return named and not word.startswith(("I'", "I\u2019"))

    def run(self, index: int, *, limit: int = 3) -> Span | None:
        """A run of name-like words that begins here and crosses no comma."""
        start = index + 1 if index < len(self.texts) and self.texts[index] in TITLES else index
        end = start
        while end < len(self.texts) and end - start < limit and self.name_like(end):
            end += 1
            if self.ends_clause(end - 1):
                break
        return Span(start, end - 1) if end > start else None

    def run_before(self, index: int) -> Span | None:
        end = index - 1
        while end >= 0 and self.texts[end] in BEFORE_LINKS and not self.said.tokens[end].ends_sentence:
            end -= 1
        start = end
        while (
            start >= 0 and end - start < 3 and self.name_like(start) and not (start < end and self.ends_clause(start))
        ):
            start -= 1
        if start == end or end < 0 or self.said.tokens[end].ends_sentence:
            return None
        return Span(start + 1, end)

    def company_run(self, index: int) -> Span | None:
        """A run of words that may name an organisation; in lower case no more than the first three."""
        start = index
        if start < len(self.texts) and self.texts[start] in {"the", "our"}:
            start += 1
        end = start
        limit = 7 if self.cased else 3
        while end < len(self.texts) and end - start < limit:
            joins = self.texts[end] in {"and", "of", "the", "in"} and end > start and end + 1 < len(self.texts)
            joins = joins and (self.name_like(end + 1) or self._common_word_in_name(end + 1, start))
            if not (
                self.name_like(end)
                or self._common_word_in_name(end, start)
                or (joins and (self.cased or self.texts[end] == "and"))
            ):
                break
            end += 1
            if self.ends_clause(end - 1):
                break
        named = Span(start, end - 1)
        return None if end == start or self._names_nobody(named) else named

    def _names_nobody(self, run: Span) -> bool:
        """ "the shop", "Head of Partnerships", "Area Manager": a place, a job, and no organisation."""
        words = self.texts[run.first : run.last + 1]
        spoken_of = run.first > 0 and self.texts[run.first - 1] == "the" and not self.cased and run.size == 1
        return spoken_of or bool(ROLES.intersection((words[0], words[-1]))) or UNNAMED.issuperset(words)

    def _common_word_in_name(self, index: int, start: int) -> bool:
        """ "Nine Elms", "Right Hand Staffing", "Route 66": a common word or a figure written large within a name."""
        token = self.said.tokens[index]
        if not self.cased or token.text in {"i", "you"} or (token.text in NAMELESS and index == start):
            return False
        if token.text.isdigit():
            return index > start
        begins_sentence = index == 0 or self.said.tokens[index - 1].ends_sentence
        return self.written_large(index) and not begins_sentence

    def is_person(self, run: Span, *, introduced: bool) -> bool:
        """A known first name, or whatever stands where a name must stand and holds no word of a company."""
        if self.said.words[self.said.tokens[run.last].word].rstrip(".,;:!?").endswith(("'s", "\u2019s")):
            return False  # "Theo's assistant"
        if self.known_name(run):
            return True
        return introduced and not self.has_company_word(run)

    def known_name(self, run: Span) -> bool:
        """ "Rachel", "Rachel Stein": but "Stein Dental" or "Allen Roofing" is a company."""
        if self.texts[run.first] not in first_names():
            return False
        return run.size == 1 or self.texts[run.first + 1] not in self.company_words

    def has_company_word(self, run: Span) -> bool:
        found = [index for index in range(run.first, run.last + 1) if self.texts[index] in self.company_words]
        spelled = [
            index
            for index in found
            if self.texts[index] not in {"it", "co"}
            or self.said.words[self.said.tokens[index].word][:2].isupper()
            or run.size > 1
        ]
        return bool(spelled) or (run.size > 2 and "and" in self.texts[run.first + 1 : run.last])

    def link_after(self, index: int) -> int | None:
        """The "with" of "Dana here with Acme", if one follows."""
        at = index + 1
        while at < len(self.texts) and at <= index + 4 and self.texts[at] in BEFORE_LINKS | {"side", "this"}:
            at += 1
        if at >= len(self.texts) or self.texts[at] not in LINKS:
            return None
        while at + 1 < len(self.texts) and self.texts[at + 1] in LINKS | {"over", "up", "down", "out", "well"}:
            at += 1
        return at

    def may_follow(self, company: Span) -> bool:
        """Whether what follows "Dana with Acme" lets Dana be the caller, and not somebody who "gave me your name"."""
        if self.ends_clause(company.last):
            return True
        following = self.texts[company.last + 1]
        return following in AFTER_OWN_COMPANY if self.cased else following not in SPOKEN_OF

    def starts_clause(self, index: int) -> bool:
        return index == 0 or self.ends_clause(index - 1)

    def ends_sentence(self, index: int) -> bool:
        return self.said.tokens[index].ends_sentence

    def ends_clause(self, index: int) -> bool:
        token = self.said.tokens[index]
        return token.ends_sentence or token.comma_after or index == len(self.texts) - 1

    def is_fragment(self, run: Span) -> bool:
        """A sentence of names only, such as "Loren at Prairie Implement." or "Bill Tracey, Tracey Commercial." """
        sentence = self.said.sentence_of(run.first)
        if run.first != sentence.first or sentence.size > 9:
            return False
        rest = range(run.last + 1, sentence.last + 1)
        return all(
            self.name_like(i)
            or self.written_large(i)
            or self.texts[i] in LINKS | {"and", "the", "here", "over"}
            or self.texts[i].isdigit()
            for i in rest
        )
