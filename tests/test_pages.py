"""What the pages show: the view's small functions, and the pages themselves without a worker."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient

from analysis import playbooks
from analysis.pipeline import Stage, analyze_script
from app.main import create_app
from app.pages import report_view, templates
from app.settings import Settings
from app.views import coaching, measures, player, unknown, wording, words
from models.recording import CallContext, Purpose, Recording, Relationship
from models.report import (
    Evidence,
    Finding,
    Measurements,
    MessageWindow,
    PlaybookRef,
    PointsLost,
    Report,
    Score,
    Strength,
)
from models.transcript import Transcript, Word
from tests.conftest import ROOT
from tests.stored import WAV, receive

SAID = ("Hi", "Dana", "just", "checking", "in", "and", "again", "just", "checking", "in", "about", "freight")
LIMITS = playbooks.load().limits
HTML = {"Accept": "text/html"}


def finding(rule: str, status: str = "flagged", severity: str = "medium", **more: Any) -> Finding:
    plain = {"title": rule, "why": "Why.", "advice": "Advice.", "say_instead": "", "source": "Source."}
    return Finding.model_validate({"rule": rule, "status": status, "severity": severity} | plain | more)


def spoken(*findings: Finding, lost: dict[str, int] | None = None, **more: Any) -> Report:
    """A message of one word a second, from second 2 of a recording of 20 s."""
    heard = (Word(text=text, start_s=2.0 + at, end_s=2.9 + at, probability=0.9) for at, text in enumerate(SAID))
    points = tuple(PointsLost(rule=rule, points=cost) for rule, cost in (lost or {}).items())
    values = {
        "id": "r1",
        "created_at": datetime(2026, 3, 4, 15, 6, tzinfo=UTC),
        "recording": Recording(
            filename="a.wav", duration_s=20, sample_rate_hz=8000, channels=1, format="wav/pcm_mulaw", sha256="0"
        ),
        "message": MessageWindow(start_s=2, end_s=14, found_by="beep", beep_end_s=1.5, confidence=0.9),
        "transcript": Transcript.of_words(heard, language="en", engine="openai-whisper", model="base"),
        "measurements": Measurements(message_s=12.0, message_wpm=60, longest_pause_s=0.4),
        "findings": findings,
        "strengths": (),
        "score": Score(points=100 - sum(cost.points for cost in points), lost=points),
        "playbook": PlaybookRef(name="cold-outreach", version=1),
        "analyzer_version": "0",
    }
    return Report.model_validate(values | more)


# Coaching


def test_at_most_three_things_come_first_and_the_costliest_leads() -> None:
    report = spoken(
        finding("fillers", severity="low"),
        finding("too_fast"),
        finding("missing_company", severity="high"),
        finding("checking_in", severity="high"),
        lost={"fillers": 3, "too_fast": 9, "missing_company": 8, "checking_in": 20},
    )
    coached = coaching.coaching(report)
    assert [change.finding.rule for change in coached.first] == ["checking_in", "missing_company", "too_fast"]
    assert [change.finding.rule for change in coached.then] == ["fillers"]
    assert [change.number for change in coached.changes] == [1, 2, 3, 4]


def test_what_is_shown_as_lost_sums_to_the_score() -> None:
    report = spoken(finding("checking_in"), finding("fillers"), lost={"checking_in": 20, "fillers": 3})
    coached = coaching.coaching(report)
    assert report.score.out_of - sum(change.points for change in coached.changes) == report.score.points
    parts = coaching.sum_parts(report, coached)
    assert [(part.x_percent, part.width_percent) for part in parts] == [(0, 77), (77, 20), (97, 3)]


@pytest.mark.parametrize(
    ("flagged", "lost", "headline"),
    [
        ((), {}, "Nothing to stop. Leave the next one just like this."),
        (("fillers",), {"fillers": 1}, "One thing cost this message 1 point."),
        (("fillers", "too_fast"), {"too_fast": 9}, "Two things cost this message 9 points."),
        (("number_once",), {}, "One thing to polish, and no points lost."),
    ],
)
def test_the_headline_says_what_the_score_is_made_of(
    flagged: tuple[str, ...], lost: dict[str, int], headline: str
) -> None:
    assert coaching.headline(spoken(*map(finding, flagged), lost=lost)) == headline


def test_a_finding_rests_on_words_on_a_measure_or_on_something_missing() -> None:
    quoted = finding("checking_in", evidence=(Evidence(quote="checking in", start_s=5, end_s=7),))
    changes = coaching.changes_of(spoken(quoted, finding("too_short"), finding("missing_company")))
    assert [(change.starts_s, change.measure, change.is_missing) for change in changes] == [
        (5, None, False),
        (None, "message_s", False),
        (None, None, True),
    ]


def test_blanks_are_what_stands_in_brackets() -> None:
    parts = coaching.with_blanks("This is [your name] with Northline.")
    assert [(part.text, part.is_blank) for part in parts] == [
        ("This is ", False),
        ("your name", True),
        (" with Northline.", False),
    ]


# Words


def test_a_quote_said_twice_is_marked_where_it_was_said() -> None:
    second = Evidence(quote="just checking in", start_s=9.0, end_s=11.9)
    report = spoken(finding("checking_in", evidence=(second,)))
    runs = words.runs(report.transcript.words, coaching.coaching(report))
    (marked,) = [run for run in runs if run.kind]
    assert marked.words[0].start_s == 9.0
    assert [mark.anchor for mark in marked.ends] == ["finding-checking_in"]
    assert " ".join(word.text for run in runs for word in run.words) == report.transcript.text


def test_stop_wins_where_praise_and_blame_overlap() -> None:
    blamed = finding("checking_in", evidence=(Evidence(quote="about freight", start_s=12, end_s=14),))
    praised = Strength(
        rule="curiosity_hook", title="Hook", why="", evidence=(Evidence(quote="in about freight", start_s=11),)
    )
    report = spoken(blamed, strengths=(praised,))
    kinds = [(run.kind, len(run.words)) for run in words.runs(report.transcript.words, coaching.coaching(report))]
    assert kinds == [(None, 9), ("keep", 1), ("stop", 2)]


@pytest.mark.parametrize("quote", ["never said", "", "freight and more than there is to say"])
def test_a_quote_that_is_not_there_marks_nothing(quote: str) -> None:
    assert words.word_span(spoken().transcript.words, Evidence(quote=quote)) is None


def test_doubtful_words_say_how_sure_the_model_was() -> None:
    assert words.shown(Word(text="Bluepeak", probability=0.31)).unsure_percent == 31
    assert words.shown(Word(text="Dana", probability=0.5)).unsure_percent is None
    assert words.shown(Word(text="typed")).unsure_percent is None


# Waveform


def test_bars_inside_and_outside_the_message_make_up_the_whole() -> None:
    report = spoken()
    wave = player.wave(report, coaching.coaching(report), [0.1, 0.4] * 300)
    assert wave is not None
    assert wave.message_path.count("M") + wave.outside_path.count("M") == player.BARS
    assert (wave.message_x_percent, wave.message_width_percent, wave.beep_x_percent) == (10, 60, 7.5)


@pytest.mark.parametrize("peaks", [[], [0.0] * 600, [1.0], [0.5] * 7])
def test_any_number_of_peaks_gives_every_bar(peaks: list[float]) -> None:
    assert len(player.bar_heights(peaks, player.BARS)) == player.BARS


def test_markers_that_would_touch_take_another_lane() -> None:
    at = [
        Evidence(quote=word, start_s=second, end_s=second + 0.5) for word, second in (("a", 4), ("b", 4.5), ("c", 19.9))
    ]
    report = spoken(finding("checking_in", evidence=tuple(at)))
    wave = player.wave(report, coaching.coaching(report), [])
    assert wave is not None
    assert [(marker.lane, marker.at_end) for marker in wave.markers] == [(0, False), (1, False), (0, True)]
    assert wave.lanes == 2


def test_however_many_markers_the_player_stays_low() -> None:
    crowd = tuple(Evidence(quote=f"w{at}", start_s=4 + at / 10, end_s=5) for at in range(4))
    report = spoken(*(finding(rule, evidence=crowd) for rule in ("checking_in", "vague_opener", "fillers")))
    wave = player.wave(report, coaching.coaching(report), [])
    assert wave is not None
    assert (len(wave.markers), wave.lanes) == (12, player.MOST_LANES)


# Measures


def band_of(name: str, value: float, *findings: Finding) -> measures.Band:
    measure = next(measure for measure in measures.MEASURES if measure.name == name)
    return measures.band(measure, value, LIMITS, findings)


def test_a_measure_takes_the_verdict_of_its_rule() -> None:
    low, high = LIMITS.message_wpm
    middle = sum(LIMITS.message_wpm_target) / 2
    assert band_of("message_wpm", middle).verdict == "On target"
    assert band_of("message_wpm", low).state == "allowed"
    fast = band_of("message_wpm", 2 * high, finding("too_fast", title="Too fast"))
    assert (fast.state, fast.verdict) == ("flagged", "Too fast")
    assert band_of("message_wpm", high + 1, finding("too_fast", "passed")).verdict == "A little over, not counted"


@pytest.mark.parametrize("value", [0.0, 1.0, 35.0, 1e6])
@pytest.mark.parametrize("name", [measure.name for measure in measures.MEASURES])
def test_every_value_stays_on_its_gauge(name: str, value: float) -> None:
    shown = band_of(name, value)
    assert 0 <= shown.x_percent <= 100
    assert 0 <= shown.allowed_x_percent <= shown.allowed_x_percent + shown.allowed_width_percent <= 100.01


def test_every_measurement_has_a_name_for_readers() -> None:
    assert set(Measurements.model_fields) - {"pause_threshold_s"} == set(measures.LABELS)


def test_without_its_playbook_a_report_shows_values_without_bands() -> None:
    shown = measures.measured(spoken(), None)
    assert shown.bands == ()
    assert "message_wpm" in [fact.measure.name for fact in shown.facts]


def test_one_reason_is_given_once() -> None:
    report = analyze_script("Hi.", playbook=playbooks.load(), report_id="s", created_at=datetime.now(UTC))
    reasons = [item.reason for item in unknown.unknown(report)]
    assert len(reasons) == len(set(reasons))
    names = {name for item in unknown.unknown(report) for name in item.names}
    assert "A voice that moves" in names


# Wording


def test_check_names_belong_to_rules_and_every_stage_has_its_sentence() -> None:
    assert set(playbooks.load().rules) >= set(wording.CHECKS)
    assert {*get_args(Stage), "queued", "fetching"} == set(wording.STAGES)


def test_a_page_says_of_a_stage_what_the_server_says() -> None:
    script = (ROOT / "app/static/js/stages.js").read_text("utf-8")
    said = dict(re.findall(r'^  (\w+): "(.+)",$', script, re.MULTILINE))
    assert said == {stage: wording.STAGES[stage] for stage in wording.STAGES if stage != "queued"}
    assert f'"{wording.STAGES["queued"]}"' in script


def test_every_purpose_and_relationship_can_be_chosen() -> None:
    assert set(get_args(Purpose)) == set(wording.PURPOSES)
    assert set(get_args(Relationship)) == set(wording.RELATIONSHIPS)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (wording.clock(None), "–"),
        (wording.clock(0), "0:00"),
        (wording.clock(59.99), "0:59"),
        (wording.clock(605), "10:05"),
        (wording.decimal(2.25, 1), "2.3"),
        (wording.decimal(-0.01), "0"),
        (wording.decimal(12345), "12,345"),
        (wording.when(datetime(2026, 3, 4, 15, 6, tzinfo=UTC)), "4 Mar 2026, 15:06 UTC"),
        (wording.sentence("too short"), "Too short."),
        (wording.number_word(3), "Three"),
        (wording.number_word(12), "12"),
    ],
)
def test_numbers_and_dates_read_well_before_the_browser_localizes_them(shown: str, expected: str) -> None:
    assert shown == expected


# Pages


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), headers=HTML) as client:
        yield client


def upload(client: TestClient, name: str = "take <1>.wav") -> str:
    response = client.post("/v1/voicemails", files={"file": (name, WAV)}, data={"prospect": "<b>Dana</b>"})
    recording_id: str = response.json()["id"]
    return recording_id


def test_the_first_page_teaches_while_it_is_empty(client: TestClient) -> None:
    page = client.get("/").text
    assert "What did they hear after the beep?" in page
    assert "Nothing here yet" in page
    assert "Remove samples" not in page


def test_samples_are_marked_and_can_be_removed(client: TestClient) -> None:
    receive(client.app, demo=True)
    assert "These are sample recordings" in client.get("/").text
    assert client.delete("/v1/demo").status_code == 204
    assert "These are sample recordings" not in client.get("/").text


def test_a_waiting_recording_is_listed_and_has_a_page_and_a_row(client: TestClient) -> None:
    recording_id = upload(client)
    for path in ("/", f"/voicemails/{recording_id}", f"/voicemails/{recording_id}/row"):
        page = client.get(path).text
        assert "take &lt;1&gt;.wav" in page
        assert "<b>Dana</b>" not in page
    assert "Waiting for its turn" in client.get(f"/voicemails/{recording_id}").text


def test_what_is_not_there_is_a_page_too(client: TestClient) -> None:
    response = client.get("/voicemails/nowhere")
    assert response.status_code == 404
    assert "<h1>Not found</h1>" in response.text


def test_a_script_is_judged_and_stays_in_the_form(client: TestClient) -> None:
    typed = "Hi Karen, just checking in to see where things stand."
    response = client.post("/script", data={"text": typed, "playbook": "cold-outreach", "prospect": "Karen"})
    assert response.status_code == 200
    assert typed in response.text
    assert 'id="finding-checking_in"' in response.text
    assert "<audio" not in response.text
    assert 'value="Karen"' in response.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"text": "  ", "playbook": "cold-outreach"}, "There is nothing to check yet"),
        ({"text": "Hi.", "playbook": "../../secrets.toml"}, "There is no playbook"),
        ({"text": "Hi.", "playbook": "cold-outreach", "attempt": "many"}, "Please check these fields: attempt."),
    ],
)
def test_what_a_script_form_gets_wrong_is_said_in_place(
    client: TestClient, fields: dict[str, str], sentence: str
) -> None:
    response = client.post("/script", data=fields)
    assert response.status_code == 422
    assert sentence in response.text
    assert "Check it before you say it" in response.text


def test_pages_hold_nothing_the_security_policy_forbids(client: TestClient) -> None:
    recording_id = upload(client)
    script = client.post("/script", data={"text": "Hi Dana.", "playbook": "cold-outreach"}).text
    for page in (client.get("/").text, client.get(f"/voicemails/{recording_id}").text, script):
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick=" not in page
        assert page.count("<script") == page.count('<script type="module" src="/static/js/')


def test_a_report_of_every_shape_renders() -> None:
    """Rendered through the template with nothing measured, everything flagged, and no context."""
    evidence = (Evidence(quote="just checking in", start_s=4.0, end_s=6.9),)
    every_rule = [finding(rule, evidence=evidence) for rule in playbooks.load().rules]
    none_measured = {"measurements": Measurements(), "not_measured": {"message_wpm": "too short"}}
    for report in (spoken(), spoken(*every_rule), spoken(**none_measured), spoken(context=CallContext(rep="Ann"))):
        shown = templates.get_template("parts/report.html").render(report_view(report, None))
        assert "of 100" in shown
