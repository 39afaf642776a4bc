"""Playbooks over HTTP and on pages, without a worker process: copied, changed, tried, saved, compared."""

import html
import re
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient

from analysis import playbooks
from app.views.playbook_form import LIMITS, edited, form_of, text_for_copy
from models.playbook import Limits
from tests.scripted import CHECKING_IN
from tests.stored import WAV, store_report

OURS = 'based_on = "cold-outreach"\ntitle = "Ours"\n'
LEFT_OUT = OURS + "[rules.checking_in]\nenabled = false\n"
WITH_VALUE = (
    "Hi Karen, this is Tyler with Bluepeak. We cut the billing errors of three clinics like yours by 40 percent in two "
    "months. I will send you the numbers tomorrow. My number is 615-555-0142."
)
HTML = {"Accept": "text/html"}


def save(client: TestClient, text: str = OURS, name: str = "ours"):
    return client.put(f"/v1/playbooks/{name}", json={"text": text})


# The API


def test_shipped_and_stored_playbooks_are_listed_and_shown(client: TestClient) -> None:
    save(client)
    items = {item["name"]: item for item in client.get("/v1/playbooks").json()["items"]}
    assert items["cold-outreach"]["shipped"]
    assert (items["ours"]["shipped"], items["ours"]["version"], items["ours"]["title"]) == (False, 1, "Ours")
    shown = client.get("/v1/playbooks/ours").json()
    assert shown["text"] == OURS
    assert shown["limits"] == client.get("/v1/playbooks/cold-outreach").json()["limits"]


def test_saving_tells_a_new_playbook_from_a_new_version(client: TestClient) -> None:
    first, again, second = save(client), save(client), save(client, LEFT_OUT)
    assert [answer.status_code for answer in (first, again, second)] == [201, 200, 200]
    assert [answer.json()["version"] for answer in (first, again, second)] == [1, 1, 2]
    assert client.get("/v1/playbooks/ours", params={"version": 1}).json()["text"] == OURS


@pytest.mark.parametrize(
    ("name", "text", "status", "code"),
    [
        ("cold-outreach", OURS, 409, "shipped_playbook"),
        ("Not a name", OURS, 422, "invalid_request"),
        ("ours", "", 422, "invalid_request"),
        ("ours", OURS + "[limits]\nlength_s = 3\n", 422, "invalid_playbook"),
    ],
)
def test_what_is_not_saved_leaves_nothing(client: TestClient, name: str, text: str, status: int, code: str) -> None:
    answer = save(client, text, name)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert len(client.get("/v1/playbooks").json()["items"]) == len(playbooks.names())


def test_an_invalid_playbook_is_refused_with_line_and_reason(client: TestClient) -> None:
    problem = save(client, OURS + "\n[rules.checking_in]\npoints = 500\n").json()
    assert problem["line"] == 5
    assert problem["reason"].startswith("rules.checking_in.points: ")
    assert "line 5" in problem["detail"]
    assert client.get("/v1/playbooks/ours").status_code == 404


def test_a_stored_playbook_judges_scripts_and_recordings(client: TestClient) -> None:
    save(client, LEFT_OUT)
    script = client.post("/v1/scripts", json={"text": CHECKING_IN, "playbook": "ours"}).json()
    recording_id = store_report(client.app, playbook="ours")
    recorded = client.get(f"/v1/voicemails/{recording_id}/report").json()
    for report in (script, recorded):
        assert report["playbook"] == {"name": "ours", "version": 1}
        status = {finding["rule"]: finding["status"] for finding in report["findings"]}
        assert status["checking_in"] == "not_evaluated"
    upload = client.post("/v1/voicemails", files={"file": ("a.wav", WAV)}, data={"playbook": "ours"})
    assert (upload.status_code, upload.json()["playbook"]) == (202, "ours")


@pytest.mark.parametrize("asked", [{"text": LEFT_OUT}, {"name": "ours"}])
def test_a_playbook_is_tried_on_stored_reports_and_nothing_is_stored(client: TestClient, asked: dict[str, str]) -> None:
    save(client, LEFT_OUT)
    flagged = store_report(client.app, name="flagged.wav")
    other = store_report(client.app, WITH_VALUE, name="other.wav")
    before = client.get(f"/v1/voicemails/{flagged}/report").json()
    tried = client.post("/v1/playbooks/try", json=asked).json()
    assert [one["id"] for one in tried["recordings"]] == [other, flagged]
    (changed,) = (one for one in tried["recordings"] if one["changed"])
    assert changed["no_longer_flagged"] == ["checking_in"]
    assert changed["newly_flagged"] == []
    lost = {loss["rule"]: loss["points"] for loss in before["score"]["lost"]}
    assert changed["score_before"] == before["score"]["points"]
    assert changed["score_after"] == before["score"]["points"] + lost["checking_in"]
    assert (tried["totals"]["recordings"], tried["totals"]["changed"]) == (2, 1)
    assert tried["totals"]["no_longer_flagged"] == {"checking_in": 1}
    assert client.get(f"/v1/voicemails/{flagged}/report").json() == before


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "invalid_request"),
        ({"text": OURS, "name": "ours"}, "invalid_request"),
        ({"text": OURS, "limit": 501}, "invalid_request"),
        ({"name": "nobody"}, "unknown_playbook"),
        ({"text": "["}, "invalid_playbook"),
    ],
)
def test_what_cannot_be_tried(client: TestClient, asked: dict, code: str) -> None:
    answer = client.post("/v1/playbooks/try", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


# The form


def test_every_limit_has_a_name_for_coaches() -> None:
    assert set(LIMITS) == set(Limits.model_fields)


@pytest.mark.parametrize("name", playbooks.names())
def test_a_form_sent_back_unchanged_changes_nothing(name: str) -> None:
    playbook = playbooks.load(name)
    form = form_of(playbook, playbooks.load())
    text = playbooks.shipped_text(name)
    assert edited(text, form, {field.key: field.shown for field in form.fields}).text == text


def test_a_change_in_the_form_reaches_the_text_and_leaves_the_rest_as_written() -> None:
    text = OURS + "# why: our listeners are busy\n[rules.checking_in]\npoints = 5 # was 20\n"
    form = form_of(playbooks.parse(text, given={"name": "ours", "version": 1}), playbooks.load())
    sent = {
        "limits.length_s": ["10", "20,5"],
        "rules.checking_in.enabled": [""],
        "rules.checking_in.phrases": ["checking in\r\n\r\n  touch   base \r\n"],
        "rules.vague_opener.families.vague": ["quick question"],
        "summary": ["Short.\r\nKind."],
    }
    changed = edited(text, form, sent)
    assert changed.problems == {}
    for kept in text.splitlines():
        assert kept in changed.text
    playbook = playbooks.parse(changed.text, given={"name": "ours", "version": 1})
    assert playbook.limits.length_s == (10, 20.5)
    assert not playbook.rules["checking_in"].enabled
    assert playbook.rules["checking_in"].phrases == ("checking in", "touch base")
    assert playbook.rules["vague_opener"].families["vague"] == ("quick question",)
    assert playbook.summary == "Short. Kind."


def test_what_is_no_number_is_said_by_field() -> None:
    form = form_of(playbooks.load(), playbooks.load())
    sent = {"limits.length_s": ["10", "soon"], "rules.checking_in.points": [" "], "rules.fillers.severity": ["dire"]}
    assert set(edited(OURS, form, sent).problems) == set(sent)


@pytest.mark.parametrize("name", playbooks.names())
def test_a_copy_judges_as_its_original_and_is_short(name: str) -> None:
    original = playbooks.load(name)
    text = text_for_copy(name, playbooks.shipped_text(name), original.title, shipped=True)
    copy = playbooks.parse(text, given={"name": name, "version": original.version})
    assert copy == original.model_copy(update={"title": copy.title})
    assert text.count("\n") <= max(4, playbooks.shipped_text(name).count("\n"))


# The pages


class Form(HTMLParser):
    """What a browser would send of the form that was shown."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self.area: str | None = None
        self.choice: str | None = None
        self.feed(page.partition("<form")[2])

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "input" and (given.get("type") != "checkbox" or "checked" in given):
            self.sent.setdefault(name, []).append(value)
        elif tag == "textarea":
            self.area = name
            self.sent[name] = [""]
        elif tag == "select":
            self.choice = name
        elif tag == "option" and "selected" in given and self.choice:
            self.sent[self.choice] = [value]

    def handle_data(self, data: str) -> None:
        if self.area:
            self.sent[self.area][0] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = None


def shown(client: TestClient, path: str) -> dict[str, list[str]]:
    page = client.get(path, headers=HTML)
    assert page.status_code == 200
    return Form(page.text).sent


def send(client: TestClient, path: str, sent: dict[str, list[str]], do: str, **changed: str | list[str]):
    changes = {name: value if isinstance(value, list) else [value] for name, value in changed.items()}
    return client.post(path, data={**sent, **changes, "do": do}, headers=HTML, follow_redirects=False)


def alert(page: str) -> str:
    found = re.search(r'role="alert">(.*?)</div>', page, re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found[1])).split()) if found else ""


def test_the_list_offers_every_playbook_to_copy_and_counts_its_recordings(client: TestClient) -> None:
    save(client)
    store_report(client.app)
    page = client.get("/playbooks", headers=HTML).text
    for name in (*playbooks.names(), "ours"):
        assert f'href="/playbooks/{name}/copy"' in page
    assert "1 recording<" in page
    assert 'aria-label="Edit Ours"' in page
    assert 'aria-label="Edit Cold outreach"' not in page


def test_a_coach_copies_changes_tries_and_saves(client: TestClient) -> None:
    recording_id = store_report(client.app, name="call to karen.wav")
    sent = shown(client, "/playbooks/cold-outreach")
    assert sent["rules.checking_in.enabled"] == ["", "on"]
    off = {"name": "ours", "rules.checking_in.enabled": [""]}
    tried = send(client, "/playbooks/cold-outreach", sent, "try", **off)
    assert tried.status_code == 200
    assert "1 of 1 reports would change" in tried.text
    assert f'href="/voicemails/{recording_id}"' in tried.text
    assert "ours" not in client.app.state.playbooks.names()

    saved = send(client, "/playbooks/cold-outreach", Form(tried.text).sent, "save")
    assert (saved.status_code, saved.headers["location"]) == (303, "/playbooks/ours?saved=1")
    assert "Saved as version 1" in client.get(saved.headers["location"], headers=HTML).text
    assert not client.app.state.playbooks.load("ours").rules["checking_in"].enabled

    sent = shown(client, "/playbooks/ours")
    again = send(client, "/playbooks/ours", sent, "save", **{"limits.length_s": ["10", "40"]})
    assert again.headers["location"] == "/playbooks/ours?saved=2"
    newest = client.app.state.playbooks.load("ours")
    assert (newest.limits.length_s, newest.rules["checking_in"].enabled) == ((10, 40), False)
    assert "Version 1" in client.get("/playbooks/ours", headers=HTML).text


def test_form_and_text_changed_together_both_count(client: TestClient) -> None:
    save(client)
    sent = shown(client, "/playbooks/ours")
    text = sent["text"][0] + "\n[rules.fillers]\npoints = 1\n"
    assert send(client, "/playbooks/ours", sent, "save", text=text, title="Busy people").status_code == 303
    newest = client.app.state.playbooks.load("ours")
    assert (newest.title, newest.rules["fillers"].points) == ("Busy people", 1)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"text": OURS + "[limits]\nlength_s = 3\n"}, "Line 4 : limits.length_s: input should be a valid tuple"),
        ({"text": OURS + "[limits\n"}, "Line 3 : "),
        ({"limits.length_s": ["40", "10"]}, "Length allowed, seconds : the first number is above the second"),
        ({"rules.checking_in.points": "many"}, "Just checking in: Points it costs : “many” is not a number"),
        ({"rules.checking_in.points": "500"}, "Just checking in: Points it costs : input should be less than"),
        ({"rules.checking_in.phrases": "{nobody} said"}, "Just checking in : there is no list named 'nobody'"),
        ({"title": " "}, "Title : string should have at least 1 character"),
    ],
)
def test_what_cannot_be_saved_is_said_in_place_and_stays_as_typed(
    client: TestClient, changed: dict[str, str | list[str]], said: str
) -> None:
    save(client)
    answer = send(client, "/playbooks/ours", shown(client, "/playbooks/ours"), "save", **changed)
    assert answer.status_code == 422
    assert said in alert(answer.text)
    assert 'aria-invalid="true"' in answer.text or 'class="rule wrong"' in answer.text
    sent = Form(answer.text).sent
    for name, value in changed.items():
        assert sent[name] == (value if isinstance(value, list) else [value])
    assert client.app.state.playbooks.load("ours").version == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cold-outreach", "comes with Afterbeep"),
        ("ours", "already"),
        ("Our Own!", "cannot be a playbook’s name"),
    ],
)
def test_a_copy_needs_a_name_of_its_own(client: TestClient, name: str, said: str) -> None:
    save(client)
    sent = shown(
        client, "/playbooks/educate-first/copy" if "educate-first" in playbooks.names() else "/playbooks/ours/copy"
    )
    answer = send(client, "/playbooks/ours", sent, "save", name=name)
    assert answer.status_code == 409
    assert said in alert(answer.text)
    assert client.app.state.playbooks.load("ours").version == 1


def test_a_version_saved_by_someone_else_meanwhile_is_told_once(client: TestClient) -> None:
    save(client)
    sent = shown(client, "/playbooks/ours")
    save(client, LEFT_OUT)
    told = send(client, "/playbooks/ours", sent, "save", title="Mine")
    assert told.status_code == 409
    assert "Version 2 was saved while you were editing" in alert(told.text)
    kept = send(client, "/playbooks/ours", Form(told.text).sent, "save")
    assert kept.headers["location"] == "/playbooks/ours?saved=3"
    assert client.app.state.playbooks.load("ours").title == "Mine"


def test_an_unreadable_playbook_can_still_be_opened_and_mended(client: TestClient) -> None:
    from datetime import UTC, datetime

    from app.schema import PlaybookRow

    broken = PlaybookRow(name="ours", version=1, text=OURS + "[rules.gone]\n", created_at=datetime.now(UTC))
    client.app.state.playbooks.add(broken)
    page = client.get("/playbooks/ours", headers=HTML)
    assert page.status_code == 200
    assert "there is no rule named gone" in html.unescape(page.text)
    assert send(client, "/playbooks/ours", Form(page.text).sent, "save", text=OURS).status_code == 303
    assert client.get("/playbooks", headers=HTML).status_code == 200


def test_what_is_not_there_is_not_found(client: TestClient) -> None:
    for path in ("/playbooks/nobody", "/playbooks/nobody/copy", "/playbooks/cold-outreach?version=99"):
        assert client.get(path, headers=HTML).status_code == 404


# The report page


def test_a_report_names_its_playbook_and_shows_the_bands_of_its_very_version(client: TestClient) -> None:
    save(client, OURS + "[limits]\nlength_s = [3, 61]\n")
    recording_id = store_report(client.app, playbook="ours")
    save(client, OURS + "[limits]\nlength_s = [3, 62]\n")
    page = client.get(f"/voicemails/{recording_id}", headers=HTML).text
    assert 'href="/playbooks/ours?version=1"' in page
    assert "The playbook allows 3–61." in page
    assert "For comparison" not in page


def test_a_report_can_be_looked_at_by_another_playbook(client: TestClient) -> None:
    save(client, LEFT_OUT)
    recording_id = store_report(client.app)
    stored = client.get(f"/v1/voicemails/{recording_id}/report").json()
    page = client.get(f"/voicemails/{recording_id}", params={"playbook": "ours"}, headers=HTML).text
    assert "For comparison: judged by Ours, version 1" in page
    assert "−20" in page
    assert "(Ours leaves this rule out)" in page
    assert 'id="finding-checking_in"' not in page
    assert client.get(f"/v1/voicemails/{recording_id}/report").json() == stored
    same = client.get(f"/voicemails/{recording_id}", params={"playbook": "cold-outreach"}, headers=HTML).text
    assert "For comparison" not in same
    assert client.get(f"/voicemails/{recording_id}", params={"playbook": "nobody"}, headers=HTML).status_code == 422


def test_a_report_of_a_shipped_version_that_is_gone_shows_no_bands(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording_id = store_report(client.app)
    newer = playbooks.load().model_copy(update={"version": playbooks.load().version + 1})
    monkeypatch.setattr(playbooks, "load", lambda name="cold-outreach": newer)
    page = client.get(f"/voicemails/{recording_id}", headers=HTML).text
    assert 'class="bands card"' not in page
    assert "no longer at hand" in page
    compared = client.get(f"/voicemails/{recording_id}", params={"playbook": "cold-outreach"}, headers=HTML)
    assert "For comparison" in compared.text


def test_the_pages_hold_nothing_the_security_policy_forbids(client: TestClient) -> None:
    save(client, OURS.replace('"Ours"', '"<b>Ours</b>"'))
    recording_id = store_report(client.app)
    paths = ("/playbooks", "/playbooks/ours", "/playbooks/cold-outreach", f"/voicemails/{recording_id}?playbook=ours")
    for page in (client.get(path, headers=HTML).text for path in paths):
        assert " style=" not in page
        assert "<style" not in page
        assert not re.search(r" on[a-z]+=\"", page.partition("<main")[2])
        assert "<b>Ours" not in page
        assert page.count("<script") == page.count('<script type="module" src="/static/js/')
