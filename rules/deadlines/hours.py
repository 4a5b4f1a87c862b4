"""Office minutes: an agency's opening hours on its working days, counted in constant time."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise

from rules.deadlines.calendar import WorkingDays
from schemas.clock import OfficeHours
from schemas.instant import VIETNAM

MINUTES_A_DAY = 24 * 60


class Office:
    """When an agency works: its calendar and its hours, which ascend within the day.

    Instants are aware, in any zone, and cut to their minute; answers are in +07:00. A minute is an office minute
    if it begins at or after an opening and before that closing. Hours that do not ascend raise ValueError.
    """

    def __init__(self, calendar: WorkingDays, hours: OfficeHours) -> None:
        self.calendar = calendar
        minutes = [minute for opens, closes in ascending(hours) for minute in range(opens, closes)]
        self.minutes_a_day = len(minutes)
        self._ends = [minute + 1 for minute in minutes]
        self._passed = [bisect_left(minutes, minute) for minute in range(MINUTES_A_DAY)]
        self._opening = _clock_time(hours[0][0])
        self._closing = _clock_time(hours[-1][1])

    @staticmethod
    @lru_cache(maxsize=1024)
    def of(calendar: WorkingDays, hours: OfficeHours) -> "Office":
        """The office with this calendar and these hours, prepared once."""
        return Office(calendar, hours)

    def opens_at(self, day: date) -> datetime:
        """The opening time on this day, whether it is a working day or not."""
        return datetime.combine(day, self._opening)

    def closes_at(self, day: date) -> datetime:
        """The end of the hours on this day, whether it is a working day or not."""
        return datetime.combine(day, self._closing)

    def add(self, at: datetime, minutes: int) -> datetime:
        """When this many office minutes (at least 1), counted from at or from the next opening, have been used up."""
        index, used = divmod(self._elapsed(at) + minutes - 1, self.minutes_a_day)
        hour, minute = divmod(self._ends[used], 60)
        return datetime.combine(self.calendar.nth(index), time(hour, minute, tzinfo=VIETNAM))

    def between(self, after: datetime, until: datetime) -> int:
        """How many office minutes lie between the two; negative where until is the earlier one."""
        return self._elapsed(until) - self._elapsed(after)

    def _elapsed(self, at: datetime) -> int:
        """Office minutes from the beginning of the calendar to at."""
        local = at.astimezone(VIETNAM)
        day = local.date()
        through = self.calendar.through(day)
        if not self.calendar.is_working(day):
            return through * self.minutes_a_day
        return (through - 1) * self.minutes_a_day + self._passed[local.hour * 60 + local.minute]


def to_minute(at: datetime) -> datetime:
    """The instant cut to its minute."""
    return at - timedelta(seconds=at.second, microseconds=at.microsecond)


def ascending(hours: OfficeHours) -> OfficeHours:
    """The hours as they are; ValueError unless each bound lies after the one before it, within one day."""
    bounds = [bound for span in hours for bound in span]
    if not bounds or bounds[0] < 0 or bounds[-1] >= MINUTES_A_DAY:
        raise ValueError("office hours are spans within one day")
    if any(later <= earlier for earlier, later in pairwise(bounds)):
        raise ValueError("office hours do not ascend")
    return hours


def read_hours(spans: Sequence[tuple[str, str]]) -> OfficeHours:
    """Office hours from spans written as ("07:30", "11:30"); ValueError unless they can be read and ascend."""
    return ascending(tuple((_minute(opens), _minute(closes)) for opens, closes in spans))


def _minute(written: str) -> int:
    hour, colon, minute = written.partition(":")
    if not (colon and hour.isdecimal() and minute.isdecimal() and len(minute) == 2 and int(minute) < 60):
        raise ValueError(f"{written!r} is no time of the day written as HH:MM")
    return int(hour) * 60 + int(minute)


def _clock_time(minute: int) -> time:
    return time(minute // 60, minute % 60, tzinfo=VIETNAM)
