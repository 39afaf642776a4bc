"""Every page, in light and dark, on a desk and on a phone: axe finds nothing against WCAG 2.2 AA."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from app.access import COOKIE
from app.database import migrate
from app.main import ROUTERS, create_app
from app.settings import Settings
from tests.browsing import IN_A_BROWSER, LOOKS, launch, no_sideways_scrolling, open_page, shoot
from tests.conftest import SAMPLES
from tests.furnished import furnish
from tests.inside import serving
from tests.people import cast

playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra dev)")
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed (extra dev)")
Browser, Page, Playwright, expect = (
    playwright_api.Browser,
    playwright_api.Page,
    playwright_api.Playwright,
    playwright_api.expect,
)

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPTIONS = {
    "runOnly": {"type": "tag", "values": STANDARDS},
    "rules": {"target-size": {"enabled": True}},  # new in 2.2, and left out by axe unless asked for
    "resultTypes": ["violations"],
}
COLOURS_SETTLE_MS = 300
SCRIPT = "Hi Karen, this is Tyler with Bluepeak. I'm just checking in to see where things stand."

#: Every page by its route, with addresses that show it; what is in braces, `furnish` tells.
VISITS = {
    "/": ["/"],
    "/record": ["/record"],
    "/voicemails/{recording_id}": [
        "/voicemails/{done}",
        "/voicemails/{done}?playbook=educate-first",
        "/voicemails/{failed}",
        "/voicemails/{silent}",
    ],
    "/script": ["/script", "/script?tab=build"],
    "/scripts": ["/scripts"],
    "/scripts/{script_id}": ["/scripts/{script}"],
    "/progress": ["/progress"],
    "/prospects/{key:path}": ["/prospects/{prospect}"],
    "/advise": ["/advise"],
    "/playbooks": ["/playbooks"],
    "/playbooks/{name}": ["/playbooks/cold-outreach"],
    "/playbooks/{name}/copy": ["/playbooks/cold-outreach/copy"],
    "/connections": ["/connections"],
    "/connections/new/{integration}": ["/connections/new/aircall"],
    "/connections/{connection_id}": ["/connections/{connection}"],
    "/queue": ["/queue"],
    "/assignments": ["/assignments"],
    "/trends": ["/trends", "/trends?rule=checking_in"],
    "/review": ["/review"],
    "/examples": ["/examples"],
    "/shared/{token}": ["/shared/{shared}", "/shared/nothing"],
    "/login": ["/login"],
    "/account": ["/account"],
    "/people": ["/people"],
    "/webhooks": ["/webhooks"],
    "/webhooks/{webhook_id}": ["/webhooks/{webhook}"],
}
FRAGMENTS = {"/voicemails/{recording_id}/row", "/voicemails/{recording_id}/review", "/queue/next"}
FILES = {"/v1/voicemails/{recording_id}/report.html"}
WITH_ACCOUNTS = {"/join/{token}"}  # visited once there are accounts, with the two before it
ELSEWHERE = "/nothing-here"


def test_every_page_is_visited() -> None:
    pages = {
        route.path
        for router, _ in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in route.methods and route.response_class is HTMLResponse
    }
    assert pages - FRAGMENTS - FILES - WITH_ACCOUNTS == set(VISITS)


@dataclass(frozen=True)
class House:
    """A service with something of everything in it, where it is and what is where."""

    url: str
    recordings: dict[str, str]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    app = create_app(Settings(data_dir=tmp_path_factory.mktemp("house")))
    migrate(app.state.settings)
    known = furnish(app)
    with serving(app) as url:
        yield House(url, known)
    app.state.store.engine.dispose()


@pytest.fixture
def page(playwright: Playwright, house: House) -> Iterator[Page]:
    browser = launch(playwright, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    with open_page(browser, house.url, meant=("status of 404", "status of 422")) as page:
        yield page
    browser.close()


def violations(page: Page, within: str | None = None) -> list[str]:
    """What axe finds, in every look, with everything open that does not lie over the rest."""
    page.evaluate("document.querySelectorAll('details:not(#nav-more)').forEach((one) => (one.open = true))")
    found = []
    for look, (viewport, scheme) in LOOKS.items():
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(COLOURS_SETTLE_MS)
        if not no_sideways_scrolling(page):
            found.append(f"{look}: scrolls sideways")
        for violation in axe_api.Axe().run(page, context=within, options=OPTIONS).response["violations"]:
            where = "; ".join(f"{node['target'][0]} ({node['failureSummary']})" for node in violation["nodes"][:3])
            found.append(f"{look}: {violation['id']}: {violation['help']}: {where}")
    return found


@pytest.mark.parametrize("address", [*(each for some in VISITS.values() for each in some), ELSEWHERE])
def test_a_page_has_no_violations(page: Page, house: House, address: str) -> None:
    page.goto(address.format(**house.recordings))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    shoot(page, "page" + re.sub(r"\W+", "-", address).rstrip("-"))
    assert violations(page) == []


def test_the_opened_menu_has_no_violations(page: Page, house: House) -> None:
    page.goto("/")
    page.locator("#nav-more > summary").click()
    expect(page.get_by_role("link", name="Playbooks")).to_be_visible()
    shoot(page, "page-menu")
    assert violations(page, "#nav-more") == []


def answer_a_script(page: Page) -> None:
    page.goto("/script?tab=check")
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
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#studio")).to_have_attribute("data-phase", re.compile("heard|useless"))
    page.on("dialog", lambda dialog: dialog.accept())


@pytest.mark.parametrize("state", [answer_a_script, answer_advice, stage_files, record_a_take])
def test_what_a_page_becomes_has_no_violations(page: Page, state: Callable[[Page], None]) -> None:
    state(page)
    assert violations(page) == []


def test_the_question_before_deleting_has_no_violations(page: Page, house: House) -> None:
    page.goto(f"/voicemails/{house.recordings['done']}")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []


def test_the_pages_of_an_installation_with_accounts_have_no_violations(browser: Browser, settings: Settings) -> None:
    app = create_app(settings)
    migrate(settings)
    with serving(app) as url, open_page(browser, url) as page:
        page.goto("/people")
        form = page.locator("form[action='/people/first']")
        form.locator("[name=email]").fill("owner@example.com")
        form.locator("[name=name]").fill("Olga")
        form.locator("[type=password]").fill("correct horse battery")
        form.locator("[type=submit], button").first.click()
        they = cast(app)
        known = furnish(app, they.people["rob"], they.people["carla"])
        page.goto("/people")
        shoot(page, "accounts-people")
        page.locator("form[action='/people/invite'] button").click()
        invited = re.search(r"/join/[\w-]+", page.locator("main").inner_html())
        found = violations(page)
        for address in ("/account", "/queue", "/examples", f"/voicemails/{known['done']}"):
            page.goto(address)
            shoot(page, "accounts-admin" + address.replace(known["done"], "report").replace("/", "-"))
            found += violations(page)
        assert invited
        page.context.clear_cookies()
        page.goto(invited[0])
        found += violations(page)
        cookie = {"name": COOKIE, "value": app.state.credentials.open_session(they.people["rob"]), "url": url}
        page.context.add_cookies([cookie])
        page.goto(f"/voicemails/{known['done']}")
        shoot(page, "accounts-rep-report")
        found += violations(page)
        assert found == []
    app.state.store.engine.dispose()


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
    browsed.pytestmark = [*getattr(browsed, "pytestmark", []), *IN_A_BROWSER]
