"""Who calls: read from the way a caller is named, not from capitals alone."""

from analysis.detectors.people.runs import Runs
from analysis.detectors.people.words import GREETINGS, LINKS, MARKS_CALLER, SPEAKS_OF, SPOKEN_OF, TITLES, first_names
from analysis.detectors.text import Span


def stated_caller(runs: Runs, start: int) -> Span | None:
    family = runs.heard.family
    for span in runs.heard.find(family("missing_caller_name", "name_follows")):
        if not runs.ends_sentence(span.last) and (run := runs.run(span.last + 1)):
            return run
    for span in runs.heard.find(family("missing_caller_name", "caller_follows")):
        run = None if runs.ends_sentence(span.last) else runs.run(span.last + 1)
        apart = run and runs.cased and (run.first < 40 or runs.ends_clause(run.last))
        if (
            run
            and (apart or runs.known_name(run) or runs.link_after(run.last) is not None)
            and runs.is_person(run, introduced=True)
        ):
            return run
    return _marked_caller(runs, start) or _unheard_name(runs)


def _unheard_name(runs: Runs) -> Span | None:
    """ "this is bo i keep ringing you": in lower case, a name nobody knows, right at the start."""
    for span in runs.heard.find(("this is", "its|it_is (me)")):
        run = runs.run(span.last + 1, limit=2)
        if run and span.first < 8 and run.size == 1 and runs.is_person(run, introduced=True):
            return run
    return None


def _marked_caller(runs: Runs, start: int) -> Span | None:
    """ "Dana Ruiz with Acme", "Tom here", "Vanessa this side": in the opening, or in a sentence of its own."""
    for index, text in enumerate(runs.texts):
        if text not in LINKS and text not in MARKS_CALLER:
            continue
        run = runs.run_before(index - 1 if text == "side" else index)
        if run is None or run.first < start or not (run.first < 30 or runs.is_fragment(run)):
            continue
        if text in LINKS:
            named = runs.texts[run.first] in first_names()
            company = runs.company_run(index + 1)
            if not _stands_free(runs, run) or _is_spoken_to(runs, run):
                continue
            told = company is None and SPOKEN_OF.intersection(runs.texts[index + 1 : index + 5])
            if told or (company is None and not named) or (company is not None and not runs.may_follow(company)):
                continue
            if runs.is_person(run, introduced=True):
                return run
            continue
        apart = runs.ends_clause(index) or runs.link_after(run.last) is not None or runs.starts_clause(run.first)
        apart = apart or (not runs.cased and run.first < 5)
        if apart and runs.is_person(run, introduced=text != "calling"):
            return run
    return None


def named_in_passing(runs: Runs, start: int) -> Span | None:
    """ "sorry to barge in, Beau Tran,": a known first name between commas."""
    if not runs.cased:
        return None
    for sentence in runs.said.sentences:
        index = sentence.first
        while index <= sentence.last:
            run = runs.run(index)
            begins = index > start and runs.starts_clause(index)
            whole = begins and run is not None and runs.ends_clause(run.last) and run.last <= sentence.last
            if run and whole and runs.known_name(run) and _goes_on_as_caller(runs, run):
                return run
            index += 1
    return None


def surely_named(runs: Runs, run: Span) -> bool:
    """Behind "my name is" or "I'm", before "with Acme": an unheard-of name is still a name there."""
    names = runs.heard.find((*runs.heard.family("missing_caller_name", "name_follows"), "i am", "it is", "its"))
    speaks = run.last + 1 < len(runs.texts) and runs.texts[run.last + 1] == "speaking"
    return speaks or any(span.last + 1 == run.first for span in names) or runs.link_after(run.last) is not None


def _stands_free(runs: Runs, run: Span) -> bool:
    """ "Dean at Hollis Diner" is the caller behind a greeting or "this is", not behind "I was talking with"."""
    before = runs.texts[run.first - 1] if run.first else ""
    return (
        runs.starts_clause(run.first)
        or (not runs.cased and before not in SPEAKS_OF)
        or before in GREETINGS | TITLES | {"is", "am", "its", "just", "me", "yeah"}
    )


def _is_spoken_to(runs: Runs, run: Span) -> bool:
    """The name right behind "Hi", closed by a comma: "Hi Carla, at Upwell we ..." """
    greeted = run.first > 0 and runs.texts[run.first - 1] in GREETINGS and not runs.ends_clause(run.first - 1)
    return greeted and runs.said.tokens[run.last].comma_after


def _goes_on_as_caller(runs: Runs, run: Span) -> bool:
    """ "Beau Tran, I know Mondays are rough": and not "Sandra Ortiz, your controller, said"."""
    if runs.is_fragment(run):
        return True
    following = runs.texts[run.last + 1] if run.last + 1 < len(runs.texts) else ""
    return run.size >= 2 and run.first < 25 and following in {"i", "we", "here", "so", "sorry", "it", "it's", "just"}
