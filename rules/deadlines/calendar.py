"""Working days of one calendar version: prepared once, every question answered in constant time."""

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from schemas.clock import CalendarTable, DayOff

FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(2099, 12, 31)

_FIRST: Final = FIRST_DAY.toordinal()
_SPAN: Final = LAST_DAY.toordinal() - _FIRST + 1
_SATURDAY: Final = 5


class WorkingDays:
    """Monday to Friday, minus the table's closed days, plus its worked days, from `FIRST_DAY` to `LAST_DAY`.

    Immutable once built, and about 20 ms to build: take it from `WorkingDays.of`, which keeps it by table.
    Years the table does not know have weekends only. Every question about a day outside the two bounds, or with
    an answer outside them, raises ValueError.
    """

    def __init__(self, table: CalendarTable) -> None:
        self.table = table
        self.calendar = table.calendar
        self.version = table.version
        self._closed = {row.day: row for row in table.closed}
        self._worked = {row.day: row for row in table.worked}
        self._days = [day for day in map(date.fromordinal, range(_FIRST, _FIRST + _SPAN)) if self._works_on(day)]
        self._through = _running_count(self._days)
        settled = set(range(table.first_year, table.last_year + 1)) - set(table.provisional_years)
        self._provisional = _running_years(settled)

    @staticmethod
    @lru_cache(maxsize=64)
    def of(table: CalendarTable) -> "WorkingDays":
        """The working days of this table; the same object for an equal table."""
        return WorkingDays(table)

    def is_working(self, day: date) -> bool:
        """Whether public offices work on this day."""
        index = self._index(day)
        return self._through[index + 1] != self._through[index]

    def after(self, start: date, days: int) -> date:
        """The n-th working day strictly after start, for n of at least 1."""
        return self.nth(self.through(start) + _at_least_one(days) - 1)

    def before(self, start: date, days: int) -> date:
        """The n-th working day strictly before start, for n of at least 1."""
        return self.nth(self._through[self._index(start)] - _at_least_one(days))

    def between(self, after: date, through: date) -> int:
        """How many working days lie in (after, through]; negative where through is the earlier one."""
        return self.through(through) - self.through(after)

    def roll(self, day: date) -> date:
        """The day itself if it is a working day, else the next one."""
        return self.nth(self._through[self._index(day)])

    def why(self, day: date) -> str:
        """The table's words for this day, with the document they rest on; empty where it has no row for it."""
        row = self._worked.get(day) or self._closed.get(day)
        return "" if row is None else _words(row)

    def is_made_up(self, day: date) -> bool:
        """Whether the table says that this weekend day is worked."""
        return day in self._worked

    def rests_on_provisional(self, first: date, last: date) -> bool:
        """Whether any day from first to last, both counted, lies in a year the table has not settled."""
        if not FIRST_DAY <= first <= last <= LAST_DAY:
            raise ValueError(f"{first} to {last} is no span of the calendar, {FIRST_DAY} to {LAST_DAY}")
        return self._provisional[last.year - FIRST_DAY.year + 1] > self._provisional[first.year - FIRST_DAY.year]

    def through(self, day: date) -> int:
        """How many working days the calendar has up to this day, which is counted."""
        return self._through[self._index(day) + 1]

    def nth(self, index: int) -> date:
        """The working day with this index, counted from 0 at the calendar's beginning."""
        if 0 <= index < len(self._days):
            return self._days[index]
        raise ValueError(f"the date lies outside the calendar, {FIRST_DAY} to {LAST_DAY}")

    def _index(self, day: date) -> int:
        index = day.toordinal() - _FIRST
        if 0 <= index < _SPAN:
            return index
        raise ValueError(f"{day} lies outside the calendar, {FIRST_DAY} to {LAST_DAY}")

    def _works_on(self, day: date) -> bool:
        return day in self._worked or (day.weekday() < _SATURDAY and day not in self._closed)


def next_day(day: date) -> date:
    """The day after, working or not."""
    return day + timedelta(days=1)


def _running_count(days: list[date]) -> list[int]:
    """For every day of the span how many working days lie before it, and one more entry for the end."""
    works = bytearray(_SPAN)
    for day in days:
        works[day.toordinal() - _FIRST] = 1
    counts = [0]
    for one in works:
        counts.append(counts[-1] + one)
    return counts


def _running_years(settled: set[int]) -> list[int]:
    """For every year of the span how many provisional years lie before it, and one more entry for the end."""
    counts = [0]
    for year in range(FIRST_DAY.year, LAST_DAY.year + 1):
        counts.append(counts[-1] + (year not in settled))
    return counts


def _at_least_one(days: int) -> int:
    if days < 1:
        raise ValueError(f"the n-th working day needs n of at least 1, not {days}")
    return days


def _words(row: DayOff) -> str:
    return row.basis if row.document is None else f"{row.basis} ({row.document})"
