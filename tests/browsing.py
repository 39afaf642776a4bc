"""What the browser tests share: Debian's Chromium, a microphone that plays a file, pages, screenshots of every look."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from analysis.audio.decode import decode
from tests.conftest import ROOT
from tests.processes import PATIENCE_S
from tests.sounds import silence, wav16

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.service,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"),
]
NO_TRANSITION = "Transition was"  # … skipped or aborted: Chromium's note where a page turns faster than it can fade
SCREENSHOTS = Path(os.environ.get("AFTERBEEP_SCREENSHOTS") or ROOT / "build/screenshots")
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
LOOKS: dict[str, tuple[dict[str, int], Any]] = {
    "1280-light": (DESKTOP, "light"),
    "1280-dark": (DESKTOP, "dark"),
    "390-phone": (PHONE, "light"),
}


def launch(playwright: "Playwright", *arguments: str) -> "Browser":
    usual = ("--no-sandbox", "--autoplay-policy=no-user-gesture-required")
    return playwright.chromium.launch(executable_path=CHROMIUM, args=[*usual, *arguments])


def speaks(recording: Path) -> tuple[str, ...]:
    """Arguments of a browser whose microphone plays this recording once, from when it is opened."""
    device = f"--use-file-for-fake-audio-capture={recording}%noloop"
    return "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", device


def spoken_after(silence_s: float, recording: Path | None, folder: Path) -> Path:
    """A WAV of silence, and then what a recording holds."""
    speech = decode(recording).samples[0] if recording else silence(0)
    path = folder / "microphone.wav"
    path.write_bytes(wav16(np.concatenate([silence(silence_s), speech])))
    return path


@contextmanager
def open_page(
    browser: "Browser", url: str, *, meant: tuple[str, ...] = (), time_zone: str | None = None
) -> Iterator["Page"]:
    """A page that fails its test when the console complains or anything is asked of another host.

    Browsers note every refused or failed request; `meant` is in the notes the test brings about itself.
    """
    context = browser.new_context(base_url=url, locale="en-GB", viewport=DESKTOP, timezone_id=time_zone)
    context.set_default_timeout(PATIENCE_S * 1000)
    page = context.new_page()
    complaints: list[str] = []

    def listen(said: "ConsoleMessage") -> None:
        if said.type in ("error", "warning") and not any(part in said.text for part in meant):
            complaints.append(said.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: NO_TRANSITION in str(error) or complaints.append(str(error)))
    page.on("request", lambda asked: asked.url.startswith((url, "blob:")) or complaints.append(asked.url))
    yield page
    context.close()
    assert not complaints, complaints


def shoot(page: "Page", name: str) -> None:
    """The page as it stands, in every look, for people to leaf through after a run."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for look, (viewport, scheme) in LOOKS.items():
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=scheme)
        assert no_sideways_scrolling(page), f"{name} scrolls sideways at {viewport['width']} px"
        page.screenshot(path=SCREENSHOTS / f"{name}-{look}.png", full_page=True, animations="disabled")
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light")


def no_sideways_scrolling(page: "Page") -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth") is True
