"""A calendar as its page shows it: a year by months, the versions there were, and what another one says otherwise."""

from calendar import Calendar as Weeks
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from connectors.calendars.telling import DAYS_SHOWN
from connectors.calendars.versions import calendars
from connectors.reference import Published
from rules.deadlines.calendar import FIRST_DAY, LAST_DAY, WorkingDays
from rules.deadlines.calendar_change import Change
from rules.deadlines.calendar_faults import SATURDAY, known_years
from schemas.reference import Calendar


class Kind(StrEnum):
    """What a day is."""

    WORKING = "working"
    WEEKEND = "weekend"
    CLOSED = "closed"
    """A weekday that is off."""
    MADE_UP = "made_up"
    """A weekend day that is worked."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day, what it is, and the table's words for it if it has any."""

    day: date
    kind: Kind
    why: str

    @property
    def is_otherwise(self) -> bool:
        """Whether the table says something of it."""
        return self.kind in (Kind.CLOSED, Kind.MADE_UP)


@dataclass(frozen=True, slots=True)
class Month:
    """A month by weeks from Monday on; None stands for a day of another month."""

    number: int
    weeks: tuple[tuple[Day | None, ...], ...]

    @property
    def otherwise(self) -> list[Day]:
        """Its days that the table says something of."""
        return [day for week in self.weeks for day in week if day is not None and day.is_otherwise]


@dataclass(frozen=True, slots=True)
class Year:
    """A year of a calendar; one that it does not know is neither settled nor written by rule and has weekends only."""

    year: int
    is_provisional: bool
    is_known: bool
    months: tuple[Month, ...]
    closed: int
    made_up: int


@dataclass(frozen=True, slots=True)
class Version:
    """A calendar that came into force, and the whole version of the reference data that it came with."""

    calendar: Calendar
    since: datetime
    refversion: str
    why: str | None
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class Differs:
    """A day of which two calendars say different things."""

    day: date
    was: Day
    will: Day


@dataclass(frozen=True, slots=True)
class Difference:
    """What a calendar says otherwise: the first days, how many more, and the years by what they become."""

    days: tuple[Differs, ...]
    more: int
    provisional: tuple[int, ...]
    settled: tuple[int, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether it says the same of every day and year."""
        return not (self.days or self.provisional or self.settled)


def year_of(calendar: Calendar, days: WorkingDays, year: int) -> Year:
    """A year of this calendar, month by month."""
    months = tuple(_month(days, year, number) for number in range(1, 13))
    kinds = [day.kind for month in months for day in month.otherwise]
    known, settled = year in known_years(calendar), year not in calendar.provisional_years
    return Year(year, known and not settled, known, months, kinds.count(Kind.CLOSED), kinds.count(Kind.MADE_UP))


def years_of(calendar: Calendar) -> list[int]:
    """The years that a calendar speaks of, in order."""
    return sorted(known_years(calendar))


def is_countable(year: int) -> bool:
    """Whether days of this year can be looked at."""
    return FIRST_DAY.year <= year <= LAST_DAY.year


def versions_of(history: Sequence[Published]) -> list[Version]:
    """The calendars that came into force, the last one first."""
    found = calendars(history)
    return [
        Version(one.bundle.calendar, one.at, one.bundle.version, one.bundle.why, one is found[-1])
        for one in reversed(found)
    ]


def difference(change: Change) -> Difference:
    """What the newer calendar says otherwise."""
    days = tuple(
        Differs(one.day, _day(change.was.calendar, one.day), _day(change.calendar, one.day))
        for one in change.days[:DAYS_SHOWN]
    )
    by_rule = set(change.will.bundle.calendar.provisional_years)
    provisional = tuple(year for year in change.years if year in by_rule)
    settled = tuple(year for year in change.years if year not in by_rule)
    return Difference(days, max(len(change.days) - DAYS_SHOWN, 0), provisional, settled)


def _month(days: WorkingDays, year: int, number: int) -> Month:
    weeks = Weeks().monthdatescalendar(year, number)
    return Month(number, tuple(tuple(_within(days, week, number)) for week in weeks))


def _within(days: WorkingDays, week: Sequence[date], month: int) -> Iterator[Day | None]:
    for day in week:
        yield _day(days, day) if day.month == month else None


def _day(days: WorkingDays, day: date) -> Day:
    return Day(day, _kind(days, day), days.why(day))


def _kind(days: WorkingDays, day: date) -> Kind:
    if days.is_working(day):
        return Kind.MADE_UP if days.is_made_up(day) else Kind.WORKING
    return Kind.WEEKEND if day.weekday() >= SATURDAY else Kind.CLOSED
