"""The citizen's page in a real browser: both languages, desk and phone, keyboard only, installed, rated, guessed at."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from hoso import broker
from rules.rating import QUESTIONS
from schemas.instant import now
from tests.browser.citizens import AGENCY, STRANGE, STRANGE_AGENCY, City, a_city
from tests.browser.conftest import ARGUMENTS, PHONE, AxeClean, Shot, executable

ITEM = "EA000000011VN"
PAPER = 'Đơn của <img src=x onerror="alert(1)"> mẫu'
STRANGE_OFFICE = "Bưu cục mẫu <b>1</b>"
CONTACT = {
    "name": "Nguyễn Văn Mẫu",
    "phone": "0900000901",
    "address": {
        "line": "1 Đường Mẫu",
        "ward_code": "26740",
        "ward": "Phường Mẫu",
        "province_code": "79",
        "province": "TP Mẫu",
    },
}
VIEWS = ("page", "phone_page")
WORDS = {
    "vi": ("Vì sao là ngày này", "Bưu gửi", "Bổ sung giấy tờ", "Ông/bà có hài lòng không?", "Gửi đánh giá"),
    "en": ("Why this date", "Parcels", "Hand in papers", "Are you satisfied?", "Send the rating"),
}


@pytest.fixture(scope="package")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city with a broker of its own: other tests put on the log what no citizen has."""
    with broker.running() as running, a_city(running.bootstrap, tmp_path_factory.mktemp("city")) as made:
        yield made


@pytest.fixture(scope="package")
def waiting(city: City) -> str:
    """A dossier of which papers are missing."""
    code = city.receive()
    city.state(code, "supplement_requested", 2, stage="APPRAISAL", documents=[PAPER, "Bản sao mẫu"], reason="x")
    return code


@pytest.fixture(scope="package")
def on_its_way(city: City) -> str:
    """A dossier of an agency with a strange name, whose result comes by post through such an office."""
    return by_post(city, STRANGE_OFFICE, STRANGE_AGENCY)


def by_post(city: City, office: str, agency: str = AGENCY) -> str:
    """A dossier whose result is out for delivery from this office."""
    code = city.receive(agency=agency, return_mode="POST", contact=CONTACT)
    city.finish(code)
    at = now()
    city.post(code, "order_accepted", at, leg="D1", item_code=ITEM, reference=f"{code}/D1")
    said = {"leg": "D1", "item_code": ITEM, "certainty": "CONFIRMED", "carrier_code": "0", "table_version": "new"}
    for status, minutes in (("PICKED_UP", 30), ("OUT_FOR_DELIVERY", 10)):
        then = at - timedelta(minutes=minutes)
        more = {"status": status, "at": then.isoformat(), "evidence": status, "location": office}
        city.post(code, "item_moved", then, **said, **more)
    return code


def has_result(city: City) -> str:
    """A dossier that waits for its citizen."""
    code = city.receive()
    city.finish(code)
    return code


# ---------------------------------------------------------------- what is seen


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_page_says_everything_in_both_languages_on_desk_and_phone(
    request: pytest.FixtureRequest, axe_clean: AxeClean, city: City, waiting: str, on_its_way: str, view: str, lang: str
) -> None:
    page: Page = request.getfixturevalue(view)
    why, parcels, missing, satisfied, _ = WORDS[lang]

    page.goto(city.page_of(waiting, lang))
    expect(page.locator("html")).to_have_attribute("lang", lang)
    expect(page.locator("h1")).to_contain_text(waiting)
    for words in (why, missing, "Bản sao mẫu"):
        expect(page.locator("main")).to_contain_text(words)
    assert fits(page)
    axe_clean(page)

    page.goto(city.page_of(on_its_way, lang))
    for words in (why, parcels, ITEM, satisfied):
        expect(page.locator("main")).to_contain_text(words)
    assert fits(page)
    axe_clean(page)


def fits(page: Page) -> bool:
    """Whether nothing is beyond the right edge."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_one_click_changes_the_language_and_keeps_the_page(page: Page, city: City, waiting: str) -> None:
    page.goto(city.page_of(waiting, "vi"))

    page.get_by_role("link", name="English").click()

    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("h1")).to_contain_text(waiting)


def test_the_date_is_the_one_its_agency_has(page: Page, city: City) -> None:
    code = city.receive(days_ago=1)
    theirs = city.client.get(f"{city.url}/v1/dossiers/{code}/deadline", headers=city.auth()).json()

    page.goto(city.page_of(code))

    due_on = theirs["clock"]["due_on"]
    expect(page.locator("tr.due time")).to_have_attribute("datetime", due_on)
    expect(page.locator(".date")).to_contain_text("/".join(reversed(due_on.split("-"))))


def test_pages_ask_nothing_of_anybody_else_and_run_no_words_of_others(
    page: Page, city: City, waiting: str, on_its_way: str
) -> None:
    asked, dialogs = list[str](), list[str]()

    def dismissed(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", dismissed)

    for code in (waiting, on_its_way):
        page.goto(city.page_of(code))
        page.wait_for_load_state("networkidle")
        assert page.locator("script, main b, main img[onerror]").count() == 0

    expect(page.locator("main")).to_contain_text(STRANGE_OFFICE)
    expect(page.locator("main")).to_contain_text(STRANGE)
    assert dialogs == []
    assert {one for one in asked if not one.startswith(city.url)} == set()


def test_the_first_page_and_the_page_of_nothing_are_clean(
    page: Page, phone_page: Page, axe_clean: AxeClean, city: City
) -> None:
    for one in (page, phone_page):
        for path in ("/track", "/track?lang=en", "/track/0000000000", "/track/nonsense?lang=en"):
            one.goto(city.url + path)
            assert fits(one)
    for path in ("/track", "/track/0000000000?lang=en"):
        page.goto(city.url + path)
        axe_clean(page, as_is=True)


def test_a_code_typed_from_the_slip_opens_the_page(page: Page, city: City, waiting: str) -> None:
    page.goto(f"{city.url}/track")
    page.get_by_label("Mã tra cứu").fill(f" {city.tracking(waiting).lower()} ")

    page.get_by_role("button").click()

    expect(page.locator("h1")).to_contain_text(waiting)


# ---------------------------------------------------------------- by keyboard


LOOK = """() => {
  const one = document.activeElement, style = getComputedStyle(one)
  return one === document.body ? null : {
    name: one.name || one.href || one.type || one.tagName,
    seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    within: one.getBoundingClientRect().width > 0,
  }
}"""


REACHABLE = """[...new Set(
  [...document.querySelectorAll('a[href], input:not([type=hidden]), textarea, button')]
  .map(one => one.name || one.href || one.type)
)]"""


def tabbed(page: Page) -> list[dict[str, Any]]:
    """What the tab key reaches, in order, until it leaves the page."""
    reached = list[dict[str, Any]]()
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate(LOOK)
        if found is None or (reached and found["name"] == reached[0]["name"]):
            return reached
        reached.append(found)
    raise AssertionError(f"the tab key goes round: {reached}")


def test_the_tab_key_reaches_everything_and_shows_where_it_is(page: Page, city: City) -> None:
    page.goto(city.page_of(has_result(city)))

    reached = tabbed(page)

    names = [one["name"] for one in reached]
    wanted = page.evaluate(REACHABLE)
    assert names == wanted
    assert [one for one in reached if not (one["seen"] and one["within"])] == []


def test_a_rating_is_given_by_keyboard_alone(page: Page, city: City) -> None:
    code = has_result(city)
    page.goto(city.page_of(code))

    page.locator(f"input[name={QUESTIONS[0].name}]").first.focus()
    for place in range(len(QUESTIONS)):
        page.keyboard.press("Space")
        for _ in range(place % 3):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
    page.keyboard.type("Tốt ạ")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("#rating + p")).to_have_text("Ông/bà đã đánh giá hồ sơ này. Xin cảm ơn.")
    [rated] = city.ratings(code)
    assert rated.data.scores == (2, 1, 0, 2, 1, 0, 2, 1, 0)


# ---------------------------------------------------------------- rating


def choose(page: Page, points: int) -> None:
    for question in QUESTIONS:
        page.locator(f"input[name={question.name}][value='{points}']").check()


def test_a_rating_needs_no_script_and_its_words_are_sealed(browser: Browser, axe_clean: AxeClean, city: City) -> None:
    code, words = has_result(city), "Cảm ơn ông Nguyễn Văn Mẫu <script>alert(1)</script>"
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(city.page_of(code, "en"))
    choose(page, 2)
    page.get_by_label("Anything else").fill(words)

    page.get_by_role("button", name="Send the rating").click()

    expect(page.locator("#rating + p")).to_have_text("You have rated this dossier. Thank you.")
    [rated] = city.ratings(code)
    assert (rated.source, rated.data.scores) == ("/citizens", (2,) * 9)
    assert b"Nguy" not in rated.encode() and b"sealed" in rated.encode()
    context.close()


def test_a_second_rating_is_told_that_the_first_stays(
    page: Page, browser: Browser, axe_clean: AxeClean, city: City
) -> None:
    code = has_result(city)
    other = browser.new_page()
    for one in (page, other):
        one.goto(city.page_of(code))
    choose(page, 2)
    choose(other, 0)

    page.get_by_role("button", name="Gửi đánh giá").click()
    other.get_by_role("button", name="Gửi đánh giá").click()

    expect(page.locator("main")).to_contain_text("Xin cảm ơn.")
    expect(other.locator("h1")).to_have_text("Hồ sơ này đã được đánh giá")
    axe_clean(other, as_is=True)
    assert [one.data.scores for one in city.ratings(code)] == [(2,) * 9]
    other.close()


def test_a_form_that_lacks_an_answer_comes_back_with_the_others(page: Page, axe_clean: AxeClean, city: City) -> None:
    code = has_result(city)
    page.goto(city.page_of(code))
    choose(page, 1)
    page.get_by_label("Ý kiến khác").fill("giữ lại")
    # As a browser does that asks for nothing itself.
    page.locator("form").evaluate(
        "form => { form.noValidate = true; form.elements.attitude.forEach(one => one.checked = false) }"
    )

    page.get_by_role("button", name="Gửi đánh giá").click()

    expect(page.get_by_role("alert")).to_contain_text("Chưa gửi được")
    expect(page.locator("fieldset.fault legend")).to_contain_text("Thái độ")
    expect(page.locator("input:checked")).to_have_count(8)
    expect(page.get_by_label("Ý kiến khác")).to_have_value("giữ lại")
    axe_clean(page, as_is=True)
    assert city.ratings(code) == []


def test_no_other_site_can_send_a_rating(page: Page, city: City) -> None:
    code = has_result(city)
    page.goto(city.page_of(code))
    answers = [
        *((question.name, "0") for question in QUESTIONS),
        ("token", page.locator("input[name=token]").input_value()),
    ]
    fields = "".join(f'<input name="{name}" value="{value}">' for name, value in answers)
    form = f'<form method="post" action="{city.page_of(code)}">{fields}<button>Go</button></form>'
    elsewhere = city.url.replace("127.0.0.1", "localhost") + "/elsewhere"
    page.route(elsewhere, lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto(elsewhere)

    page.get_by_role("button").click()

    expect(page.locator("h1")).to_have_text("Trang đã mở quá lâu")
    assert city.ratings(code) == []


# ---------------------------------------------------------------- guessing


def test_who_guesses_must_wait_and_gets_in_with_both_codes(
    browser: Browser, axe_clean: AxeClean, city: City, waiting: str
) -> None:
    context = browser.new_context(extra_http_headers={"x-forwarded-for": "198.51.100.7"})
    page = context.new_page()

    said = [page.request.get(f"{city.url}/track/{number:010d}").status for number in range(12)]
    page.goto(city.page_of(waiting))

    assert said == [404] * 10 + [429] * 2
    expect(page.locator("h1")).to_have_text("Có quá nhiều mã sai")
    axe_clean(page, as_is=True)
    page.get_by_label("Mã hồ sơ").fill(waiting)
    page.get_by_role("button").click()
    expect(page.locator("h1")).to_contain_text(waiting)
    context.close()


# ---------------------------------------------------------------- on a phone's home screen


@pytest.fixture
def own_page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A page of somebody who keeps things: in a private window nothing can be installed."""
    context = browser.browser_type.launch_persistent_context(
        tmp_path / "profile", executable_path=executable(), args=ARGUMENTS, viewport=PHONE
    )
    yield context.pages[0]
    context.close()


def test_a_phone_can_install_it_and_opens_the_same_dossier(own_page: Page, city: City, waiting: str) -> None:
    own_page.goto(city.page_of(waiting, "en"))
    devtools = own_page.context.new_cdp_session(own_page)

    manifest = devtools.send("Page.getAppManifest")
    faults = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]

    assert (manifest["errors"], faults) == ([], [])
    assert manifest["url"].startswith(f"{city.url}/track/{city.tracking(waiting)}/app.webmanifest")
    own_page.goto(city.url + own_page.request.get(manifest["url"]).json()["start_url"])
    expect(own_page.locator("h1")).to_contain_text(waiting)


def test_nothing_of_a_dossier_stays_in_the_browser(page: Page, city: City, waiting: str) -> None:
    page.goto(city.page_of(waiting))

    kept = page.evaluate("""async () => [
      document.cookie, localStorage.length, sessionStorage.length,
      (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length,
    ]""")

    assert kept == ["", 0, 0, 0, 0]


def test_the_qr_code_is_drawn_and_leads_here(page: Page, city: City, waiting: str) -> None:
    page.goto(city.page_of(waiting))

    code = page.get_by_role("img", name="Mã QR của trang này")

    expect(code).to_be_visible()
    assert code.evaluate("one => one.complete && one.naturalWidth > 0")
    assert re.search(f"/track/{city.tracking(waiting)}/qr.svg$", code.get_attribute("src") or "")


# ---------------------------------------------------------------- pictures


def test_pictures_are_taken_for_the_documentation(page: Page, phone_page: Page, shot: Shot, city: City) -> None:
    at_work, by_mail = city.receive(days_ago=1), by_post(city, "Bưu cục mẫu")

    for one, code, lang, name in (
        (page, at_work, "vi", "track-vi.png"),
        (phone_page, by_mail, "en", "track-en-phone.png"),
    ):
        one.goto(city.page_of(code, lang))
        expect(one.locator("h1")).to_contain_text(code)
        shot(one, name)
