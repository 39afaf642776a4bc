"""All messages left for one prospect: in order, numbered, and told to the rules."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from fastapi.testclient import TestClient

from analysis.pipeline import rejudge
from analysis.playbooks import load, parse
from analysis.repeats import SAME_SPEECH_FROM
from app.schema import RecordingRow
from app.views.wording import days
from models.recording import CallContext
from models.report import LeftBefore, Report
from tests.people import Cast
from tests.scripted import BETTER
from tests.stored import store_report


def left(client: TestClient, prospect: str | None = "Karen", rep: str | None = "Tyler", **known: Any) -> Report:
    attempt = known.pop("attempt", None)
    context = CallContext(prospect=prospect, rep=rep, attempt=attempt)
    report: Report = client.app.state.store.report(store_report(client.app, context=context, **known))  # type: ignore
    return report


def moved(client: TestClient, report: Report, day: int) -> None:
    update = sa.update(RecordingRow).where(RecordingRow.id == report.id)
    with client.app.state.store.session() as session:  # type: ignore[attr-defined]
        session.execute(update.values(created_at=datetime(2026, 1, day, tzinfo=UTC)))


def test_the_attempt_is_read_from_the_reps_earlier_messages(client: TestClient) -> None:
    assert left(client).left_before == LeftBefore(attempt=1, days_since_last=None)
    for other in ({"rep": "Maya"}, {"prospect": "Robert"}, {"demo": True}):
        left(client, **other)
    second = left(client, " KAREN ", "tyler")
    assert second.left_before is not None
    assert (second.left_before.attempt, second.left_before.days_since_last) == (2, 0.0)
    assert second.context.attempt is None


def test_nobody_knows_the_attempt_where_nobody_knows_the_prospect(client: TestClient) -> None:
    assert left(client, None).left_before is None
    assert left(client, demo=True).left_before is None


def test_takes_of_a_script_are_practice(client: TestClient) -> None:
    client.put("/v1/scripts/one", json={"text": "Hi Karen."})
    assert left(client, script_id="one").left_before is None
    assert left(client).left_before == LeftBefore(attempt=1)


def test_words_that_were_left_before_are_said_to_be(client: TestClient) -> None:
    first = left(client)
    moved(client, first, 3)
    new = left(client, text=BETTER)
    assert new.left_before is not None
    assert new.left_before.likest is not None
    assert new.left_before.likest.likeness < SAME_SPEECH_FROM
    assert "Nearly the same words" not in client.get(f"/voicemails/{new.id}").text
    again = left(client)
    assert again.left_before is not None
    assert again.left_before.attempt == 3
    assert again.left_before.likest is not None
    assert (again.left_before.likest.id, again.left_before.likest.likeness) == (first.id, 1.0)
    page = client.get(f"/voicemails/{again.id}").text
    assert f'Nearly the same words as <a href="/voicemails/{first.id}">on 3 January 2026</a>' in page
    assert left(client, text="Hi Karen, Tyler here. Call me.").left_before.likest is None  # type: ignore[union-attr]


def test_rules_go_by_it_unless_the_rep_said_otherwise(client: TestClient) -> None:
    for _ in range(2):
        left(client)
    school = (
        'based_on = "cold-outreach"\nname = "ours"\n[[voicemail.table]]\nattempt = 3\nthen = "write_instead"\n'
        'because = "Enough."\nsource = "Us."\n'
        '[[voicemail.table]]\nthen = "leave_one"\nbecause = "Go."\nsource = "Us."\n'
    )
    ours = parse(school)

    def advised(report: Report) -> str:
        judged = rejudge(report, ours)
        return next(one.status for one in judged.findings if one.rule == "voicemail_advised")

    assert advised(left(client)) == "flagged"
    assert advised(left(client, attempt=1)) == "passed"


def test_a_stored_report_from_before_still_loads(client: TestClient) -> None:
    stored = left(client).model_dump(mode="json")
    del stored["left_before"]
    assert rejudge(Report.model_validate(stored), load()).left_before is None


def test_the_page_shows_them_in_order_with_the_days_between(client: TestClient) -> None:
    for day in (2, 9, 10):
        moved(client, left(client, "Karen O'Neil / Ops"), day)
    page = client.get("/prospects/karen%20o%27neil%20/%20ops").text
    assert page.index("Message 1") < page.index("Message 2") < page.index("Message 3")
    assert "7 days" in page
    assert "1 day<" in page
    last = left(client, "Karen O'Neil / Ops")
    report = client.get(f"/voicemails/{last.id}").text
    assert "(read from earlier messages)" in report
    link = report.split('href="/prospects/')[1].split('"')[0]
    assert client.get(f"/prospects/{link}").status_code == 200
    assert client.get("/prospects/nobody").status_code == 404


def test_whose_message_it_is_is_said_to_each_reader(they: Cast) -> None:
    for name in ("rob", "rita"):
        store_report(they.app, owner_id=they.people[name].id, context=CallContext(prospect="Karen"))
    own, coached = (they.client(name).get("/prospects/karen").text for name in ("rob", "carla"))
    assert "<td>you</td>" in own
    assert "<td>Rob</td>" in coached
    assert own.count("<tr>") == coached.count("<tr>") == 2  # the head, and Rob's


def test_days_are_said_as_people_say_them() -> None:
    said = [days(count) for count in (0, 0.05, 0.5, 1, 6.6)]
    assert said == ["less than an hour", "1 hour", "12 hours", "1 day", "7 days"]
