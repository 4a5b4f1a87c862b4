"""The calendar's pages: the year that is in force, what another calendar would mean, and who may put it in force."""

import csv
import re

import httpx
import pytest

from connectors.calendar_files import written_calendar
from connectors.console.app import AT
from schemas.reference import Calendar
from tests.builders import a_bundle
from tests.connectors.console.house import House
from tests.connectors.project.stories import OPEN, OVERDUE

IN_FORCE = a_bundle().calendar
DAYS = {"what": "days", "off_on": "2026-11-05", "off_basis": "đổi với 07/11/2026", "on_on": "2026-11-07",
        "on_basis": "làm bù cho 05/11/2026", "document": "1/MAU"}  # fmt: skip
ENDED = re.compile(r"""id="result"[^>]*hx-get""")


def previewed(house: House, client: httpx.Client, **fields: str) -> str:
    """The path of a preview that is over, below the console's."""
    begun = house.send(client, "/calendar/preview", "/calendar", **fields)
    assert begun.status_code == 303, begun.text
    place: str = begun.headers["location"]
    while ENDED.search(client.get(place).text):
        pass
    return place.removeprefix(AT)


def another(version: str = "2026-12-01", **fields: object) -> str:
    """The file of a calendar with other contents."""
    return written_calendar(Calendar.model_validate(IN_FORCE.model_dump() | {"version": version} | fields))


def test_an_agency_s_officer_sees_no_calendar(house: House) -> None:
    officer = house.into("can.bo")

    answers = [officer.get(f"{AT}/calendar"), officer.get(f"{AT}/calendar/file?version={IN_FORCE.version}")]

    assert [one.status_code for one in answers] == [403, 403]
    assert house.send(officer, "/calendar/preview", "/", **DAYS).status_code == 403


@pytest.mark.parametrize(("name", "lang", "says"), [("thanh.pho", "vi", "nghỉ"), ("van.hanh", "en", "off")])
def test_a_year_is_shown_by_months_with_each_day_s_basis(house: House, name: str, lang: str, says: str) -> None:
    page = house.into(name).get(f"{AT}/calendar?year=2026&lang={lang}").text

    assert page.count("<table>") == 12
    assert f"02/01 {says}: " in page and "12729/VPCP-KGVX" in page
    assert page.count('<th scope="col"><span aria-hidden="true">') == 12 * 7
    assert f'{IN_FORCE.version} <span class="tag good">' in page


def test_a_provisional_year_is_called_so_and_a_settled_one_is_not(house: House) -> None:
    city = house.into("thanh.pho")

    assert 'class="tag warn">tạm tính' in city.get(f"{AT}/calendar?year=2027").text
    assert 'class="tag warn">' not in city.get(f"{AT}/calendar?year=2026").text
    assert "chỉ tính ngày cuối tuần" in city.get(f"{AT}/calendar?year=2050").text


def test_a_year_that_cannot_be_counted_is_no_error(house: House) -> None:
    assert house.into("thanh.pho").get(f"{AT}/calendar?year=9999").status_code == 200


def test_a_version_s_file_holds_its_days_and_an_unknown_version_is_not_there(house: House) -> None:
    city = house.into("thanh.pho")

    file = city.get(f"{AT}/calendar/file", params={"version": IN_FORCE.version})

    assert file.text == written_calendar(IN_FORCE)
    assert "attachment" in file.headers["content-disposition"]
    assert city.get(f"{AT}/calendar/file?version=x").status_code == 404
    assert city.get(f"{AT}/calendar?version=x").status_code == 404


def test_a_preview_says_what_differs_and_whom_it_touches_and_changes_nothing(house: House) -> None:
    city = house.into("thanh.pho")

    page = city.get(AT + previewed(house, city, **DAYS)).text

    assert "Thứ Năm, 05/11/2026" in page and "nghỉ: đổi với 07/11/2026 (1/MAU)" in page
    assert "Thứ Bảy, 07/11/2026" in page and "làm bù: làm bù cho 05/11/2026 (1/MAU)" in page
    # Due on the 5th, which is off: on the 6th.
    assert f"{AT}/dossiers/{OPEN}" in page and f"{AT}/dossiers/{OVERDUE}" in page
    assert page.index("06/11/2026") > 0 and "muộn hơn" in page
    assert house.producer.rows == []


def test_a_preview_s_table_is_that_of_the_command(house: House) -> None:
    city = house.into("thanh.pho")
    place = previewed(house, city, **DAYS)

    table = city.get(f"{AT}{place}/csv")

    rows = {row["dossier"]: row for row in csv.DictReader(table.text.splitlines())}
    assert (rows[OPEN]["previous_due_on"], rows[OPEN]["due_on"], rows[OPEN]["shift"]) == (
        "2026-11-05",
        "2026-11-06",
        "later",
    )
    assert "attachment" in table.headers["content-disposition"]


def test_the_city_may_look_and_only_an_operator_is_offered_to_apply(house: House) -> None:
    city, operator = house.into("thanh.pho"), house.into("van.hanh")
    place = previewed(house, city, **DAYS)

    answer = house.send(city, f"{place}/apply", place, why="x", against="x")

    assert answer.status_code == 403
    assert "/apply" not in city.get(AT + place).text.split("<main", 1)[1]
    assert f"{place}/apply" in operator.get(AT + place).text


def test_a_file_is_previewed_as_an_upload_and_as_pasted_text(house: House) -> None:
    operator = house.into("van.hanh")
    word = re.search(r'name="form" value="([0-9a-f]+)"', operator.get(f"{AT}/calendar").text)
    assert word is not None
    rows = [{"day": "2026-11-05", "basis": "mẫu"}, *IN_FORCE.model_dump()["closed"]]
    text = another(closed=rows)

    uploaded = operator.post(
        f"{AT}/calendar/preview", data={"form": word[1], "text": ""}, files={"file": ("lich.toml", text.encode())}
    )
    pasted = house.send(operator, "/calendar/preview", "/calendar", text=text)

    for begun in (uploaded, pasted):
        assert begun.status_code == 303, begun.text
        assert "Thứ Năm, 05/11/2026" in operator.get(begun.headers["location"]).text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"what": "days"}, "Hãy chọn ít nhất một ngày"),
        ({"what": "days", "off_on": "2026-11-05"}, "Hãy ghi căn cứ"),
        ({"what": "days", "off_on": "05/11", "off_basis": "x"}, "Ngày không hợp lệ"),
        ({"what": "days", "off_on": "2026-11-07", "off_basis": "x"}, "07/11/2026 đã là ngày nghỉ"),
        ({"what": "days", "on_on": "2026-11-05", "on_basis": "x"}, "05/11/2026 đã là ngày làm việc"),
        ({"what": "days", "off_on": "2050-01-03", "off_basis": "x"}, "lịch chưa có năm này"),
        ({"what": "days", "off_on": "2026-11-05", "off_basis": "x", "document": "x" * 300}, "tối đa 200 ký tự"),
        ({"text": ""}, "Hãy chọn tệp"),
        ({"text": "version = ["}, "calendar.toml: "),
        ({"text": another(worked=[{"day": "2026-11-09", "basis": "x"}])}, "2026-11-09 is a Monday"),
    ],
)
def test_what_cannot_be_previewed_is_said_beside_what_was_typed(
    house: House, fields: dict[str, str], says: str
) -> None:
    answer = house.send(house.into("thanh.pho"), "/calendar/preview", "/calendar", **fields)

    assert answer.status_code == 422
    assert says in answer.text
    for name in ("off_on", "on_on"):
        assert f'name="{name}" type="date" value="{fields.get(name, "")}"' in answer.text


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (written_calendar(IN_FORCE), "Không có gì thay đổi"),
        (another(version=IN_FORCE.version, worked=[]), "Đã có phiên bản"),
        (another(calendar="khac", worked=[]), "lịch khác"),
    ],
)
def test_what_could_not_come_into_force_is_previewed_with_the_reason_and_without_the_form(
    house: House, file: str, says: str
) -> None:
    operator = house.into("van.hanh")

    page = operator.get(AT + previewed(house, operator, text=file)).text

    assert says in page
    assert 'name="against"' not in page


def test_a_preview_that_is_not_kept_is_said_to_be_gone(house: House) -> None:
    operator = house.into("van.hanh")

    answers = [operator.get(f"{AT}/calendar/preview/x"), operator.get(f"{AT}/calendar/preview/x/csv")]

    assert [one.status_code for one in answers] == [404, 404]
    assert house.send(operator, "/calendar/preview/x/apply", "/calendar", why="x").status_code == 404


def test_markup_in_a_basis_is_shown_as_text(house: House) -> None:
    city = house.into("thanh.pho")
    evil = "<script>alert(1)</script>"

    page = city.get(AT + previewed(house, city, what="days", off_on="2026-11-05", off_basis=evil)).text
    again = house.send(city, "/calendar/preview", "/calendar", what="days", off_on="x", off_basis=evil).text

    assert evil not in page and evil not in again
    assert "&lt;script&gt;" in page and "&lt;script&gt;" in again


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_both_languages_show_every_page(house: House, lang: str) -> None:
    city = house.into("thanh.pho")
    city.get(f"{AT}/calendar?lang={lang}")

    pages = [city.get(f"{AT}/calendar"), city.get(AT + previewed(house, city, **DAYS))]

    for page in pages:
        assert page.status_code == 200 and f'<html lang="{lang}">' in page.text
        assert "<script>" not in page.text and " style=" not in page.text


def test_an_apply_without_a_reason_is_asked_for_one(house: House) -> None:
    operator = house.into("van.hanh")
    place = previewed(house, operator, **DAYS)

    answer = house.send(operator, f"{place}/apply", place, why=" ", against="x")

    assert answer.status_code == 422
    assert "Hãy ghi lý do" in answer.text
