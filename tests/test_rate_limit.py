"""A key or person that asks too often is told so, with the standard headers, and others are not held up."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.people import Cast, cast


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"rate_limit_per_minute": 3})


def test_the_machine_s_own_user_is_not_limited(app: FastAPI) -> None:
    client = TestClient(app)
    answers = [client.get("/v1/me") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit-limit" not in answers[-1].headers


def test_the_fourth_request_of_a_minute_is_refused_until_the_next(app: FastAPI) -> None:
    they: Cast = cast(app)
    rob = they.client("rob")
    answers = [rob.get("/v1/me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
    refused = answers[-1]
    assert refused.json()["code"] == "rate_limited"
    assert refused.headers["ratelimit-limit"] == "3"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["retry-after"] == refused.headers["ratelimit-reset"]
    assert they.client("rita").get("/v1/me").status_code == 200
    assert rob.get("/account").status_code == 200  # pages are not counted


def test_each_key_counts_for_itself(app: FastAPI) -> None:
    they = cast(app)
    rob = they.client("rob")
    one, two = (rob.post("/v1/keys", json={"name": name, "scopes": ["read"]}).json()["key"] for name in "ab")
    program = TestClient(app)
    for _ in range(3):
        assert program.get("/v1/me", headers={"Authorization": f"Bearer {one}"}).status_code == 200
    assert program.get("/v1/me", headers={"Authorization": f"Bearer {one}"}).status_code == 429
    assert program.get("/v1/me", headers={"Authorization": f"Bearer {two}"}).status_code == 200


def test_nought_means_no_limit(settings: Settings) -> None:
    with TestClient(create_app(settings.model_copy(update={"rate_limit_per_minute": 0}))) as client:
        they = cast(client.app)  # type: ignore[arg-type]
        assert "ratelimit-limit" not in they.client("rob").get("/v1/me").headers
