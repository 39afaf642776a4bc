"""What was not heard clearly is no ground for a flag: neither words misheard, nor words missed among unclear ones."""

from collections.abc import Iterable
from statistics import mean
from typing import Final

from analysis.detectors.base import Heard, Verdict, not_evaluated
from models.report import Evidence
from models.transcript import UNSURE_BELOW, Word

#: Rules about what was left out. Where so many words are unclear, it may be among them.
ABOUT_ABSENCE: Final = ("missing_", "no_call_to_action")
UNCLEAR_SHARE: Final = 0.35


def doubted(rule: str, verdict: Verdict, heard: Heard) -> Verdict:
    """A flag, unless it rests on words that were not heard clearly."""
    if verdict.status != "flagged":
        return verdict
    words = [word for word in heard.transcript.words if word.probability is not None]
    if verdict.evidence and all(_is_unclear(quote, words) for quote in verdict.evidence):
        return not_evaluated("The words it would rest on were not heard clearly.")
    if rule.startswith(ABOUT_ABSENCE) and words and _unclear_share(words) > UNCLEAR_SHARE:
        return not_evaluated("Too many words were not heard clearly to say what was left out.")
    return verdict


def _is_unclear(quote: Evidence, words: Iterable[Word]) -> bool:
    if quote.start_s is None or quote.end_s is None:
        return False
    inside = [word.probability or 0.0 for word in words if _overlaps(word, quote.start_s, quote.end_s)]
    return bool(inside) and mean(inside) < UNSURE_BELOW


def _overlaps(word: Word, start_s: float, end_s: float) -> bool:
    return word.start_s is not None and word.end_s is not None and word.start_s < end_s and word.end_s > start_s


def _unclear_share(words: list[Word]) -> float:
    return sum(word.is_unsure for word in words) / len(words)
