"""What is wrong with a calendar is said of the row it is in; what is only to be looked at keeps nobody back."""

from typing import Any

import pytest

from rules.deadlines.calendar_faults import Fault, faults
from schemas.reference import Calendar
from tests.builders import a_bundle

OFFICIAL = a_bundle().calendar


def a_calendar(**fields: Any) -> Calendar:
    """Two settled years and one that is not, with a day of each kind."""
    rows = {
        "calendar": "vn-public-offices",
        "version": "2026-12-01",
        "first_year": 2025,
        "last_year": 2026,
        "provisional_years": [2027],
        "closed": [{"day": "2026-01-01", "basis": "New Year's Day"}],
        "worked": [{"day": "2026-01-10", "basis": "worked for 2026-01-02", "document": "1/MAU"}],
    }
    return Calendar.model_validate(rows | fields)


def closed(*days: str) -> list[dict[str, str]]:
    return [{"day": day, "basis": "nghỉ mẫu"} for day in days]


def test_the_official_calendar_has_no_mistake() -> None:
    assert [one for one in faults(OFFICIAL) if not one.is_remark] == []
    assert faults(a_calendar()) == ()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"closed": closed("2026-01-03")}, "2026-01-03 is a Saturday, which is closed anyway"),
        ({"worked": closed("2026-01-05")}, "2026-01-05 is a Monday, which is worked anyway"),
        ({"closed": closed("2026-02-30")}, "2026-02-30 is no day of any month"),
        ({"closed": closed("2028-01-03")}, "2028-01-03 lies in 2028, which is neither settled nor provisional"),
        ({"closed": closed("2026-01-01", "2026-01-01")}, "2026-01-01 is there twice, first under closed"),
        ({"last_year": 2024}, "last_year 2024 lies before first_year 2025"),
        ({"provisional_years": [2029]}, "the years have a gap: 2027, 2028; `hoso calendar build 2027`"),
        ({"provisional_years": [2027, 2027]}, "provisional_years names 2027 twice"),
        ({"first_year": 1999}, "years from 2000 to 2099 can be counted on, not 1999 to 2027"),
        ({"last_year": 10**12}, "years from 2000 to 2099 can be counted on"),
        ({"version": "tháng 12"}, "version 'tháng 12': up to 100 letters, digits, dots and dashes"),
    ],
)
def test_a_mistake_is_said(fields: dict[str, Any], said: str) -> None:
    found = [one.text for one in faults(a_calendar(**fields)) if not one.is_remark]

    assert said in found[0]


def test_a_mistake_names_the_table_and_the_place_of_its_row() -> None:
    found = faults(a_calendar(closed=closed("2026-01-01", "2026-01-04")))

    assert [(one.table, one.index, one.is_remark) for one in found] == [("closed", 1, False)]


def test_a_day_that_somebody_decided_should_name_the_paper() -> None:
    swap = [{"day": "2026-01-02", "basis": "swapped with 2026-01-10"}]
    by_rule = [{"day": "2027-01-04", "basis": "Day off (substituted from 01/09/2027)"}]

    assert faults(a_calendar(closed=swap)) == (
        Fault("2026-01-02 names no document: `document` is the paper that decided it", "closed", 0, True),
    )
    assert faults(a_calendar(closed=by_rule)) == ()
