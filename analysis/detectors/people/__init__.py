"""Who calls, for whom, and who is called: read from the way an introduction is built, not from capitals alone."""

from analysis.detectors.base import Heard, once_per_message
from analysis.detectors.people.callers import named_in_passing, stated_caller, surely_named
from analysis.detectors.people.companies import company_anywhere, stated_company
from analysis.detectors.people.places import Introduction, after_address, from_run, from_segments, from_signature
from analysis.detectors.people.runs import Runs

__all__ = ["Introduction", "introduction"]


@once_per_message
def introduction(heard: Heard) -> Introduction:
    if not heard.said.texts:
        return Introduction()
    runs = Runs(heard)
    start = after_address(runs)
    placed = from_segments(runs, start) if runs.said.punctuated and runs.cased else from_run(runs, start)
    caller = stated_caller(runs, start) or placed.caller or named_in_passing(runs, start)
    signed = from_signature(runs, caller)
    caller = caller or signed.caller
    company = stated_company(runs, caller) or placed.company or signed.company or company_anywhere(runs)
    unheard_of = caller is not None and caller.size > 1 and not runs.known_name(caller)
    if caller and unheard_of and not surely_named(runs, caller) and (not company or caller.touches(company)):
        return Introduction(None, caller, placed.prospect)  # "Lochend Cover here": whoever it is, it is the company
    return Introduction(caller, company, placed.prospect)
