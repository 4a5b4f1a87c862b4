"""A calendar that somebody proposes: written as a file, as a day or two that change, or one of before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from connectors.calendar_files import calendar_in
from connectors.calendars.versions import before, brought_back, named, unused
from connectors.reference import Published
from rules.deadlines.amending import amended
from rules.deadlines.calendar_faults import faults
from schemas.reference import Calendar, CalendarDay

CALLED = "calendar.toml"
"""What a text is called in what is said of it."""


class WrongDraft(ValueError):
    """A text that is no calendar, or a wrong one; `mistakes` has a line for each."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class NoSuchVersion(LookupError):
    """No version is called so, or there was never another calendar."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The calendar; what should be looked at in its text; its days without the paper that decided them, which a form
    changed; and the version whose days it puts back if it does that.
    """

    calendar: Calendar
    remarks: tuple[str, ...] = ()
    unsigned: tuple[date, ...] = ()
    puts_back: str | None = None


def written(text: str) -> Draft:
    """A calendar as its file has it. Raises WrongDraft."""
    found = calendar_in(text, CALLED)
    if found.calendar is None or found.mistakes:
        raise WrongDraft(found.mistakes)
    return Draft(found.calendar, found.remarks)


def with_days(versions: Sequence[Published], off: CalendarDay | None, on: CalendarDay | None, today: date) -> Draft:
    """The calendar in force with a day more off, one more worked, or both. Raises CannotAmend."""
    calendar = amended(versions[-1].bundle.calendar, unused(versions, today), off, on)
    changed = {row.day for row in (off, on) if row}
    rows = {"closed": calendar.closed, "worked": calendar.worked}
    unsigned = (rows[one.table][one.index].day for one in faults(calendar) if one.is_remark)
    return Draft(calendar, unsigned=tuple(date.fromisoformat(day) for day in unsigned if day in changed))


def earlier(versions: Sequence[Published], version: str | None, today: date) -> Draft:
    """A calendar that was in force, by its name; without one that before the last. Raises NoSuchVersion."""
    found = named(versions, version) if version else before(versions)
    if found is None:
        raise NoSuchVersion(version or "there was never another one")
    known = found.bundle.calendar
    return Draft(brought_back(versions, known, today), puts_back=known.version)
