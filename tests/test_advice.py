"""Before the call: each school's answers as a table, and what every answer holds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from analysis import playbooks
from analysis.advice import CONDITION_WORDS, CONDITIONS, advise, condition_words
from models.playbook import VoicemailAdvice, WhenToLeave
from models.recording import CallContext
from models.report import Finding
from tests.scripted import script

LEAVE, LATER, ZERO, WRITE = "leave_one", "hang_up_try_later", "press_zero", "write_instead"
RELATIONSHIP = ("relationship",)

#: What is known, and the decision, or the facts that are missing for one.
COLD_OUTREACH = [
    ({}, RELATIONSHIP),
    ({"purpose": "cold"}, RELATIONSHIP),
    ({"attempt": 2, "planned_retry_today": False}, RELATIONSHIP),
    ({"relationship": "none"}, LEAVE),
    ({"relationship": "none", "attempt": 2, "planned_retry_today": False}, LEAVE),
    ({"relationship": "none", "planned_retry_today": True}, LATER),
    ({"relationship": "none", "attempt": 8}, LEAVE),
    ({"relationship": "none", "attempt": 9}, WRITE),
    ({"preferred_channel": "email"}, WRITE),
    ({"purpose": "meeting_confirmation", "attempt": 20, "preferred_channel": "email"}, LEAVE),
    ({"referrer": "Helen Marsh"}, LEAVE),
    ({"spoke_before": True}, LEAVE),
]
EDUCATE_FIRST = [
    ({}, RELATIONSHIP),
    ({"purpose": "warm_followup"}, RELATIONSHIP),
    ({"relationship": "none"}, LEAVE),
    ({"relationship": "none", "attempt": 40}, LEAVE),
    ({"relationship": "referred"}, LEAVE),
    ({"relationship": "none", "planned_retry_today": True}, LATER),
    ({"relationship": "customer", "planned_retry_today": True}, LATER),
    ({"purpose": "meeting_confirmation", "planned_retry_today": True}, LEAVE),
]
KNOWN_CONTACTS_ONLY = [
    ({}, RELATIONSHIP),
    ({"channels_tried": ("email",)}, RELATIONSHIP),
    ({"relationship": "none"}, WRITE),
    ({"relationship": "none", "channels_tried": ("email", "text"), "preferred_channel": "voicemail"}, WRITE),
    ({"relationship": "referred", "referrer": "Helen Marsh"}, WRITE),
    ({"relationship": "none", "purpose": "meeting_confirmation"}, LEAVE),
    ({"relationship": "known"}, WRITE),
    ({"relationship": "known", "channels_tried": ("email", "text")}, LEAVE),
    ({"relationship": "known", "channels_tried": ("email",)}, WRITE),
    ({"relationship": "customer", "preferred_channel": "voicemail"}, LEAVE),
    ({"relationship": "customer", "purpose": "active_deal"}, LEAVE),
    ({"relationship": "customer", "purpose": "active_deal", "preferred_channel": "text"}, WRITE),
]
PERSISTENT_PURSUIT = [
    ({}, RELATIONSHIP),
    ({"attempt": 76}, RELATIONSHIP),
    ({"relationship": "none"}, LEAVE),
    ({"relationship": "none", "attempt": 76, "planned_retry_today": False}, LEAVE),
    ({"relationship": "none", "planned_retry_today": True}, LATER),
    ({"planned_retry_today": True}, LATER),
    ({"relationship": "known", "preferred_channel": "email"}, LEAVE),
    ({"relationship": "referred", "channels_tried": ()}, LEAVE),
    ({"purpose": "active_deal", "planned_retry_today": True}, LEAVE),
]
REFERRAL_ONLY = [
    ({}, RELATIONSHIP),
    ({"attempt": 3, "planned_retry_today": False}, RELATIONSHIP),
    ({"relationship": "none"}, ZERO),
    ({"relationship": "none", "channels_tried": ("assistant",)}, LATER),
    ({"relationship": "none", "channels_tried": ("email", "text")}, ZERO),
    ({"relationship": "none", "referrer": "Helen Marsh", "channels_tried": ("assistant",)}, LEAVE),
    ({"relationship": "referred"}, ZERO),
    ({"relationship": "referred", "channels_tried": ("assistant", "email")}, LEAVE),
    ({"relationship": "referred", "channels_tried": ("assistant",), "planned_retry_today": True}, LATER),
    ({"relationship": "known", "channels_tried": ()}, ZERO),
    ({"relationship": "known", "preferred_channel": "email"}, WRITE),
    ({"purpose": "meeting_confirmation"}, LEAVE),
]
CALLBACK_MAGNET = [
    ({}, RELATIONSHIP),
    ({"purpose": "cold", "attempt": 1}, RELATIONSHIP),
    ({"relationship": "none"}, LEAVE),
    ({"relationship": "none", "planned_retry_today": True}, LEAVE),
    ({"planned_retry_today": True}, LEAVE),
    ({"relationship": "none", "attempt": 12}, LEAVE),
    ({"relationship": "none", "preferred_channel": "email"}, WRITE),
    ({"relationship": "customer"}, LEAVE),
    ({"referrer": "Helen Marsh"}, LEAVE),
]
SCHOOLS = {
    "cold-outreach": COLD_OUTREACH,
    "educate-first": EDUCATE_FIRST,
    "known-contacts-only": KNOWN_CONTACTS_ONLY,
    "persistent-pursuit": PERSISTENT_PURSUIT,
    "referral-only": REFERRAL_ONLY,
    "callback-magnet": CALLBACK_MAGNET,
}
ROWS = [
    pytest.param(school, facts, answer, id=f"{school}: {' '.join(f'{k}={v}' for k, v in facts.items()) or 'nothing'}")
    for school, table in SCHOOLS.items()
    for facts, answer in table
]


def test_every_school_has_its_table() -> None:
    assert set(SCHOOLS) == set(playbooks.names())


@pytest.mark.parametrize(("school", "facts", "answer"), ROWS)
def test_a_school_answers_by_what_is_known(school: str, facts: dict[str, Any], answer: str | tuple[str, ...]) -> None:
    advice = advise(CallContext(**facts), playbooks.load(school))
    if isinstance(answer, tuple):
        assert (advice.decision, advice.missing) == ("not_evaluated", answer)
        assert advice.reasons == ()
        assert advice.not_evaluated_because == "Not known about the call: relationship."
    else:
        assert (advice.decision, advice.missing, advice.not_evaluated_because) == (answer, (), None)
        assert all(reason.text and reason.source for reason in advice.reasons)
        assert len(advice.reasons) == 1


def test_what_was_not_said_and_would_change_the_answer_is_mentioned() -> None:
    advice = advise(CallContext(relationship="none"), playbooks.load())
    assert [(one.facts, one.condition, one.decision) for one in advice.unless] == [
        (("planned_retry_today",), "you will call again today", LATER),
        (("attempt",), "this is message 9 or a later one", WRITE),
    ]
    said = CallContext(relationship="none", planned_retry_today=False, attempt=2)
    assert advise(said, playbooks.load()).unless == ()


def test_the_known_words_stand_in_the_message_and_the_lines() -> None:
    context = CallContext(prospect="Dana", rep="Oliver Grant", company="Fenwick", referrer="Helen Marsh")
    advice = advise(context, playbooks.load("referral-only"))
    assert advice.message.template.startswith(
        "Hi Dana, Helen Marsh suggested I call you. This is Oliver Grant with Fen"
    )
    lines = [line for lines in advice.reception for line in lines.say]
    assert any("Helen Marsh suggested that Dana and I talk" in line for line in lines)
    unknown = advise(CallContext(), playbooks.load("referral-only"))
    assert unknown.message.template.startswith("Hi [their name], [who sent you] suggested I call you.")


@pytest.mark.parametrize("school", playbooks.names())
def test_every_answer_says_what_a_message_should_achieve_and_what_to_say_at_reception(school: str) -> None:
    playbook = playbooks.load(school)
    advice = advise(CallContext(), playbook)
    assert advice.message.length_s == playbook.limits.length_target_s
    assert len(advice.message.must_hold) >= 4
    assert advice.message.purpose
    assert advice.message.source
    assert {lines.situation for lines in advice.reception} == {"in_a_meeting", "away_today", "keeps_the_diary"}
    for lines in advice.reception:
        assert lines.say
        assert lines.source
    assert "{" not in advice.model_dump_json().replace('{"', "").replace(":{", "")


def test_a_playbook_without_a_table_takes_no_side() -> None:
    silent = playbooks.load().model_copy(update={"voicemail": VoicemailAdvice()})
    advice = advise(CallContext(relationship="none"), silent)
    assert (advice.decision, advice.missing) == ("not_evaluated", ())
    assert advice.not_evaluated_because == "The playbook cold-outreach takes no side on whether to leave one."


def test_every_condition_is_a_fact_of_the_call_and_has_words() -> None:
    assert set(CONDITIONS) <= set(CallContext.model_fields)
    assert set(CONDITIONS) <= set(WhenToLeave.model_fields)
    assert set(CONDITIONS) == set(CONDITION_WORDS)
    for school in playbooks.names():
        *conditional, last = playbooks.load(school).voicemail.table
        assert all(condition_words(line) for line in conditional)
        assert condition_words(last) == "", "the last line must hold always"


CONTEXTS = st.builds(
    CallContext,
    relationship=st.sampled_from((None, "none", "referred", "known", "customer")),
    purpose=st.sampled_from((None, "cold", "warm_followup", "active_deal", "meeting_confirmation", "non_sales")),
    attempt=st.none() | st.integers(1, 1000),
    planned_retry_today=st.none() | st.booleans(),
    preferred_channel=st.sampled_from((None, "phone", "voicemail", "email", "text", "social", "assistant")),
    channels_tried=st.none() | st.lists(st.sampled_from(("email", "text", "assistant")), max_size=3),
    referrer=st.sampled_from((None, "Helen")),
    spoke_before=st.none() | st.booleans(),
)


@given(CONTEXTS, st.sampled_from(playbooks.names()))
def test_there_is_an_answer_or_a_named_fact_and_never_neither(context: CallContext, school: str) -> None:
    advice = advise(context, playbooks.load(school))
    assert (advice.decision == "not_evaluated") == bool(advice.missing) == (advice.not_evaluated_because is not None)
    assert all(getattr(context, fact) is None for fact in advice.missing)
    assert all(one.decision != advice.decision for one in advice.unless)


@given(CONTEXTS, st.sampled_from(playbooks.names()))
def test_what_is_missing_is_enough(context: CallContext, school: str) -> None:
    """Whoever gives the facts that were asked for gets an answer."""
    asked = advise(context, playbooks.load(school)).missing
    told = {"relationship": "known", "channels_tried": ()}
    full = context.model_copy(update={fact: told[fact] for fact in asked})
    assert advise(full, playbooks.load(school)).decision != "not_evaluated"


# The same judgement in a report


def voicemail_advised(school: str, **facts: Any) -> Finding:
    report = script("Hi Dana, it's Ann with Northline.", school, **facts)
    (finding,) = (one for one in report.findings if one.rule == "voicemail_advised")
    return finding


@pytest.mark.parametrize(
    ("school", "facts", "status"),
    [
        ("cold-outreach", {"relationship": "none"}, "passed"),
        ("cold-outreach", {"relationship": "none", "planned_retry_today": True}, "flagged"),
        ("known-contacts-only", {"relationship": "none", "attempt": 1}, "flagged"),
        ("known-contacts-only", {"relationship": "known"}, "not_evaluated"),
        ("known-contacts-only", {"relationship": "known", "channels_tried": ("email",)}, "flagged"),
        ("referral-only", {"relationship": "none"}, "flagged"),
        ("referral-only", {"relationship": "referred"}, "not_evaluated"),
        ("referral-only", {"relationship": "referred", "channels_tried": ("assistant",)}, "passed"),
        ("persistent-pursuit", {"relationship": "none", "attempt": 76}, "passed"),
        ("callback-magnet", {"relationship": "none", "planned_retry_today": True}, "passed"),
        ("educate-first", {}, "not_evaluated"),
    ],
)
def test_a_report_judges_as_the_advice_would_have(school: str, facts: dict[str, Any], status: str) -> None:
    finding = voicemail_advised(school, **facts)
    assert finding.status == status
    advice = advise(CallContext(**facts), playbooks.load(school))
    if status == "not_evaluated":
        assert finding.reason is not None
        assert finding.reason.startswith("Not known about the call:")
    else:
        assert finding.detail["decision"] == advice.decision
        assert (status == "passed") == (advice.decision == LEAVE)


def test_a_flag_never_rests_on_what_nobody_said() -> None:
    finding = voicemail_advised("referral-only", relationship="referred")
    assert finding.reason == "Not known about the call: whether you have tried the assistant in vain."


# What forms and programs may send


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("email, text", ("email", "text")),
        ("email text", ("email", "text")),
        ("none", ()),
        ("none,email", ("email",)),
        (["email"], ("email",)),
        (["none"], ()),
        ([], ()),
        (None, None),
    ],
)
def test_channels_are_taken_from_a_form_and_from_json(sent: Any, kept: Any) -> None:
    assert CallContext(channels_tried=sent).channels_tried == kept


@pytest.mark.parametrize("sent", ["fax", ["fax"], 3, {"email": True}])
def test_what_is_no_channel_is_refused(sent: Any) -> None:
    with pytest.raises(ValidationError):
        CallContext(channels_tried=sent)
