"""Accounts, invitations, sessions and keys; and what each role sees and may do, route by route."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from app import live_api
from app.access import COOKIE
from app.credentials import ATTEMPTS, SESSION_LASTS
from app.main import ROUTERS, create_app
from app.people import People
from app.schema import InvitationRow, PersonRow, SessionRow
from app.settings import Settings
from models.errors import InvalidRequest
from models.person import Person
from tests.people import PASSWORD, Cast
from tests.stored import WAV, store_report

# ------------------------------------------------------------------------ signing in


def test_whoever_sits_at_the_machine_needs_no_account(app: FastAPI) -> None:
    recording_id = store_report(app)
    client = TestClient(app)
    assert client.get(f"/v1/voicemails/{recording_id}/report").status_code == 200
    assert client.get("/v1/me").json()["id"] == "local"
    assert client.post("/v1/keys", json={"name": "x", "scopes": ["read"]}).status_code == 422


def test_on_another_address_nobody_is_let_in_without_an_account(settings: Settings) -> None:
    with TestClient(create_app(settings.model_copy(update={"host": "0.0.0.0"}))) as client:
        response = client.get("/v1/voicemails")
    assert (response.status_code, response.json()["code"]) == (401, "not_signed_in")
    assert response.headers["www-authenticate"] == "Bearer"


def test_the_first_account_is_made_on_the_page_and_is_signed_in(app: FastAPI) -> None:
    client = TestClient(app)
    form = {"name": "Ada", "email": "Ada@Example.com", "password": PASSWORD}
    assert "There are no accounts yet" in client.get("/people").text
    assert "at least 10" in client.post("/people/first", data=form | {"password": "short"}).text
    client.post("/people/first", data=form)
    assert client.get("/v1/me").json() | {"id": ""} == {
        "id": "", "name": "Ada", "email": "ada@example.com", "role": "admin", "teams": [],
        "scopes": client.get("/v1/me").json()["scopes"],
    }  # fmt: skip
    assert TestClient(app).get("/v1/me").status_code == 401
    again = client.post("/people/first", data=form | {"email": "b@example.com"}, follow_redirects=False)
    assert again.headers["location"] == "/people"
    assert len(app.state.people.everyone()) == 1


def test_the_first_account_counts_at_once_where_another_process_makes_it(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, asked, exist = TestClient(app), [], People.exist
    monkeypatch.setattr(People, "exist", lambda people: (asked.append(1), exist(people))[1])
    assert [client.get("/v1/me").status_code for _ in range(2)] == [200, 200]
    app.state.people.add("ada@example.com", "Ada", "admin", PASSWORD)
    assert [client.get("/v1/me").status_code for _ in range(3)] == [401, 401, 401]
    assert len(asked) == 3, "and then nobody asks any more"


def test_a_page_asks_to_sign_in_and_leads_back(they: Cast) -> None:
    they.app.state.people.add("new@example.com", "New", "rep", PASSWORD)
    client = they.client(None)
    asked = client.get("/script", headers={"Accept": "text/html"})
    assert asked.headers["location"] == "/login?next=%2Fscript"
    wrong = client.post("/login", data={"email": "new@example.com", "password": "not this one", "next": "/script"})
    assert wrong.status_code == 401
    assert "do not belong together" in wrong.text
    right = client.post("/login", data={"email": " New@example.com ", "password": PASSWORD, "next": "/script"})
    assert right.headers["location"] == "/script"
    cookie = right.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert client.get("/script").status_code == 200
    client.post("/logout")
    assert client.get("/v1/me").status_code == 401


@pytest.mark.parametrize("away", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_to_no_other_site(they: Cast, away: str) -> None:
    they.app.state.people.add("new@example.com", "New", "rep", PASSWORD)
    form = {"email": "new@example.com", "password": PASSWORD, "next": away}
    assert they.client(None).post("/login", data=form).headers["location"] == "/"


def test_an_address_nobody_has_gets_the_same_answer(they: Cast) -> None:
    they.app.state.people.add("new@example.com", "New", "rep", PASSWORD)
    client = they.client(None)
    answers = {
        client.post("/login", data={"email": email, "password": "wrong"}).text.replace(email, "")
        for email in ("new@example.com", "nobody@example.com", "ada@example.com")  # Ada has no password
    }
    assert len(answers) == 1


def test_guessing_locks_the_account_for_a_while(they: Cast) -> None:
    people, client = they.app.state.people, they.client(None)
    person = people.add("new@example.com", "New", "rep", PASSWORD)
    form = {"email": "new@example.com", "password": "wrong"}
    for _ in range(ATTEMPTS):
        assert client.post("/login", data=form).status_code == 401
    locked = client.post("/login", data=form | {"password": PASSWORD})
    unknown = client.post("/login", data=form | {"email": "nobody@example.com"})
    assert (locked.status_code, unknown.status_code) == (401, 401)
    assert locked.text.replace("new@", "") == unknown.text.replace("nobody@", ""), "it tells nobody who has an account"
    with people.store.session() as session:
        session.get_one(PersonRow, person.id).locked_until = datetime.now(UTC) - timedelta(seconds=1)
    assert client.post("/login", data=form | {"password": PASSWORD}).status_code == 303


def test_a_session_ends_when_it_is_not_used_and_when_the_account_is_shut(they: Cast) -> None:
    rob, rita = they.client("rob"), they.client("rita")
    assert rob.get("/v1/me").json()["name"] == "Rob"
    they.app.state.people.change(they.people["rob"].id, shut=True)
    assert rob.get("/v1/me").status_code == 401
    with they.app.state.store.session() as session:
        session.execute(sa.update(SessionRow).values(seen_at=datetime.now(UTC) - SESSION_LASTS - timedelta(seconds=1)))
    assert rita.get("/v1/me").status_code == 401


def test_a_new_password_signs_other_browsers_out(they: Cast) -> None:
    person = they.app.state.people.add("new@example.com", "New", "rep", PASSWORD)
    here, there = they.client(None), they.client(None)
    for client in (here, there):
        client.cookies.set(COOKIE, they.app.state.credentials.open_session(person))
    assert "not right" in here.post("/account/password", data={"old": "wrong", "new": "another password"}).text
    done = here.post("/account/password", data={"old": PASSWORD, "new": "another password"})
    assert done.status_code == 303
    here.cookies.set(COOKIE, done.cookies[COOKIE])
    assert here.get("/v1/me").status_code == 200
    assert there.get("/v1/me").status_code == 401


# ------------------------------------------------------------------------ invitations


def test_an_invitation_makes_one_account_in_its_team_and_role(they: Cast) -> None:
    (team, *_) = they.people["carla"].teams
    path = they.client("ada").post("/v1/invitations", json={"role": "rep", "team_id": team}).json()["path"]
    client = they.client(None)
    assert "You were invited as: Rep" in client.get(path).text
    form = {"name": "Nina", "email": "nina@example.com", "password": PASSWORD}
    assert client.post(path, data=form | {"email": "rob@example.com"}).status_code == 409  # and the link still works
    assert client.post(path, data=form).status_code == 303
    assert client.get("/v1/me").json() | {"id": "", "scopes": []} == {
        "id": "", "name": "Nina", "email": "nina@example.com", "role": "rep", "teams": [team], "scopes": []
    }  # fmt: skip
    assert they.client(None).get(path).status_code == 410


def test_who_was_invited_last_is_who_is_likely_to_be_invited_next(they: Cast) -> None:
    (team, *_) = they.people["carla"].teams
    page = they.client("ada").post("/people/invite", data={"role": "coach", "team_id": team}).text
    assert '<option value="coach" selected>' in page
    assert f'<option value="{team}" selected>' in page


def test_an_old_invitation_is_refused(they: Cast) -> None:
    token = they.app.state.people.invite(they.people["ada"], "rep", None)
    with they.app.state.store.session() as session:
        session.execute(sa.update(InvitationRow).values(expires_at=datetime.now(UTC)))
    assert they.client(None).get(f"/join/{token}").status_code == 410


def test_there_is_always_an_admin(they: Cast) -> None:
    people, ada = they.app.state.people, they.people["ada"]
    for change in ({"role": "rep"}, {"shut": True}):
        with pytest.raises(InvalidRequest, match="has to be an admin"):
            people.change(ada.id, **change)
    assert people.find(ada.id).is_admin


# ------------------------------------------------------------------------ keys


def test_a_key_is_shown_once_and_does_what_its_scopes_say(they: Cast) -> None:
    rob, recording_id = they.client("rob"), they.recording_of("rob")
    made = rob.post("/v1/keys", json={"name": "Dialler", "scopes": ["upload"]}).json()
    assert "key" not in rob.get("/v1/keys").json()["items"][0]
    program = TestClient(they.app, headers={"Authorization": f"Bearer {made['key']}"})
    sent = program.post("/v1/voicemails", files={"file": ("b.wav", WAV)})
    assert sent.status_code == 202
    assert rob.get(f"/v1/voicemails/{sent.json()['id']}").status_code == 200  # it is Rob's
    for refused in (program.get("/v1/voicemails"), program.delete(f"/v1/voicemails/{recording_id}")):
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert rob.get("/v1/keys").json()["items"][0]["last_used_at"] is not None
    assert they.client("rita").delete(f"/v1/keys/{made['id']}").status_code == 404
    assert rob.delete(f"/v1/keys/{made['id']}").status_code == 204
    gone = program.post("/v1/voicemails", files={"file": ("b.wav", WAV)})
    assert (gone.status_code, gone.json()["code"]) == (401, "wrong_key")


def test_a_key_makes_no_key_that_may_more(they: Cast) -> None:
    key = they.client("rob").post("/v1/keys", json={"name": "a", "scopes": ["manage"]}).json()["key"]
    program = TestClient(they.app, headers={"Authorization": f"Bearer {key}"})
    assert program.post("/v1/keys", json={"name": "b", "scopes": ["read"]}).status_code == 422


def test_only_hashes_are_kept(they: Cast) -> None:
    rob = they.client("rob")
    key = rob.post("/v1/keys", json={"name": "a", "scopes": ["read"]}).json()["key"]
    token = they.app.state.people.invite(they.people["ada"], "rep", None)
    they.app.state.people.add("new@example.com", "New", "rep", PASSWORD)
    kept = b"".join(path.read_bytes() for path in they.app.state.settings.data_dir.glob("afterbeep.db*"))
    for secret in (key, token, PASSWORD, rob.cookies[COOKIE]):
        assert secret.encode() not in kept


# ------------------------------------------------------------------------ whose a recording is


@pytest.mark.parametrize(
    ("sender", "owner", "status"),
    [
        ("rob", None, 202), ("rob", "rob", 202), ("rob", "rita", 422), ("rob", "nobody", 422),
        ("carla", "rob", 202), ("carla", "rita", 422), ("ada", "rita", 202),
    ],
)  # fmt: skip
def test_who_may_hand_in_for_whom(they: Cast, sender: str, owner: str | None, status: int) -> None:
    fields = {"owner": f"{owner}@example.com"} if owner else {}
    sent = they.client(sender).post("/v1/voicemails", files={"file": ("a.wav", WAV)}, data=fields)
    assert sent.status_code == status, sent.text
    if status == 202:
        assert they.client(owner or sender).get(sent.json()["links"]["self"]).status_code == 200


def test_the_keys_of_different_people_never_meet(they: Cast) -> None:
    headers = {"Idempotency-Key": "k1"}
    ids = {
        they.client(name).post("/v1/voicemails", files={"file": ("a.wav", WAV)}, headers=headers).json()["id"]
        for name in ("rob", "rita", "rob")
    }
    assert len(ids) == 2


def test_lists_hold_what_is_ones_own_business(they: Cast) -> None:
    of = {name: they.recording_of(name) for name in ("rob", "rita")}
    seen = {
        name: {item["id"] for item in they.client(name).get("/v1/voicemails").json()["items"]} for name in they.people
    }
    assert seen == {
        "ada": set(of.values()), "carla": {of["rob"]}, "rob": {of["rob"]}, "casey": {of["rita"]}, "rita": {of["rita"]}
    }  # fmt: skip
    for name, expected in seen.items():
        page = they.client(name).get("/").text
        assert {id for id in of.values() if id in page} == expected
        table = they.client(name).get("/v1/voicemails.csv").text
        assert {id for id in of.values() if id in table} == expected
        tried = they.client(name).post("/v1/playbooks/try", json={"name": "educate-first"})
        assert tried.status_code == (200 if they.people[name].is_coach else 403)
        if tried.status_code == 200:
            assert len(tried.json()["recordings"]) == len(expected)


def test_deleting_is_for_the_owner_and_admins_and_is_logged(they: Cast) -> None:
    mine, other = they.recording_of("rob"), they.recording_of("rob")
    assert they.client("carla").delete(f"/v1/voicemails/{mine}").status_code == 403
    assert they.client("rita").delete(f"/v1/voicemails/{mine}").status_code == 404
    assert they.client("rob").delete(f"/v1/voicemails/{mine}").status_code == 204
    assert they.client("ada").delete(f"/v1/voicemails/{other}").status_code == 204
    lines = they.client("ada").get("/v1/audit").json()["items"]
    assert [(line["person"], line["action"]) for line in lines] == [
        (who, "recording.deleted") for who in ("Ada", "Rob")
    ]
    assert mine in lines[1]["object"]


# ------------------------------------------------------------------------ every route as every role

#: Guarded by nothing, by a secret in the address, or by a tool's signature.
OPEN = {
    "/healthz",
    "/readyz",
    "/login",
    "/login/oidc",
    "/login/oidc/callback",
    "/join/{token}",
    "/v1/integrations/{name}/{connection}",
    "/shared/{token}",
    "/shared/{token}/audio",
}
ADMINS = {"/v1/people", "/v1/people/{person_id}", "/v1/teams", "/v1/teams/{team_id}", "/v1/invitations", "/v1/audit",
          "/v1/audit.jsonl", "/v1/people/{person_id}/export", "/v1/voicemails/{recording_id}/hold",
          "/v1/demo", "/people", "/people/first", "/people/invite", "/people/teams", "/people/teams/{team_id}/remove",
          "/people/{person_id}", "/metrics",
          "/v1/webhooks", "/v1/webhooks/{webhook_id}", "/v1/webhooks/{webhook_id}/secret",
          "/v1/webhooks/{webhook_id}/test", "/v1/webhooks/{webhook_id}/deliveries",
          "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay",
          "/webhooks", "/webhooks/{webhook_id}",
          "/v1/connections", "/v1/connections/{connection_id}", "/v1/connections/{connection_id}/events",
          "/v1/connections/{connection_id}/test",
          "/connections", "/connections/new/{integration}", "/connections/{connection_id}"}  # fmt: skip
COACHES = {"/v1/review/queue", "/v1/review/rules", "/v1/review/cases.jsonl", "/queue", "/queue/next", "/review",
           "/v1/trends", "/trends"}  # fmt: skip
COACHES_JUDGE = {"/v1/voicemails/{recording_id}/review", "/v1/voicemails/{recording_id}/transcript",
                 "/v1/voicemails/{recording_id}/findings/{rule}/verdict"}  # fmt: skip
COACHES_CHANGE = {"/v1/playbooks/{name}", "/v1/playbooks/try", "/playbooks/{source}", "/v1/assignments",
                  "/v1/assignments/{assignment_id}", "/assignments",
                  "/assignments/{assignment_id}/withdraw"}  # all may read  # fmt: skip


def routes() -> Iterator[tuple[str, str]]:
    for route in (route for router, _ in ROUTERS for route in router.routes):
        assert isinstance(route, APIRoute), f"{route} hides what it leads to: put its routers into ROUTERS"
        for method in sorted(route.methods - {"HEAD"}):
            yield method, route.path


def test_every_route_as_every_role(they: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody without signing in, nobody into what is not theirs, and no role into what is for another."""
    monkeypatch.setattr(live_api, "LONGEST_S", 0.0)  # the stream that never ends, ends
    of = {name: they.recording_of(name) for name in ("rob", "rita")}
    wrong = []
    for method, path in routes():
        if path in OPEN:
            continue
        for name in (None, *they.people):
            client = they.client(name)
            address = path.replace("{recording_id}", of["rob"]).replace("{kind}", "vtt")
            for part in ("name", "source", "token", "person_id", "team_id", "key_id", "link_id", "rule", "comment_id"):
                address = address.replace(f"{{{part}}}", "educate-first" if part in ("name", "source") else "x")
            if method == "DELETE" and "{recording_id}" in path and name in ("rob", "ada"):
                continue  # allowed, and tried above
            status = client.request(method, address).status_code
            person = name and they.people[name]
            if not is_right(status, method, path, person or None, of_another_team=name in ("casey", "rita")):
                wrong.append((method, path, name, status))
    assert not wrong


def is_right(status: int, method: str, path: str, person: Person | None, *, of_another_team: bool) -> bool:
    if person is None:
        return status == 401 or (method == "GET" and status == 303)
    for_coaches = path in COACHES or (path in COACHES_CHANGE and method != "GET")
    if (path in ADMINS and not person.is_admin) or (for_coaches and not person.is_coach):
        return status == 403
    if "{recording_id}" in path and of_another_team:
        return status in (404, 422)  # never a word about it; 422 where the request itself is not whole
    if path in COACHES_JUDGE and method != "GET" and not person.is_coach:
        return status in (403, 422)
    deletes = method == "DELETE" and path == "/v1/voicemails/{recording_id}"
    return status not in (401, 403) or deletes
