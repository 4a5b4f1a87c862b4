"""The console in a real browser: every page, both languages, desk and phone, live, by keyboard, without barriers."""

import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

from connectors import topics
from connectors.broker import Consumer, Producer
from connectors.console.app import AT
from connectors.console.pages import today
from connectors.project import sets
from connectors.project.main import identities
from connectors.settings import Settings
from connectors.store import open_store
from schemas.instant import VIETNAM, now
from schemas.reference import REFERENCE, ReferencePublished
from tests.browser.conftest import AxeClean, Shot
from tests.builders import ROOT, a_bundle, a_fact, received
from tests.connectors.console.house import PASSWORD, House, open_house
from tests.connectors.project.stories import POSTAL, stories

MORNING = datetime(2026, 11, 4, 8, tzinfo=VIETNAM)
PAGES = {
    "today": "/",
    "dossier": f"/dossiers/{POSTAL}",
    "agencies": "/agencies",
    "agency": "/agencies/H29.12",
    "carriers": "/carriers",
    "carrier": "/carriers/myvnpost",
    "reports": "/reports?report=06a&agency=H29.12&first=2026-11-01&last=2026-11-30&by=agency",
    "calendar": "/calendar",
    "codes": "/codes",
    "pipeline": "/pipeline",
}
LIVE_SECONDS, PATIENCE_SECONDS = 2.0, 60
STRANGE = '<script>alert("H29.12")</script>'


@pytest.fixture(scope="module")
def house(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("console")
    # A page names this folder: as it is called from here, not where this machine keeps it.
    reference_dir = Path(os.path.relpath(ROOT / "deploy" / "reference"))
    settings = Settings(kafka_bootstrap=kafka, home=folder, reference_dir=reference_dir)
    a_cluster(kafka)
    read = open_store(settings.read_database_url)
    sets.prepare(read, identities(kafka))
    with pytest.MonkeyPatch.context() as patch, open_house(folder, stories(), read, settings) as running:
        patch.setattr(today, "now", lambda: MORNING)
        strange = {"procedure_code": "9.999999", "receiving_agency": "H29.99", "competent_agency": "H29.99"}
        running.say(received(code="H29.99-261102-0090", by="H29.99", **strange))
        yield running
    read.close()


def a_cluster(kafka: str) -> None:
    """As the pages of the pipeline expect it: topics, reference data, and a group that has read some of it."""
    topics.apply(kafka, ["H29.12", "H29.99"])
    bundle = a_bundle()
    said = ReferencePublished(id="r-1", source="/hoso/reference", subject=bundle.version, time=now(), data=bundle)
    with Producer(kafka, "test") as producer, Consumer(REFERENCE, "hoso-visitors", "one", kafka) as reader:
        producer.publish([said])
        end = time.monotonic() + PATIENCE_SECONDS
        while not reader.poll():
            assert time.monotonic() < end, "nobody could read the reference data"
        reader.commit()


def sign_in(page: Page, house: House, name: str, lang: str = "vi") -> None:
    """As somebody does who comes in."""
    page.goto(f"{house.url}{AT}/?lang={lang}")
    page.locator("#name").fill(name)
    page.locator("#password").fill(PASSWORD)
    page.locator("main button").click()
    expect(page.locator("header form.find")).to_be_visible()


@pytest.mark.parametrize("view", ["page", "phone_page"])
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_page_stands_in_both_languages_on_desk_and_phone_each_once_without_a_barrier(
    request: pytest.FixtureRequest, house: House, axe_clean: AxeClean, shot: Shot, view: str, lang: str
) -> None:
    page: Page = request.getfixturevalue(view)
    sign_in(page, house, "van.hanh", lang)

    for name, path in PAGES.items():
        answer = page.goto(f"{house.url}{AT}{path}")
        assert answer is not None and answer.status == 200, name
        assert page.locator("html").get_attribute("lang") == lang
        assert page.locator("h1").count() == 1, name
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} px wider than its window"
        if (view, lang) in (("page", "vi"), ("phone_page", "en")):
            axe_clean(page)
            shot(page, f"console-{name}-{lang}{'-phone' if view == 'phone_page' else ''}.png")


def test_the_sign_in_has_no_barrier(page: Page, house: House, axe_clean: AxeClean, shot: Shot) -> None:
    page.goto(f"{house.url}{AT}/sign-in")

    axe_clean(page)
    shot(page, "console-sign-in-vi.png")


def test_a_change_is_seen_within_two_seconds_without_a_hand(page: Page, house: House) -> None:
    sign_in(page, house, "can.bo", "en")
    code = f"H29.12-261102-{int(time.time() * 10) % 9000 + 1000}"
    expect(page.get_by_text(code)).to_have_count(0)
    # The page listens before anything changes: the first beat is the read model's state when it came.
    page.wait_for_function("document.querySelector('#live') !== null && window.htmx !== undefined")

    house.say(received(code=code))

    expect(page.get_by_role("link", name=code)).to_be_visible(timeout=LIVE_SECONDS * 1000)


def test_what_is_signed_out_elsewhere_moves_no_more(page: Page, house: House) -> None:
    sign_in(page, house, "can.bo", "en")
    page.context.clear_cookies()

    page.reload()

    expect(page.locator("#password")).to_be_visible()


def test_a_dossier_is_reached_by_keyboard_alone(page: Page, house: House) -> None:
    page.goto(f"{house.url}{AT}/?lang=en")
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type("can.bo")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#figures")).to_be_visible()

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("(document.activeElement.getAttribute('href') || '').includes('/dossiers/')"):
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    page.keyboard.press("Enter")

    assert outline != "none"
    page.wait_for_url("**/dossiers/**")


def test_the_language_is_changed_by_a_link_that_keeps_the_place(page: Page, house: House) -> None:
    sign_in(page, house, "can.bo")

    page.get_by_role("link", name="English").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    assert page.url.startswith(f"{house.url}{AT}/")


@pytest.mark.parametrize("name", ["can.bo", "thanh.pho", "van.hanh"])
def test_words_from_outside_are_words_and_no_script(page: Page, house: House, name: str) -> None:
    code = "H29.12-261102-0091"
    house.say(
        received(code=code, procedure_code="1.004873"),
        a_fact("supplement_requested", "2026-11-03 10:00", code=code, stage="APPRAISAL", documents=[STRANGE],
               reason=STRANGE),
    )  # fmt: skip
    asked: list[str] = []

    def hear(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", hear)
    sign_in(page, house, name, "en")

    for path in ("/", f"/dossiers/{code}", f"/find?code={STRANGE}"):
        page.goto(f"{house.url}{AT}{path}")

    assert asked == []
