"""What is kept as long as it may be, and what is left of it then."""

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from analysis import playbooks
from app.audit import AuditLog
from app.retention import EVERY, REMOVED, Forgetter, take_turn
from app.schema import CommentRow, MarkRow, RecordingRow, ReportRow, TraceRow
from models.errors import InvalidPlaybook, StorageUnavailable
from models.playbook import Retention
from models.recording import CallContext
from tests.conftest import ROOT
from tests.processes import wait_until
from tests.scripted import CHECKING_IN
from tests.stored import store_report

ON_BOTH_DATABASES = True
SECRETS = ("checking in to", "Bluepeak", "Tyler", "615-555-0142", "call me")
DAY = timedelta(days=1)


def forget(client: TestClient, limits: Retention, after: timedelta = DAY) -> datetime:
    """What a worker does a day later."""
    now = datetime.now(UTC) + after
    Forgetter(client.app.state.intake, limits, lambda: now).run()
    return now


def code_of(response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def stored_text(client: TestClient, table: str) -> str:
    with client.app.state.store.everywhere().session() as session:
        return str(session.execute(sa.text(f"SELECT * FROM {table}")).all())


def test_audio_goes_with_its_copy_and_the_report_stays(client: TestClient) -> None:
    recording_id = store_report(client.app)
    audio = client.app.state.audio
    with (client.app.state.settings.data_dir / "audio" / recording_id).open("rb") as file:
        audio.put_playable(recording_id, file)
    forget(client, Retention(audio_h=25))
    assert client.get(f"/v1/voicemails/{recording_id}/audio").status_code == 200, "a day is less than 25 hours"
    now = forget(client, Retention(audio_h=24))
    for read in (audio.original, audio.playable):
        with pytest.raises(FileNotFoundError):
            read(recording_id)
    gone = client.get(f"/v1/voicemails/{recording_id}/audio")
    assert code_of(gone) == (410, "audio_removed")
    assert f"{now:%d %B %Y}" in gone.json()["detail"]
    assert client.get(f"/v1/voicemails/{recording_id}").json()["audio_removed_at"] is not None
    assert client.get(f"/v1/voicemails/{recording_id}/report").json()["transcript"]["text"] == CHECKING_IN
    page = client.get(f"/voicemails/{recording_id}", headers={"Accept": "text/html"}).text
    assert "The recording was removed on" in page
    assert "<audio" not in page
    assert f"{recording_id}/audio" not in page
    window = client.put(f"/v1/voicemails/{recording_id}/message", json={"start_s": 0, "end_s": 3})
    assert code_of(window) == (410, "audio_removed")


def test_words_go_from_wherever_they_are(client: TestClient) -> None:
    known = CallContext(prospect="Dana", rep="R")
    recording_id = store_report(client.app, context=known)
    path = f"/v1/voicemails/{recording_id}"
    before = client.get(f"{path}/report").json()
    assert client.post(f"{path}/comments", json={"text": "Do not say call me"}).status_code == 201
    assert client.put(f"{path}/findings/checking_in/appeal", json={"text": "call me is fine"}).status_code == 200
    assert client.put(f"{path}/transcript", json={"text": CHECKING_IN + " Bluepeak."}).status_code == 200
    assert client.put(f"{path}/review", json={"example_of": "how to call me"}).status_code == 200
    stored = [stored_text(client, table) for table in ("reports", "comments", "appeals", "recordings")]
    assert all(any(secret in text for text in stored) for secret in SECRETS), "the test looks where they are"
    forget(client, Retention(transcript_h=24))
    for table in ("reports", "comments", "appeals", "findings", "verdicts", "recordings"):
        text = stored_text(client, table)
        assert [secret for secret in SECRETS if secret in text] == [], table
    with client.app.state.store.session() as session:
        assert [session.scalar(sa.select(sa.func.count()).select_from(row)) for row in (TraceRow, MarkRow)] == [0, 0]
        assert session.scalars(sa.select(ReportRow.heard)).all() == [None]
        assert session.scalars(sa.select(CommentRow.text)).all() == [REMOVED]
    after = client.get(f"{path}/report").json()
    assert after["transcript"] | {"removed_at": None} == before["transcript"] | {
        "text": "", "words": [], "corrected": True, "removed_at": None,
    }  # fmt: skip
    kept = [{one["rule"]: one["status"] for one in report["findings"]} for report in (before, after)]
    assert kept[0] == kept[1]
    assert after["score"] == before["score"]
    assert after["measurements"]["message_s"] == before["measurements"]["message_s"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "transcript.srt", None),
        ("PUT", "transcript", {"text": "Hi"}),
        ("DELETE", "transcript", None),
        ("PUT", "message", {"start_s": 0, "end_s": 3}),
        ("GET", "compare/{id}", None),
    ],
)
def test_what_needs_the_words_says_that_they_are_gone(
    client: TestClient, method: str, path: str, body: dict[str, object] | None
) -> None:
    recording_id = store_report(client.app)
    forget(client, Retention(transcript_h=1))
    address = f"/v1/voicemails/{recording_id}/{path.replace('{id}', recording_id)}"
    assert code_of(client.request(method, address, json=body)) == (410, "transcript_removed")


def test_pages_and_handouts_say_when_the_words_went(client: TestClient) -> None:
    recording_id = store_report(client.app)
    link = client.post(f"/v1/voicemails/{recording_id}/links", json={"mask": True}).json()["url"]
    forget(client, Retention(transcript_h=1))
    accept = {"Accept": "text/html"}
    for address in (f"/voicemails/{recording_id}", f"/v1/voicemails/{recording_id}/report.html?mask=true", link):
        shown = client.get(address, headers=accept)
        assert shown.status_code == 200
        assert "The words were removed on" in shown.text, address
        assert "checking in to see" not in shown.text
    assert client.get(f"/v1/voicemails/{recording_id}/report.pdf").status_code == 200
    other = client.get(f"/voicemails/{recording_id}?playbook=educate-first", headers=accept)
    assert other.status_code == 410
    assert client.post("/v1/playbooks/try", json={"name": "educate-first"}).json()["recordings"] == []
    assert client.get("/v1/voicemails.csv").status_code == 200


def test_in_the_end_everything_goes(client: TestClient) -> None:
    old, sample = store_report(client.app), store_report(client.app, demo=True)
    forget(client, Retention(report_h=24))
    assert client.app.state.store.ids() == {sample}
    assert client.get(f"/v1/voicemails/{old}").status_code == 404
    with pytest.raises(FileNotFoundError):
        client.app.state.audio.original(old)


def test_a_playbook_shortens_and_never_lengthens(client: TestClient) -> None:
    for name, hours in (("short-lived", 1), ("long-lived", 1000)):
        text = f'based_on = "cold-outreach"\n[retention]\naudio_h = {hours}\n'
        assert client.put(f"/v1/playbooks/{name}", json={"text": text}).status_code in (200, 201)
    ids = {name: store_report(client.app, playbook=name) for name in ("short-lived", "long-lived", "cold-outreach")}

    def silent() -> set[str]:
        removed = sa.select(RecordingRow.id).where(RecordingRow.audio_removed_at.is_not(None))
        with client.app.state.store.session() as session:
            return {name for name, id in ids.items() if id in set(session.scalars(removed))}

    forget(client, Retention(), timedelta(hours=2))
    assert silent() == {"short-lived"}
    forget(client, Retention(audio_h=24))
    assert silent() == set(ids)


def test_a_wrong_retention_is_refused_with_its_line() -> None:
    with pytest.raises(InvalidPlaybook, match="line 3"):
        playbooks.parse('based_on = "cold-outreach"\n[retention]\naudio_h = -1\n')


def test_what_is_about_to_be_analysed_keeps_its_audio(client: TestClient) -> None:
    recording_id = store_report(client.app)
    client.put(f"/v1/voicemails/{recording_id}/message", json={"start_s": 0, "end_s": 3})
    forget(client, Retention(audio_h=1, transcript_h=1))
    row = client.app.state.store.recording(recording_id)
    assert (row.status, row.audio_removed_at, row.transcript_removed_at) == ("queued", None, None)


def test_one_that_cannot_go_yet_keeps_no_other_and_goes_the_next_time(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, free = store_report(client.app), store_report(client.app)
    audio = client.app.state.audio
    delete = type(audio).delete

    def failing(self: object, recording_id: str) -> None:
        if recording_id == stuck:
            raise StorageUnavailable("no disk")
        delete(audio, recording_id)

    monkeypatch.setattr(type(audio), "delete", failing)
    forget(client, Retention(audio_h=1))
    removed = {id: client.app.state.store.recording(id).audio_removed_at is not None for id in (stuck, free)}
    assert removed == {stuck: False, free: True}, "nothing is said to be gone that is not"
    monkeypatch.undo()
    forget(client, Retention(audio_h=1))
    assert client.app.state.store.recording(stuck).audio_removed_at is not None


KILLED_AT_THE_SECOND = """
import os, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from app.audio_store import AudioStore
from app.main import create_app
from app.retention import Forgetter
from app.settings import Settings
from models.playbook import Retention

delete, seen = AudioStore.delete, []

def dying(self, recording_id):
    delete(self, recording_id)
    seen.append(recording_id)
    if len(seen) == 2:
        os._exit(9)

AudioStore.delete = dying
app = create_app(Settings(data_dir=Path(sys.argv[1])))
Forgetter(app.state.intake, Retention(audio_h=1), lambda: datetime.now(UTC) + timedelta(days=1)).run()
"""


def test_what_a_killed_worker_left_goes_the_next_time(client: TestClient) -> None:
    """It dies when a file is gone and its row does not say so yet."""
    settings = client.app.state.settings
    if settings.database_url:
        pytest.skip("the process is given a data folder")
    ids = [store_report(client.app) for _ in range(3)]
    command = [sys.executable, "-c", KILLED_AT_THE_SECOND, str(settings.data_dir)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 9

    def said() -> int:
        return sum(client.app.state.store.recording(id).audio_removed_at is not None for id in ids)

    assert said() == 1
    forget(client, Retention(audio_h=1))
    assert said() == 3
    log = [row.object for row in AuditLog(client.app.state.store).walk() if row.action == "audio.removed"]
    assert sorted(log) == sorted(ids), "each is noted once"


def test_a_worker_keeps_taking_its_turn_until_it_is_stopped(client: TestClient) -> None:
    recording_id, stop = store_report(client.app), threading.Event()
    forgetter = Forgetter(client.app.state.intake, Retention(audio_h=1), lambda: datetime.now(UTC) + DAY)
    thread = threading.Thread(target=forgetter.keep, args=(stop,))
    thread.start()
    wait_until(lambda: client.app.state.store.recording(recording_id).audio_removed_at is not None)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_one_worker_an_hour_has_its_turn(client: TestClient) -> None:
    store, now = client.app.state.store, datetime.now(UTC)
    taken: list[bool] = []
    threads = [
        threading.Thread(target=lambda: taken.append(take_turn(store, "retention", EVERY, now))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 7 + [True]
    assert not take_turn(store, "retention", EVERY, now + timedelta(minutes=59))
    assert take_turn(store, "retention", EVERY, now + EVERY)


# ------------------------------------------------------------------------ on hold


def test_what_is_on_hold_nobody_deletes_until_it_is_released(client: TestClient) -> None:
    recording_id = store_report(client.app)
    path = f"/v1/voicemails/{recording_id}"
    held = client.post(f"{path}/hold").json()
    assert held["held_by"] == "You"
    assert client.post(f"{path}/hold").json() == held, "twice is harmless"
    comment = client.post(f"{path}/comments", json={"text": "Keep this"}).json()["id"]
    window = client.put(f"{path}/message", json={"start_s": 0, "end_s": 3})  # would replace the report
    for refused in (client.delete(path), client.delete(f"{path}/comments/{comment}"), window):
        assert code_of(refused) == (409, "on_hold")
    forget(client, Retention(audio_h=1, transcript_h=1, report_h=1))
    shown = client.get(path).json()
    assert (shown["audio_removed_at"], shown["transcript_removed_at"]) == (None, None)
    assert client.get(f"{path}/audio").status_code == 200
    page = client.get(f"/voicemails/{recording_id}", headers={"Accept": "text/html"}).text
    assert "On hold since" in page
    assert 'data-method="DELETE"' in page
    assert 'id="delete"' not in page
    assert client.delete(f"{path}/hold").json()["held_at"] is None
    assert client.delete(path).status_code == 204
    log = [(line["action"], line["object"]) for line in client.get("/v1/audit").json()["items"]]
    wanted = [("recording.deleted", recording_id), ("recording.released", f"{recording_id}/hold")]
    assert log[:2] == wanted
    assert log[-2:] == [("recording.held", f"{recording_id}/hold")] * 2
    assert "recording.deleted" not in [action for action, _ in log[1:]], "what was refused is not noted as done"


def test_samples_on_hold_stay(client: TestClient) -> None:
    held, free = store_report(client.app, demo=True), store_report(client.app, demo=True)
    client.post(f"/v1/voicemails/{held}/hold")
    assert client.delete("/v1/demo").status_code == 204
    assert client.app.state.store.ids() == {held}
    assert client.get(f"/v1/voicemails/{free}").status_code == 404
    assert client.get(f"/v1/voicemails/{held}/audio").status_code == 200
