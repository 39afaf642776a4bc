"""What coaches and reps say of reports, and what follows from it."""

import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from analysis.correction import corrected_words
from models.errors import InvalidRequest
from models.recording import CallContext
from models.transcript import Word
from tests.people import Cast
from tests.scripted import CHECKING_IN
from tests.stored import store_report


def queue(client: TestClient) -> list[tuple[str, str]]:
    return [(item["voicemail"]["id"], item["why"]) for item in client.get("/v1/review/queue").json()["items"]]


def test_a_coach_reads_everywhere_whose_recording_it_is(they: Cast) -> None:
    recording_id, carla = they.recording_of("rob"), they.client("carla")
    for page in ("/queue", "/", f"/voicemails/{recording_id}", f"/voicemails/{recording_id}/row"):
        assert "<span>by Rob</span>" in carla.get(page).text, page
    assert "by Rob" not in they.client("rob").get("/").text  # whose else
    named = store_report(they.app, context=CallContext(rep="Robin"), owner_id=they.people["rob"].id)
    assert "<span>by Robin</span>" in carla.get(f"/voicemails/{named}").text


# ------------------------------------------------------------------------ corrections

HEARD = tuple(
    Word(text=text, start_s=at, end_s=at + 0.4, probability=0.3)
    for at, text in enumerate("Hi, this is Marcus with wren field.".split())
)


def test_words_that_were_heard_keep_their_seconds_and_others_share_those_they_replace() -> None:
    words = corrected_words(HEARD, "Hi this is Marcus Webb with Wrenfield.")
    assert " ".join(word.text for word in words) == "Hi this is Marcus Webb with Wrenfield."
    by_text = {word.text: word for word in words}
    assert by_text["Marcus"].start_s == 3
    assert (by_text["Webb"].start_s, by_text["Webb"].end_s) == (3.4, 4)
    assert (by_text["Wrenfield."].start_s, by_text["Wrenfield."].end_s) == (5, 6.4)
    assert {word.probability for word in words} == {1.0}


@pytest.mark.parametrize("text", ["", "  \n", "word " * 5000])
def test_a_correction_says_something(text: str) -> None:
    with pytest.raises(InvalidRequest):
        corrected_words(HEARD, text)


def test_a_corrected_transcript_is_judged_again_and_can_be_undone(they: Cast) -> None:
    recording_id, carla = they.recording_of("rob"), they.client("carla")
    path = f"/v1/voicemails/{recording_id}"
    before = carla.get(f"{path}/report").json()
    said = CHECKING_IN.replace(
        "I'm just checking in to see where things stand", "we cut no-shows at Mercy by nearly a third"
    )
    after = carla.put(f"{path}/transcript", json={"text": said}).json()
    flagged = {one["rule"] for one in after["findings"] if one["status"] == "flagged"}
    assert "checking_in" in {one["rule"] for one in before["findings"] if one["status"] == "flagged"}
    assert "checking_in" not in flagged
    assert after["score"]["points"] > before["score"]["points"]
    assert after["transcript"]["corrected"]
    assert after["measurements"]["message_s"] == before["measurements"]["message_s"]
    assert after["measurements"]["words_spoken"] != before["measurements"]["words_spoken"]
    assert after["measurements"]["phone_number_digits_per_s"] == before["measurements"]["phone_number_digits_per_s"]
    assert carla.get(path).json()["score"] == after["score"]["points"]
    assert carla.get(f"{path}/report").json() == after
    assert carla.delete(f"{path}/transcript").json() == before
    assert carla.get(path).json()["score"] == before["score"]["points"]


def test_a_recording_corrected_by_its_own_words_is_judged_the_same(they: Cast) -> None:
    recording_id, carla = they.recording_of("rob"), they.client("carla")
    before = carla.get(f"/v1/voicemails/{recording_id}/report").json()
    after = carla.put(f"/v1/voicemails/{recording_id}/transcript", json={"text": CHECKING_IN}).json()
    for part in ("score", "findings", "strengths", "measurements", "not_measured"):
        assert after[part] == before[part]


# ------------------------------------------------------------------------ verdicts and appeals


def test_a_coach_who_does_not_agree_gives_the_points_back(they: Cast) -> None:
    recording_id, carla = they.recording_of("rob"), they.client("carla")
    path = f"/v1/voicemails/{recording_id}"
    report = carla.get(f"{path}/report").json()
    lost = {one["rule"]: one["points"] for one in report["score"]["lost"]}
    review = carla.put(f"{path}/findings/checking_in/verdict", json={"agrees": False}).json()
    assert review["points"] == report["score"]["points"] + lost["checking_in"]
    assert review["verdicts"][0] | {"at": ""} == {
        "rule": "checking_in", "agrees": False, "flagged": True, "person": "Carla", "at": ""
    }  # fmt: skip
    again = carla.put(f"{path}/findings/checking_in/verdict", json={"agrees": True}).json()
    assert (again["points"], len(again["verdicts"])) == (report["score"]["points"], 1)
    assert carla.delete(f"{path}/findings/checking_in/verdict").json()["verdicts"] == []
    assert carla.put(f"{path}/findings/no_such_rule/verdict", json={"agrees": True}).status_code == 404
    assert carla.get(f"{path}/report").json() == report  # what the analysis found stays as it was


def test_an_appeal_comes_first_and_a_verdict_settles_it(they: Cast) -> None:
    first, second = they.recording_of("rob"), they.recording_of("rob")
    rob, carla = they.client("rob"), they.client("carla")
    assert [id for id, _ in queue(carla)] == [first, second]
    appealed = rob.put(f"/v1/voicemails/{second}/findings/checking_in/appeal", json={"text": "She asked me to."})
    assert appealed.json()["appeals"][0]["settled"] is False
    assert queue(carla)[0] == (second, "appealed")
    passed = next(
        one["rule"] for one in rob.get(f"/v1/voicemails/{first}/report").json()["findings"] if one["status"] == "passed"
    )
    assert rob.put(f"/v1/voicemails/{first}/findings/{passed}/appeal", json={"text": "?"}).status_code == 422
    review = carla.put(f"/v1/voicemails/{second}/findings/checking_in/verdict", json={"agrees": True}).json()
    assert review["appeals"][0]["settled"] is True
    assert [id for id, _ in queue(carla)] == [first, second]


def test_what_is_done_leaves_the_queue_until_it_is_appealed(they: Cast) -> None:
    recording_id, carla = they.recording_of("rob"), they.client("carla")
    assert carla.put(f"/v1/voicemails/{recording_id}/review", json={"reviewed": True}).json()["reviewed_by"] == "Carla"
    assert queue(carla) == []
    they.client("rob").put(f"/v1/voicemails/{recording_id}/findings/checking_in/appeal", json={"text": "No."})
    assert queue(carla) == [(recording_id, "appealed")]
    assert queue(they.client("casey")) == []  # another team's coach


def test_what_was_not_heard_well_comes_before_what_is_new(they: Cast) -> None:
    new, doubtful = they.recording_of("rob"), they.recording_of("rob")
    from app.schema import RecordingRow

    with they.app.state.store.session() as session:
        session.get_one(RecordingRow, doubtful).doubtful = True
    assert queue(they.client("carla"))[0] == (doubtful, "doubtful")
    assert new in dict(queue(they.client("carla")))


def test_the_queue_leads_from_one_to_the_next(they: Cast) -> None:
    first, second = they.recording_of("rob"), they.recording_of("rob")
    carla = they.client("carla")
    assert carla.get("/queue/next").headers["location"] == f"/voicemails/{first}"
    assert carla.get(f"/queue/next?done={first}").headers["location"] == f"/voicemails/{second}"
    for recording_id in (first, second):
        carla.put(f"/v1/voicemails/{recording_id}/review", json={"reviewed": True})
    assert carla.get("/queue/next").headers["location"].startswith("/queue")
    assert "Nothing is waiting for you" in carla.get("/queue").text


# ------------------------------------------------------------------------ comments, examples, deleting


def test_comments_stand_at_their_second_and_are_taken_back_by_who_wrote_them(they: Cast) -> None:
    recording_id, rob, carla = they.recording_of("rob"), they.client("rob"), they.client("carla")
    path = f"/v1/voicemails/{recording_id}/comments"
    made = carla.post(path, json={"text": "Slow down here.", "at_s": 3.5}).json()
    assert (made["person"], made["at_s"]) == ("Carla", 3.5)
    rob.post(path, json={"text": "<script>alert(1)</script>"})
    page = rob.get(f"/voicemails/{recording_id}").text
    assert "Slow down here." in page
    assert 'data-play-from="3.5"' in page
    assert "<script>alert" not in page
    assert rob.delete(f"{path}/{made['id']}").status_code == 404
    assert carla.delete(f"{path}/{made['id']}").status_code == 204
    assert rob.post(path, json={"text": "   "}).status_code == 422


def test_an_example_can_be_heard_by_the_team_and_changed_by_nobody_else_in_it(they: Cast) -> None:
    example = they.recording_of("rob")
    nina = they.app.state.people.add("nina@example.com", "Nina", "rep", None, they.people["rob"].teams)
    they.people["nina"] = nina
    client = they.client("nina")
    assert client.get(f"/v1/voicemails/{example}").status_code == 404
    they.client("carla").put(f"/v1/voicemails/{example}/review", json={"example_of": "An opener with a reason"})
    assert client.get(f"/v1/voicemails/{example}/report").status_code == 200
    assert client.get(f"/v1/voicemails/{example}/audio").status_code == 200
    assert [one["id"] for one in client.get("/v1/examples").json()] == [example]
    assert "An opener with a reason" in client.get("/examples").text
    assert client.get("/v1/voicemails").json()["items"] == []  # it is not one of hers
    for refused in (
        client.delete(f"/v1/voicemails/{example}"),
        client.put(f"/v1/voicemails/{example}/message", json={"start_s": 0, "end_s": 5}),
        client.post(f"/v1/voicemails/{example}/comments", json={"text": "Mine!"}),
        client.put(f"/v1/voicemails/{example}/findings/checking_in/appeal", json={"text": "Mine!"}),
    ):
        assert refused.status_code == 403
    assert they.client("rita").get(f"/v1/voicemails/{example}").status_code == 404
    they.client("carla").put(f"/v1/voicemails/{example}/review", json={"example_of": ""})
    assert client.get(f"/v1/voicemails/{example}").status_code == 404


@pytest.mark.parametrize("act", ["verdict", "comment", "reviewed", "example"])
def test_a_rep_cannot_delete_what_a_coach_reviews(they: Cast, act: str) -> None:
    recording_id, carla = they.recording_of("rob"), they.client("carla")
    path = f"/v1/voicemails/{recording_id}"
    they.client("rob").post(f"{path}/comments", json={"text": "My own remark is no review."})
    {
        "verdict": lambda: carla.put(f"{path}/findings/checking_in/verdict", json={"agrees": True}),
        "comment": lambda: carla.post(f"{path}/comments", json={"text": "Good."}),
        "reviewed": lambda: carla.put(f"{path}/review", json={"reviewed": True}),
        "example": lambda: carla.put(f"{path}/review", json={"example_of": "Brevity"}),
    }[act]()
    refused = they.client("rob").delete(path)
    assert (refused.status_code, "only an admin" in refused.json()["detail"]) == (403, True)
    assert they.client("ada").delete(path).status_code == 204


def test_reps_do_not_judge(they: Cast) -> None:
    recording_id, rob = they.recording_of("rob"), they.client("rob")
    path = f"/v1/voicemails/{recording_id}"
    for refused in (
        rob.put(f"{path}/findings/checking_in/verdict", json={"agrees": False}),
        rob.put(f"{path}/transcript", json={"text": "Something better."}),
        rob.put(f"{path}/review", json={"reviewed": True}),
        rob.get("/v1/review/queue"),
        rob.get("/queue"),
    ):
        assert refused.status_code == 403


# ------------------------------------------------------------------------ what is learnt


def test_disagreement_is_counted_by_rule_and_exported_as_cases_to_evaluate(they: Cast, tmp_path) -> None:
    from click.testing import CliRunner

    from app.cli import main

    first, second = they.recording_of("rob"), they.recording_of("rob")
    carla = they.client("carla")
    carla.put(f"/v1/voicemails/{first}/findings/checking_in/verdict", json={"agrees": False})
    carla.put(f"/v1/voicemails/{second}/findings/checking_in/verdict", json={"agrees": True})
    carla.put(f"/v1/voicemails/{second}/findings/feature_dump/verdict", json={"agrees": False})  # not flagged
    found = {one["rule"]: one for one in carla.get("/v1/review/rules").json()["items"]}
    assert found["checking_in"] == {
        "rule": "checking_in", "flags": 2, "wrong_flags": 1, "missed": 0, "disagreed_share": 0.5
    }  # fmt: skip
    assert found["feature_dump"]["missed"] == 1
    assert "No list of features" in carla.get("/review").text
    assert carla.get("/v1/review/rules?playbook=educate-first").json()["items"] == []
    assert they.client("casey").get("/v1/review/rules").json()["items"] == []
    exported = carla.get("/v1/review/cases.jsonl")
    cases = {case["id"]: case for case in map(json.loads, exported.text.splitlines())}
    assert cases[first]["labels"] == {"checking_in": False}
    assert cases[second]["labels"] == {"checking_in": True, "feature_dump": True}
    (tmp_path / "cases.jsonl").write_text(exported.text)
    evaluated = CliRunner().invoke(main, ["evaluate", "--json", str(tmp_path / "cases.jsonl")])
    rows = {row["rule"]: row for row in json.loads(evaluated.output)}
    assert (rows["checking_in"]["labelled"], rows["checking_in"]["precision"]) == (1, 0.5)


def test_at_the_machine_alone_one_is_rep_and_coach(app: FastAPI) -> None:
    recording_id = store_report(app)
    client = TestClient(app)
    path = f"/v1/voicemails/{recording_id}"
    assert client.put(f"{path}/findings/checking_in/appeal", json={"text": "No."}).status_code == 200
    assert queue(client) == [(recording_id, "appealed")]
    assert client.put(f"{path}/findings/checking_in/verdict", json={"agrees": False}).json()["verdicts"]
    page = client.get(f"/voicemails/{recording_id}").text
    assert "Your review" in page
    assert "points by the coach’s word" in page
