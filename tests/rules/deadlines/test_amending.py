"""One day more off, one more worked: a row more, or a row less, and never a row that changes nothing."""

from datetime import date

import pytest

from rules.deadlines.amending import CannotAmend, amended
from rules.deadlines.calendar import WorkingDays
from rules.deadlines.calendar_faults import faults
from rules.reference import table_of
from schemas.reference import Calendar, CalendarDay
from tests.builders import a_bundle

OFFICIAL = a_bundle().calendar
THURSDAY, SATURDAY = "2026-11-05", "2026-11-07"
HOLIDAY, MADE_UP = "2026-01-02", "2026-01-10"
"""A Friday that is off and the Saturday that is worked for it."""


def a_row(day: str) -> CalendarDay:
    return CalendarDay(day=day, basis="mẫu", document="1/MAU")


def change(off: str | None = None, on: str | None = None) -> Calendar:
    return amended(OFFICIAL, "new", a_row(off) if off else None, a_row(on) if on else None)


def works(calendar: Calendar, day: str) -> bool:
    return WorkingDays.of(table_of(calendar)).is_working(date.fromisoformat(day))


@pytest.mark.parametrize("day", [THURSDAY, MADE_UP])
def test_a_day_that_is_worked_can_be_taken_off(day: str) -> None:
    after = change(off=day)

    assert works(OFFICIAL, day) and not works(after, day)
    assert after.version == "new"


@pytest.mark.parametrize("day", [SATURDAY, HOLIDAY])
def test_a_day_that_is_off_can_be_worked(day: str) -> None:
    assert not works(OFFICIAL, day) and works(change(on=day), day)


def test_a_swap_is_one_change_and_leaves_a_calendar_without_a_fault() -> None:
    after = change(off=THURSDAY, on=SATURDAY)

    assert (works(after, THURSDAY), works(after, SATURDAY)) == (False, True)
    assert [one for one in faults(after) if not one.is_remark] == []


def test_what_was_swapped_and_swapped_back_has_the_days_it_had() -> None:
    after = amended(change(off=THURSDAY, on=SATURDAY), OFFICIAL.version, a_row(SATURDAY), a_row(THURSDAY))

    assert set(after.closed) == set(OFFICIAL.closed) and set(after.worked) == set(OFFICIAL.worked)


@pytest.mark.parametrize(
    ("off", "on", "name"),
    [
        (SATURDAY, None, "off_already"),
        (HOLIDAY, None, "off_already"),
        (None, THURSDAY, "worked_already"),
        (None, MADE_UP, "worked_already"),
        (THURSDAY, THURSDAY, "off_and_worked"),
        ("2050-01-03", None, "year_not_known"),
        (None, "2050-01-01", "year_not_known"),
    ],
)
def test_a_change_that_changes_nothing_is_refused_by_its_case(off: str | None, on: str | None, name: str) -> None:
    with pytest.raises(CannotAmend) as refused:
        change(off, on)

    assert refused.value.name == name
