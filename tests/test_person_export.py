"""Everything about one person, and nobody else's, as one file."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

from app.exports.person import CHUNK_BYTES, zipped
from tests.people import PASSWORD, Cast
from tests.scripted import CHECKING_IN
from tests.stored import WAV, store_report

ON_BOTH_DATABASES = True


def export(they: Cast, by: str, of: str) -> dict[str, bytes]:
    answer = they.client(by).get(f"/v1/people/{they.people[of].id}/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_holds_what_is_theirs_and_who_saw_it(they: Cast) -> None:
    ids = {name: store_report(they.app, name=f"{name}.WAV", owner_id=they.people[name].id) for name in ("rob", "rita")}
    path, carla, rob = f"/v1/voicemails/{ids['rob']}", they.client("carla"), they.client("rob")
    assert carla.get(f"{path}/report").status_code == 200
    assert carla.put(f"{path}/transcript", json={"text": "Hi Dana."}).status_code == 200
    assert carla.post(f"{path}/comments", json={"text": "Well done"}).status_code == 201
    assert rob.put("/v1/scripts/mine", json={"text": "Hi there", "title": "Mine"}).status_code in (200, 201)
    assert rob.post("/v1/keys", json={"name": "Dialler", "scopes": ["read"]}).status_code == 201
    held = export(they, "rob", "rob")
    folder = f"recordings/{ids['rob']}"
    assert set(held) == {
        "account.json", "scripts.json", "assignments.json", "reviews.json", "log.json",
        *(f"{folder}/{name}" for name in
          ("recording.json", "report.json", "report-before-correction.json", "reviews.json", "audio.wav")),
    }  # fmt: skip
    told = {name: json.loads(content) for name, content in held.items() if name.endswith(".json")}
    assert held[f"{folder}/audio.wav"] == WAV
    assert told["account.json"]["email"] == "rob@example.com"
    assert [team["name"] for team in told["account.json"]["teams"]] == ["North"]
    assert [key["name"] for key in told["account.json"]["keys"]] == ["Dialler"]
    assert [script["title"] for script in told["scripts.json"]] == ["Mine"]
    assert told[f"{folder}/report.json"]["transcript"]["text"] == "Hi Dana."
    assert told[f"{folder}/report-before-correction.json"]["transcript"]["text"] == CHECKING_IN
    assert [one["text"] for one in told[f"{folder}/reviews.json"]["comments"]] == ["Well done"]
    assert ("Carla", "recording.seen") in {(line["person_name"], line["action"]) for line in told["log.json"]}
    assert ids["rita"] not in str(held)
    assert [one["text"] for one in json.loads(export(they, "ada", "carla")["reviews.json"])["comments"]] == [
        "Well done"
    ]
    log = they.client("ada").get("/v1/audit").json()["items"][0]
    assert (log["person"], log["action"]) == ("Ada", "person.exported")


def test_only_admins_and_the_person_may(they: Cast) -> None:
    rob = they.people["rob"].id
    for name, status in (("rob", 200), ("ada", 200), ("carla", 403), ("rita", 403), (None, 401)):
        assert they.client(name).get(f"/v1/people/{rob}/export").status_code == status, name
    assert they.client("ada").get("/v1/people/nobody/export").status_code == 404


def test_nothing_that_proves_who_they_are_is_in_it(they: Cast) -> None:
    people = they.app.state.people
    people.add("new@example.com", "New", "rep", PASSWORD)
    new = people.by_email("new@example.com")
    held = b"".join(export(Cast(they.app, {**they.people, "new": new}), "new", "new").values())
    assert b"new@example.com" in held
    for secret in (b"hash", b"argon2", b"token"):
        assert secret not in held


def test_a_zip_is_sent_while_it_is_read(tmp_path: Path) -> None:
    """No more than a piece or two is made before the first is sent, however much follows."""
    large = tmp_path / "large.wav"
    large.write_bytes(bytes(10 * CHUNK_BYTES))
    asked: list[str] = []

    def entries() -> Iterator[tuple[str, bytes | Path]]:
        for name in ("a.wav", "b.wav"):
            asked.append(name)
            yield name, large

    pieces = zipped(entries())
    first = next(pieces)
    assert len(first) < 2 * CHUNK_BYTES
    assert asked == ["a.wav"]
    whole = first + b"".join(pieces)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert [one.file_size for one in archive.infolist()] == [10 * CHUNK_BYTES] * 2
        assert archive.testzip() is None
