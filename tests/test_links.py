"""Share links: one report for whoever has the address, until it expires or is taken back."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from httpx2 import Response

from analysis.audio.decode import decode
from analysis.masking import audible
from app.audit import AuditLog
from app.main import create_app
from app.schema import LinkRow, RecordingRow
from app.settings import Settings
from tests.people import cast
from tests.stored import WAV, store_report


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), headers={"Accept": "text/html"}) as client:
        yield client


def share(client: TestClient, recording_id: str, **wanted: object) -> dict:
    response = client.post(f"/v1/voicemails/{recording_id}/links", json=wanted)
    assert response.status_code == 201, response.text
    made: dict = response.json()
    return made


def links(client: TestClient) -> list[LinkRow]:
    with client.app.state.store.session() as session:
        return list(session.scalars(sa.select(LinkRow)))


def closed(response) -> None:
    for name, value in (("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-robots-tag", "noindex")):
        assert response.headers[name] == value


def test_a_link_shows_the_report_to_read_and_nothing_of_the_rest(client: TestClient) -> None:
    recording_id = store_report(client.app, name="karen.wav")
    made = share(client, recording_id)
    assert made["url"] == f"http://testserver/shared/{made['token']}"
    response = client.get(made["url"])
    assert response.status_code == 200
    closed(response)
    assert "karen.wav" in response.text
    assert 'id="finding-checking_in"' in response.text
    assert recording_id not in response.text
    for found in re.findall(r'(?:href|src|action)="([^"]+)"', response.text):
        assert found.startswith(("#", "/static/", f"/shared/{made['token']}/audio")), found
    audio = client.get(f"/shared/{made['token']}/audio?playable=true", headers={"Range": "bytes=4-11"})
    assert (audio.status_code, audio.content) == (206, WAV[4:12])
    closed(audio)


def test_a_masked_link_names_nobody_and_bleeps_over_them(client: TestClient) -> None:
    recording_id = store_report(client.app, name="karen.wav")
    made = share(client, recording_id, mask=True)
    response = client.get(made["url"])
    assert "[name]" in response.text
    assert not re.search("karen|tyler|bluepeak|555", response.text, re.IGNORECASE)
    assert "a tone stands over them" in response.text
    assert 'class="wave-art"' in response.text
    heard = client.get(f"/shared/{made['token']}/audio?playable=true")
    closed(heard)
    assert heard.headers["content-type"] == "audio/wav"
    original = decode(WAV).samples[0]
    played = decode(heard.content).samples[0]
    assert played.size == original.size
    report = client.app.state.store.report(recording_id)
    cut = audible(report)
    assert len(cut.bleeped) >= 4, "Karen, Tyler, Bluepeak, the number"
    for start, stop in cut.bleeped:
        part = slice(int(start * 16_000), int(stop * 16_000))
        spectrum = np.abs(np.fft.rfft(played[part]))
        assert abs(spectrum.argmax() * 16_000 / played[part].size - 1000) < 5, "nothing but the tone"
        assert spectrum.max() ** 2 > 0.9 * (spectrum**2).sum() / 2
    ranges = client.get(f"/shared/{made['token']}/audio", headers={"Range": "bytes=44-99"})
    assert (ranges.status_code, ranges.content) == (206, heard.content[44:100])
    again = client.get(f"/v1/voicemails/{recording_id}/audio?mask=true")
    assert again.content == heard.content


def test_a_masked_link_plays_nothing_where_words_have_no_times(client: TestClient) -> None:
    recording_id = store_report(client.app)
    made = share(client, recording_id, mask=True)
    client.put(f"/v1/voicemails/{recording_id}/transcript", json={"text": "Hi Karen, it is Tyler."})
    page = client.get(made["url"]).text
    assert "the recording is not played" in page
    assert "<audio" not in page
    assert "data-play-from" not in page
    refused = client.get(f"/shared/{made['token']}/audio")
    assert (refused.status_code, refused.headers["content-type"].split(";")[0]) == (404, "text/html")
    assert client.get(f"/v1/voicemails/{recording_id}/audio?mask=true").status_code == 404


def test_the_token_is_stored_hashed_and_shown_once(client: TestClient) -> None:
    recording_id = store_report(client.app)
    made = share(client, recording_id, expires_in_hours=1)
    (row,) = links(client)
    assert made["token"] not in str(vars(row))
    assert len(made["token"]) >= 32
    (listed,) = client.get(f"/v1/voicemails/{recording_id}/links").json()
    assert listed == {name: made[name] for name in ("id", "created_at", "expires_at", "mask")}
    lasts = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
    assert lasts == timedelta(hours=1)


def test_expired_revoked_and_unknown_links_answer_alike(client: TestClient) -> None:
    recording_id = store_report(client.app)
    expired, revoked = share(client, recording_id), share(client, recording_id)
    with client.app.state.store.session() as session:
        past = datetime.now(UTC) - timedelta(seconds=1)
        session.execute(sa.update(LinkRow).where(LinkRow.id == expired["id"]).values(expires_at=past))
    assert client.delete(f"/v1/voicemails/{recording_id}/links/{revoked['id']}").status_code == 204
    answers = [client.get(f"/shared/{token}") for token in (expired["token"], revoked["token"], "nobody")]
    for answer in answers:
        assert answer.status_code == 404
        assert "This link does not work" in answer.text
        assert answer.text == answers[0].text
        assert _told(answer) == _told(answers[0])
        closed(answer)
    for token in (expired["token"], revoked["token"], "nobody"):
        assert client.get(f"/shared/{token}/audio").text == answers[0].text
    assert client.get(f"/v1/voicemails/{recording_id}/links").json() == []
    share(client, recording_id)
    assert len(links(client)) == 1, "the expired one is swept away"


def test_deleting_a_recording_kills_its_links(client: TestClient) -> None:
    recording_id = store_report(client.app)
    made = share(client, recording_id)
    client.delete(f"/v1/voicemails/{recording_id}")
    assert links(client) == []
    assert client.get(made["url"]).status_code == 404


def test_links_that_cannot_be_made_or_taken_back(client: TestClient) -> None:
    recording_id, other = store_report(client.app), store_report(client.app)
    path = f"/v1/voicemails/{recording_id}/links"
    for hours in (0, 721, "soon"):
        assert client.post(path, json={"expires_in_hours": hours}).json()["code"] == "invalid_request"
    waiting = client.post("/v1/voicemails", files={"file": ("a.wav", WAV)}).json()["id"]
    assert client.post(f"/v1/voicemails/{waiting}/links", json={}).json()["code"] == "not_ready"
    assert client.post("/v1/voicemails/nowhere/links", json={}).json()["code"] == "not_found"
    assert client.get("/v1/voicemails/nowhere/links").json()["code"] == "not_found"
    made = share(client, recording_id)
    assert client.delete(f"/v1/voicemails/{other}/links/{made['id']}").json()["code"] == "not_found"
    assert client.get(made["url"]).status_code == 200
    cross = client.post(path, json={}, headers={"Origin": "https://evil.example"})
    assert cross.json()["code"] == "cross_site"


def test_only_who_sees_a_recording_shares_it_and_the_link_is_for_all(settings: Settings) -> None:
    with TestClient(create_app(settings)) as client:
        recording_id = store_report(client.app)
        they = cast(client.app)
        with client.app.state.store.session() as session:
            owner = {"owner_id": they.people["rob"].id}
            session.execute(sa.update(RecordingRow).where(RecordingRow.id == recording_id).values(owner))
        path = f"/v1/voicemails/{recording_id}/links"
        made = they.client("rob").post(path, json={}).json()
        assert they.client(None).get(made["url"]).status_code == 200
        assert they.client(None).get(f"/shared/{made['token']}/audio").status_code == 200
        for name, status in (("casey", 404), ("rita", 404), (None, 401)):
            other = they.client(name)
            assert other.post(path, json={}).status_code == status
            assert other.get(path).status_code == status
            assert other.delete(f"{path}/{made['id']}").status_code == status
        assert they.client("carla").delete(f"{path}/{made['id']}").status_code == 204
        assert they.client(None).get(made["url"]).status_code == 404
        log = [(row.person_name, row.action) for row in AuditLog(client.app.state.store).newest(9)]
        visitor = "Whoever has a link"
        assert log == [
            ("Carla", "link.taken_back"),
            (visitor, "recording.heard"),
            (visitor, "recording.seen"),
            ("Rob", "link.made"),
        ]


def test_the_report_offers_to_share_and_to_download(client: TestClient) -> None:
    recording_id = store_report(client.app)
    page = client.get(f"/voicemails/{recording_id}").text
    for file in ("report.pdf", "report.html?mask=true", "transcript.srt", "transcript.vtt", "transcript.txt"):
        assert f'href="/v1/voicemails/{recording_id}/{file}"' in page
    assert f'data-links="/v1/voicemails/{recording_id}/links"' in page
    waiting = client.post("/v1/voicemails", files={"file": ("a.wav", WAV)}).json()["id"]
    assert "report.pdf" not in client.get(f"/voicemails/{waiting}").text


def _told(answer: Response) -> dict[str, str]:
    """Its headers, but for the id each request has."""
    return {name: value for name, value in answer.headers.items() if name != "x-request-id"}
