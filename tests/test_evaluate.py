"""The measure of the rules: counts, intervals and mistakes."""

import pytest

from analysis.evaluate import evaluate, table, wilson
from analysis.playbooks import load

CHECK_IN = "Hi Jo, Ted Hale from Corvid Freight. Just checking in to see how things are going. 615-555-0142."
RESULT = (
    "Hi Jo, Ted Hale from Corvid Freight. Dura-Cast cut its demurrage from nine days to two. I'll try you Thursday."
)


def row(text: str, **labels: bool) -> dict[str, object]:
    return {"id": text[:6], "text": text, "context": "cold", "exempt": False, "labels": labels}


def test_counts_hits_misses_and_false_alarms() -> None:
    rows = [row(CHECK_IN, checking_in=True), row(RESULT, checking_in=False), row(RESULT, checking_in=True)]
    (accuracy,) = evaluate(rows, load())
    assert (accuracy.true_positives, accuracy.false_positives, accuracy.false_negatives) == (1, 0, 1)
    assert accuracy.precision == 1.0
    assert accuracy.recall == 0.5
    assert accuracy.f1 == pytest.approx(2 / 3)
    (mistake,) = accuracy.mistakes
    assert mistake.expected is True


def test_a_message_that_owes_no_pitch_is_not_counted_for_the_pitch() -> None:
    exempt = {**row(CHECK_IN, missing_value_prop=True), "exempt": True, "context": "meeting_confirmation"}
    (accuracy,) = evaluate([exempt], load())
    assert accuracy.positives == 0


def test_strengths_are_measured_too() -> None:
    rows = [row(RESULT, specific_value=True), row(CHECK_IN, specific_value=False)]
    (accuracy,) = evaluate(rows, load(), with_context=False)
    assert accuracy.f1 == 1.0


def test_the_table_names_every_rule_with_its_interval() -> None:
    text = table(evaluate([row(CHECK_IN, checking_in=True, feature_dump=False)], load()))
    assert "| `checking_in` | 1 | 1 | 1.00 (0.21–1.00) |" in text
    assert "| `feature_dump` | 0 | 0 | – | – | – |" in text


def test_wilson_interval() -> None:
    assert wilson(0, 0) is None
    interval = wilson(9, 10)
    assert interval is not None
    assert interval == pytest.approx((0.596, 0.982), abs=0.001)
