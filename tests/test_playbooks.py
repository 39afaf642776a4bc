"""Playbooks: complete, refused with file, line and reason when wrong, and the page that is written from them."""

import re
from pathlib import Path

import pytest

from analysis.detectors import DETECTORS, STRENGTHS
from analysis.detectors.phrases import PhraseError, phrase_regex
from analysis.playbooks import load, names, parse
from models import errors

ROOT = Path(__file__).parent.parent


def test_the_default_comes_first_and_every_playbook_loads() -> None:
    assert names()[0] == "cold-outreach"
    for name in names():
        assert load(name).name == name


def test_every_rule_says_why_and_where_it_comes_from() -> None:
    playbook = load("cold-outreach")
    assert set(playbook.rules) == {detector.__name__ for detector in DETECTORS}
    assert set(playbook.strengths) == {detector.__name__ for detector in STRENGTHS}
    for name, rule in playbook.rules.items():
        assert rule.why.endswith("."), name
        assert rule.advice.endswith("."), name
        assert rule.source, name
        assert 1 <= len(rule.title.split()) <= 6, name


def test_a_playbook_of_a_coach_is_read_from_its_path(tmp_path: Path) -> None:
    own = tmp_path / "ours.toml"
    own.write_text('based_on = "cold-outreach"\nname = "ours"\nversion = 3\n[rules.fillers]\nenabled = false\n')
    playbook = load(own)
    assert (playbook.name, playbook.version) == ("ours", 3)
    assert not playbook.rules["fillers"].enabled
    assert playbook.rules["too_long"] == load("cold-outreach").rules["too_long"]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('name = "x\n', 1, "line 1"),
        ('based_on = "cold-outreach"\nversion = 0\n', 2, "greater than"),
        ('based_on = "cold-outreach"\n[rules.fillers]\npoints = 900\n', 3, "less than"),
        (
            'based_on = "cold-outreach"\n[rules.filers]\ntitle = "a"\nwhy = "b"\nsource = "c"\n',
            2,
            "no rule named filers",
        ),
        ('based_on = "cold-outreach"\n[rules.fillers]\nphrases = ["(only) (optional)"]\n', 3, "asks for no word"),
        ('based_on = "cold-outreach"\n[rules.fillers]\nphrases = ["{nobody} said"]\n', 3, "no list named"),
        ('\nbased_on = "nowhere"\n', 2, "nowhere"),
        ('based_on = "cold-outreach"\n[rules.checking_in\n', 2, "Expected"),
        ('based_on = "cold-outreach"\n[limits]\nlength_s = [30, 12]\n', 3, "the first number is above the second"),
        ('based_on = "cold-outreach"\n[limits]\nlong_pause_s = nan\n', 3, "finite"),
    ],
)
def test_a_wrong_playbook_is_refused_with_line_and_reason(text: str, line: int, reason: str) -> None:
    with pytest.raises(errors.InvalidPlaybook) as refused:
        parse(text, "ours.toml")
    assert refused.value.source == "ours.toml"
    assert refused.value.line == line
    assert reason in refused.value.reason


@pytest.mark.parametrize("name", ["no-such-playbook", Path("missing.toml")])
def test_a_playbook_that_is_not_there(name: str | Path) -> None:
    with pytest.raises(errors.PlaybookError):
        load(name)


@pytest.mark.parametrize("phrase", ["", "   ", "|", "(a) * ?", "{unknown}"])
def test_a_phrase_that_cannot_be_read(phrase: str) -> None:
    with pytest.raises(PhraseError):
        phrase_regex(phrase, {})


@pytest.mark.parametrize(("allowed", "aimed"), [("[12, 20]", (15, 20)), ("[12, 14]", (14, 14)), ("[10, 60]", (15, 30))])
def test_advice_does_not_aim_beyond_what_a_coach_allows(allowed: str, aimed: tuple[float, float]) -> None:
    text = f'based_on = "cold-outreach"\n[limits]\nlength_s = {allowed}\n'
    assert parse(text, given={"name": "ours", "version": 1}).limits.length_target_s == aimed


def test_all_words_in_one_pair_of_brackets_may_be_missing_together() -> None:
    pattern = re.compile(phrase_regex("(just calling) to check", {}))
    said = ("just calling to check ", "to check ", "calling to check ")
    assert [bool(pattern.fullmatch(one)) for one in said] == [True, True, False]
