"""Many recordings handed in at once: a few at a time, with progress, failures, and folders."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browsing import IN_A_BROWSER, open_page, shoot, spoken_after
from tests.processes import Service

playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra dev)")
Browser, Page, expect = playwright_api.Browser, playwright_api.Page, playwright_api.expect

pytestmark = [*IN_A_BROWSER, pytest.mark.whisper]
COUNTING = """
  window.most = window.now = 0;
  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function (body) {
    window.most = Math.max(window.most, ++window.now);
    this.addEventListener("readystatechange", () => (window.now -= this.readyState === 4));
    send.call(this, body);
  };
"""
DROP_A_FOLDER = """
  () => {
    const file = (name, type) => ({ name, file: (resolve) => resolve(new File(["x"], name, { type })) });
    const folder = (name, entries) => ({
      name, isDirectory: true,
      createReader: () => ({ readEntries: (resolve) => resolve(entries.splice(0, 2)) }),
    });
    const calls = folder("calls", [
      file("one.wav", "audio/wav"), file("one.json", "application/json"), file(".DS_Store", ""),
      folder("older", [file("two.gsm", ""), file("three.bin", "audio/mpeg"), file("notes.txt", "text/plain")]),
    ]);
    const drop = new Event("drop", { bubbles: true, cancelable: true });
    drop.dataTransfer = { types: ["Files"], files: [], items: [{ webkitGetAsEntry: () => calls }] };
    dispatchEvent(drop);
  }
"""


@pytest.fixture
def page(browser: Browser, live_service: Service) -> Iterator[Page]:
    meant = ("ERR_CONNECTION_FAILED", "status of 415", "status of 503")
    with open_page(browser, live_service.url, meant=meant) as page:
        page.add_init_script(COUNTING)
        yield page


def test_three_at_a_time_and_what_failed_is_tried_again_at_once(page: Page, tmp_path: Path) -> None:
    quiet = spoken_after(1, None, tmp_path).read_bytes()
    files = [
        {"name": f"call-{number}.wav", "mimeType": "audio/wav", "buffer": quiet if number != 5 else b"These are notes."}
        for number in range(1, 8)
    ]
    keys: list[str] = []

    def lose_two(route: playwright_api.Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.abort("connectionfailed")
        elif len(keys) == 2:
            route.fulfill(status=503, json={"detail": "The service is starting. Please try again."})
        else:
            route.continue_()

    page.route("**/v1/voicemails", lose_two)
    page.goto("/")
    page.set_input_files("#file", files)
    page.get_by_role("button", name="Get 7 reports").click()
    expect(page.locator("#tray-count")).to_have_text("4 recordings handed in, 3 failed.")
    expect(page.locator("#news")).to_have_text("4 recordings handed in, 3 failed.")
    assert page.evaluate("window.most") == 3
    expect(page.locator(".tray-item")).to_have_count(3)
    expect(page.locator(".tray-item", has_text="call-1.wav").get_by_role("alert")).to_contain_text("cannot be reached")
    expect(page.locator(".tray-item", has_text="call-2.wav").get_by_role("alert")).to_contain_text("is starting")
    refused = page.locator(".tray-item", has_text="call-5.wav")
    expect(refused.get_by_role("alert")).to_contain_text("Please send a voice recording")
    shoot(page, "uploads-1-some-failed")

    page.get_by_role("button", name="Try all 2 again").click()
    expect(page.locator("#tray-count")).to_have_text("6 recordings handed in, 1 failed.")
    assert sorted(keys[:2]) == sorted(keys[-2:])
    assert len(set(keys)) == 7
    for number in (1, 2, 3, 4, 6, 7):
        expect(page.locator(".row-name", has_text=f"call-{number}.wav")).to_have_count(1)
    refused.get_by_role("button", name="Dismiss").click()
    expect(page.locator("#tray-total")).to_be_hidden()


def test_a_folder_is_dropped_with_all_its_recordings(page: Page) -> None:
    page.goto("/")
    page.evaluate(DROP_A_FOLDER)
    expect(page.locator("#staged li")).to_have_count(3)
    expect(page.locator("#staged")).to_contain_text("two.gsm")
    expect(page.locator("#left-out")).to_have_text("2 other files were left out.")
    expect(page.get_by_role("button", name="Get 3 reports")).to_be_focused()


def test_rows_follow_by_events_and_by_asking_where_those_fail(
    page: Page, live_service: Service, tmp_path: Path
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(live_service.url)))
    quiet = spoken_after(1, None, tmp_path).read_bytes()

    def hand_in(name: str) -> None:
        file = {"name": name, "mimeType": "audio/wav", "buffer": quiet}
        assert page.request.post("/v1/voicemails", multipart={"file": file}).status == 202

    page.goto("/")
    hand_in("by-event.wav")
    expect(page.locator(".row", has_text="by-event.wav").locator(".level-failed")).to_be_visible(timeout=60_000)
    assert "/v1/events" in asked
    assert not [url for url in asked if url.startswith("/v1/voicemails?")], "it was asked for"

    page.route("**/v1/events", lambda route: route.abort("connectionfailed"))
    page.reload()
    hand_in("by-asking.wav")
    expect(page.locator(".row", has_text="by-asking.wav").locator(".level-failed")).to_be_visible(timeout=60_000)
    assert [url for url in asked if url.startswith("/v1/voicemails?")]
