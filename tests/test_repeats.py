"""Drops: what counts as left before, what is practice, and what a report makes of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from analysis.audio.decode import decode
from analysis.audio.message import find_message
from analysis.pipeline import analyze_script, rejudge
from analysis.playbooks import load
from analysis.repeats import SAME_SPEECH_FROM, Earlier, Traces, find_repeats, likeness, word_pairs
from app.recall import recall
from app.schema import MarkRow, TraceRow
from models.recording import CallContext
from models.report import Alike, Finding, Repeats, Report
from tests.conftest import SAMPLES
from tests.sounds import as_transcript, encoded
from tests.stored import analyse, receive, store_report

PITCH = (
    "Hi {name}, it's Priya Shah with Foldline. Your night shift lost nine hours to the second freezer in May, and the "
    "plant next door got seven of them back. I have their plan on one page. I'll call you Thursday at ten, or reach me "
    "at 615-555-0142. That is 615-555-0142."
)
OTHER = (
    "Good morning, Tom Reyes from Corvid Freight. Three of your lanes to Ohio were repriced last week, and I marked "
    "the two that you are overpaying. If you want the list before Friday's tender, write to tom at corvid dot com."
)
WORDS = st.lists(
    st.sampled_from("we cut your freight cost by nine percent call me thursday at ten".split()), max_size=60
)


@cache
def recording(name: str) -> bytes:
    return next(SAMPLES.glob(f"{name}-*.[!j]*")).read_bytes()


@cache
def traces(name: str, text: str = PITCH) -> Traces:
    return Traces.of(find_message(decode(recording(name))).samples, as_transcript(text))


def left_for(prospect: str | None, rep: str | None = "Priya") -> CallContext:
    return CallContext(prospect=prospect, rep=rep)


def counted(*earlier: Earlier, context: CallContext | None = None) -> Repeats:
    return find_repeats(traces("06"), context or left_for("Dana"), earlier)


def test_the_same_recording_for_others_is_counted_by_prospect() -> None:
    earlier = [Earlier(left_for(name), traces("06")) for name in ("Karen", " karen ", "Robert")]
    assert counted(*earlier) == Repeats(
        same_recording=Alike(matches=3, prospects=2), same_speech=Alike(matches=0, prospects=0)
    )


def test_the_same_words_in_another_recording_are_the_same_speech() -> None:
    assert counted(Earlier(left_for("Karen"), traces("07", PITCH.format(name="Karen")))) == Repeats(
        same_recording=Alike(matches=0, prospects=0), same_speech=Alike(matches=1, prospects=1)
    )


@pytest.mark.parametrize(
    "earlier",
    [
        Earlier(left_for("Dana"), traces("06")),
        Earlier(left_for("DANA "), traces("06")),
        Earlier(left_for(None), traces("06")),
        Earlier(left_for("Karen", rep="Tom"), traces("07")),  # a colleague with the same script
        Earlier(left_for("Karen"), traces("07", OTHER)),
    ],
)
def test_practice_and_others_do_not_count(earlier: Earlier) -> None:
    nothing = Alike(matches=0, prospects=0)
    assert counted(earlier) == Repeats(same_recording=nothing, same_speech=nothing)


@given(WORDS, WORDS)
def test_likeness_is_symmetric_and_one_only_of_the_same_pairs(one: list[str], other: list[str]) -> None:
    mine, theirs = word_pairs(" ".join(one)), word_pairs(" ".join(other))
    assert likeness(mine, theirs) == likeness(theirs, mine)
    assert 0 <= likeness(mine, theirs) <= 1
    assert (likeness(mine, theirs) == 1) == (mine.size > 0 and np.array_equal(mine, theirs))


@given(st.sampled_from(PITCH.split()), st.sampled_from(["Dana", "Bob", "Mister Okonkwo"]))
def test_a_slip_and_another_name_are_still_the_same_speech(word: str, name: str) -> None:
    again = PITCH.format(name=name).upper().replace(word, "um", 1)
    assert likeness(word_pairs(PITCH), word_pairs(again)) > SAME_SPEECH_FROM


@given(st.permutations(PITCH.split()))
def test_marks_are_few_and_depend_on_the_message_alone(words: list[str]) -> None:
    one = Traces(traces("06").landmarks, word_pairs(" ".join(words)))
    assert one.marks() == Traces(traces("06").landmarks, word_pairs(" ".join(words))).marks()
    assert len(one.marks()) <= 88
    assert all(0 <= mark < 2**63 for mark in one.marks())


# ------------------------------------------------------------------------------ the store


def upload(client: TestClient, name: str = "06", text: str = PITCH, audio: bytes | None = None, **context: str) -> str:
    """The id of a recording that came through the API and was analysed."""
    files = {"file": ("take.wav", audio or recording(name))}
    recording_id: str = client.post("/v1/voicemails", files=files, data=context).json()["id"]
    analyse(client.app, recording_id, text)
    return recording_id


def drop(client: TestClient, recording_id: str) -> Finding:
    report = Report.model_validate(client.get(f"/v1/voicemails/{recording_id}/report").json())
    return next(finding for finding in report.findings if finding.rule == "prerecorded_drop")


def rows(client: TestClient, table: type) -> int:
    with client.app.state.store.session() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table))


def test_the_same_file_for_two_prospects_is_a_drop(client: TestClient) -> None:
    first, second = upload(client, prospect="Dana"), upload(client, prospect="Karen")
    assert drop(client, first).status == "passed"
    found = drop(client, second)
    assert (found.status, found.detail["kind"]) == ("flagged", "same_recording")
    assert (found.detail["matches"], found.detail["prospects"]) == (1, 1)
    assert "also left for 1 other prospect." in client.get(f"/voicemails/{second}").text
    report = client.app.state.store.report(second)
    assert {loss.rule: loss.points for loss in report.score.lost}["prerecorded_drop"] == 15


def test_the_same_recording_as_a_telephone_carries_it_is_a_drop(client: TestClient) -> None:
    upload(client, prospect="Dana")
    sound = decode(recording("06")).samples[0]
    carried = encoded(np.repeat(sound, 1), "ogg", "libopus", bit_rate_bps=16_000)
    assert drop(client, upload(client, audio=carried, text=OTHER, prospect="Karen")).status == "flagged"


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ({"prospect": "Dana", "rep": "Priya"}, {"prospect": "dana", "rep": "Priya"}, "passed"),
        ({"rep": "Priya"}, {"prospect": "Dana", "rep": "Priya"}, "passed"),
        ({"prospect": "Dana"}, {"rep": "Priya"}, "not_evaluated"),
        ({}, {}, "not_evaluated"),
    ],
)
def test_takes_for_one_prospect_or_none_are_practice(
    client: TestClient, first: dict[str, str], second: dict[str, str], status: str
) -> None:
    upload(client, **first)
    found = drop(client, upload(client, **second))
    assert found.status == status
    assert status == "passed" or "prospect" in (found.reason or "")


def test_a_script_read_to_several_is_a_hint_without_points(client: TestClient) -> None:
    for name, prospect in (("06", "Dana"), ("07", "Karen")):
        assert drop(client, upload(client, name, PITCH.format(name=prospect), prospect=prospect)).detail == {}
    third = upload(client, "05", PITCH.format(name="Robert"), prospect="Robert")
    found = drop(client, third)
    assert (found.status, found.detail["kind"], found.detail["prospects"]) == ("passed", "same_speech", 2)
    assert "2 other prospects heard nearly the same words" in client.get(f"/voicemails/{third}").text


def test_a_sample_of_the_demonstration_is_nobodys_drop(client: TestClient) -> None:
    store_report(client.app, PITCH, audio=recording("06"), context=left_for("Dana"), demo=True)
    assert rows(client, TraceRow) == 0
    assert drop(client, upload(client, prospect="Karen")).status == "passed"


def test_another_message_is_no_drop(client: TestClient) -> None:
    upload(client, prospect="Dana")
    assert drop(client, upload(client, "07", OTHER, prospect="Karen")).status == "passed"


def test_judging_again_keeps_the_verdict(client: TestClient) -> None:
    upload(client, prospect="Dana")
    report = client.app.state.store.report(upload(client, prospect="Karen"))
    again = rejudge(report, load("callback-magnet"))
    assert next(one for one in again.findings if one.rule == "prerecorded_drop").status == "flagged"
    assert again.repeats == report.repeats


def test_traces_go_with_the_recording_and_are_kept_only_where_needed(client: TestClient) -> None:
    kept = upload(client, prospect="Dana")
    upload(client)
    assert rows(client, TraceRow) == 1
    assert 20 < rows(client, MarkRow) <= 88
    client.delete(f"/v1/voicemails/{kept}")
    assert rows(client, TraceRow) == rows(client, MarkRow) == 0
    assert drop(client, upload(client, prospect="Karen")).status == "passed"


def test_analysing_again_keeps_one_set_of_traces(client: TestClient) -> None:
    kept = upload(client, prospect="Dana")
    marks = rows(client, MarkRow)
    assert recall(client.app.state.store, kept, traces("06")) == []
    assert (rows(client, TraceRow), rows(client, MarkRow)) == (1, marks)


def test_of_messages_analysed_at_once_all_but_one_see_another(client: TestClient) -> None:
    ids = [receive(client.app, recording("06"), context=left_for(f"P{n}")) for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        seen = list(pool.map(lambda one: recall(client.app.state.store, one, traces("06")), ids))
    assert sum(not others for others in seen) <= 1
    assert max(len(others) for others in seen) == 5


def test_a_recording_deleted_meanwhile_leaves_nothing(client: TestClient) -> None:
    assert recall(client.app.state.store, "gone", traces("06")) == []
    assert rows(client, TraceRow) == 0


def test_what_was_never_compared_says_so() -> None:
    report = analyze_script(
        PITCH, playbook=load(), report_id="s", created_at=datetime.now(UTC), context=left_for("Dana")
    )
    found = next(one for one in report.findings if one.rule == "prerecorded_drop")
    assert (found.status, found.reason) == ("not_evaluated", "A text has no recording to compare.")
