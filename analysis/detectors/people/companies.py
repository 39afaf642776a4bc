"""For whom the caller calls: the organisation behind "with", after a comma, or where a message is signed."""

from analysis.detectors.people.runs import Runs
from analysis.detectors.people.words import (
    BEFORE_LINKS,
    GREETINGS,
    LINKS,
    MAIL_PROVIDERS,
    MARKS_CALLER,
    NO_COMPANY,
    TITLES,
)
from analysis.detectors.text import Span
from analysis.spoken import word_set


def stated_company(runs: Runs, caller: Span | None) -> Span | None:
    if caller is not None:
        link = runs.link_after(caller.last)
        if link is not None and (run := runs.company_run(link + 1) or _loose_company(runs, link + 1)):
            return run
        if run := _apposition(runs, caller) or _run_on(runs, caller):
            return run
    for span in runs.heard.find(runs.heard.family("missing_company", "company_follows")):
        run = None if runs.ends_sentence(span.last) or _theirs(runs, span) else runs.company_run(span.last + 1)
        if run and (run.last + 1 == len(runs.texts) or runs.texts[run.last + 1] not in _NO_NAME_BEFORE):
            return run
    for span in runs.heard.find(runs.heard.family("missing_caller_name", "caller_follows")):
        run = None if runs.ends_sentence(span.last) else runs.company_run(span.last + 1)
        alone = run is not None and run.size == 1 and runs.ends_clause(run.last)
        unheard = caller is None and span.first < 8 and not runs.cased
        person = run is not None and caller is not None and run.size == 1 and run.touches(caller)
        if run and not person and (runs.has_company_word(run) or ((alone or unheard) and not runs.known_name(run))):
            return run
    return _unlinked_company(runs) or _marked_company(runs) or _address(runs)


def _theirs(runs: Runs, span: Span) -> bool:
    """ "This is a message for the kitchen manager at Quayside House": where the listener sits."""
    sentence = runs.said.sentence_of(span.first)
    return runs.texts[span.last] == "at" and runs.heard.has(_SOMEBODY_ELSE, Span(sentence.first, span.last))


def company_anywhere(runs: Runs) -> Span | None:
    """A name with a word such as Freight or Partners near either end, unless it is somebody else's."""
    if not runs.cased:
        return None
    for index in range(len(runs.texts)):
        if 25 < index < len(runs.texts) - 18 or (
            index and not runs.ends_clause(index - 1) and runs.name_like(index - 1)
        ):
            continue
        run = runs.company_run(index)
        before = runs.texts[index - 1] if index else ""
        if (
            run
            and run.size >= 2
            and runs.has_company_word(run)
            and before not in {"your", "over", "at", "in", "by", "to", "their"}
        ):
            return run
    return None


def _loose_company(runs: Runs, index: int) -> Span | None:
    """ "on point labour", "the chamber of commerce": a name too, when it stands where the company must stand."""
    the = runs.texts[index : index + 1] == ("the",)
    start = index + the
    goes_on = start + 1 < len(runs.texts) and not runs.ends_clause(start)
    goes_on = goes_on and (runs.name_like(start + 1) or runs.texts[start + 1] == "of")
    if start >= len(runs.texts) or runs.texts[start] in NO_COMPANY or (the and not goes_on):
        return None
    return Span(start, start + goes_on)


def _apposition(runs: Runs, caller: Span) -> Span | None:
    """ "Noel Baptiste, Baptiste Benefits." """
    last = caller.last
    if runs.texts[caller.first] in TITLES:
        return None
    while (
        last + 1 < len(runs.texts)
        and runs.texts[last + 1] in BEFORE_LINKS | {"this", "side", "speaking"}
        and not runs.ends_clause(last)
    ):
        last += 1
    if not runs.said.tokens[last].comma_after or runs.said.tokens[last].ends_sentence:
        return None
    run = runs.company_run(last + 1)
    if run and (runs.ends_clause(run.last) or runs.has_company_word(run) or runs.texts[run.last + 1] in _PLACES):
        return run
    return None


def _run_on(runs: Runs, caller: Span) -> Span | None:
    """ "Erin Voss Voss Tax Group": a comma that was never written."""
    whole = runs.company_run(caller.first)
    if whole is None or whole.size < 3 or not runs.has_company_word(Span(caller.first + 1, whole.last)):
        return None
    return Span(min(caller.first + 2, whole.last), whole.last)


def _unlinked_company(runs: Runs) -> Span | None:
    """ "from Zentriq", "over at Truelight": in the first two sentences, unless it is where somebody else sits."""
    if not runs.cased:
        return _unlinked_in_lower_case(runs)
    referral = runs.heard.playbook.strengths["referral_mention"].phrases
    for sentence in runs.said.sentences[:2]:
        if runs.heard.has(_SOMEBODY_ELSE, sentence) or runs.heard.has(referral, sentence):
            continue
        for index in range(sentence.first, min(sentence.last, 30)):
            run = runs.company_run(index + 1) if runs.texts[index] in LINKS - {"of"} else None
            before = runs.texts[index - 1] if index else ""
            if (
                run
                and runs.may_follow(run)
                and not runs.known_name(run)
                and before not in {"talking", "spoke", "worked", "happened", "meet"}
            ):
                return run
    return None


def _unlinked_in_lower_case(runs: Runs) -> Span | None:
    for index, text in enumerate(runs.texts[:30]):
        run = runs.company_run(index + 1) if text in {"from", "with", "at"} else None
        before = runs.texts[index - 1] if index else ""
        fits = before in MARKS_CALLER or before in {"am", "place", "guy", "well", "down", "over"} or index < 3
        if run and fits and runs.has_company_word(run):
            return run
    return None


def _marked_company(runs: Runs) -> Span | None:
    """ "Bright Mesa Solar here", "Tidewater Customs calling": in a clause that begins with it."""
    for index in range(len(runs.texts) if runs.cased else min(len(runs.texts), 12)):
        run = runs.company_run(index) if _begins(runs, index) else None
        if run is None or runs.known_name(run):
            continue
        after = runs.texts[run.last + 1] if run.last + 1 < len(runs.texts) else ""
        if after in {"here", "calling"} and runs.cased and run.size > 1:
            return run
        marked = runs.ends_clause(run.last) or after in {"here", "calling", "delivery", "again", "on"}
        if run.size > 1 and runs.has_company_word(run) and (marked or after[:1].isdigit()):
            return run
    return None


def _begins(runs: Runs, index: int) -> bool:
    return runs.starts_clause(index) or runs.texts[index - 1] in GREETINGS


def _address(runs: Runs) -> Span | None:
    """ "phil at castorlube dot com", "acme.com": an address of one's own names the organisation."""
    for index in range(1, len(runs.texts)):
        dotted = runs.texts[index - 1] == "dot"
        name = index - 1 - dotted
        together = runs.said.tokens[name].word == runs.said.tokens[index].word
        if runs.texts[index] not in _DOMAINS or not (dotted or together) or name < 0:
            continue
        if runs.texts[name] not in MAIL_PROVIDERS and "your" not in runs.texts[max(name - 3, 0) : name]:
            return Span(name, index)
    return None


#: "Halvorsen Hay up by Dillon": where the organisation is to be found.
_PLACES = frozenset(["up", "down", "in", "on", "out", "over", "here"])
_DOMAINS = frozenset(["com", "net", "org", "io", "example", "biz", "uk", "co"])
#: "We are ISO certified", "your rep for the Toledo area": what is named is a merit or a place.
_NO_NAME_BEFORE = word_set(
    """
    certified accredited approved registered partner partners area region territory county side
    """
)
#: A sentence that is about where the listener, or somebody who sent the caller, sits.
_SOMEBODY_ELSE = ("message|voice_mail|one is for", "message|voice_mail for", "is this|that the")
