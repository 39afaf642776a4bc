"""Trends for coaches: whose weeks they see, the number behind each point, and that nobody is ranked unasked."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.main import create_app
from app.schema import RecordingRow
from app.settings import Settings
from models.recording import CallContext
from tests.people import Cast, cast
from tests.scripted import BETTER, CHECKING_IN
from tests.stored import store_report

ALL_TIME = "since=2026-01-01"


def left(they: Cast, owner: str, text: str, day: int, rep: str | None = None) -> None:
    known = {"owner_id": they.people[owner].id, "context": CallContext(rep=rep)}
    moved = sa.update(RecordingRow).where(RecordingRow.id == store_report(they.app, text, **known))
    with they.app.state.store.session() as session:
        session.execute(moved.values(created_at=datetime(2026, 1, day, tzinfo=UTC)))


def with_weeks(app: FastAPI) -> Cast:
    """Rob's two, a week between them; one Carla handed in for Anna; and Rita's, of another team."""
    they = cast(app)
    left(they, "rob", CHECKING_IN, 5)
    left(they, "rob", BETTER, 19)
    left(they, "carla", CHECKING_IN, 19, rep="anna")
    left(they, "rita", CHECKING_IN, 12)
    return they


@pytest.fixture
def they(app: FastAPI) -> Cast:
    return with_weeks(app)


def names(trends: list[dict[str, str]]) -> list[str]:
    return [one["name"] for one in trends]


def test_a_coach_sees_their_teams_and_an_admin_all(they: Cast) -> None:
    carla = they.client("carla").get(f"/v1/trends?{ALL_TIME}").json()
    assert (names(carla["teams"]), names(carla["reps"])) == (["North"], ["anna", "Rob"])
    ada = they.client("ada").get(f"/v1/trends?{ALL_TIME}").json()
    assert (names(ada["teams"]), names(ada["reps"])) == (["North", "South"], ["anna", "Rita", "Rob"])
    assert they.client("rob").get("/v1/trends").status_code == 403
    (south,) = they.people["casey"].teams
    assert they.client("carla").get(f"/v1/trends?team={south}").status_code == 404
    assert names(they.client("ada").get(f"/v1/trends?{ALL_TIME}&team={south}").json()["reps"]) == ["Rita"]


def test_points_have_the_number_behind_them(they: Cast) -> None:
    found = they.client("carla").get(f"/v1/trends?{ALL_TIME}&rule=checking_in").json()
    rob = found["reps"][1]
    assert [week["recordings"] for week in rob["weeks"]] == [1, 0, 1]
    assert [week["recordings"] for week in found["everybody"]["weeks"]] == [1, 0, 2]
    assert [week["rules"] for week in rob["weeks"]] == [
        {"checking_in": {"flagged": 1, "of": 1}}, {}, {"checking_in": {"flagged": 0, "of": 1}}
    ]  # fmt: skip
    assert rob["total"]["rules"] == {"checking_in": {"flagged": 1, "of": 2}}
    assert rob["total"]["score"]["of"] == 2
    assert rob["total"]["flagged"]["of"] == 2
    assert names(they.client("carla").get(f"/v1/trends?{ALL_TIME}&rep=ROB").json()["reps"]) == ["Rob"]


def test_the_page_draws_and_tables_it(they: Cast) -> None:
    page = they.client("carla").get(f"/trends?{ALL_TIME}&rule=checking_in").text
    assert page.count('role="img" aria-label="') >= 6  # two each for all, the team and two reps, where judged
    assert page.index(">anna</th>") < page.index(">Rob</th>")
    assert "Rita" not in page
    assert "nobody is ranked" in page
    assert "No messages in these weeks" in they.client("casey").get("/trends?since=2027-01-01").text
    assert 'href="/trends"' not in they.client("rob").get("/").text


def test_the_owner_may_turn_ranking_on(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"ranking": True}))
    with TestClient(app):
        they = with_weeks(app)
        assert names(they.client("ada").get(f"/v1/trends?{ALL_TIME}").json()["reps"])[0] == "Rob"
