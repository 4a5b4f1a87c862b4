"""Working days: the official table, the provisional years, and the bounds."""

from datetime import date, timedelta

import pytest

from rules.deadlines.calendar import FIRST_DAY, LAST_DAY, WorkingDays
from schemas.clock import CalendarTable, DayOff
from tests.rules.deadlines.builders import CALENDAR, TABLE

WEEKS_ONLY = WorkingDays.of(CalendarTable("weeks", "1", 2025, 2025))


def test_a_deadline_falls_on_a_working_day() -> None:
    assert CALENDAR.after(date(2025, 4, 29), days=1) == date(2025, 5, 5)


def test_a_closed_weekday_is_not_worked_and_a_worked_saturday_is() -> None:
    assert not CALENDAR.is_working(date(2026, 1, 2))
    assert CALENDAR.is_working(date(2026, 1, 10))
    assert CALENDAR.is_made_up(date(2026, 1, 10))
    assert not CALENDAR.is_working(date(2026, 1, 11))


def test_every_question_agrees_with_walking_the_days() -> None:
    works = {row.day for row in TABLE.worked}
    closed = {row.day for row in TABLE.closed}
    days = [date(2024, 12, 1) + timedelta(days=n) for n in range(400)]
    working = [day for day in days if day in works or (day.weekday() < 5 and day not in closed)]

    for day in days[60:300]:
        ahead = [one for one in working if one > day]
        behind = [one for one in working if one < day]
        assert CALENDAR.is_working(day) == (day in working)
        assert [CALENDAR.after(day, n) for n in (1, 2, 30)] == [ahead[0], ahead[1], ahead[29]]
        assert [CALENDAR.before(day, n) for n in (1, 2, 20)] == [behind[-1], behind[-2], behind[-20]]
        assert CALENDAR.roll(day) == (day if day in working else ahead[0])
        assert CALENDAR.between(day, day + timedelta(days=50)) == len(
            [one for one in working if day < one <= day + timedelta(days=50)]
        )


def test_between_counts_neither_its_beginning_nor_backwards() -> None:
    monday, tuesday = date(2025, 3, 3), date(2025, 3, 4)

    assert CALENDAR.between(monday, monday) == 0
    assert CALENDAR.between(monday, tuesday) == 1
    assert CALENDAR.between(tuesday, monday) == -1


def test_the_calendar_says_why_a_day_is_strange_and_nothing_of_others() -> None:
    assert CALENDAR.why(date(2026, 1, 2)) == "swapped with 2026-01-10 (12729/VPCP-KGVX of 2025-12-25)"
    assert CALENDAR.why(date(2025, 4, 26)) == "make-up working day"
    assert CALENDAR.why(date(2025, 3, 3)) == ""


def test_a_year_the_table_has_not_settled_is_provisional() -> None:
    assert not CALENDAR.rests_on_provisional(date(2019, 1, 1), date(2026, 12, 31))
    assert CALENDAR.rests_on_provisional(date(2026, 12, 31), date(2027, 1, 1))
    assert CALENDAR.rests_on_provisional(date(2018, 12, 31), date(2019, 1, 1))
    assert CALENDAR.rests_on_provisional(date(2018, 1, 1), date(2027, 1, 1))


def test_a_year_without_rows_has_weekends_only_and_is_provisional() -> None:
    assert WEEKS_ONLY.after(date(2029, 12, 31), 1) == date(2030, 1, 1)
    assert WEEKS_ONLY.rests_on_provisional(date(2030, 1, 1), date(2030, 1, 1))
    assert not WEEKS_ONLY.rests_on_provisional(date(2025, 1, 1), date(2025, 12, 31))


def test_a_day_both_closed_and_worked_is_worked() -> None:
    day = date(2025, 3, 8)
    calendar = WorkingDays(CalendarTable("c", "1", 2025, 2025, (DayOff(day, "a"),), (DayOff(day, "b", "12/QĐ"),)))

    assert calendar.is_working(day)
    assert calendar.why(day) == "b (12/QĐ)"


def test_an_equal_table_gives_the_same_prepared_calendar() -> None:
    assert WorkingDays.of(CalendarTable("weeks", "1", 2025, 2025)) is WEEKS_ONLY


@pytest.mark.parametrize("day", [FIRST_DAY - timedelta(days=1), LAST_DAY + timedelta(days=1)])
def test_a_day_outside_the_calendar_is_refused_in_words(day: date) -> None:
    for question in (CALENDAR.is_working, CALENDAR.roll, lambda one: CALENDAR.after(one, 1), CALENDAR.through):
        with pytest.raises(ValueError, match="outside the calendar"):
            question(day)


def test_an_answer_outside_the_calendar_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="outside the calendar"):
        CALENDAR.after(LAST_DAY, 1)
    with pytest.raises(ValueError, match="outside the calendar"):
        CALENDAR.before(FIRST_DAY, 1)
    with pytest.raises(ValueError, match="no span"):
        CALENDAR.rests_on_provisional(date(2025, 1, 2), date(2025, 1, 1))


@pytest.mark.parametrize("days", [0, -1])
def test_there_is_no_zeroth_working_day(days: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        CALENDAR.after(date(2025, 3, 3), days)
    with pytest.raises(ValueError, match="at least 1"):
        CALENDAR.before(date(2025, 3, 3), days)
