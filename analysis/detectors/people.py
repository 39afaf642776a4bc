"""Who calls, for whom, and who is called: read from the way an introduction is built, not from capitals alone."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from analysis.detectors.base import Heard, once_per_message
from analysis.detectors.text import Said, Span
from analysis.spoken import word_set

GREETINGS = word_set(
    """
    hi hello hey hiya howdy heya yo hallo good morning afternoon evening day gday there yeah yes so okay alright
    right greetings namaste well oh again sir maam folks mate
    """
)
TITLES = word_set(
    """
    mr mrs ms miss dr prof professor sir madam coach pastor principal judge sheriff mayor chief doc
    """
)
_LINKS = frozenset(["with", "from", "at", "of"])
_BEFORE_LINKS = word_set(
    """
    over down out up in here calling again
    """
)
#: What may follow "Dana with Acme" when Dana is the caller; any other verb makes her somebody the caller speaks of.
_AFTER_OWN_COMPANY = word_set(
    """
    calling here and again in on out down i we how just returning about regarding the your this where following
    confirming checking with hope hoping so um over uh got wanted sorry trying hey hi real quick spelled or you it
    my as up for if
    """
)
_MARKS_CALLER = frozenset(["here", "calling", "again", "side", "speaking"])
#: What "with" may be followed by when no company is named.
_NO_COMPANY = word_set(
    """
    a an your my you me it this that them us regard regards respect what whatever home work here all some one the
    our his her church school down up next no any these those
    """
)
#: Words a lower-case name is not made of, though they are no closed class: what callers do and speak of.
_NOT_IN_NAMES = word_set(
    """
    showing keep ringing seen sent put come came testing water solar department everything trying timely
    """
)
#: Words that are never part of a name: the closed classes, and what openings are made of.
COMMON = word_set(
    """
    a an the and or but so that if when what where who which whose how why because than as of to for from with at in
    on by about into over under after before since until till while though i we you he she they it is are was were
    be been being am will would can could should may might must do does did done have has had having not no my your
    our their his her its this these those some any all both each every very really just only also even going want
    wanted need needed like love know think thought guess hope hoping hopefully said told tell see seeing saw say
    get got let make made take call calling called calls phone message ask asked between off up out through down
    back across around near per plus me us him them myself mine here there now today tomorrow yesterday tonight
    morning afternoon evening week month year time times minute moment quick hi hello hey good thanks thank please
    sorry okay yes yeah well anyway again still too much many more most less lot little new old next last first
    second other another own same one two three four five six seven eight nine ten left leave leaving reach reaching
    touch touching base check checking follow following circling look looking forward great nice wonderful person
    people guy somebody someone anybody owner manager charge responsible whoever office business company team number
    name reason regarding re concerning local return returning got chance interested speak talk speaking talking
    work working recently noticed heard read found helped help helping hate wish won wonder wondering happy glad
    excited pleased congratulations voicemail voice mail friendly reminder automated important urgent maybe perhaps
    probably actually basically honestly obviously busy long short kind sort
    """
)


@lru_cache(maxsize=1)
def first_names() -> frozenset[str]:
    return frozenset(files("analysis.detectors").joinpath("first_names.txt").read_text("utf-8").split())


@dataclass(frozen=True)
class Introduction:
    """Where caller, own organisation and listener are named; None when they are not."""

    caller: Span | None = None
    company: Span | None = None
    prospect: Span | None = None


@once_per_message
def introduction(heard: Heard) -> Introduction:
    return _Reader(heard).read()


def _overlap(one: Span, other: Span) -> bool:
    return one.first <= other.last and other.first <= one.last


class _Reader:
    """Reads the introduction of one message."""

    def __init__(self, heard: Heard) -> None:
        self.heard = heard
        self.said: Said = heard.said
        self.texts = heard.said.texts
        self.company_words = frozenset(heard.playbook.lists.get("company_word", ()))
        written = [
            word for word in self.said.words[1:] if word[:1].isalpha() and not word.startswith("I'") and word != "I"
        ]
        self.cased = bool(written) and sum(word[0].isupper() for word in written) * 25 >= len(written)

    def read(self) -> Introduction:
        if not self.texts:
            return Introduction()
        start = self._after_address()
        placed = self._from_segments(start) if self.said.punctuated and self.cased else self._from_run(start)
        caller = self._stated_caller(start) or placed.caller or self._named_in_passing(start) or self._signed_name()
        company = self._stated_company(caller) or placed.company or self._company_anywhere()
        unheard_of = caller is not None and caller.size > 1 and not self._known_name(caller)
        if caller and unheard_of and not self._surely_named(caller) and (not company or _overlap(caller, company)):
            return Introduction(None, caller, placed.prospect)  # "Lochend Cover here": whoever it is, it is the company
        return Introduction(caller, company, placed.prospect)

    def _surely_named(self, run: Span) -> bool:
        """Behind "my name is", before "with Acme": an unheard-of name is still a name there."""
        names = self.heard.find(self.heard.family("missing_caller_name", "name_follows"))
        return any(span.last + 1 == run.first for span in names) or self._link_after(run.last) is not None

    # ---- what is said outright

    def _stated_caller(self, start: int) -> Span | None:
        family = self.heard.family
        for span in self.heard.find(family("missing_caller_name", "name_follows")):
            if not self._ends_sentence(span.last) and (run := self._run(span.last + 1)):
                return run
        for span in self.heard.find(family("missing_caller_name", "caller_follows")):
            run = None if self._ends_sentence(span.last) else self._run(span.last + 1)
            certain = run and (
                self._known_name(run) or self._link_after(run.last) is not None or (self.cased and run.first < 40)
            )
            if run and certain and self._is_person(run, introduced=True):
                return run
        return self._marked_caller(start) or self._unheard_name()

    def _unheard_name(self) -> Span | None:
        """ "this is bo i keep ringing you": in lower case, a name nobody knows, right at the start."""
        for span in self.heard.find(("this is", "its", "it is")):
            run = self._run(span.last + 1, limit=2)
            if run and span.first < 8 and run.size == 1 and self._is_person(run, introduced=True):
                return run
        return None

    def _marked_caller(self, start: int) -> Span | None:
        """ "Dana Ruiz with Acme", "Tom here", "Vanessa this side": in the opening, or in a sentence of its own."""
        for index, text in enumerate(self.texts):
            if text not in _LINKS and text not in _MARKS_CALLER:
                continue
            run = self._run_before(index - 1 if text == "side" else index)
            if run is None or run.first < start or not (run.first < 30 or self._is_fragment(run)):
                continue
            if text in _LINKS:
                named = self.texts[run.first] in first_names()
                company = self._company_run(index + 1)
                if not self._stands_free(run) or self._is_spoken_to(run):
                    continue
                if (company is None and not named) or (company is not None and not self._may_follow(company)):
                    continue
                if self._is_person(run, introduced=True):
                    return run
                continue
            apart = self._ends_clause(index) or self._link_after(run.last) is not None or self._starts_clause(run.first)
            if apart and self._is_person(run, introduced=text != "calling"):
                return run
        return None

    def _stated_company(self, caller: Span | None) -> Span | None:
        if caller is not None:
            link = self._link_after(caller.last)
            if link is not None and (run := self._company_run(link + 1) or self._loose_company(link + 1)):
                return run
            if run := self._apposition(caller) or self._run_on(caller):
                return run
        for span in self.heard.find(self.heard.family("missing_company", "company_follows")):
            if not self._ends_sentence(span.last) and (run := self._company_run(span.last + 1)):
                return run
        for span in self.heard.find(self.heard.family("missing_caller_name", "caller_follows")):
            run = None if self._ends_sentence(span.last) else self._company_run(span.last + 1)
            alone = run is not None and run.size == 1 and self._ends_clause(run.last)
            unheard = caller is None and span.first < 8 and not self.cased
            if run and (self._has_company_word(run) or ((alone or unheard) and not self._known_name(run))):
                return run
        return self._unlinked_company() or self._signed_company()

    def _apposition(self, caller: Span) -> Span | None:
        """ "Noel Baptiste, Baptiste Benefits." """
        last = caller.last
        if self.texts[caller.first] in TITLES:
            return None
        while (
            last + 1 < len(self.texts)
            and self.texts[last + 1] in _BEFORE_LINKS | {"this", "side", "speaking"}
            and not self._ends_clause(last)
        ):
            last += 1
        if not self.said.tokens[last].comma_after or self.said.tokens[last].ends_sentence:
            return None
        run = self._company_run(last + 1)
        if run and (self._ends_clause(run.last) or self._has_company_word(run)):
            return run
        return None

    def _run_on(self, caller: Span) -> Span | None:
        """ "Erin Voss Voss Tax Group": a comma that was never written."""
        whole = self._company_run(caller.first)
        if whole is None or whole.size < 3 or not self._has_company_word(Span(caller.first + 1, whole.last)):
            return None
        return Span(min(caller.first + 2, whole.last), whole.last)

    def _unlinked_company(self) -> Span | None:
        """ "from Zentriq", "over at Truelight": in the first two sentences, unless it is where somebody else sits."""
        if not self.cased:
            return self._unlinked_in_lower_case()
        for sentence in self.said.sentences[:2]:
            if self.heard.has(self.heard.playbook.strengths["referral_mention"].phrases, sentence):
                continue
            for index in range(sentence.first, min(sentence.last, 30)):
                run = self._company_run(index + 1) if self.texts[index] in _LINKS - {"of"} else None
                before = self.texts[index - 1] if index else ""
                if (
                    run
                    and self._may_follow(run)
                    and not self._known_name(run)
                    and before not in {"talking", "spoke", "worked", "happened", "meet"}
                ):
                    return run
        return None

    def _unlinked_in_lower_case(self) -> Span | None:
        for index, text in enumerate(self.texts[:30]):
            run = self._company_run(index + 1) if text in {"from", "with", "at"} else None
            before = self.texts[index - 1] if index else ""
            fits = before in _MARKS_CALLER or before in {"am", "place", "guy", "well", "down", "over"} or index < 3
            if run and fits and self._has_company_word(run):
                return run
        return None

    def _signed_company(self) -> Span | None:
        """ "Allhands Labor, 909-555-0137.", "Bright Mesa Solar here", "Tidewater Customs." """
        for index in range(len(self.texts)):
            if not self._starts_clause(index) and self.texts[index - 1] not in GREETINGS:
                continue
            if not self.cased and index > 12:
                return None
            run = self._company_run(index)
            if not run or self._known_name(run):
                continue
            after = self.texts[run.last + 1] if run.last + 1 < len(self.texts) else ""
            if after in {"here", "calling"} and self.cased:
                return run
            signs = self.cased and index > 0.6 * len(self.texts) and self.said.sentence_of(index).size <= 16
            if not signs and (run.size < 2 or not self._has_company_word(run)):
                continue
            if (
                signs
                and not (after[:1].isdigit() or run.last == len(self.texts) - 1)
                and not self._has_company_word(run)
            ):
                continue
            if (
                self._ends_clause(run.last)
                or after in {"here", "calling", "delivery", "again", "on"}
                or after[:1].isdigit()
            ):
                return run
        return None

    def _named_in_passing(self, start: int) -> Span | None:
        """ "sorry to barge in, Beau Tran,": a known first name between commas."""
        if not self.cased:
            return None
        for sentence in self.said.sentences:
            index = sentence.first
            while index <= sentence.last:
                run = self._run(index)
                begins = index > start and self._starts_clause(index)
                whole = begins and run is not None and self._ends_clause(run.last) and run.last <= sentence.last
                if run and whole and self._known_name(run) and self._goes_on_as_caller(run):
                    return run
                index += 1
        return None

    def _stands_free(self, run: Span) -> bool:
        """ "Dean at Hollis Diner" is the caller behind a greeting or "this is", not behind "I was talking with"."""
        before = self.texts[run.first - 1] if run.first else ""
        return (
            self._starts_clause(run.first)
            or not self.cased
            or before in GREETINGS | TITLES | {"is", "am", "its", "just", "me", "yeah"}
        )

    def _is_spoken_to(self, run: Span) -> bool:
        """The name right behind "Hi", closed by a comma: "Hi Carla, at Upwell we ..." """
        greeted = run.first > 0 and self.texts[run.first - 1] in GREETINGS and not self._ends_clause(run.first - 1)
        return greeted and self.said.tokens[run.last].comma_after

    def _goes_on_as_caller(self, run: Span) -> bool:
        """ "Beau Tran, I know Mondays are rough": and not "Sandra Ortiz, your controller, said"."""
        if self._is_fragment(run):
            return True
        following = self.texts[run.last + 1] if run.last + 1 < len(self.texts) else ""
        return (
            run.size >= 2 and run.first < 25 and following in {"i", "we", "here", "so", "sorry", "it", "it's", "just"}
        )

    def _signed_name(self) -> Span | None:
        """A known first name among the last words: "Thanks, Maria." """
        words = len(self.texts)
        for index in range(max(words - 14, 8), words):
            run = self._run(index)
            if not run or not self._known_name(run) or not self._starts_clause(index) or not self.cased:
                continue
            after = self.texts[run.last + 1][:1] if run.last + 1 < words else ""
            if run.last == words - 1 or (self._ends_clause(run.last) and after.isdigit()):
                return run
        return None

    def _company_anywhere(self) -> Span | None:
        """A name with a word such as Freight or Partners near either end, unless it is somebody else's."""
        if not self.cased:
            return None
        for index in range(len(self.texts)):
            if 25 < index < len(self.texts) - 18 or (
                index and not self._ends_clause(index - 1) and self._name_like(index - 1)
            ):
                continue
            run = self._company_run(index)
            before = self.texts[index - 1] if index else ""
            if (
                run
                and run.size >= 2
                and self._has_company_word(run)
                and before not in {"your", "over", "at", "in", "by", "to", "their"}
            ):
                return run
        return None

    # ---- what only the position tells

    def _after_address(self) -> int:
        """Where the introduction begins: behind "is that Mrs Iqbal?" or "this message is for Dr Sandoval"."""
        for span in self.heard.find(self.heard.family("missing_caller_name", "address")):
            if span.first <= 6:
                run = self._run(span.last + 1)
                end = run.last + 1 if run else span.last + 1
                return end + (1 if end < len(self.texts) and self.texts[end] in {"line", "lines", "office"} else 0)
        return 0

    def _from_segments(self, start: int) -> Introduction:
        """Names between commas: listener, caller, company, as far as they are there."""
        segments, addressed = self._name_segments(start)
        if start and segments:
            return Introduction(caller=segments[0], company=segments[1] if len(segments) > 1 else None)
        if not segments:
            return Introduction()
        first, rest = segments[0], segments[1:]
        if rest and self._sent_the_caller(rest[-1]):
            return Introduction(prospect=first)
        if not addressed and len(rest) == 1 and first.size >= 2 and not self._known_name(rest[0]):
            return Introduction(caller=first, company=rest[0])
        if not addressed and not rest and first.size >= 2 and not self._has_company_word(first):
            return Introduction(caller=first)
        if rest and self._has_company_word(rest[0]) and not self._known_name(rest[0]):
            return Introduction(None if addressed else first, rest[0], first if addressed else None)
        company = rest[1] if len(rest) > 1 else None
        return Introduction(caller=rest[0] if rest else None, company=company, prospect=first)

    def _sent_the_caller(self, run: Span) -> bool:
        """ "Dean Foster, your controller, suggested I call" is the one who sent the caller."""
        sentence = self.said.sentence_of(run.first)
        referral = self.heard.playbook.strengths["referral_mention"].phrases
        return run.last < sentence.last and self.heard.has(referral, Span(run.last + 1, sentence.last))

    def _name_segments(self, start: int) -> tuple[list[Span], bool]:
        """Runs of names up to the first real sentence, and whether the first of them is spoken to."""
        segments: list[Span] = []
        addressed = False
        index = start
        while index < len(self.texts) and index < start + 40:
            if self.texts[index] in GREETINGS:
                if not segments and not self._ends_clause(index) and self.texts[index + 1 : index + 2] != ():
                    addressed = self.texts[index + 1] not in GREETINGS
                index += 1
                continue
            titled = self.texts[index] in TITLES
            run = self._company_run(index + titled)
            if run is None:
                break
            end = run.last
            while end + 1 < len(self.texts) and self.texts[end + 1] in _MARKS_CALLER and not self._ends_clause(end):
                end += 1
            if not self._ends_clause(end):
                break
            alone = self._ends_sentence(run.last)
            if len(segments) == 2 and self._ends_sentence(run.first - 1) and not (alone or self._has_company_word(run)):
                break
            addressed = addressed or (titled and not segments)
            segments.append(run)
            index = end + 1
        return segments, addressed

    def _from_run(self, start: int) -> Introduction:
        """Lower case, no commas: the unbroken run of names at the start holds listener, caller and company."""
        texts, addressed_before = self.texts, start > 0
        while start < len(texts) and texts[start] in GREETINGS:
            start += 1
        titled = start < len(texts) and texts[start] in TITLES
        start += titled
        end = start
        while (
            end < len(texts)
            and end - start < 8
            and (texts[end] not in COMMON or (texts[end] == "and" and end > start + 2))
            and texts[end].isalpha()
        ):
            end += 1
        size = end - start
        if size == 0:
            return Introduction()
        if addressed_before:
            return Introduction(caller=Span(start, end - 1))
        prospect = Span(start, start)
        if size < 3:
            has_word = self._has_company_word(Span(start, end - 1))
            return (
                Introduction(company=Span(start, end - 1))
                if has_word and size == 2
                else Introduction(prospect=prospect)
            )
        if not any(text in first_names() for text in texts[start + 1 : end]):
            return Introduction(
                company=Span(start, end - 1) if self._has_company_word(Span(start, end - 1)) else None,
                prospect=prospect,
            )
        caller = Span(start + 1, min(start + 2, end - 1))
        return Introduction(caller, Span(start + 3, end - 1) if size >= 4 else None, prospect)

    # ---- runs of names

    def _name_like(self, index: int) -> bool:
        token = self.said.tokens[index]
        if (
            not any(ch.isalpha() for ch in token.text)
            or token.text in COMMON
            or token.text in GREETINGS
            or (not self.cased and token.text in _NOT_IN_NAMES)
        ):
            return False
        return not self.cased or self._written_large(index)

    def _written_large(self, index: int) -> bool:
        word = self.said.words[self.said.tokens[index].word].lstrip("\"'(")
        named = word[:1].isupper() or (word[:1].isdigit() and any(ch.isupper() for ch in word))
        return named and not word.startswith(("I'", "I\u2019"))

    def _run(self, index: int, *, limit: int = 3) -> Span | None:
        """A run of name-like words that begins here and crosses no comma."""
        start = index + 1 if index < len(self.texts) and self.texts[index] in TITLES else index
        end = start
        while end < len(self.texts) and end - start < limit and self._name_like(end):
            end += 1
            if self._ends_clause(end - 1):
                break
        return Span(start, end - 1) if end > start else None

    def _run_before(self, index: int) -> Span | None:
        end = index - 1
        while end >= 0 and self.texts[end] in _BEFORE_LINKS and not self.said.tokens[end].ends_sentence:
            end -= 1
        start = end
        while (
            start >= 0 and end - start < 3 and self._name_like(start) and not (start < end and self._ends_clause(start))
        ):
            start -= 1
        if start == end or end < 0 or self.said.tokens[end].ends_sentence:
            return None
        return Span(start + 1, end)

    def _company_run(self, index: int) -> Span | None:
        """A run of words that may name an organisation; in lower case no more than the first three."""
        start = index
        if start < len(self.texts) and self.texts[start] in {"the", "our"}:
            start += 1
        end = start
        limit = 7 if self.cased else 3
        while end < len(self.texts) and end - start < limit:
            joins = self.texts[end] in {"and", "of", "the", "in"} and end > start and end + 1 < len(self.texts)
            joins = joins and (self._name_like(end + 1) or self._common_word_in_name(end + 1, start))
            if not (
                self._name_like(end)
                or self._common_word_in_name(end, start)
                or (joins and (self.cased or self.texts[end] == "and"))
            ):
                break
            end += 1
            if self._ends_clause(end - 1):
                break
        return Span(start, end - 1) if end > start else None

    def _loose_company(self, index: int) -> Span | None:
        """ "on point labour", "the chamber of commerce": a name too, when it stands where the company must stand."""
        start = index + 1 if index + 1 < len(self.texts) and self.texts[index] == "the" else index
        if start >= len(self.texts) or self.texts[start] in _NO_COMPANY:
            return None
        return Span(start, min(start + 1, len(self.texts) - 1))

    def _common_word_in_name(self, index: int, start: int) -> bool:
        """ "Nine Elms", "Right Hand Staffing", "Route 66": a common word or a figure written large within a name."""
        token = self.said.tokens[index]
        if not self.cased or token.text in {"i", "you"}:
            return False
        if token.text.isdigit():
            return index > start
        begins_sentence = index == 0 or self.said.tokens[index - 1].ends_sentence
        return self._written_large(index) and not begins_sentence

    def _is_person(self, run: Span, *, introduced: bool) -> bool:
        """A known first name, or whatever stands where a name must stand and holds no word of a company."""
        if self._known_name(run):
            return True
        return introduced and not self._has_company_word(run)

    def _known_name(self, run: Span) -> bool:
        """ "Rachel", "Rachel Stein": but "Stein Dental" or "Allen Roofing" is a company."""
        if self.texts[run.first] not in first_names():
            return False
        return run.size == 1 or self.texts[run.first + 1] not in self.company_words

    def _has_company_word(self, run: Span) -> bool:
        found = [index for index in range(run.first, run.last + 1) if self.texts[index] in self.company_words]
        spelled = [
            index
            for index in found
            if self.texts[index] not in {"it", "co"}
            or self.said.words[self.said.tokens[index].word][:2].isupper()
            or run.size > 1
        ]
        return bool(spelled) or (run.size > 2 and "and" in self.texts[run.first + 1 : run.last])

    def _link_after(self, index: int) -> int | None:
        """The "with" of "Dana here with Acme", if one follows."""
        at = index + 1
        while at < len(self.texts) and at <= index + 4 and self.texts[at] in _BEFORE_LINKS | {"side", "this"}:
            at += 1
        if at >= len(self.texts) or self.texts[at] not in _LINKS:
            return None
        while at + 1 < len(self.texts) and self.texts[at + 1] in _LINKS | {"over", "up", "down", "out", "well"}:
            at += 1
        return at

    def _may_follow(self, company: Span) -> bool:
        """Whether what follows "Dana with Acme" lets Dana be the caller, and not somebody who "gave me your name"."""
        if self._ends_clause(company.last) or not self.cased:
            return True
        return self.texts[company.last + 1] in _AFTER_OWN_COMPANY

    def _starts_clause(self, index: int) -> bool:
        return index == 0 or self._ends_clause(index - 1)

    def _ends_sentence(self, index: int) -> bool:
        return self.said.tokens[index].ends_sentence

    def _ends_clause(self, index: int) -> bool:
        token = self.said.tokens[index]
        return token.ends_sentence or token.comma_after or index == len(self.texts) - 1

    def _is_fragment(self, run: Span) -> bool:
        """A sentence of names only, such as "Loren at Prairie Implement." or "Bill Tracey, Tracey Commercial." """
        sentence = self.said.sentence_of(run.first)
        if run.first != sentence.first or sentence.size > 9:
            return False
        rest = range(run.last + 1, sentence.last + 1)
        return all(
            self._name_like(i)
            or self._written_large(i)
            or self.texts[i] in _LINKS | {"and", "the", "here", "over"}
            or self.texts[i].isdigit()
            for i in rest
        )
