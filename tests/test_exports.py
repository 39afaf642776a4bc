"""Reports that travel: captions, the page and the PDF to hand over, tables; and the filters of lists."""

import csv
import io
import json
import re
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from pypdf import PdfReader

from analysis import playbooks
from analysis.cues import LINE_CHARACTERS, cues
from app.exports.captions import captions
from app.exports.handout import handout
from app.exports.handout_page import handout_page
from app.exports.handout_pdf import handout_pdf
from app.exports.tables import BYTE_ORDER_MARK, as_csv, safe
from app.listing import Filter
from app.main import create_app
from app.schema import FindingRow, RecordingRow, ReportRow
from app.settings import Settings
from models.recording import CallContext
from models.report import Evidence, Strength
from models.transcript import Transcript, Word
from tests.scripted import CHECKING_IN
from tests.stored import analyse, store_report
from tests.test_pages import finding, spoken

LONG = (
    "Hi Karen, it's Tyler. I noticed that you opened a second warehouse in Reno, and teams that open a second one "
    "usually find that three in ten pallets are counted twice before anyone notices it at all. Call me. Thanks."
)


def timed(text: str) -> Transcript:
    words = (Word(text=word, start_s=10 + at / 2, end_s=10.4 + at / 2) for at, word in enumerate(text.split()))
    return Transcript.of_words(words, language="en", engine="scripted")


# Captions


def test_a_sentence_is_a_cue_of_at_most_two_short_lines_at_the_seconds_of_the_recording() -> None:
    shown = cues(timed(LONG))
    assert all(len(cue.lines) <= 2 and all(len(line) <= LINE_CHARACTERS for line in cue.lines) for cue in shown)
    assert " ".join(cue.text for cue in shown) == LONG
    assert shown[0].text == "Hi Karen, it's Tyler."
    assert [cue.text for cue in shown[-2:]] == ["Call me.", "Thanks."]
    assert (shown[0].start_s, shown[0].end_s) == (10.0, 11.9)
    for before, after in pairwise(shown):
        assert before.start_s is not None
        assert before.end_s is not None
        assert after.start_s is not None
        assert before.start_s < before.end_s <= after.start_s


def test_a_word_longer_than_a_line_and_words_without_length_are_still_shown() -> None:
    word = "x" * 60
    (long,) = cues(timed(word))
    assert long.lines == (word,)
    (instant,) = cues(Transcript.of_words([Word(text="Hi.", start_s=1, end_s=1)], language="en", engine="scripted"))
    assert instant.end_s is not None
    assert instant.end_s > 1
    assert cues(Transcript.of_words((), language="en", engine="scripted")) == ()


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (
            "vtt",
            "WEBVTT\n\n00:00:10.000 --> 00:00:11.400\nSmith &amp; Sons here.\n\n00:00:11.500 --> 00:00:11.900\nBye.\n",
        ),
        ("srt", "1\n00:00:10,000 --> 00:00:11,400\nSmith & Sons here.\n\n2\n00:00:11,500 --> 00:00:11,900\nBye.\n"),
        ("txt", "Smith & Sons here.\nBye.\n"),
    ],
)
def test_each_kind_of_captions_is_written_as_players_read_it(kind: str, written: str) -> None:
    words = [("Smith", 10, 10.4), ("&", 10.4, 10.5), ("Sons", 10.5, 11), ("here.", 11, 11.4), ("Bye.", 11.5, 11.9)]
    said = Transcript.of_words(
        (Word(text=text, start_s=start, end_s=end) for text, start, end in words), language="en", engine="scripted"
    )
    assert captions(said, kind) == written  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "media"), [("vtt", "text/vtt"), ("srt", "application/x-subrip"), ("txt", "text/plain")]
)
def test_captions_can_be_fetched_masked_or_not(client: TestClient, kind: str, media: str) -> None:
    path = f"/v1/voicemails/{store_report(client.app)}/transcript.{kind}"
    plain, masked = client.get(path), client.get(path, params={"mask": True})
    assert plain.headers["content-type"] == f"{media}; charset=utf-8"
    assert "Tyler" in plain.text
    assert "Tyler" not in masked.text
    assert "[name]" in masked.text
    assert client.get(path.replace(kind, "doc")).status_code == 422


# Page and PDF


def full_report():
    quote = Evidence(quote="just checking in", start_s=4.0, end_s=6.9)
    flagged = finding(
        "checking_in",
        severity="high",
        evidence=(quote,),
        why="It’s “empty” — naïve.",
        say_instead="Hi Łukasz, this is Zoë Ångström; ça va?",
    )
    strength = Strength(rule="insight_offer", title="An insight", why="Rare.", evidence=(quote,))
    return spoken(
        flagged,
        finding("too_fast", "passed"),
        finding("monotone", "not_evaluated", reason="too little voice"),
        finding("fillers", severity="low"),
        lost={"checking_in": 20},
        strengths=(strength,),
        context=CallContext(rep="Zoë Ångström", prospect="Łukasz Øyvind", purpose="cold"),
    )


def pdf_text(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


SHOWN = (
    "a.wav", "80", "Change these first", "“just checking in”", "at 0:04", "It’s “empty” — naïve.",
    "Hi Łukasz, this is Zoë Ångström; ça va?", "An insight", "Every check", "Passed", "Not judged. Too little voice.",
    "Measures", "12 seconds", "What was said", "Hi Dana just checking in", "Łukasz Øyvind", "cold-outreach, version 1",
)  # fmt: skip


def test_page_and_pdf_say_the_same_and_every_letter_comes_out_right() -> None:
    shown = handout(full_report(), [0.1, 0.9] * 300, playbooks.load())
    page = re.sub(r"<style>.*</style>", "", handout_page(shown), flags=re.DOTALL)
    page = page.replace("<q>", "“").replace("</q>", "”")
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    paper = pdf_text(handout_pdf(shown, [0.1, 0.9] * 300))
    for said in SHOWN:
        assert said in words, said
        assert said in paper, said


def test_the_pdf_is_set_in_its_own_letters_with_bookmarks_and_a_title() -> None:
    reader = PdfReader(io.BytesIO(handout_pdf(handout(full_report(), None, playbooks.load()), None)))
    assert reader.metadata is not None
    assert reader.metadata.title == "a.wav: voicemail report"
    assert next(one.title for one in reader.outline) == "Change these first"  # type: ignore[union-attr]
    pages = [page["/Resources"]["/Font"] for page in reader.pages]  # type: ignore[index]
    fonts = {str(font.get_object()["/BaseFont"]) for page in pages for font in page.values()}
    assert fonts
    assert all("SourceS" in font for font in fonts)


def test_a_report_of_every_shape_can_be_handed_over() -> None:
    evidence = (Evidence(quote="just checking in", start_s=4.0, end_s=6.9),)
    every = [finding(rule, evidence=evidence, why="Why. " * 200) for rule in playbooks.load().rules]
    for report in (spoken(), spoken(*every), spoken(recording=None, message=None, not_measured={"message_wpm": "x"})):
        for playbook in (None, playbooks.load()):
            shown = handout(report, None, playbook)
            assert "of 100" in handout_page(shown)
            assert handout_pdf(shown, None).startswith(b"%PDF")


def test_the_page_to_hand_over_needs_nothing_else_and_may_do_nothing_else(client: TestClient) -> None:
    recording_id = store_report(client.app, name="zoë <b>.wav")
    response = client.get(f"/v1/voicemails/{recording_id}/report.html")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "zo%C3%AB" in response.headers["content-disposition"]
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "zoë &lt;b&gt;.wav" in response.text
    assert "<style>" in response.text
    assert not re.search(r"<script|<link|<img|\ssrc=|\sstyle=|url\(|@import|href=\"(?!#)", response.text)


def test_masked_files_name_nobody(client: TestClient) -> None:
    path = f"/v1/voicemails/{store_report(client.app, name='karen.wav')}"
    for file in ("report.html", "report.pdf"):
        response = client.get(f"{path}/{file}", params={"mask": True})
        text = pdf_text(response.content) if file.endswith("pdf") else response.text
        assert "[name] with [company]" in text
        assert not re.search("karen|tyler|bluepeak|555", text, re.IGNORECASE), file
        assert "karen" not in response.headers["content-disposition"]


def test_what_has_no_report_yet_cannot_travel(client: TestClient) -> None:
    waiting = client.post("/v1/voicemails", files={"file": ("a.wav", b"RIFF" + bytes(100))}).json()["id"]
    for file in ("report.html", "report.pdf", "transcript.vtt"):
        assert client.get(f"/v1/voicemails/{waiting}/{file}").json()["code"] == "not_ready"
        assert client.get(f"/v1/voicemails/nowhere/{file}").json()["code"] == "not_found"


# Tables


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert safe(cell) == f"'{cell}"
    assert safe("plain") == "plain"
    assert safe(-1) == -1


def rows_of(text: str) -> list[dict[str, str]]:
    assert text.startswith(BYTE_ORDER_MARK)
    return list(csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK))))


def test_a_list_as_a_table_has_a_row_a_recording(client: TestClient) -> None:
    done = store_report(client.app, name='=cmd,"x".wav')
    waiting = client.post("/v1/voicemails", files={"file": ("ä.wav", b"RIFF" + bytes(100))}, data={"rep": "Zoë"}).json()
    response = client.get("/v1/voicemails.csv")
    assert response.headers["content-disposition"].startswith("attachment")
    newest, oldest = rows_of(response.text)
    assert (newest["id"], newest["filename"], newest["rep"], newest["score"]) == (waiting["id"], "ä.wav", "Zoë", "")
    assert (oldest["id"], oldest["filename"]) == (done, '\'=cmd,"x".wav')
    assert "checking_in" in oldest["flagged_rules"].split()
    assert oldest["transcript"] == CHECKING_IN
    masked = client.get("/v1/voicemails.csv", params={"mask": True}).text
    assert not re.search("zoë|tyler|karen|cmd", masked, re.IGNORECASE)


def test_a_list_as_json_lines_has_a_report_a_line(client: TestClient) -> None:
    ids = [store_report(client.app, name=f"{number}.wav") for number in range(2)]
    client.post("/v1/voicemails", files={"file": ("a.wav", b"RIFF" + bytes(100))})
    lines = client.get("/v1/voicemails.jsonl").text.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ids[::-1]
    assert json.loads(lines[0]) == client.get(f"/v1/voicemails/{ids[1]}/report").json()
    assert "Tyler" not in client.get("/v1/voicemails.jsonl", params={"mask": True}).text


def many(client: TestClient, count: int) -> None:
    """Recordings with reports, a second apart, at two of which the clock stood still."""
    body = spoken(finding("fillers")).model_dump_json()
    start = datetime(2026, 3, 1, tzinfo=UTC)
    with client.app.state.store.session() as session:
        for number in range(count):
            row = RecordingRow(
                id=uuid4().hex,
                created_at=start + timedelta(seconds=number // 2),
                status="done",
                filename=f"{number}.wav",
                size_bytes=1,
                sha256="",
                context=CallContext(),
                playbook="cold-outreach",
                request_digest="",
                score=number % 101,
            )
            session.add(row)
            session.flush()
            session.add(ReportRow(recording_id=row.id, body=body, waveform=[], transcript="x"))


def test_a_long_list_is_written_whole_in_the_memory_of_a_few_rows(client: TestClient) -> None:
    many(client, 900)
    store = client.app.state.store
    assert len({row.id for row, _ in store.walk(Filter(), at_once=7)}) == 900
    peaks = []
    for least in (90, 0):
        tracemalloc.start()
        written = sum(1 for _ in as_csv(store.walk(Filter(min_score=least), at_once=20)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert written == 901
    assert peaks[1] < 1.5 * peaks[0]


# Filters


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Three recordings: done with flags, done without check-in, waiting. Only looked at."""
    with TestClient(create_app(Settings(data_dir=tmp_path_factory.mktemp("listed")))) as client:
        yield filled(client)


def filled(client: TestClient) -> TestClient:
    store_report(client.app, name="flagged.wav")
    store_report(
        client.app, "Hi Dana, it's Ann with Ånäl & 100% Ærlig. Three plants cut scrap by a fifth.", name="other.wav"
    )
    fields = {"rep": "Łucja Nowak", "purpose": "active_deal", "playbook": "referral-only"}
    client.post("/v1/voicemails", files={"file": ("waiting.wav", b"RIFF" + bytes(100))}, data=fields)
    return client


def names(client: TestClient, **asked: object) -> list[str]:
    response = client.get("/v1/voicemails", params=asked)
    assert response.status_code == 200, response.text
    return [item["filename"].removesuffix(".wav") for item in response.json()["items"]]


TODAY = datetime.now(UTC).date()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["waiting", "other", "flagged"]),
        ({"rule": "checking_in"}, ["flagged"]),
        ({"rule": "no_such_rule"}, []),
        ({"status": "queued"}, ["waiting"]),
        ({"status": "done", "rule": "checking_in", "text": "bluepeak"}, ["flagged"]),
        ({"playbook": "referral-only"}, ["waiting"]),
        ({"purpose": "active_deal"}, ["waiting"]),
        ({"rep": "łUCJA"}, ["waiting"]),
        ({"rep": "%"}, []),
        ({"text": "CHECKING  in"}, ["flagged"]),
        ({"text": "ånäl"}, ["other"]),
        ({"text": "100%"}, ["other"]),
        ({"text": "1_0"}, []),
        ({"min_score": 101 - 1}, []),
        ({"max_score": 100}, ["other", "flagged"]),
        ({"since": str(TODAY - timedelta(days=1))}, ["waiting", "other", "flagged"]),
        ({"since": str(TODAY + timedelta(days=1))}, []),
        ({"until": str(TODAY - timedelta(days=1))}, []),
        ({"until": "9999-12-31"}, ["waiting", "other", "flagged"]),
        ({"rule": "", "text": " ", "min_score": "", "since": "", "purpose": ""}, ["waiting", "other", "flagged"]),
    ],
)
def test_every_filter_narrows_list_table_and_page_alike(
    listed: TestClient, asked: dict[str, object], found: list[str]
) -> None:
    assert names(listed, **asked) == found
    table = rows_of(listed.get("/v1/voicemails.csv", params=asked).text)
    assert [row["filename"].removesuffix(".wav") for row in table] == found
    page = listed.get("/", params=asked, headers={"Accept": "text/html"}).text
    assert re.findall(r'class="row-name"[^>]*>(\w+)\.wav<', page) == found


@pytest.mark.parametrize(
    "asked", [{"since": "yesterday"}, {"min_score": "high"}, {"purpose": "holiday"}, {"status": "x"}]
)
def test_a_filter_that_cannot_be_is_said(client: TestClient, asked: dict[str, str]) -> None:
    problem = client.get("/v1/voicemails", params=asked).json()
    assert problem["code"] == "invalid_request"
    assert problem["errors"][0]["field"] in asked


def test_a_filtered_list_is_read_page_by_page(client: TestClient) -> None:
    many(client, 9)
    first = client.get("/v1/voicemails", params={"min_score": 4, "limit": 3}).json()
    rest = client.get("/v1/voicemails", params={"min_score": 4, "limit": 3, "cursor": first["next_cursor"]}).json()
    assert len({item["id"] for item in first["items"] + rest["items"]}) == 5
    assert rest["next_cursor"] is None


def test_the_filters_show_themselves_where_there_is_something_to_filter(client: TestClient) -> None:
    html = {"Accept": "text/html"}
    assert 'class="filters"' not in client.get("/", headers=html).text
    many(client, 60)
    page = client.get("/", headers=html).text
    assert 'class="filters"' in page
    assert "All recordings as" in page
    filtered = client.get("/?min_score=1&text=", headers=html).text
    assert re.search(r'href="/\?min_score=1&amp;before=\w+"', filtered)
    assert "/v1/voicemails.csv?min_score=1" in filtered
    none = client.get("/?text=nothing+like+it", headers=html).text
    assert "No recording is like this" in none
    assert 'value="nothing like it"' in none


def test_a_report_made_again_is_found_by_its_new_words(client: TestClient) -> None:
    recording_id = store_report(client.app)
    client.delete(f"/v1/voicemails/{recording_id}/message")
    analyse(client.app, recording_id, "Hi Dana, it's Ann with Acme. See you at noon.")
    assert names(client, rule="checking_in") == []
    assert names(client, text="noon") == ["a"]


def test_reports_stored_before_there_were_filters_are_found(settings: Settings) -> None:
    import importlib

    import sqlalchemy as sa

    app = create_app(settings)
    with TestClient(app):
        recording_id = store_report(app)
    with app.state.store.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM findings"))
        connection.execute(sa.text("UPDATE reports SET transcript = ''"))
        importlib.import_module("app.migrations.versions.0006_filters")._fill(connection)
    with TestClient(create_app(settings)) as client:
        assert names(client, rule="checking_in", text="see where things stand") == ["a"]
        with client.app.state.store.session() as session:
            found = session.scalars(sa.select(FindingRow).where(FindingRow.recording_id == recording_id)).all()
        findings = client.get(f"/v1/voicemails/{recording_id}/report").json()["findings"]
        assert {one.rule: one.status for one in found} == {one["rule"]: one["status"] for one in findings}
