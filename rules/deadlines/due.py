"""The due date of one count: from a start with the whole term, from what was left of it, or on a day that was named."""

from calendar import monthrange
from datetime import date, datetime, time

from msgspec import Struct

from rules.deadlines.hours import Office
from schemas.clock import Term, Unit

SAME_DAY_UNTIL = time(15)
MINUTES_AN_HOUR = 60


class DueDate(Struct, frozen=True, gc=False):
    """A last lawful day and what led to it.

    `nominal_on` is the day the rule names first; `rolled` says that it is no working day and `due_on` the next one.
    `provisional` says that a day which decided it lies in a year the calendar has not settled.
    """

    due_on: date
    due_at: datetime
    nominal_on: date
    rolled: bool
    provisional: bool


def whole_term(term: Term, at: datetime, office: Office) -> DueDate:
    """Due after the whole term from a start at this instant (+07:00), whose date is day 0 and never counted."""
    day_zero = at.date()
    match term.unit:
        case Unit.WORKING_DAYS:
            return counted(day_zero, term.amount, office)
        case Unit.CALENDAR_DAYS:
            return on_day(days_later(day_zero, term.amount), office)
        case Unit.MONTHS:
            return on_day(months_later(day_zero, term.amount), office)
        case Unit.WORKING_HOURS:
            return by_minute(at, term.amount * MINUTES_AN_HOUR, office)
        case Unit.SAME_DAY:
            return same_day(at, office)


def remaining_term(unit: Unit, left: int, at: datetime, office: Office) -> DueDate:
    """Due after what was left of a term (`remainder`), going on from this instant; with nothing left, on its date."""
    if left == 0:
        return on_day(at.date(), office)
    match unit:
        case Unit.WORKING_DAYS | Unit.SAME_DAY:
            return counted(at.date(), left, office)
        case Unit.CALENDAR_DAYS | Unit.MONTHS:
            return on_day(days_later(at.date(), left), office)
        case Unit.WORKING_HOURS:
            return by_minute(at, left, office)


def remainder(unit: Unit, due: DueDate, at: datetime, office: Office) -> int:
    """What is left at this instant (+07:00), not after the due date: working days, calendar days or office minutes."""
    match unit:
        case Unit.WORKING_DAYS | Unit.SAME_DAY:
            return office.calendar.between(at.date(), due.due_on)
        case Unit.CALENDAR_DAYS | Unit.MONTHS:
            return max(0, (due.nominal_on - at.date()).days)
        case Unit.WORKING_HOURS:
            return office.between(at, due.due_at)


def on_day(day: date, office: Office) -> DueDate:
    """Due at the end of the hours of this day, or of the next working day if it is none."""
    due_on = office.calendar.roll(day)
    return DueDate(due_on, office.closes_at(due_on), day, due_on != day, _doubtful(day, due_on, office))


def counted(day_zero: date, days: int, office: Office) -> DueDate:
    """Due on the n-th working day after day 0; a counted day is never rolled."""
    due_on = office.calendar.after(day_zero, days)
    return DueDate(due_on, office.closes_at(due_on), due_on, False, _doubtful(day_zero, due_on, office))


def by_minute(at: datetime, minutes: int, office: Office) -> DueDate:
    """Due at the minute in which this many office minutes after at are used up."""
    due_at = office.add(at, minutes)
    due_on = due_at.date()
    return DueDate(due_on, due_at, due_on, False, _doubtful(at.date(), due_on, office))


def same_day(at: datetime, office: Office) -> DueDate:
    """Due on day 0 if the office works and it is not after 15:00:00, else on the next working day."""
    day_zero = at.date()
    if not office.calendar.is_working(day_zero) or at.time() <= SAME_DAY_UNTIL:
        return on_day(day_zero, office)
    return counted(day_zero, 1, office)


def days_later(day: date, days: int) -> date:
    """The calendar day n days later; ValueError beyond what a date can say."""
    try:
        return date.fromordinal(day.toordinal() + days)
    except OverflowError as error:
        raise ValueError(f"{days} days after {day} is no date") from error


def months_later(day: date, months: int) -> date:
    """The same day number n months later, or that month's last day where it has none."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > date.max.year:
        raise ValueError(f"{months} months after {day} is no date")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _doubtful(first: date, last: date, office: Office) -> bool:
    return office.calendar.rests_on_provisional(first, last)
