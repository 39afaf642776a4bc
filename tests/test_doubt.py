"""Words that were not heard clearly are no ground for a flag."""

import pytest

from analysis import playbooks
from analysis.detectors import Heard, judge
from models.recording import CallContext
from models.report import Finding, Measurements
from models.transcript import Transcript, Word
from tests.sounds import as_words

TEXT = (
    "Hi Karen, it's Tyler with Bluepeak Software. I'm just checking in to see where things stand. "
    "Give me a call back at 615-555-0142. Thanks Karen."
)
CHECKING_IN = range(7, 16)


def findings(words: tuple[Word, ...]) -> dict[str, Finding]:
    transcript = Transcript.of_words(words, language="en", engine="scripted")
    judged = judge(Heard(transcript, Measurements(), {}, CallContext(), playbooks.load()))
    return {finding.rule: finding for finding in judged.findings}


def heard(text: str, unclear: range, probability: float) -> tuple[Word, ...]:
    return tuple(
        word.model_copy(update={"probability": probability}) if place in unclear else word
        for place, word in enumerate(as_words(text))
    )


def test_clear_words_are_a_ground() -> None:
    assert findings(heard(TEXT, range(0), 0.2))["checking_in"].status == "flagged"


def test_a_flag_on_unclear_words_alone_is_not_raised() -> None:
    finding = findings(heard(TEXT, CHECKING_IN, 0.2))["checking_in"]
    assert finding.status == "not_evaluated"
    assert "not heard clearly" in (finding.reason or "")


def test_one_unclear_word_among_clear_ones_changes_nothing() -> None:
    assert findings(heard(TEXT, range(9, 10), 0.2))["checking_in"].status == "flagged"


@pytest.mark.parametrize("rule", ["missing_value_prop", "missing_callback_number"])
def test_what_may_be_among_many_unclear_words_is_not_missed(rule: str) -> None:
    text = TEXT.replace("at 615-555-0142", "when you can")
    assert findings(heard(text, range(0), 0.2))[rule].status == "flagged"
    unclear = findings(heard(text, range(0, 30, 2), 0.2))[rule]
    assert unclear.status == "not_evaluated"
    assert "left out" in (unclear.reason or "")
