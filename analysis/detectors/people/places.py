"""What only the position tells: names between commas, or one run of names where nothing is written between."""

from dataclasses import dataclass

from analysis.detectors.people.runs import Runs
from analysis.detectors.people.words import COMMON, GREETINGS, MARKS_CALLER, TITLES, first_names
from analysis.detectors.phrases import NUMBER_WORDS
from analysis.detectors.text import Span
from analysis.spoken import word_set


@dataclass(frozen=True)
class Introduction:
    """Where caller, own organisation and listener are named; None when they are not."""

    caller: Span | None = None
    company: Span | None = None
    prospect: Span | None = None


def after_address(runs: Runs) -> int:
    """Where the introduction begins: behind "is that Mrs Iqbal?" or "this message is for Dr Sandoval"."""
    for span in runs.heard.find(runs.heard.family("missing_caller_name", "address")):
        if span.first <= 6:
            run = runs.run(span.last + 1)
            end = run.last + 1 if run else span.last + 1
            return end + (1 if end < len(runs.texts) and runs.texts[end] in {"line", "lines", "office"} else 0)
    return 0


def from_segments(runs: Runs, start: int) -> Introduction:
    """Names between commas: listener, caller, company, as far as they are there."""
    segments, addressed = _name_segments(runs, start)
    if start and segments:
        return Introduction(caller=segments[0], company=segments[1] if len(segments) > 1 else None)
    if not segments:
        return Introduction()
    first, rest = segments[0], segments[1:]
    if rest and _sent_the_caller(runs, rest[-1]):
        return Introduction(prospect=first)
    named = first.size >= 2 or (first.first > start and runs.known_name(first))
    if not addressed and len(rest) == 1 and named and not runs.known_name(rest[0]):
        return Introduction(caller=first, company=rest[0])
    if not addressed and not rest and first.size >= 2 and not runs.has_company_word(first):
        return Introduction(caller=first)
    if rest and runs.has_company_word(rest[0]) and not runs.known_name(rest[0]):
        return Introduction(None if addressed else first, rest[0], first if addressed else None)
    company = rest[1] if len(rest) > 1 else None
    return Introduction(caller=rest[0] if rest else None, company=company, prospect=first)


def from_signature(runs: Runs, caller: Span | None) -> Introduction:
    """Who signs: "Thanks. Joelle Hammond, Truepoint Medical.", "Fuller, 937-555-0129.", "Nine Elms, 020 7946 0318." """
    if not runs.cased:
        return Introduction()
    for sentence in reversed(runs.said.sentences[-4:]):
        names = _clauses_of_names(runs, sentence) if sentence.first > len(runs.texts) // 2 else []
        if not names:
            continue
        first, last = names[0], names[-1]
        if len(names) > 1 and not runs.has_company_word(first):
            return Introduction(first, None if runs.known_name(last) else last)
        if runs.has_company_word(first) and not runs.known_name(first):
            return Introduction(company=first)
        if runs.known_name(first) or caller is None:
            return Introduction(caller=first)
        if runs.texts[first.first] not in runs.texts[caller.first : caller.last + 1]:
            return Introduction(company=first)
    return Introduction()


def _clauses_of_names(runs: Runs, sentence: Span) -> list[Span]:
    """The names of a sentence that signs: it holds nothing else but a number, and thanks."""
    names: list[Span] = []
    index = sentence.first
    while index <= sentence.last:
        text = runs.texts[index]
        if text in _BESIDE_SIGNATURE or text in NUMBER_WORDS or text[:1].isdigit():
            index += 1
            continue
        run = runs.company_run(index)
        if run is None or not runs.ends_clause(run.last):
            return []
        names.append(run)
        index = run.last + 1
    return names


_BESIDE_SIGNATURE = word_set(
    """
    thanks thank you cheers sincerely regards best again call so that is of from with at on this it its bye okay oh
    """
)


def _sent_the_caller(runs: Runs, run: Span) -> bool:
    """ "Dean Foster, your controller, suggested I call" is the one who sent the caller."""
    sentence = runs.said.sentence_of(run.first)
    referral = runs.heard.playbook.strengths["referral_mention"].phrases
    return run.last < sentence.last and runs.heard.has(referral, Span(run.last + 1, sentence.last))


def _name_segments(runs: Runs, start: int) -> tuple[list[Span], bool]:
    """Runs of names up to the first real sentence, and whether the first of them is spoken to."""
    segments: list[Span] = []
    addressed = False
    index = start
    while index < len(runs.texts) and index < start + 40:
        if runs.texts[index] in GREETINGS:
            if not segments and not runs.ends_clause(index) and runs.texts[index + 1 : index + 2] != ():
                addressed = runs.texts[index + 1] not in GREETINGS
            index += 1
            continue
        titled = runs.texts[index] in TITLES
        run = runs.company_run(index + titled)
        if run is None:
            break
        end = run.last
        while end + 1 < len(runs.texts) and runs.texts[end + 1] in MARKS_CALLER and not runs.ends_clause(end):
            end += 1
        if not runs.ends_clause(end):
            break
        alone = runs.ends_sentence(run.last)
        if len(segments) == 2 and runs.ends_sentence(run.first - 1) and not (alone or runs.has_company_word(run)):
            break
        addressed = addressed or (titled and not segments)
        segments.append(run)
        index = end + 1
    return segments, addressed


def from_run(runs: Runs, start: int) -> Introduction:
    """Lower case, no commas: the unbroken run of names at the start holds listener, caller and company."""
    texts, addressed_before = runs.texts, start > 0
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
        has_word = runs.has_company_word(Span(start, end - 1))
        return Introduction(company=Span(start, end - 1)) if has_word and size == 2 else Introduction(prospect=prospect)
    if not any(text in first_names() for text in texts[start + 1 : end]):
        return Introduction(
            company=Span(start, end - 1) if runs.has_company_word(Span(start, end - 1)) else None,
            prospect=prospect,
        )
    caller = Span(start + 1, min(start + 2, end - 1))
    return Introduction(caller, Span(start + 3, end - 1) if size >= 4 else None, prospect)
