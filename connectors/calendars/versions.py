"""Calendars that were in force, by the topic `reference`: which one is, which was before, and a bundle with another.

Nothing here is ever rewritten. A calendar that comes back comes back as a new version, under a name of its own.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

from pydantic import ValidationError

from connectors.broker import read_all
from connectors.reference import Published, published, versioned
from schemas.reference import REFERENCE, Bundle, Calendar, CalendarDay


class CannotApply(ValueError):
    """A calendar that cannot come into force as it is; the text says why and what to do.

    `name` is the case, and `about` what differs from one such case to the next: for a page that says it in its own
    words.
    """

    def __init__(self, name: str, text: str, **about: str) -> None:
        super().__init__(text)
        self.name, self.about = name, about


def history(bootstrap: str) -> list[Published]:
    """Every version of the reference data, the one in force last. Raises CannotApply if none is, and TryLater."""
    found = published(read_all(bootstrap, REFERENCE))
    if not found:
        raise CannotApply("nothing_published", "no reference data is published: `hoso reference apply` comes first")
    return found


def same_days(one: Calendar, other: Calendar) -> bool:
    """Whether two calendars say the same of every day and year, whatever their versions are called."""
    return _content(one) == _content(other)


def named(versions: Sequence[Published], version: str) -> Published | None:
    """The newest that bears this name, of a calendar or of the whole reference data."""
    newest_first = reversed(versions)
    return next((one for one in newest_first if version in (one.bundle.calendar.version, one.bundle.version)), None)


def before(versions: Sequence[Published]) -> Published | None:
    """The newest whose calendar is another than that in force; None if there was never another."""
    now = versions[-1].bundle.calendar
    return next((one for one in reversed(versions) if not same_days(one.bundle.calendar, now)), None)


def calendars(versions: Sequence[Published]) -> list[Published]:
    """Where another calendar came into force, in order; what else changed in the reference data is left out."""
    firsts = [versions[0]]
    firsts += [now for was, now in pairwise(versions) if now.bundle.calendar != was.bundle.calendar]
    return firsts


def check_new(versions: Sequence[Published], calendar: Calendar) -> None:
    """Raise CannotApply where this calendar would stand under a name that another has, or came back under its own."""
    now = versions[-1].bundle.calendar
    if calendar.calendar != now.calendar:
        raise CannotApply(
            "another_calendar",
            f"the calendar in force is called {now.calendar}, this one {calendar.calendar}",
            known=now.calendar,
        )
    for one in versions:
        known = one.bundle.calendar
        if known.version != calendar.version:
            continue
        if same_days(known, calendar):
            raise CannotApply(
                "was_in_force",
                f"version {known.version} was in force on {one.at:%Y-%m-%d} already: "
                f"`hoso calendar revert --to {known.version}` puts its days back, as a new version",
                known=known.version,
            )
        raise CannotApply(
            "name_taken",
            f"version {known.version} was in force on {one.at:%Y-%m-%d} with other days: "
            "give this calendar a version of its own, usually today's date",
            known=known.version,
        )


def brought_back(versions: Sequence[Published], calendar: Calendar, today: date) -> Calendar:
    """An earlier calendar under a name that was never used; its rows by day, as a file of it has them."""
    rows = {"closed": by_day(calendar.closed), "worked": by_day(calendar.worked)}
    return calendar.model_copy(update={"version": unused(versions, today), **rows})


def unused(versions: Sequence[Published], today: date) -> str:
    """A name for another calendar, that none of these versions has."""
    return next_version(today, {one.bundle.calendar.version for one in versions})


def with_calendar(bundle: Bundle, calendar: Calendar, why: str | None) -> Bundle:
    """All of a version, and this calendar in it. Raises CannotApply for words that are too long."""
    other = versioned(bundle.model_copy(update={"calendar": calendar, "why": why or None}))
    try:
        return Bundle.model_validate(other.model_dump())
    except ValidationError as error:
        # A copy is not looked at; what nobody could read must not reach the topic.
        wrong = error.errors(include_url=False)[0]
        place = ".".join(map(str, wrong["loc"]))
        raise CannotApply("too_long", f"{place}: {wrong['msg']}", place=place) from error


def next_version(today: date, taken: Iterable[str]) -> str:
    """A version's name that nobody has used: today, or today with a number."""
    used, name, number = set(taken), today.isoformat(), 1
    while name in used:
        number += 1
        name = f"{today.isoformat()}.{number}"
    return name


def by_day(rows: Iterable[CalendarDay]) -> tuple[CalendarDay, ...]:
    """Rows in the order of their days."""
    return tuple(sorted(rows, key=lambda row: row.day))


def kept_in(folder: Path) -> Path | None:
    """The calendar's file in a folder of reference data; None if there is not exactly one."""
    found = sorted((folder / "calendars").glob("*.toml"))
    return found[0] if len(found) == 1 else None


def _content(calendar: Calendar) -> tuple[object, ...]:
    provisional = set(calendar.provisional_years)
    settled = set(range(calendar.first_year, calendar.last_year + 1)) - provisional
    return calendar.calendar, settled, provisional, set(calendar.closed), set(calendar.worked)
