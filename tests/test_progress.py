"""Progress from week to week, with the number behind each point."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.schema import RecordingRow
from models.recording import CallContext
from tests.scripted import BETTER, CHECKING_IN
from tests.stored import store_report

ALL_TIME = "since=2026-01-01"


@pytest.fixture
def weeks(client: TestClient) -> TestClient:
    """Maya's two in the week of 5 January, her better one two weeks later, and one of Tom's."""
    for text, rep, day in (
        (CHECKING_IN, "Maya Ross", 5),
        (BETTER, "maya  ross", 11),
        (BETTER, "Maya Ross", 19),
        (CHECKING_IN, "Tom", 19),
    ):
        recording_id = store_report(client.app, text, context=CallContext(rep=rep))
        moved = sa.update(RecordingRow).where(RecordingRow.id == recording_id)
        with client.app.state.store.session() as session:
            session.execute(moved.values(created_at=datetime(2026, 1, day, 23, 30, tzinfo=UTC)))
    return client


def test_weeks_have_their_medians_with_the_number_behind_each(weeks: TestClient) -> None:
    found = weeks.get(f"/v1/progress?{ALL_TIME}&rep=MAYA ROSS").json()
    first, between, last = found["weeks"]
    assert [week["monday"] for week in found["weeks"]] == ["2026-01-05", "2026-01-12", "2026-01-19"]
    assert [week["recordings"] for week in found["weeks"]] == [2, 0, 1]
    assert first["score"]["of"] == 2
    assert first["score"]["value"] < last["score"]["value"]
    assert (between["score"], between["rules"]) == (None, {})
    assert first["rules"]["checking_in"] == {"flagged": 1, "of": 2}
    assert last["rules"]["checking_in"] == {"flagged": 0, "of": 1}
    assert "prerecorded_drop" not in last["rules"]  # never judged


def test_everybody_and_since(weeks: TestClient) -> None:
    assert weeks.get(f"/v1/progress?{ALL_TIME}").json()["weeks"][2]["recordings"] == 2
    assert len(weeks.get("/v1/progress?since=2026-01-12").json()["weeks"]) == 1
    assert weeks.get("/v1/progress?since=soon").status_code == 422
    assert weeks.get(f"/v1/progress?{ALL_TIME}&rep=Nobody").json()["weeks"] == []


def test_samples_are_nobodys_progress(client: TestClient) -> None:
    store_report(client.app, demo=True, context=CallContext(rep="Maya"))
    assert client.get(f"/v1/progress?{ALL_TIME}").json()["weeks"] == []


def test_the_page_draws_and_tables_it(weeks: TestClient) -> None:
    page = weeks.get(f"/progress?{ALL_TIME}&rep=Maya Ross").text
    assert '<option value="Tom"' in page
    assert page.count('role="img" aria-label="') >= 4
    assert "<details" in page
    assert 'style="' not in page
    gap = page.split('aria-label="Score:')[1].split("</svg>")[0]
    assert "<polyline" not in gap  # two weeks with one between them are not joined


def test_an_empty_page_teaches(client: TestClient) -> None:
    assert "Nothing to show yet" in client.get("/progress").text
    assert client.get("/progress?since=yesterday").status_code == 200
