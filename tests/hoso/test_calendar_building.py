"""A year by rule is the same whenever it is built; papers and settled years are left alone."""

from datetime import date
from typing import Any

import pytest

from connectors.calendars.versions import next_version
from hoso.calendars.building import CannotBuild, built, by_rule
from schemas.reference import Calendar, CalendarDay
from tests.builders import a_bundle

OFFICIAL = a_bundle().calendar


def rows(calendar: Calendar, year: int) -> list[tuple[str, str]]:
    return [(row.day, row.basis) for row in calendar.closed if row.day.startswith(f"{year}-")]


def without(*years: int) -> Calendar:
    """The official calendar as if it had never heard of these years."""
    gone = tuple(f"{year}-" for year in years)
    kept = tuple(row for row in OFFICIAL.closed if not row.day.startswith(gone))
    known = tuple(year for year in OFFICIAL.provisional_years if year not in years)
    return OFFICIAL.model_copy(update={"closed": kept, "provisional_years": known})


@pytest.mark.parametrize("year", [2027, 2028, 2029])
def test_a_year_that_is_there_already_is_built_just_so(year: int) -> None:
    assert built(OFFICIAL, year, "new") is OFFICIAL


@pytest.mark.parametrize("year", [2010, 2018, 2027, 2028, 2029, 2045])
def test_the_library_lists_what_the_calendar_was_written_from(year: int) -> None:
    assert [(row.day, row.basis) for row in by_rule(year)] == rows(OFFICIAL, year)


def test_a_year_is_written_into_the_calendar_as_a_new_version_and_provisional() -> None:
    before = without(2044, 2045)

    after = built(built(before, 2044, "one"), 2045, "two")

    assert (after.version, after.provisional_years) == ("two", OFFICIAL.provisional_years)
    assert rows(after, 2045) == rows(OFFICIAL, 2045) and rows(after, 2044) == rows(OFFICIAL, 2044)
    assert set(after.closed) == set(OFFICIAL.closed) and after.worked == OFFICIAL.worked
    assert (after.first_year, after.last_year) == (2019, 2026)


def test_a_day_that_a_paper_decided_stays_and_one_that_was_written_by_hand_without_one_goes() -> None:
    decided = CalendarDay(day="2027-01-04", basis="hoán đổi mẫu", document="1/MAU")
    worked = CalendarDay(day="2027-01-09", basis="làm bù mẫu", document="1/MAU")
    by_hand = CalendarDay(day="2027-03-02", basis="nghỉ mẫu")
    named = CalendarDay(day="2027-01-01", basis="Tết Dương lịch", document="2/MAU")
    other: dict[str, Any] = {
        "closed": (*(row for row in OFFICIAL.closed if row.day != "2027-01-01"), decided, by_hand, named),
        "worked": (*OFFICIAL.worked, worked),
    }

    after = built(OFFICIAL.model_copy(update=other), 2027, "new")

    assert {decided, named} <= set(after.closed) and worked in after.worked
    assert by_hand not in after.closed
    assert [day for day, _ in rows(after, 2027)].count("2027-01-01") == 1


@pytest.mark.parametrize(
    ("year", "said"),
    [
        (2026, "2026 is settled by the official table"),
        (2047, "2046 comes first: the years have no gap; `hoso calendar build 2046`"),
        (2008, "2009 comes first"),
        (2100, "2100 cannot be built"),
    ],
)
def test_a_year_that_no_rule_may_write_is_refused_with_the_next_step(year: int, said: str) -> None:
    with pytest.raises(CannotBuild, match=said):
        built(OFFICIAL, year, "new")


def test_a_version_is_named_by_the_day_and_a_second_one_of_it_by_a_number() -> None:
    day = date(2026, 12, 20)

    assert next_version(day, []) == "2026-12-20"
    assert next_version(day, ["2026-12-20", "2026-12-20.2"]) == "2026-12-20.3"
