"""Every page, in light and dark, on a desk and on a phone: axe finds nothing against WCAG 2.2 AA."""

import re
from collections.abc import Callable, Iterator

import pytest
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from app.main import ROUTERS
from tests.browsing import ANALYSIS_MS, IN_A_BROWSER, LOOKS, launch, no_sideways_scrolling, open_page
from tests.conftest import SAMPLES, Service

playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra dev)")
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed (extra dev)")
Browser, Page, Playwright, expect = (
    playwright_api.Browser,
    playwright_api.Page,
    playwright_api.Playwright,
    playwright_api.expect,
)

in_a_browser = [*IN_A_BROWSER, pytest.mark.whisper]
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPTIONS = {
    "runOnly": {"type": "tag", "values": STANDARDS},
    "rules": {"target-size": {"enabled": True}},  # new in 2.2, and left out by axe unless asked for
    "resultTypes": ["violations"],
}
COLOURS_SETTLE_MS = 300
SCRIPT = "Hi Karen, this is Tyler with Bluepeak. I'm just checking in to see where things stand."

#: Every page by its route, with addresses that show it; {done} and {failed} are recordings, {webhook} is a webhook.
VISITS = {
    "/": ["/"],
    "/record": ["/record"],
    "/voicemails/{recording_id}": [
        "/voicemails/{done}",
        "/voicemails/{done}?playbook=educate-first",
        "/voicemails/{failed}",
    ],
    "/script": ["/script"],
    "/advise": ["/advise"],
    "/playbooks": ["/playbooks"],
    "/playbooks/{name}": ["/playbooks/cold-outreach"],
    "/playbooks/{name}/copy": ["/playbooks/cold-outreach/copy"],
    "/queue": ["/queue"],
    "/review": ["/review"],
    "/examples": ["/examples"],
    "/login": ["/login"],
    "/account": ["/account"],
    "/people": ["/people"],
    "/webhooks": ["/webhooks"],
    "/webhooks/{webhook_id}": ["/webhooks/{webhook}"],
}
FRAGMENTS = {"/voicemails/{recording_id}/row", "/voicemails/{recording_id}/review", "/queue/next"}
WITH_ACCOUNTS = {"/join/{token}"}  # visited once there are accounts, with the two before it
ELSEWHERE = "/nothing-here"


def test_every_page_is_visited() -> None:
    pages = {
        route.path
        for router, _ in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in route.methods and route.response_class is HTMLResponse
    }
    assert pages - FRAGMENTS - WITH_ACCOUNTS == set(VISITS)


@pytest.fixture(scope="module")
def recordings(live_service: Service, browser: Browser) -> dict[str, str]:
    """One with a report and one without, by status; and a webhook that was tried."""
    context = browser.new_context(base_url=live_service.url)
    sample = next(SAMPLES.glob("04-*.wav")).read_bytes()
    found = {}
    for status, content in (("done", sample), ("failed", b"RIFF" + bytes(2000))):
        file = {"name": f"{status}.wav", "mimeType": "audio/wav", "buffer": content}
        answer = context.request.post("/v1/voicemails?wait=100", multipart={"file": file}, timeout=ANALYSIS_MS)
        found[status] = answer.json()["id"]
    told = {"url": "https://hooks.example.com/afterbeep", "events": ["report.ready"]}
    found["webhook"] = context.request.post("/v1/webhooks", data=told).json()["id"]
    context.request.post(f"/v1/webhooks/{found['webhook']}/test")
    context.close()
    return found


@pytest.fixture
def page(playwright: Playwright, live_service: Service) -> Iterator[Page]:
    browser = launch(playwright, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    with open_page(browser, live_service.url, meant=("status of 404", "status of 422")) as page:
        yield page
    browser.close()


def violations(page: Page) -> list[str]:
    """What axe finds, in every look, with everything that can be opened open."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    found = []
    for look, (viewport, scheme) in LOOKS.items():
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(COLOURS_SETTLE_MS)
        if not no_sideways_scrolling(page):
            found.append(f"{look}: scrolls sideways")
        for violation in axe_api.Axe().run(page, options=OPTIONS).response["violations"]:
            where = "; ".join(f"{node['target'][0]} ({node['failureSummary']})" for node in violation["nodes"][:3])
            found.append(f"{look}: {violation['id']}: {violation['help']}: {where}")
    return found


@pytest.mark.parametrize("address", [*(each for some in VISITS.values() for each in some), ELSEWHERE])
def test_a_page_has_no_violations(page: Page, recordings: dict[str, str], address: str) -> None:
    page.goto(address.format(**recordings))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert violations(page) == []


def answer_a_script(page: Page) -> None:
    page.goto("/script")
    page.get_by_label("Your script").fill(SCRIPT)
    page.get_by_role("button", name="Check the script").click()
    expect(page.locator(".score-points")).to_be_visible()


def answer_advice(page: Page) -> None:
    page.goto("/advise")
    page.locator("main form button[type=submit]").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def stage_files(page: Page) -> None:
    page.goto("/")
    page.set_input_files("#file", [next(SAMPLES.glob("10-*.wav")), next(SAMPLES.glob("04-*.wav"))])
    expect(page.locator("#staged li")).to_have_count(2)


def record_a_take(page: Page) -> None:
    page.goto("/record#now")
    page.get_by_role("button", name="Stop").click(timeout=30_000)
    expect(page.locator("#studio")).to_have_attribute("data-phase", re.compile("heard|useless"))
    page.on("dialog", lambda dialog: dialog.accept())


@pytest.mark.parametrize("state", [answer_a_script, answer_advice, stage_files, record_a_take])
def test_what_a_page_becomes_has_no_violations(page: Page, state: Callable[[Page], None]) -> None:
    state(page)
    assert violations(page) == []


def test_the_question_before_deleting_has_no_violations(page: Page, recordings: dict[str, str]) -> None:
    page.goto(f"/voicemails/{recordings['done']}")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []


def test_the_pages_of_an_installation_with_accounts_have_no_violations(
    playwright: Playwright, new_service: Service
) -> None:
    new_service.start()
    browser = launch(playwright)
    with open_page(browser, new_service.url) as page:
        page.goto("/people")
        form = page.locator("form[action='/people/first']")
        form.locator("[name=email]").fill("ada@example.com")
        form.locator("[name=name]").fill("Ada")
        form.locator("[type=password]").fill("correct horse battery")
        form.locator("[type=submit], button").first.click()
        found = violations(page)
        page.goto("/people")
        page.locator("form[action='/people/invite'] button").click()
        invited = re.search(r"/join/[\w-]+", page.locator("main").inner_html())
        found += violations(page)
        page.goto("/account")
        found += violations(page)
        assert invited
        page.context.clear_cookies()
        page.goto(invited[0])
        found += violations(page)
        assert found == []
    browser.close()


FAULTS = """
  const add = (html) => document.querySelector("main").insertAdjacentHTML("beforeend", html);
  add('<p id="faint">Hard to read</p><button>a</button><img src="/static/favicon.svg">');
  document.querySelector("#faint").style.color = "#999";
"""


def test_axe_would_find_faults(page: Page) -> None:
    page.goto("/advise")
    page.evaluate(FAULTS)
    found = "\n".join(violations(page))
    assert "1280-light: color-contrast" in found
    assert "390-phone: image-alt" in found


for browsed in (
    test_a_page_has_no_violations,
    test_what_a_page_becomes_has_no_violations,
    test_the_question_before_deleting_has_no_violations,
    test_axe_would_find_faults,
    test_the_pages_of_an_installation_with_accounts_have_no_violations,
):
    browsed.pytestmark = [*getattr(browsed, "pytestmark", []), *in_a_browser]
