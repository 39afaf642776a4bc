"""Drafts: facts as people type them become a message that its own playbook has nothing against."""

from typing import Any

import pytest

from analysis.drafting import EXCUSED_BY, draft
from analysis.drafting.phrasing import (
    insight_ways,
    matter_ways,
    pain_ways,
    proof_ways,
    referrer_ways,
    step_ways,
    value_ways,
)
from analysis.playbooks import load, names
from analysis.rewrite import NOT_ABOUT_WORDS
from analysis.spoken import find_phone_numbers
from models.draft import Draft, Facts
from models.report import Report
from tests.scripted import script

WHO: dict[str, Any] = {"rep": "Marcus Lee", "company": "Northline", "number": "615-555-0142", "prospect": "Dana"}
FULL: dict[str, Any] = WHO | {
    "insight": "you opened a second clinic in March",
    "pain": "They lose two hours a day on paper forms",
    "value": "cut no-shows by a third",
    "proof": "Smile Dental cut no-shows by a third in two months",
    "next_step": "call me back Thursday",
}
#: Facts as they are typed: whole sentences, orders, doings, things; few and many of them.
CASES: dict[str, dict[str, Any]] = {
    "all": FULL,
    "things": WHO
    | {
        "insight": "two open dispatcher jobs on your site",
        "pain": "late trucks at the gate",
        "value": "nine hours a week back",
        "proof": "40% fewer late trucks at Dura-Cast",
        "next_step": "15 minutes on Thursday",
    },
    "doings": WHO
    | {
        "pain": "losing two hours a day on paper forms",
        "value": "cutting no-shows by a third",
        "next_step": "sending you the one-pager today",
    },
    "referral": WHO
    | {"referrer": "Dean Foster", "value": "He went from forty days to twelve", "next_step": "Thursday at ten"},
    "few": {"rep": "Nora", "value": "cut overtime by nine hours a week"},
    "nobody": {},
    "thin": WHO | {"value": "save money", "next_step": "call me back"},
    "wordy": FULL | {"pain": "They lose two hours a day on paper forms. " * 12, "proof": "It went well. " * 40},
    "a live deal": WHO | {"purpose": "active_deal", "matter": "the quote for the second dock"},
    "a meeting": WHO | {"purpose": "meeting_confirmation", "matter": "confirm our meeting Tuesday at ten"},
}


def judged(made: Draft, facts: Facts, playbook: str) -> Report:
    told = facts.model_dump(include={"rep", "prospect", "company", "referrer", "purpose", "relationship"})
    return script(made.message.text, playbook, **told)


@pytest.mark.parametrize("playbook", names())
@pytest.mark.parametrize("case", CASES)
def test_a_draft_passes_its_own_rules(case: str, playbook: str) -> None:
    facts = Facts(**CASES[case])
    made = draft(facts, load(playbook))
    low, high = load(playbook).limits.length_s
    assert low <= made.message.estimated_s <= high, made.message.text
    flagged = {one.rule for one in judged(made, facts, playbook).flagged} - NOT_ABOUT_WORDS
    excused = {rule for rule, needs in EXCUSED_BY.items() if set(needs) & set(made.missing)}
    excused |= {"missing_pain"} if facts.pain is None else set()
    assert flagged <= excused, made.message.text
    assert made.objections == ()
    assert made.message.text == "".join(piece.text for piece in made.message.pieces)


@pytest.mark.parametrize("playbook", names())
def test_all_facts_leave_no_blank_and_no_flag(playbook: str) -> None:
    facts = Facts(**FULL, referrer="Dean Foster")
    made = draft(facts, load(playbook))
    assert "[" not in made.message.text
    assert not made.missing
    assert not {one.rule for one in judged(made, facts, playbook).flagged} - NOT_ABOUT_WORDS - {"missing_pain"}


def test_the_same_facts_make_the_same_message() -> None:
    facts = Facts(**FULL)
    assert draft(facts, load()) == draft(facts, load())


def test_what_is_missing_is_asked_for_and_stands_as_a_blank() -> None:
    made = draft(Facts(rep="Nora Quist"), load())
    assert set(made.missing) == {"company", "number", "insight", "value", "next_step"}
    assert "[your company]" in made.message.text
    assert "[your number]" in made.message.text


def test_a_fact_the_playbook_objects_to_is_left_out_with_the_reason() -> None:
    made = draft(Facts(**CASES["thin"]), load())
    assert "call back" in next(one.because for one in made.unused if one.fact == "next_step")
    assert "Call me back." not in made.message.text


def test_what_does_not_fit_is_said() -> None:
    made = draft(Facts(**FULL), load("educate-first"))
    assert [(one.fact, one.because) for one in made.unused] == [("proof", "it does not fit into 22 seconds")]


def test_a_number_that_is_none_is_asked_for() -> None:
    made = draft(Facts(**FULL | {"number": "my cell"}), load())
    assert "number" in made.missing
    assert [one.fact for one in made.unused] == ["number"]


def test_a_number_is_said_twice_in_breaths() -> None:
    text = draft(Facts(**FULL), load()).message.text
    assert text.count("615 ... 555 ... 0142") == len(find_phone_numbers(text.split())) == 2


def test_a_matter_is_for_calls_that_sell_nothing() -> None:
    assert [one.fact for one in draft(Facts(**FULL, matter="the quote"), load()).unused] == ["matter"]
    made = draft(Facts(**FULL, matter="the quote", purpose="active_deal"), load())
    assert {one.fact for one in made.unused} == {"insight", "pain", "value", "proof"}


@pytest.mark.parametrize(
    ("ways", "typed", "said"),
    [
        (pain_ways, "They lose two hours a day on paper forms", "You lose two hours a day on paper forms."),
        (pain_ways, "lose two hours a day", "You lose two hours a day."),
        (pain_ways, "losing two hours a day", "You're losing two hours a day."),
        (pain_ways, "late trucks at the gate", "I'm calling about late trucks at the gate."),
        (pain_ways, "Overtime", "I'm calling about overtime."),
        (pain_ways, "missed calls after five", "I'm calling about missed calls after five."),
        (pain_ways, "change orders take nine days", "Change orders take nine days."),
        (pain_ways, "she loses two hours of her day", "You lose two hours of your day."),
        (pain_ways, "Dispatchers lose two hours of their day", "Dispatchers lose two hours of their day."),
        (pain_ways, "Each no-show costs $200.", "Each no-show costs $200."),
        (pain_ways, "why does the dock turn trucks away?", "Why does the dock turn trucks away?"),
        (value_ways, "cut no-shows by a third", "You could cut no-shows by a third."),
        (value_ways, "to save nine hours a week", "You could save nine hours a week."),
        (value_ways, "saves nine hours a week", "You could save nine hours a week."),
        (value_ways, "went from forty days to twelve", "You could go from forty days to twelve."),
        (value_ways, "two hours a day back", "You could have two hours a day back."),
        (value_ways, "pays for itself in a month", "What we do pays for itself in a month."),
        (value_ways, "they'd get two hours back", "You'd get two hours back."),
        (proof_ways, "Smile Dental", "We did it for Smile Dental."),
        (proof_ways, "Dura-Cast went from nine days to two", "Dura-Cast went from nine days to two."),
        (proof_ways, "reduced no-shows at Smile Dental by 40%", "We reduced no-shows at Smile Dental by 40%."),
        (proof_ways, "cut demurrage at Dura-Cast", "We helped cut demurrage at Dura-Cast."),
        (insight_ways, "opened a second clinic in March", "I noticed you opened a second clinic in March."),
        (insight_ways, "hiring two dispatchers", "I noticed you're hiring two dispatchers."),
        (insight_ways, "their dock has been shut", "I noticed your dock has been shut."),
        (insight_ways, "New overtime rules start in January", "New overtime rules start in January."),
        (matter_ways, "the delivery on Friday", "It's about the delivery on Friday."),
        (matter_ways, "confirm our meeting Tuesday", "I'm calling to confirm our meeting Tuesday."),
        (step_ways, "call me back Thursday", "Call me back Thursday."),
        (step_ways, "send them the page and call Thursday", "I'll send you the page and call Thursday."),
        (step_ways, "Thursday at ten", "Could we talk Thursday at ten?"),
        (step_ways, "15 minutes on Thursday", "Could you give me 15 minutes on Thursday?"),
        (step_ways, "a call Thursday at ten", "Could we set up a call Thursday at ten?"),
        (step_ways, "meet Tuesday at ten", "Could we meet Tuesday at ten?"),
        (step_ways, "the one-pager", "I'll send you the one-pager."),
        (step_ways, "try her again Thursday", "I'll try you again Thursday."),
        (step_ways, "let me know by Friday", "Let me know by Friday."),
        (step_ways, "I'll send the page today", "I'll send the page today."),
        (referrer_ways, "Dean Foster", "Dean Foster suggested I call you."),
        (referrer_ways, "Dean Foster told me to call", "Dean Foster told me to call."),
        (pain_ways, "They wait. Nobody tells them why.", "You wait. Nobody tells them why."),
    ],
)
def test_facts_are_joined_with_grammar_that_holds(ways: Any, typed: str, said: str) -> None:
    assert ways(typed)[0] == said
