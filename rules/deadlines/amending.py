"""A day more that is off, one more that is worked: a change of a calendar, refused where it would change nothing."""

from datetime import date

from rules.deadlines.calendar_faults import SATURDAY, known_years
from schemas.reference import Calendar, CalendarDay


class CannotAmend(ValueError):
    """A day that cannot be changed so; `name` is the case: for a page that says it in its own words."""

    def __init__(self, name: str, day: date) -> None:
        super().__init__(f"{day}: {name.replace('_', ' ')}")
        self.name, self.day = name, day


def amended(calendar: Calendar, version: str, off: CalendarDay | None, on: CalendarDay | None) -> Calendar:
    """The calendar with one day off, one day worked, or both (a swap), under this version.

    A day that was made up is off again without a row, and so is a closed day worked again. Raises CannotAmend.
    """
    if off and on and off.day == on.day:
        raise CannotAmend("off_and_worked", date.fromisoformat(off.day))
    after = _worked(_closed(calendar, off), on)
    return after.model_copy(update={"version": version})


def _closed(calendar: Calendar, off: CalendarDay | None) -> Calendar:
    if off is None:
        return calendar
    day = _known(calendar, off)
    if _has(calendar.worked, off):
        return calendar.model_copy(update={"worked": _without(calendar.worked, off)})
    if day.weekday() >= SATURDAY or _has(calendar.closed, off):
        raise CannotAmend("off_already", day)
    return calendar.model_copy(update={"closed": _with(calendar.closed, off)})


def _worked(calendar: Calendar, on: CalendarDay | None) -> Calendar:
    if on is None:
        return calendar
    day = _known(calendar, on)
    if _has(calendar.closed, on):
        return calendar.model_copy(update={"closed": _without(calendar.closed, on)})
    if day.weekday() < SATURDAY or _has(calendar.worked, on):
        raise CannotAmend("worked_already", day)
    return calendar.model_copy(update={"worked": _with(calendar.worked, on)})


def _known(calendar: Calendar, row: CalendarDay) -> date:
    """The row's day. Raises CannotAmend for one of a year that the calendar says nothing of."""
    day = date.fromisoformat(row.day)
    if day.year not in known_years(calendar):
        raise CannotAmend("year_not_known", day)
    return day


def _has(rows: tuple[CalendarDay, ...], row: CalendarDay) -> bool:
    return any(one.day == row.day for one in rows)


def _with(rows: tuple[CalendarDay, ...], row: CalendarDay) -> tuple[CalendarDay, ...]:
    return tuple(sorted((*rows, row), key=lambda one: one.day))


def _without(rows: tuple[CalendarDay, ...], row: CalendarDay) -> tuple[CalendarDay, ...]:
    return tuple(one for one in rows if one.day != row.day)
