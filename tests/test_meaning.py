"""What is understood of a message: steady, local, and optional."""

import json

import numpy as np
import pytest

from analysis import meaning, playbooks
from analysis.detectors import Heard, judge
from analysis.meaning import Meaning, installed
from analysis.meaning.marks import marks
from analysis.meaning.reading import NgramTable, folded, ngrams, with_neighbours
from analysis.pipeline import analyzer_version
from models.recording import CallContext
from models.report import Measurements
from models.transcript import Transcript
from tests.conftest import ROOT

SENTENCES = ("Hi Dana, it's Marcus.", "I was wondering where your heads are at.", "Ring me whenever suits.")


@pytest.fixture(scope="module")
def understands() -> Meaning:
    found = installed()
    if found is None:
        pytest.skip("the sentence encoder is not installed")
    return found


def test_a_paraphrase_is_understood(understands: Meaning) -> None:
    understood = understands.understand(SENTENCES)
    belief = understood.belief("checking_in", by_words=False)
    assert belief is not None
    assert belief.holds
    best = understood.best_sentence("callback_only_cta")
    assert best is not None
    assert best[0] == 2


def test_the_same_text_gets_the_same_numbers_whatever_came_before(understands: Meaning) -> None:
    first = understands.understand(SENTENCES).belief("vague_opener", by_words=False)
    understands.understand.cache_clear()
    understands.understand(("Something else altogether.",))
    assert understands.understand(SENTENCES).belief("vague_opener", by_words=False) == first


def test_a_rule_that_fires_makes_every_label_likelier(understands: Meaning) -> None:
    understood = understands.understand(SENTENCES)
    for label in understands.heads.message_labels:
        silent, fires = (understood.belief(label, by_words=fired) for fired in (False, True))
        assert silent is not None
        assert fires is not None
        assert fires.probability >= silent.probability - 0.05, label


def test_nobody_is_flagged_for_what_is_less_likely_than_not(understands: Meaning) -> None:
    assert (understands.heads.cuts >= 0.5 - 1e-3).all()


def test_labels_nobody_trained_have_no_belief(understands: Meaning) -> None:
    assert understands.understand(SENTENCES).belief("too_long", by_words=True) is None
    assert understands.understand(SENTENCES).best_sentence("missing_value_prop") is None


def test_a_very_long_message_is_read_in_parts(understands: Meaning) -> None:
    long = tuple(f"And then we also cut the cost of line {number} by {number} percent." for number in range(120))
    assert len(understands.understand(long).sentences) == 120


def test_without_the_encoder_words_alone_decide_and_the_report_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "encoder_folder", lambda: None)
    installed.cache_clear()
    try:
        text = "Hi Dana, it's Marcus with Northline. Just checking in. Call me back."
        transcript = Transcript.of_script(text)
        judged = judge(Heard(transcript, Measurements(), {}, CallContext(), playbooks.load()))
        assert next(one for one in judged.findings if one.rule == "checking_in").status == "flagged"
        assert analyzer_version().endswith("+words-only")
    finally:
        installed.cache_clear()


def test_figures_are_all_the_same_to_the_heads() -> None:
    assert folded("Call 615 now") == folded("Call 404 now") == ["call", "#", "now"]


def test_word_runs_and_their_weights() -> None:
    assert ngrams(["call", "me"]) == ["<", "call", "me", ">", "< call", "call me", "me >", "< call me", "call me >"]
    table = NgramTable(["call me", "me"], np.array([3.0, 4.0], np.float32))
    numbers, weights = table.weigh(["call me", "unknown", "me"], total=5.0)
    assert numbers.tolist() == [0, 1]
    assert weights.tolist() == pytest.approx([3.0, 4.0])
    assert table.weigh(["unknown"], 5.0)[0].size == 0


def test_a_word_is_marked_as_it_is_written_with_its_neighbours() -> None:
    hi, it_is, dana, with_, northline = marks("Hi, it's Dana with Northline.".split())
    assert dana.tolist() != northline.tolist() != with_.tolist()
    assert np.array_equal(marks(["dana"]), marks(["dana"]))
    beside = with_neighbours(np.stack([hi, it_is, dana]), reach=1)
    assert beside.shape == (3, 3 * len(hi))
    assert beside[1].tolist() == [*hi, *it_is, *dana]
    assert beside[0].tolist() == [*np.zeros_like(hi), *hi, *it_is]


def test_who_calls_is_told_by_how_they_are_named_not_by_the_name(understands: Meaning) -> None:
    def unnamed(*sentences: str) -> float:
        belief = understands.understand(sentences).belief("missing_caller_name", by_words=False)
        assert belief is not None
        return belief.probability

    assert unnamed("Hi Dana, it's Marcus with Northline.") < 0.5
    assert unnamed("Hi Dana, your controller Marcus said to call you.", "Call 615-555-0142.") > 0.5


def test_labelled_messages_are_whole() -> None:
    """What is trained and measured on is as its guide says."""
    for path in (ROOT / "tests/labelled").glob("*.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            assert row["labels"]["specific_value"] is not row["labels"]["missing_value_prop"], row["id"]
            for label, quotes in row["evidence"].items():
                assert all(quote in row["text"] for quote in quotes), (row["id"], label)
