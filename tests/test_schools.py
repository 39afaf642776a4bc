"""The coaching schools: each loads, differs where its school does, and says where that comes from."""

import re
import tomllib
from importlib.resources import files
from typing import Any

import pytest

from analysis import playbooks
from analysis.advice import advise
from models.errors import InvalidPlaybook
from models.playbook import Playbook
from models.recording import CallContext
from tests.scripted import script

DEFAULT = playbooks.load()
SCHOOLS = [name for name in playbooks.names() if name != DEFAULT.name]


def own_words(name: str) -> dict[str, Any]:
    """What a school's file says itself, without what it is based on."""
    return tomllib.loads(files("analysis.playbooks").joinpath(f"{name}.toml").read_text("utf-8"))


def points(school: Playbook, rule: str) -> int:
    return school.rules[rule].points if school.rules[rule].enabled else 0


def test_the_schools_of_the_five_articles_are_there() -> None:
    assert set(SCHOOLS) == {
        "callback-magnet",
        "educate-first",
        "known-contacts-only",
        "persistent-pursuit",
        "referral-only",
    }
    assert playbooks.names()[0] == "cold-outreach"


@pytest.mark.parametrize("name", SCHOOLS)
def test_a_school_says_only_what_it_sees_otherwise(name: str) -> None:
    said = own_words(name)
    assert (said["based_on"], said["name"]) == (DEFAULT.name, name)
    school = playbooks.load(name)
    for table in ("rules", "strengths"):
        for rule, settings in said.get(table, {}).items():
            default = getattr(DEFAULT, table)[rule]
            assert getattr(school, table)[rule] != default, rule
            assert settings["source"] != default.source, f"{rule} needs a source of its own"
    for limit, value in said.get("limits", {}).items():
        assert value != getattr(DEFAULT.limits, limit), limit
    assert school.voicemail.source != DEFAULT.voicemail.source
    assert {line.source for line in school.voicemail.table} - {line.source for line in DEFAULT.voicemail.table}


@pytest.mark.parametrize("name", playbooks.names())
def test_a_flag_always_comes_with_something_to_say(name: str) -> None:
    school = playbooks.load(name)
    for rule, settings in school.rules.items():
        assert settings.title, rule
        assert settings.why, rule
        assert settings.source, rule
        if settings.enabled and rule in own_words(name)["rules"] and name != DEFAULT.name:
            assert settings.advice, rule


@pytest.mark.parametrize(
    ("name", "more", "less"),
    [
        (
            "educate-first",
            ("missing_value_prop", "missing_pain", "late_value", "too_long", "prior_contact_reference"),
            ("no_call_to_action", "missing_callback_number"),
        ),
        (
            "known-contacts-only",
            ("voicemail_advised", "prior_contact_reference", "checking_in", "vague_opener", "monotone"),
            ("missing_value_prop", "missing_company", "callback_only_cta"),
        ),
        (
            "persistent-pursuit",
            ("missing_value_prop", "self_centered_pitch", "missing_caller_name", "no_call_to_action"),
            ("prior_contact_reference",),
        ),
        ("referral-only", ("voicemail_advised", "callback_only_cta", "no_call_to_action"), ()),
        (
            "callback-magnet",
            ("missing_callback_number", "number_once", "number_rushed", "stock_phrases", "no_call_to_action"),
            ("callback_only_cta", "missing_value_prop"),
        ),
    ],
)
def test_a_school_weighs_what_it_cares_about(name: str, more: tuple[str, ...], less: tuple[str, ...]) -> None:
    school = playbooks.load(name)
    assert [rule for rule in more if points(school, rule) <= points(DEFAULT, rule)] == []
    assert [rule for rule in less if points(school, rule) >= points(DEFAULT, rule)] == []


def test_the_schools_differ_on_what_they_disagree_about() -> None:
    goals = {name: playbooks.load(name).voicemail.goal for name in playbooks.names()}
    assert goals == {
        "cold-outreach": "next_step",
        "callback-magnet": "callback",
        "educate-first": "awareness",
        "known-contacts-only": "confirm",
        "persistent-pursuit": "meeting",
        "referral-only": "meeting",
    }
    points = {name: playbooks.load(name).rules["prior_contact_reference"].points for name in playbooks.names()}
    assert points["persistent-pursuit"] < points["cold-outreach"] < points["known-contacts-only"]
    longest_s = {name: playbooks.load(name).limits.length_target_s[1] for name in playbooks.names()}
    assert longest_s["educate-first"] < longest_s["cold-outreach"] < longest_s["persistent-pursuit"]


CALL_ME_BACK = (
    "Hi Dana, this is Ann Keller with Northline Freight, 615-555-0142. I left you a message on Tuesday. Call me back "
    "when you can. Again, it's Ann at 615-555-0142."
)


def test_the_same_message_scores_differently_and_each_report_says_why() -> None:
    reports = {name: script(CALL_ME_BACK, name, purpose="cold", relationship="none") for name in playbooks.names()}
    assert len({one.score.points for one in reports.values()}) >= 4
    for one in reports.values():
        assert one.score.points == 100 - sum(loss.points for loss in one.score.lost)
    lost = {name: {loss.rule: loss.points for loss in one.score.lost} for name, one in reports.items()}
    assert "callback_only_cta" in lost["educate-first"]
    assert "callback_only_cta" not in lost["callback-magnet"]
    assert (
        lost["persistent-pursuit"]["prior_contact_reference"] < lost["known-contacts-only"]["prior_contact_reference"]
    )
    assert "voicemail_advised" in lost["known-contacts-only"]
    assert "voicemail_advised" not in lost["persistent-pursuit"]
    (left_out,) = (one for one in reports["callback-magnet"].findings if one.rule == "callback_only_cta")
    assert left_out.reason == "The playbook callback-magnet leaves this rule out."
    sources = {
        name: next(finding.source for finding in one.findings if finding.rule == "prior_contact_reference")
        for name, one in reports.items()
    }
    assert sources["persistent-pursuit"] != sources["known-contacts-only"] != sources["cold-outreach"]


@pytest.mark.parametrize("name", playbooks.names())
def test_leaving_one_against_the_school_is_never_free_of_advice(name: str) -> None:
    flagged = script(CALL_ME_BACK, name, relationship="customer", preferred_channel="email", planned_retry_today=True)
    (finding,) = (one for one in flagged.findings if one.rule == "voicemail_advised")
    assert finding.status == "flagged"
    assert finding.advice
    if name != DEFAULT.name:
        assert finding.say_instead


NUMBER = "615-555-0142"
#: What a rep may put into the blanks of each school's message, in their order.
FILLINGS = {
    "cold-outreach": (
        "you are opening a dock in Franklin", "Hillside Dairy", "nine late trucks a week", "two", "a month", "Thursday",
        "nine", NUMBER, NUMBER,
    ),
    "educate-first": (
        "plant managers", "two hours a day", "trucks waiting at the dock", "Hillside Dairy",
        "moving its cutoff to three o'clock", "Thursday", NUMBER,
    ),
    "known-contacts-only": (
        "Thursday", "nine", "at your Franklin dock", "the rate sheet you asked for", "the detention figures", NUMBER,
        "I hope the little one sleeps through tonight.",
    ),
    "persistent-pursuit": ("four", "your detention costs", "twelve", "Thursday", "nine", NUMBER),
    "referral-only": (
        "his late trucks fell from nine a week to two", "Franklin dock", "Jenny", "Thursday", "nine", NUMBER, NUMBER,
    ),
    "callback-magnet": (
        NUMBER, "your carrier scorecard", "detention report", "what you pay this winter", "Thursday", NUMBER,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", playbooks.names())
def test_a_school_is_content_with_its_own_message(name: str) -> None:
    facts = {"prospect": "Dana", "rep": "Ann Keller", "company": "Northline Freight", "referrer": "Paul Marsh"}
    template = advise(CallContext(**facts), playbooks.load(name)).message.template
    fillings = iter(FILLINGS[name])
    message = re.sub(r"\[[^\]]+\]", lambda blank: next(fillings), template)
    assert next(fillings, None) is None
    purpose = "meeting_confirmation" if name == "known-contacts-only" else "cold"
    judged = script(message, name, purpose=purpose, relationship="referred", channels_tried=("assistant",))
    assert [(loss.rule, message) for loss in judged.score.lost] == []
    low_s, high_s = playbooks.load(name).limits.length_s
    assert low_s <= len(message.split()) / 150 * 60 <= high_s


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ('[voicemail]\ngoal = "fame"', r"line 5: voicemail\.goal: "),
        (
            '[[voicemail.table]]\nthen = "leave_one"\nbecause = "b"',
            r"line 4: voicemail\.table\.0\.source: field required",
        ),
        (
            '[[voicemail.table]]\nthen = "leave_one"\nbecause = "b"\nsource = "s"\n'
            '[[voicemail.table]]\nbecause = "b"\nsource = "s"\nthen = "sing"',
            r"line 11: voicemail\.table\.1\.then: ",
        ),
        ('[voicemail.reception.on_the_moon]\nsay = ["Hi"]\nsource = "s"', r"line 4: voicemail\.reception\.on_the_moon"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_line_and_reason(table: str, reason: str) -> None:
    text = f'based_on = "cold-outreach"\nname = "mine"\n\n{table}\n'
    with pytest.raises(InvalidPlaybook, match=reason):
        playbooks.parse(text, "mine.toml")
