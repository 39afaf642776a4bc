"""A new rep, a fresh database and a microphone: from the first page to a report of their own message."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.browsing import IN_A_BROWSER, launch, open_page, shoot, speaks, spoken_after
from tests.conftest import SAMPLES
from tests.processes import Service

playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra dev)")
Browser, Page, Playwright, expect = (
    playwright_api.Browser,
    playwright_api.Page,
    playwright_api.Playwright,
    playwright_api.expect,
)

pytestmark = [*IN_A_BROWSER, pytest.mark.whisper]
COUNT_DOWN_S = 3.2  # with the beep behind it
SPEECH = next(SAMPLES.glob("04-*.wav"))
SPEECH_S = 15.6


@pytest.fixture
def speaking(playwright: Playwright, tmp_path: Path) -> Iterator[Browser]:
    """A browser in whose microphone somebody begins to speak when the count-down is over."""
    browser = launch(playwright, *speaks(spoken_after(COUNT_DOWN_S + 1, SPEECH, tmp_path)))
    yield browser
    browser.close()


@pytest.fixture
def page(speaking: Browser, live_service: Service) -> Iterator[Page]:
    with open_page(speaking, live_service.url) as page:
        yield page


def in_phase(page: Page, phase: str) -> None:
    expect(page.locator("#studio")).to_have_attribute("data-phase", phase)


def record_for(page: Page, seconds: float) -> None:
    in_phase(page, "recording")
    page.wait_for_timeout(1000 * seconds)
    page.get_by_role("button", name="Stop").click()


def test_three_actions_from_the_first_page_to_the_report_of_what_was_spoken(
    speaking: Browser, new_service: Service
) -> None:
    new_service.start()
    with open_page(speaking, new_service.url) as page:
        page.goto("/")
        shoot(page, "practice-1-first-page")

        page.get_by_role("link", name="Record a message").click()  # the first action
        in_phase(page, "counting")
        in_phase(page, "recording")
        expect(page.get_by_role("button", name="Stop")).to_be_focused()
        page.wait_for_timeout(1000 * SPEECH_S)
        expect(page.locator("#length-said")).to_have_text("Right length")
        expect(page.locator("#news")).to_be_empty()  # a screen reader's voice would be in the recording
        shoot(page, "practice-2-recording")
        page.keyboard.press("Space")  # the second
        in_phase(page, "heard")
        expect(page.get_by_role("button", name="Get the report")).to_be_focused()
        shoot(page, "practice-3-heard")
        page.keyboard.press("Enter")  # the third

        page.wait_for_url("**/voicemails/*")
        expect(page.locator(".score-points")).to_be_visible()
        expect(page.locator("#transcript")).to_contain_text(re.compile("just checking in", re.IGNORECASE))
        expect(page.locator("#finding-checking_in")).to_be_visible()
        expect(page.locator(".meta")).to_contain_text("Cold call")
        shoot(page, "practice-4-report")

        finding = page.locator("[data-play-from]").first
        finding.click()
        start_s = float(finding.get_attribute("data-play-from") or 0)
        page.wait_for_function("start => document.querySelector('#audio').currentTime > start", arg=start_s)


def test_a_take_is_discarded_and_recorded_again(page: Page, live_service: Service) -> None:
    before = len(httpx.get(f"{live_service.url}/v1/voicemails").json()["items"])
    page.goto("/record")
    in_phase(page, "ready")
    page.get_by_role("button", name="Start recording").click()
    page.get_by_role("button", name="Not yet").click()
    in_phase(page, "ready")
    page.get_by_role("button", name="Start recording").click()
    record_for(page, 3)
    in_phase(page, "heard")
    assert page.locator("#take").evaluate("audio => audio.src").startswith("blob:")
    page.get_by_role("button", name="Record again").click()
    record_for(page, 4)
    in_phase(page, "heard")
    expect(page.locator("#clock")).to_have_text("0:04")
    page.get_by_role("button", name="Discard").click()
    in_phase(page, "ready")
    expect(page.locator("#news")).to_have_text("The recording is discarded.")
    expect(page.locator("#take")).to_be_hidden()
    assert len(httpx.get(f"{live_service.url}/v1/voicemails").json()["items"]) == before


def test_a_take_survives_a_lost_connection_and_is_sent_once(speaking: Browser, live_service: Service) -> None:
    keys: list[str] = []

    def lose_the_first(route: playwright_api.Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        route.abort("connectionfailed") if len(keys) == 1 else route.continue_()

    with open_page(speaking, live_service.url, meant=("ERR_CONNECTION_FAILED",)) as page:
        page.route("**/v1/voicemails", lose_the_first)
        page.goto("/record#now")
        record_for(page, 6)
        in_phase(page, "heard")
        page.get_by_role("button", name="Get the report").click()
        in_phase(page, "unsent")
        expect(page.get_by_role("alert")).to_contain_text("Send it again, or save it to disk.")
        shoot(page, "practice-5-unsent")
        with page.expect_download() as saved:
            page.get_by_role("link", name="Save to disk").click()
        assert saved.value.suggested_filename.startswith("practice-")
        assert saved.value.path().stat().st_size > 5_000
        page.get_by_role("button", name="Get the report").click()
        page.wait_for_url("**/voicemails/*")
    assert keys[0] == keys[1]


def test_leaving_with_a_take_that_was_not_sent_asks(page: Page) -> None:
    page.goto("/record#now")
    record_for(page, 2)
    in_phase(page, "heard")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/script")
    assert asked == ["beforeunload"]


def test_silence_and_a_slip_of_the_finger_say_so(playwright: Playwright, live_service: Service, tmp_path: Path) -> None:
    browser = launch(playwright, *speaks(spoken_after(60, None, tmp_path)))
    with open_page(browser, live_service.url) as page:
        page.goto("/record#now")
        record_for(page, 0.2)
        in_phase(page, "useless")
        expect(page.get_by_role("alert")).to_contain_text("Less than a second was recorded.")
        expect(page.get_by_role("button", name="Record again")).to_be_focused()
        page.keyboard.press("Enter")
        in_phase(page, "recording")
        expect(page.locator("#say")).to_have_text("Nothing is heard so far. Is the right microphone on?")
        page.get_by_role("button", name="Stop").click()
        in_phase(page, "useless")
        expect(page.get_by_role("alert")).to_contain_text("The microphone gave only silence.")
        expect(page.get_by_role("button", name="Get the report")).to_be_hidden()
        shoot(page, "practice-6-silence")
    browser.close()


def test_a_refused_microphone_says_how_to_allow_it(playwright: Playwright, live_service: Service) -> None:
    browser = launch(playwright, "--use-fake-device-for-media-stream", "--deny-permission-prompts")
    with open_page(browser, live_service.url) as page:
        page.goto("/record#now")
        in_phase(page, "blocked")
        expect(page.get_by_role("alert")).to_contain_text("Allow it with the symbol beside the address")
        shoot(page, "practice-7-refused")
        page.context.grant_permissions(["microphone"])
        page.get_by_role("button", name="Try again").click()
        in_phase(page, "ready")
    browser.close()


def test_no_microphone_and_an_insecure_address_say_what_to_do(browser: Browser, live_service: Service) -> None:
    with open_page(browser, live_service.url) as page:
        page.context.grant_permissions(["microphone"])
        page.goto("/record")
        in_phase(page, "blocked")
        expect(page.get_by_role("alert")).to_contain_text("No microphone was found.")
    with open_page(browser, live_service.url) as page:
        page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
        page.goto("/record")
        in_phase(page, "blocked")
        expect(page.get_by_role("alert")).to_contain_text("only to pages opened over https:// or on localhost")


def test_a_script_goes_along_without_standing_in_the_address(page: Page) -> None:
    page.goto("/script?tab=check")
    page.get_by_label("Your script").fill("Hi Karen, this is Maya with Bluepeak.")
    page.get_by_label("What is the call for?").select_option("active_deal")
    page.get_by_label("Playbook").select_option("educate-first")
    page.get_by_role("button", name="Practise this").click()
    in_phase(page, "ready")
    assert page.evaluate("location.pathname + location.search + location.hash") == "/record"
    expect(page.get_by_label("Your script")).to_have_value("Hi Karen, this is Maya with Bluepeak.")
    assert page.get_by_label("What is the call for?").input_value() == "active_deal"
    expect(page.locator("#length-aim")).to_have_text("Aim for 8 to 18 s; at most 22 s")
    page.get_by_label("Playbook").select_option("persistent-pursuit")
    expect(page.locator("#length-aim")).to_have_text("Aim for 20 to 35 s; at most 45 s")
    shoot(page, "practice-8-with-a-script")
