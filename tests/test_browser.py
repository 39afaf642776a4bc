"""The two-minute tour in a real browser: hand in a recording, watch, read, play, delete; and check a script."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browsing import IN_A_BROWSER, open_page, shoot
from tests.processes import Service

playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra dev)")
Browser, Page, expect = playwright_api.Browser, playwright_api.Page, playwright_api.expect

pytestmark = [*IN_A_BROWSER, pytest.mark.whisper]


@pytest.fixture
def page(browser: Browser, live_service: Service) -> Iterator[Page]:
    with open_page(browser, live_service.url, meant=("status of 415",)) as page:
        yield page


def hand_in(page: Page, recording: Path) -> None:
    page.goto("/")
    page.set_input_files("#file", recording)
    page.get_by_role("button", name="Get the report").click()


def test_the_tour_from_upload_to_report_to_deletion(page: Page, short_sample: Path) -> None:
    page.goto("/")
    shoot(page, "1-first-page")
    page.select_option("#purpose", "cold")
    page.set_input_files("#file", short_sample)
    expect(page.locator("#staged")).to_contain_text(short_sample.name)
    page.get_by_role("button", name="Get the report").click()
    expect(page.locator(".tray-item")).to_contain_text(short_sample.name)
    page.wait_for_url("**/voicemails/*")
    expect(page.get_by_role("heading", level=1)).to_have_text(short_sample.name)
    expect(page.get_by_role("heading", name=re.compile("Change (these|this) first"))).to_be_visible()
    shoot(page, "2-report")

    points = int(page.locator(".score-points strong").inner_text())
    lost = [int(cost.replace("−", "-")) for cost in page.locator(".ledger-points").all_inner_texts()]
    assert 100 + sum(lost) == points
    assert page.locator(".change").count() == len(lost)
    plays_what_was_said(page)

    address = page.url
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    shoot(page, "3-delete")
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog.get_by_role("button", name="Delete it").click()
    page.wait_for_url(re.compile(r"/$"))
    expect(page.locator(f'a[href="/{"/".join(address.split("/")[-2:])}"]')).to_have_count(0)
    assert page.request.get(address).status == 404


def plays_what_was_said(page: Page) -> None:
    """From a finding, from a word by keyboard, from the waveform; each moves the recording there."""
    audio = page.locator("#audio")
    from_finding = page.locator("[data-play-from]").first
    from_finding.click()
    start_s = float(from_finding.get_attribute("data-play-from") or 0)
    page.wait_for_function("start => document.querySelector('#audio').currentTime > start", arg=start_s)
    assert audio.evaluate("audio => !audio.paused && !audio.error")
    expect(page.locator("#transcript .now")).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    assert audio.evaluate("audio => audio.paused")

    words = page.locator("#transcript [data-start]")
    words.nth(0).focus()
    page.keyboard.press("ArrowRight")
    expect(words.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_function("!document.querySelector('#audio').paused")
    page.get_by_role("button", name="Pause").click()

    seek = page.get_by_role("slider", name="Position in the recording")
    before_s = float(seek.input_value())
    seek.focus()
    page.keyboard.press("ArrowRight")
    assert float(seek.input_value()) > before_s
    box = page.locator("#wave").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    duration_s = float(page.locator("#player").get_attribute("data-duration") or 0)
    assert float(seek.input_value()) == pytest.approx(duration_s / 2, abs=0.2)


def test_a_waiting_page_becomes_the_report_by_itself(page: Page, short_sample: Path) -> None:
    answer = page.request.post(
        "/v1/voicemails",
        multipart={"file": {"name": "waiting.wav", "mimeType": "audio/wav", "buffer": short_sample.read_bytes()}},
    )
    page.goto("/")
    row = page.locator(f"#row-{answer.json()['id']}")
    expect(row).to_contain_text("waiting.wav")
    page.goto(answer.json()["links"]["page"])
    loaded = page.evaluate("performance.timeOrigin")
    expect(page.locator(".score-points")).to_be_visible()
    assert page.evaluate("performance.timeOrigin") == loaded, "the page was reloaded"
    shoot(page, "4-report-that-was-waited-for")
    page.goto("/")
    expect(row.locator(".row-score strong")).to_be_visible()


def test_a_file_that_is_no_recording_is_refused_in_place(page: Page, tmp_path: Path) -> None:
    notes = tmp_path / "notes.wav"
    notes.write_text("These are my notes, not a recording.")
    page.goto("/")
    page.evaluate("window.stayed = true")
    page.set_input_files("#file", notes)
    page.get_by_role("button", name="Get the report").click()
    item = page.locator(".tray-item")
    expect(item.get_by_role("alert")).not_to_be_empty()
    expect(item.get_by_role("button", name="Try again")).to_be_hidden()  # it would be refused again
    shoot(page, "5-refused")
    item.get_by_role("button", name="Dismiss").click()
    expect(item).to_have_count(0)
    assert page.evaluate("window.stayed")


def test_a_script_is_checked_before_it_is_spoken(page: Page) -> None:
    page.goto("/script?tab=check")
    page.get_by_label("Your script").fill("Hi Karen, this is Tyler. I'm just checking in to see where things stand.")
    expect(page.locator("#script-count")).to_contain_text("14 words")
    page.get_by_role("button", name="Check the script").click()
    change = page.locator("#finding-checking_in")
    expect(change).to_contain_text("just checking in")
    expect(change.get_by_role("button")).to_have_count(0)
    shoot(page, "6-script")


def test_the_keyboard_reaches_everything_and_shows_where_it_is(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    assert {"file", "purpose", "prospect", "playbook"} <= set(reached)
    page.locator("#purpose").focus()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_a_person_says_where_the_message_is(page: Page, short_sample: Path) -> None:
    hand_in(page, short_sample)
    page.wait_for_url("**/voicemails/*")
    shown = page.locator("#window summary")
    expect(shown).to_contain_text("no beep was found")
    shown.click()
    page.get_by_label("Begins at (s)").fill("2")
    page.evaluate("document.querySelector('#audio').currentTime = 8")
    page.locator('[data-here="window-end"]').click()
    assert page.get_by_label("Ends at (s)").input_value() == "8.0"
    shoot(page, "7-mark-the-message")
    page.get_by_role("button", name="Analyse again").click()
    expect(shown).to_contain_text("from 0:02 to 0:08, as it was marked by hand")
    shown.click()
    page.get_by_role("button", name="Find it automatically").click()
    expect(shown).to_contain_text("no beep was found")


def test_a_report_is_shared_by_keyboard_and_the_link_taken_back(page: Page, short_sample: Path) -> None:
    hand_in(page, short_sample)
    page.wait_for_url("**/voicemails/*")
    share = page.locator("#share > summary")
    expect(share).to_be_visible()
    share.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Works for")).to_be_visible()
    for key in ("Tab", "Tab", "Space", "Tab", "Enter"):  # past how long, the mark for masking, make it
        page.keyboard.press(key)
    address = page.get_by_label("Shown only now")
    expect(address).to_be_focused()
    expect(page.locator("#share-links li")).to_contain_text("masked")
    shoot(page, "8-share")
    shared = page.context.new_page()
    shared.goto(address.input_value())
    expect(shared.locator(".score-points")).to_be_visible()
    assert shared.locator("nav").count() == 0
    assert shared.request.get(shared.locator("audio").get_attribute("src") or "").headers["content-type"] == "audio/wav"
    shoot(shared, "9-shared")
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("#share-links li")).to_have_count(0)
    assert page.request.get(address.input_value()).status == 404
    page.keyboard.press("Escape")
    expect(share).to_be_focused()
    expect(page.get_by_label("Works for")).to_be_hidden()
    with page.expect_download() as downloading:
        page.get_by_text("Download", exact=True).click()
        page.get_by_role("link", name="PDF, names and numbers masked").click()
    assert downloading.value.path().read_bytes().startswith(b"%PDF")
