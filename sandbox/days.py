"""On which days and at which minutes offices and postmen work; no more exact than a rehearsal needs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Self

import msgspec

from schemas.clock import OFFICE_HOURS, CalendarTable, DayOff
from schemas.instant import VIETNAM

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ROUND_THE_CLOCK = ((0, 1440),)


@dataclass(frozen=True)
class Days:
    """The days worked and the spans of minutes (opens, closes) within them."""

    closed: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()
    hours: tuple[tuple[int, int], ...] = field(default=OFFICE_HOURS)
    always: bool = False
    """Whether no day is off: for a rehearsal on the real clock, at any hour of any night."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """The days of a calendar version; plain weekdays if it is not there."""
        if not path.is_file():
            return cls()
        table = msgspec.toml.decode(path.read_bytes(), type=CalendarTable)
        return cls(frozenset(_dates(table.closed)), frozenset(_dates(table.worked)))

    @classmethod
    def without_end(cls) -> Self:
        """Every day, round the clock."""
        return cls(hours=ROUND_THE_CLOCK, always=True)

    def works_on(self, day: date) -> bool:
        """Whether anybody works on this day."""
        return self.always or day in self.worked or (day.weekday() < 5 and day not in self.closed)

    def after(self, day: date, count: int) -> date:
        """The date so many working days after a day, or before it; 0 is the day itself or the next worked one."""
        if count == 0:
            return day if self.works_on(day) else self.after(day, 1)
        step = DAY if count > 0 else -DAY
        for _ in range(abs(count)):
            day += step
            while not self.works_on(day):
                day += step
        return day

    def minutes_after(self, instant: datetime, minutes: float) -> datetime:
        """The instant this many worked minutes later, never outside the hours."""
        left = minutes
        day = instant.date()
        while True:
            if self.works_on(day):
                for opens, closes in self.hours:
                    begins = max(at_minute(day, opens), instant)
                    room = (at_minute(day, closes) - begins) / MINUTE
                    if room > left:
                        return begins + left * MINUTE
                    left -= max(room, 0)
            day += DAY

    def next_at(self, day: date, count: int, minute: int) -> datetime:
        """A minute of the day, this many working days after a day."""
        return at_minute(self.after(day, count), minute)


def at_minute(day: date, minute: int) -> datetime:
    """A minute of a day in Viet Nam; 1440 is the next midnight."""
    return datetime.combine(day, time(), VIETNAM) + minute * MINUTE


def _dates(rows: Iterable[DayOff]) -> Iterable[date]:
    return (row.day for row in rows)
