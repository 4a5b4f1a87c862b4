"""A year by rule: weekends, and the fixed and lunar holidays of the `holidays` library, which nothing else imports.

A weekday that the library lists under any name is closed, and no weekend day is worked. So it stays until the official
table of the year comes out; every due date that rests on it is provisional. Workers read calendar versions and never
the library: a new release of it changes no date until somebody builds a year anew and applies it.
"""

from datetime import date

from holidays import country_holidays

from connectors.calendars.versions import by_day
from rules.deadlines.calendar import FIRST_DAY, LAST_DAY
from rules.deadlines.calendar_faults import SATURDAY, known_years
from schemas.reference import Calendar, CalendarDay

LANGUAGE = "en_US"
"""Of the names that become a row's basis; said, because the library would else follow the machine's."""


class CannotBuild(ValueError):
    """A year that no rule may write; the text says why and what to do."""


def built(calendar: Calendar, year: int, version: str) -> Calendar:
    """The calendar with this year written in by rule, under this version; as it is where that changes nothing.

    A row that names a document rests on that paper and not on the rule, and stays. Raises CannotBuild.
    """
    _check(calendar, year)
    closed = [row for row in calendar.closed if not _is_replaced(row, year)]
    worked = [row for row in calendar.worked if not _is_replaced(row, year)]
    decided = {row.day for row in (*closed, *worked)}
    closed += [row for row in by_rule(year) if row.day not in decided]
    after = calendar.model_copy(
        update={
            "provisional_years": tuple(sorted({*calendar.provisional_years, year})),
            "closed": by_day(closed),
            "worked": by_day(worked),
        }
    )
    before = calendar.model_copy(update={"closed": by_day(calendar.closed), "worked": by_day(calendar.worked)})
    return calendar if after == before else after.model_copy(update={"version": version})


def by_rule(year: int) -> list[CalendarDay]:
    """The weekdays on which public offices are closed in this year by the library's rules, in order."""
    listed = country_holidays("VN", years=year, language=LANGUAGE)
    return [
        CalendarDay(day=day.isoformat(), basis=name)
        for day, name in sorted(listed.items())
        if day.year == year and day.weekday() < SATURDAY
    ]


def _check(calendar: Calendar, year: int) -> None:
    if not FIRST_DAY.year <= year <= LAST_DAY.year:
        raise CannotBuild(f"{year} cannot be built: years from {FIRST_DAY.year} to {LAST_DAY.year} can be counted on")
    known = known_years(calendar)
    if year in known and year not in calendar.provisional_years:
        raise CannotBuild(f"{year} is settled by the official table: what changes in it is written by hand")
    if year > max(known) + 1:
        raise CannotBuild(
            f"{max(known) + 1} comes first: the years have no gap; `hoso calendar build {max(known) + 1}`"
        )
    if year < min(known) - 1:
        raise CannotBuild(
            f"{min(known) - 1} comes first: the years have no gap; `hoso calendar build {min(known) - 1}`"
        )


def _is_replaced(row: CalendarDay, year: int) -> bool:
    return row.document is None and date.fromisoformat(row.day).year == year
