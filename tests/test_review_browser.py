"""A coach who touches no mouse, and a rep who does not agree: from a fresh database, in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi import FastAPI

from app.access import COOKIE
from app.database import migrate
from app.main import create_app
from app.review import Reviews
from app.settings import Settings
from tests.browsing import IN_A_BROWSER, open_page, shoot
from tests.inside import serving
from tests.people import PASSWORD, Cast, cast
from tests.scripted import CHECKING_IN
from tests.stored import store_again, store_report

playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra dev)")
Browser, Page, expect = playwright_api.Browser, playwright_api.Page, playwright_api.expect

pytestmark = IN_A_BROWSER
TEN = 10
COMMENT = "Lead with what you did for Mercy."
GOOD_AT = "A calm call-back number"


@pytest.fixture
def they(settings: Settings) -> Iterator[Cast]:
    app = create_app(settings)
    migrate(settings)
    yield cast(app)
    app.state.store.engine.dispose()


def stored(they: Cast, count: int) -> list[str]:
    rob = they.people["rob"].id
    first = store_report(they.app, CHECKING_IN, name="message 1.wav", owner_id=rob)
    return [first] + [store_again(they.app, first, f"message {at}.wav", owner_id=rob) for at in range(2, count + 1)]


@contextmanager
def signed_in(browser: Browser, they: Cast, url: str, name: str, time_zone: str | None = None) -> Iterator[Page]:
    with open_page(browser, url, time_zone=time_zone) as page:
        session = they.app.state.credentials.open_session(they.people[name])
        page.context.add_cookies([{"name": COOKIE, "value": session, "url": url}])
        yield page


def reviews(app: FastAPI) -> Reviews:
    return Reviews(app.state.store, app.state.playbooks)


def heard(page: Page, sentence: str) -> None:
    """What was pressed has been done once the page says so."""
    expect(page.locator("#review-news")).to_have_text(sentence)


def press_until(page: Page, key: str, rule: str) -> None:
    """Go from finding to finding until the one of this rule is marked."""
    for _ in range(page.locator(".change").count()):
        page.keyboard.press(key)
        current = page.locator(".change.current")
        expect(current).to_be_focused()
        if current.get_attribute("id") == f"finding-{rule}":
            return
    raise AssertionError(f"{key} never reached {rule}")


def test_a_coach_handles_ten_recordings_by_keyboard_alone(browser: Browser, they: Cast) -> None:
    recordings = stored(they, TEN)
    teams = they.people["carla"].teams
    cora = they.app.state.people.add("cora@example.com", "Cora", "coach", PASSWORD, teams)
    with serving(they.app) as url, open_page(browser, url) as page:
        page.goto("/queue")  # who is not signed in is asked to, and comes back
        expect(page.get_by_label("E-mail address")).to_be_focused()
        page.keyboard.type("cora@example.com")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/queue")
        expect(page.locator(".row")).to_have_count(TEN)
        shoot(page, "review-1-queue")
        page.keyboard.press("Enter")  # the focus is on the first thing to do
        for number, recording_id in enumerate(recordings):
            page.wait_for_url(f"**/voicemails/{recording_id}")
            press_until(page, "j", "checking_in")
            page.keyboard.press("a" if number % 2 else "d")
            heard(page, "You agree." if number % 2 else "You disagree.")
            expect(page.locator(".change.current")).to_be_focused()
            if number == 0:
                page.keyboard.press("j")
                press_until(page, "k", "checking_in")
                page.keyboard.press("c")
                page.keyboard.type(COMMENT)
                page.keyboard.press("Control+Enter")
                heard(page, "Your comment is there.")
                expect(page.locator(".change.current")).to_be_focused()
                page.keyboard.press("e")
                page.keyboard.type(GOOD_AT)
                page.keyboard.press("Enter")
                heard(page, "Noted.")
                page.locator(".change.current").wait_for()
                shoot(page, "review-2-report")
            page.keyboard.press("n")
        expect(page.get_by_text("Nothing is waiting for you")).to_be_visible()
        shoot(page, "review-3-empty-queue")
    kept = reviews(they.app)
    assert kept.queue(cora) == []
    for number, recording_id in enumerate(recordings):
        (verdict,) = kept.said(recording_id).verdicts
        assert (verdict.rule, verdict.agrees, verdict.person_name) == ("checking_in", bool(number % 2), "Cora")
        assert they.app.state.store.recording(recording_id).reviewed_by == "Cora"
    assert [one.text for one in kept.said(recordings[0]).comments] == [COMMENT]
    assert [(row.id, row.example_of) for row in kept.examples()] == [(recordings[0], GOOD_AT)]


def test_what_a_rep_appeals_the_coach_sees_first_and_answers(browser: Browser, they: Cast) -> None:
    _, appealed = stored(they, 2)
    with serving(they.app) as url:
        with signed_in(browser, they, url, "rob") as page:
            page.goto(f"/voicemails/{appealed}")
            flag = page.locator("#finding-checking_in")
            flag.get_by_text("Not fair?").click()
            flag.get_by_label("Tell your coach why").fill("She asked me to check in.")
            flag.get_by_role("button", name="Appeal").click()
            expect(flag.get_by_text("Your coach will look at it.")).to_be_visible()
            page.reload()
            expect(flag).to_contain_text("She asked me to check in.")
            expect(page.get_by_role("link", name="To review")).to_have_count(0)
        with signed_in(browser, they, url, "carla") as page:
            page.goto("/queue")
            expect(page.locator(".row").first).to_contain_text("Appealed")
            page.keyboard.press("Enter")
            page.wait_for_url(f"**/voicemails/{appealed}")
            expect(page.locator("#finding-checking_in")).to_contain_text("She asked me to check in.")
            press_until(page, "j", "checking_in")
            page.keyboard.press("d")
            heard(page, "You disagree.")
        with signed_in(browser, they, url, "rob") as page:
            page.goto(f"/voicemails/{appealed}")
            expect(page.locator("#finding-checking_in")).to_contain_text("Carla does not agree: it costs nothing")
            shoot(page, "review-4-rep")


def test_single_keys_can_be_turned_off(browser: Browser, they: Cast) -> None:
    (recording,) = stored(they, 1)
    with serving(they.app) as url, signed_in(browser, they, url, "carla") as page:
        page.goto(f"/voicemails/{recording}")
        page.locator("#keys summary").click()
        page.get_by_label("Single keys work on this page").uncheck()
        page.keyboard.press("j")
        expect(page.locator(".change.current")).to_have_count(0)
        page.reload()
        page.locator("#keys summary").click()
        expect(page.get_by_label("Single keys work on this page")).not_to_be_checked()


def test_the_day_of_an_assignment_is_the_same_in_every_time_zone(browser: Browser, they: Cast) -> None:
    carla = they.client("carla")
    carla.put("/v1/scripts/opener", json={"text": "Hi Karen, this is Carla."})
    carla.post("/v1/assignments", json={"script_id": "opener", "due_on": "2026-12-04", "reps": ["rob@example.com"]})
    with serving(they.app) as url, signed_in(browser, they, url, "rob", "America/New_York") as page:
        for path in ("/", "/assignments"):
            page.goto(path)
            expect(page.locator("main time").first).to_have_text("4 Dec 2026")
