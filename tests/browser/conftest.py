"""The system's Chromium for every test of a page: a browser for the package, a context of its own for each test.

The browser ends with the package and not with the session: while it runs, this thread has a running event loop.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # It ships no types.
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    FloatRect,
    Page,
    Route,
    ViewportSize,
    sync_playwright,
)

CHROMIUM = "HOSO_TEST_CHROMIUM"
"""Names another browser than `chromium`."""
SCREENSHOTS = "HOSO_SCREENSHOTS"
"""Names the folder that screenshots are written to; without it none are."""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Scheme = Literal["light", "dark"]
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS_FOR: dict[Scheme, Any] = {
    "light": {"runOnly": {"type": "tag", "values": WCAG}},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast"]}},
}
"""What axe looks for: everything by light, and in the dark what the colours change."""
MOST_BYTES, TALLEST = 200_000, 1400
"""The largest screenshot that the repository keeps, in bytes; a longer page is cut off above so many pixels."""
LAST_LINE = """tallest => {
  const end = document.body.getBoundingClientRect().bottom;
  const seen = box => box.height > 0 && box.right > 0;
  const boxes = found => [...document.querySelectorAll(found)].map(one => one.getBoundingClientRect()).filter(seen);
  const lines = boxes("h1, h2, h3, h4, p, li, dt, dd, tr, label, button");
  const whole = edge => lines.every(box => box.bottom <= edge + 1 || box.top >= edge - 1);
  const edges = boxes("p, li, dd, fieldset, .cards tbody tr").map(box => box.bottom);
  return end <= tallest ? end : Math.max(...edges.filter(edge => edge <= tallest && whole(edge)));
}"""
"""Where a picture of a page ends: through no line, and below no heading."""

AxeClean = Callable[..., None]
Shot = Callable[[Page, str], None]


def executable() -> str:
    """Where the browser is."""
    name = os.environ.get(CHROMIUM, "chromium")
    found = shutil.which(name)
    assert found, f"there is no {name}: install Chromium, or name one in {CHROMIUM}"
    return found


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on a desk. What its scripts or its policy complain of fails the test."""
    yield from _page(browser.new_context(viewport=DESKTOP, locale="vi-VN"))


@pytest.fixture
def phone_page(browser: Browser) -> Iterator[Page]:
    """A page on a phone, likewise."""
    yield from _page(
        browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True, device_scale_factor=2, locale="vi-VN")
    )


def _page(context: BrowserContext) -> Iterator[Page]:
    made, complaints = context.new_page(), list[str]()

    def hear(message: ConsoleMessage) -> None:
        # That an answer was 404 is what a test may be about.
        if message.type == "error" and "the server responded with a status of" not in message.text:
            complaints.append(message.text)

    made.on("console", hear)
    made.on("pageerror", lambda error: complaints.append(str(error)))
    yield made
    context.close()
    assert complaints == []


@pytest.fixture
def axe_clean(browser: Browser) -> AxeClean:
    """Asserts that axe finds no barrier on a page, by light and in the dark.

    The page is opened once more, with its cookies, beside the one that is given: axe needs a script that its policy
    forbids. `as_is`: what the page shows now is looked at, not what its address answers.
    """

    def clean(page: Page, *, as_is: bool = False) -> None:
        content = page.content() if as_is else None
        for scheme in LOOKS_FOR:
            context = browser.new_context(
                viewport=page.viewport_size,
                storage_state=page.context.storage_state(),
                bypass_csp=True,
                color_scheme=scheme,
            )
            try:
                _look(context, page.url, content, scheme)
            finally:
                context.close()

    return clean


def _look(context: BrowserContext, url: str, content: str | None, scheme: Scheme) -> None:
    looked_at = context.new_page()
    if content is not None:

        def again(route: Route) -> None:
            route.fulfill(body=content, content_type="text/html; charset=utf-8")

        looked_at.route(url.partition("#")[0], again)
    looked_at.goto(url)
    found = Axe().run(looked_at, options=LOOKS_FOR[scheme] | {"resultTypes": ["violations"]})
    assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"


@pytest.fixture
def shot() -> Shot:
    """Takes a picture of a page from its top, if HOSO_SCREENSHOTS names a folder."""

    def take(page: Page, name: str) -> None:
        if folder := os.environ.get(SCREENSHOTS):
            file = Path(folder) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            assert page.viewport_size is not None
            height = page.evaluate(LAST_LINE, TALLEST)
            clip: FloatRect = {"x": 0, "y": 0, "width": page.viewport_size["width"], "height": height}
            page.screenshot(path=file, scale="css", full_page=True, clip=clip)
            assert file.stat().st_size <= MOST_BYTES, f"{file} has {file.stat().st_size} bytes"

    return take
