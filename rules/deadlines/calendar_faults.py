"""What is wrong with a calendar as it is written, row by row; and what is not wrong but should be looked at."""

import re
from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from rules.deadlines.calendar import FIRST_DAY, LAST_DAY
from schemas.reference import Calendar, CalendarDay

VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")
SATURDAY = 5
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SWAPS = ("swap", "substitut", "make-up", "worked for", "hoán đổi", "làm bù")
"""Words of a basis that come from a decision, which has a number."""


class Fault(Struct, frozen=True):
    """A sentence on a calendar, and the row it is about: the table, and the row's place in it from 0; neither for all.

    A remark is no mistake: the calendar may be published with it.
    """

    text: str
    table: str = ""
    index: int = 0
    is_remark: bool = False


def faults(calendar: Calendar) -> tuple[Fault, ...]:
    """Every mistake and every remark, those on the whole calendar first. No fault is left that would break a clock."""
    return (*_of_years(calendar), *_of_rows(calendar))


def known_years(calendar: Calendar) -> frozenset[int]:
    """The years that a calendar speaks of: those that are settled, and those written in by rule."""
    settled = range(max(calendar.first_year, FIRST_DAY.year), min(calendar.last_year, LAST_DAY.year) + 1)
    return frozenset((*settled, *calendar.provisional_years))


def _of_years(calendar: Calendar) -> Iterator[Fault]:
    if not VERSION.fullmatch(calendar.version):
        yield Fault(f"version {calendar.version!r}: up to 100 letters, digits, dots and dashes, usually the day's date")
    if calendar.last_year < calendar.first_year:
        yield Fault(f"last_year {calendar.last_year} lies before first_year {calendar.first_year}")
        return
    said = (calendar.first_year, calendar.last_year, *calendar.provisional_years)
    if min(said) < FIRST_DAY.year or max(said) > LAST_DAY.year:
        yield Fault(f"years from {FIRST_DAY.year} to {LAST_DAY.year} can be counted on, not {min(said)} to {max(said)}")
        return
    years = known_years(calendar)
    if missing := sorted(set(range(min(years), max(years) + 1)) - years):
        gap = ", ".join(map(str, missing))
        yield Fault(f"the years have a gap: {gap}; `hoso calendar build {missing[0]}` writes a year that is missing")
    twice = sorted({year for year in calendar.provisional_years if calendar.provisional_years.count(year) > 1})
    for year in twice:
        yield Fault(f"provisional_years names {year} twice")


def _of_rows(calendar: Calendar) -> Iterator[Fault]:
    years, seen = known_years(calendar), dict[date, str]()
    for table, rows in (("closed", calendar.closed), ("worked", calendar.worked)):
        for index, row in enumerate(rows):
            try:
                day = date.fromisoformat(row.day)
            except ValueError:
                yield Fault(f"{row.day} is no day of any month", table, index)
                continue
            for text in _of_day(day, table, years, seen):
                yield Fault(text, table, index)
            by_rule = table == "closed" and day.year in calendar.provisional_years
            if row.document is None and not by_rule and _is_decided(row, table):
                yield Fault(f"{day} names no document: `document` is the paper that decided it", table, index, True)


def _of_day(day: date, table: str, years: frozenset[int], seen: dict[date, str]) -> Iterator[str]:
    is_weekend = day.weekday() >= SATURDAY
    weekday = WEEKDAYS[day.weekday()]
    if table == "closed" and is_weekend:
        yield f"{day} is a {weekday}, which is closed anyway: only Monday to Friday stand under closed"
    if table == "worked" and not is_weekend:
        yield f"{day} is a {weekday}, which is worked anyway: only Saturday and Sunday stand under worked"
    if day.year not in years:
        yield f"{day} lies in {day.year}, which is neither settled nor provisional: say so at the top, or leave it out"
    if day in seen:
        yield f"{day} is there twice, first under {seen[day]}"
    seen.setdefault(day, table)


def _is_decided(row: CalendarDay, table: str) -> bool:
    """Whether somebody decided this day, and no law by itself."""
    return table == "worked" or any(word in row.basis.lower() for word in SWAPS)
