"""Carriers: what each met and missed, by ward too; how late its words are, how sure, and what it would not take."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median_low

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.console import kept
from connectors.console.app import AT
from connectors.console.pages import carriers
from connectors.console.people import Person, Role
from connectors.console.reading.carriers import cards as cards_of
from connectors.console.reading.carriers import percentile
from connectors.project.reading import Reading
from connectors.store import open_store
from rules.reports.period import Period
from rules.reports.post import Carried, carried
from rules.time import due
from schemas.event import Event
from schemas.instant import VIETNAM
from tests.builders import VERSION, a_fact, a_move, a_postal_fact, fold, received, result_ready
from tests.connectors.console.house import House, open_house
from tests.connectors.project.stories import POSTAL, by_post, stories, taken

EVENING = datetime(2026, 11, 30, 18, tzinfo=VIETNAM)
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
FEES = {"collected": 0, "remitted": 0}
"""A card has no fees."""


@pytest.fixture(autouse=True)
def _evening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carriers, "now", lambda: EVENING)
    # However slow the machine, a page is made anew.
    monkeypatch.setattr(kept, "CHEAP_SECONDS", 60.0)


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("carriers")) as running:
        yield running


def page(client: httpx.Client, path: str = "/carriers/myvnpost", **more: str) -> str:
    """A page in English."""
    answer = client.get(f"{AT}{path}", params={"lang": "en"} | more)
    assert answer.status_code == 200, answer.text
    return answer.text


def text(html: str) -> str:
    """A page's words, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def figures(html: str) -> dict[str, str]:
    """The card on a page, by name."""
    card = html.split('<dl class="card">')[1].split("</dl>")[0]
    return {
        text(name).strip(): text(value).strip()
        for name, value in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", card, re.S)
    }


def rows(html: str, section: str) -> dict[str, dict[str, str]]:
    """A table's rows by their first cell, each by the heads of its columns."""
    body = html.split(f'<section aria-labelledby="{section}">')[1].split("</section>")[0]
    found = {}
    for row in body.split("<tr>")[2:]:
        [name] = re.findall(r'<th scope="row"[^>]*>(.*?)</th>', row, re.S)
        cells = re.findall(r'<td[^>]*data-label="([^"]+)">(.*?)</td>', row, re.S)
        found[text(name).strip()] = {head: text(cell).strip() for head, cell in cells}
    return found


# ---------------------------------------------------------------- met and missed


def check_the_card_is_the_report(house: House) -> None:
    """A card's lines are those of the post's report, but for the fees."""
    with house.desk.look(Person("thanh.pho", Role.CITY)) as look:
        cards = cards_of(look, NOVEMBER)
        report = carried(Reading(look.connection, look.tables, look.library).journeys(NOVEMBER), NOVEMBER)
    [card] = cards.values()
    assert card.legs.legs > 1
    assert asdict(card.legs) == asdict(report.total()) | FEES
    assert {kind: asdict(line) for kind, line in card.kinds} == {
        kind: asdict(line) | FEES for (_, kind, _), line in report.lines.items()
    }


def test_a_card_says_what_the_report_of_the_post_says(house: House) -> None:
    house.say(*stories(), *late_for_the_door("H29.12-261102-0101"), *lost_on_its_way("H29.12-261102-0102"))

    check_the_card_is_the_report(house)


def test_on_postgresql_it_says_the_same(tmp_path: Path, postgres_database: str) -> None:
    store = open_store(postgres_database)
    try:
        facts = [*stories(), *late_for_the_door("H29.12-261102-0101"), *lost_on_its_way("H29.12-261102-0102")]
        with open_house(tmp_path, facts, read_store=store) as house:
            check_the_card_is_the_report(house)
            html = page(house.into("thanh.pho"))
            assert figures(html)["First attempt within J+n"] == "66.7 % (2 met, 1 late)"
            assert 'href="/console/dossiers/H29.12-261102-0101"' in page(house.into("van.hanh"))
            assert house.into("can.bo").get(f"{AT}/agencies/H29.12").status_code == 200
            assert house.into("can.bo").get(f"{AT}/reports?report=06a").status_code == 200
    finally:
        store.close()


def test_the_first_attempt_is_shown_by_the_ward_at_the_citizen_s_end(house: House) -> None:
    near, far = late_for_the_door("H29.12-261102-0101"), in_ward(lost_on_its_way("H29.12-261102-0102"), "27000")
    house.say(*near, *far, *by_post())

    html = page(house.into("thanh.pho"))

    found = rows(html, "wards")
    assert list(found) == ["Phường Mẫu (26740)", "27000"], "the most late first"
    assert found["Phường Mẫu (26740)"] | {"First attempt within J+n": ""} == {
        "Legs": "3", "First attempt within J+n": "", "Met": "2", "Late": "1", "Ahead": "0",
        "Lost, destroyed, damaged": "0",
    }  # fmt: skip
    assert found["Phường Mẫu (26740)"]["First attempt within J+n"] == "66.7 %"
    assert found["27000"]["Lost, destroyed, damaged"] == "1"
    assert list(rows(html, "agencies")) == ["Sample agency H29.12"]
    assert set(rows(html, "kinds")) == {"collection", "delivery of a result"}


def test_where_a_result_goes_is_the_address_that_was_registered_last(house: House) -> None:
    code = "H29.12-261102-0103"
    moved = a_fact("return_registered", "2026-11-03 08:00", code=code, contact={"name": "Nguyễn Văn Mẫu"})
    house.say(received(code=code, return_mode="POST"), *in_ward([moved], "27001"),
              result_ready("2026-11-03 10:00", code=code), taken("2026-11-03 10:30", code, "D1"))  # fmt: skip

    assert list(rows(page(house.into("thanh.pho")), "wards")) == ["27001"]


def test_a_leg_taken_before_the_window_is_in_the_longer_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.say(*by_post())
    monkeypatch.setattr(carriers, "now", lambda: EVENING + timedelta(days=20))
    client = house.into("thanh.pho")

    assert figures(page(client))["Legs"] == "0"
    assert figures(page(client, days="90"))["Legs"] == "2"
    assert figures(page(client, "/carriers", days="90"))["Legs"] == "2"


# ---------------------------------------------------------------- what was said of it


def test_how_late_its_words_are_is_the_median_and_what_19_in_20_keep(house: House) -> None:
    code = "H29.12-261102-0104"
    house.say(*ready(code))
    for number, seconds in enumerate([5] * 10 + [90] * 9 + [3 * 3600]):
        move = a_move("IN_TRANSIT", f"2026-11-04 {8 + number // 2:02d}:{number % 2 * 30:02d}", code=code)
        house.say(move.model_copy(update={"recordedtime": move.time + timedelta(seconds=seconds)}))

    assert figures(page(house.into("thanh.pho")))["Delay of updates (median · 95%)"] == "5 s · 90 s (20 updates)"


def test_a_last_word_that_is_only_reported_is_not_sure_until_it_is_confirmed(house: House) -> None:
    code = "H29.12-261102-0105"
    house.say(*ready(code), a_move("PICKED_UP", "2026-11-04 09:00", code=code),
              a_move("DELIVERED", "2026-11-05 09:00", code=code, certainty="REPORTED"))  # fmt: skip
    client = house.into("thanh.pho")
    assert figures(page(client))["Last word not confirmed"] == "100.0 % (1/1)"

    house.say(a_move("DELIVERED", "2026-11-05 09:00", code=code))

    assert figures(page(client))["Last word not confirmed"] == "0.0 % (0/1)"


def test_silence_late_attempts_and_contradictions_are_counted_by_leg_and_listed(house: House) -> None:
    silent, torn = "H29.12-261102-0106", "H29.12-261102-0107"
    house.say(*late_for_the_door(silent), *ready(torn), a_move("PICKED_UP", "2026-11-04 09:00", code=torn))
    house.say(a_move("DELIVERED", "2026-11-05 09:00", code=torn), a_move("LOST", "2026-11-05 10:00", code=torn),
              a_move("RETURNED_TO_SENDER", "2026-11-05 11:00", code=torn))  # fmt: skip

    html = page(house.into("van.hanh"))

    card = figures(html)
    assert card["Legs said to have missed the first attempt"] == "1"
    assert card["Legs with contradictions"] == "1", "two claims against one leg's end"
    assert card["Legs without a word"] == "1"
    cases = html.split('<section aria-labelledby="cases">')[1]
    assert cases.count(f'href="{AT}/dossiers/{silent}"') == 2 and cases.count(f'href="{AT}/dossiers/{torn}"') == 2


def test_orders_it_would_not_take_and_codes_that_nobody_knows_are_counted(house: House) -> None:
    code = "H29.12-261102-0108"
    words = {"verdict": "refused", "field": "address", "carrier_words": "x"}
    unknown = [a_move("UNKNOWN", f"2026-11-04 {hour}:00", code=code, carrier_code="<b>X77") for hour in (10, 11)]
    house.say(*ready(code), *unknown, received(code=POSTAL, return_mode="POST"))
    house.say(result_ready("2026-11-03 10:00", code=POSTAL),
              a_postal_fact("order_refused", "2026-11-03 11:00", code=POSTAL, leg="D1", **words))  # fmt: skip

    html = page(house.into("van.hanh"))

    assert figures(html)["Orders refused"] == "1"
    assert figures(html)["Codes that nobody knows"].startswith("1")
    assert f'<a href="{AT}/codes">' in html
    assert "&lt;b&gt;X77" in html and "<b>X77" not in html


# ---------------------------------------------------------------- who may see it


def test_a_carrier_of_the_reference_data_has_a_card_before_it_has_carried_anything(house: House) -> None:
    html = house.into("thanh.pho").get(f"{AT}/carriers").text

    assert "Bưu điện Việt Nam" in html and "myvnpost" in html
    assert figures(html) == {
        "Số chặng": "0", "Phát lần đầu đúng J+n": "– (0 đúng, 0 chậm)", "Phát thành công trên đã kết thúc": "–",
        "Tin đến chậm (trung vị · 95%)": "–", "Tin cuối chưa được xác nhận": "– (0/0)", "Chặng không có tin": "0",
        "Chặng bị báo chậm lần phát đầu": "0", "Chặng có tin mâu thuẫn": "0", "Chặng chuyển hoàn quá sớm": "0",
        "Yêu cầu bị từ chối": "0", "Mã trạng thái chưa biết": "0",
    }  # fmt: skip
    assert "Không có gì trong khoảng thời gian này." in house.into("thanh.pho").get(f"{AT}/carriers/myvnpost").text


def test_carriers_are_for_the_city_and_operators(house: House) -> None:
    for path in ("/carriers", "/carriers/myvnpost"):
        assert house.into("can.bo").get(f"{AT}{path}").status_code == 403
        assert house.into("thanh.pho").get(f"{AT}{path}").status_code == 200
        assert house.into("van.hanh").get(f"{AT}{path}").status_code == 200


@pytest.mark.parametrize(
    "path", ["/carriers/nobody", "/carriers/<script>", "/carriers?days=31", "/carriers/myvnpost?days=0"]
)
def test_a_carrier_or_a_window_that_there_is_not_is_not_there(house: House, path: str) -> None:
    answer = house.into("thanh.pho").get(f"{AT}{path}")

    assert answer.status_code == 404
    assert "<script>" not in answer.text


# ---------------------------------------------------------------- numbers


@given(st.lists(st.integers(-100, 10_000), min_size=1))
def test_half_of_all_lie_at_the_median_or_below_and_all_at_the_greatest(values: list[int]) -> None:
    counts = [(float(value), values.count(value)) for value in sorted(set(values))]

    assert percentile(counts, 0.5) == median_low(values)
    assert percentile(counts, 1.0) == max(values)
    assert sum(value <= (percentile(counts, 0.95) or 0) for value in values) >= 0.95 * len(values)


def test_of_nothing_there_is_no_median() -> None:
    assert percentile([], 0.5) is None
    assert Carried().shares()["first_attempt_in_time"] is None


# ---------------------------------------------------------------- stories


def ready(code: str) -> list[Event]:
    """A result whose delivery the carrier took on 3 November."""
    return [received(code=code, return_mode="POST"), result_ready("2026-11-03 10:00", code=code),
            taken("2026-11-03 10:30", code, "D1")]  # fmt: skip


def late_for_the_door(code: str) -> list[Event]:
    """Nobody tried to deliver it in time, and nothing was heard of it."""
    facts = [*ready(code), a_move("PICKED_UP", "2026-11-03 15:00", code=code)]
    return [*facts, *timers(facts, code, datetime(2026, 11, 20, 8, tzinfo=VIETNAM))]


def lost_on_its_way(code: str) -> list[Event]:
    """The post lost it, and says so."""
    return [*ready(code), a_move("PICKED_UP", "2026-11-03 15:00", code=code),
            a_move("LOST", "2026-11-05 15:00", code=code)]  # fmt: skip


def timers(facts: list[Event], code: str, moment: datetime) -> list[Event]:
    """All that time alone sets in motion of a dossier by this moment."""
    dossier, said = fold(facts)[0], list[Event]()
    while fired := due(dossier, VERSION, moment):
        said += fired
        dossier = fold(list(fired), dossier)[0]
    assert all(one.subject == code for one in said)
    return said


def in_ward(facts: list[Event], ward: str) -> list[Event]:
    """The same with every contact in this ward."""
    return [_in_ward(one, ward) for one in facts]


def _in_ward(fact: Event, ward: str) -> Event:
    contact = getattr(fact.data, "contact", None)
    if contact is None:
        return fact
    data = fact.data.model_copy(update={"contact": contact.model_copy(update={"ward_code": ward})})
    return fact.model_copy(update={"data": data})
