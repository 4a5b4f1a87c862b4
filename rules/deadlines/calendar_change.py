"""Two versions of the reference data, laid side by side once: on which days and in which years their calendars differ,
and whether any office's hours do.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from rules.deadlines.calendar import FIRST_DAY, LAST_DAY, WorkingDays
from rules.reference import Edition, table_of
from schemas.reference import Calendar

_SATURDAY = 5


class DayChange(Struct, frozen=True, gc=False):
    """A day of which two calendars say different things, in the words of each: `closed: swapped with 2026-01-10`."""

    day: date
    was: str
    will: str


class Change:
    """What differs between two versions. Immutable, about 50 ms to prepare: take it from `Change.between`.

    `will` is the newer calendar under the older one's name, so that two workings differ only where their days do.
    """

    def __init__(self, was: Edition, will: Edition) -> None:
        self.was, self.will = was, will
        self.calendar = _under_the_name_of(was, will)
        self.days = _days(was, self.calendar, will)
        self.years = tuple(sorted(_years(was.bundle.calendar) ^ _years(will.bundle.calendar)))
        self.hours_differ = _hours(was) != _hours(will)
        self._ordinals = [one.day.toordinal() for one in self.days]

    @staticmethod
    @lru_cache(maxsize=64)
    def between(was: Edition, will: Edition) -> "Change":
        """What differs between these two; the same object for the same editions."""
        return Change(was, will)

    def touches(self, first: date, last: date) -> bool:
        """Whether the calendars differ anywhere from first to last, both counted."""
        return bool(self.days_within(first, last) or self.years_within(first, last))

    def days_within(self, first: date, last: date) -> tuple[DayChange, ...]:
        """The days that differ, from first to last, both counted."""
        begins = bisect_left(self._ordinals, first.toordinal())
        return self.days[begins : bisect_right(self._ordinals, last.toordinal(), lo=begins)]

    def years_within(self, first: date, last: date) -> tuple[int, ...]:
        """The years that one version has settled and the other has not, from first to last."""
        return tuple(year for year in self.years if first.year <= year <= last.year)


def _under_the_name_of(was: Edition, will: Edition) -> WorkingDays:
    table = table_of(will.bundle.calendar)
    return WorkingDays.of(replace(table, calendar=was.calendar.calendar, version=was.calendar.version))


def _days(was: Edition, calendar: WorkingDays, will: Edition) -> tuple[DayChange, ...]:
    named = sorted({*_named(was.bundle.calendar), *_named(will.bundle.calendar)})
    told = (DayChange(day, said_of(day, was.calendar), said_of(day, calendar)) for day in named)
    return tuple(one for one in told if one.was != one.will)


def _named(calendar: Calendar) -> Iterable[date]:
    days = (date.fromisoformat(row.day) for row in (*calendar.closed, *calendar.worked))
    return (day for day in days if FIRST_DAY <= day <= LAST_DAY)


def said_of(day: date, calendar: WorkingDays) -> str:
    """What a calendar makes of a day, in a few words."""
    why = calendar.why(day)
    if calendar.is_made_up(day):
        return f"worked: {why}"
    if why:
        return f"closed: {why}"
    return "weekend" if day.weekday() >= _SATURDAY else "working day"


def _years(calendar: Calendar) -> set[int]:
    """The years that a calendar has settled."""
    return set(range(calendar.first_year, calendar.last_year + 1)) - set(calendar.provisional_years)


def _hours(edition: Edition) -> dict[str, object]:
    """Every agency's hours, by each of its codes."""
    return {code: one.hours for one in edition.bundle.agencies for code in (*one.aliases, one.code)}
