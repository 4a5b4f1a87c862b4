"""The words of the legal clock: terms, the facts that move it, what it may say, and the calendar it counts on.

Every enum value is the word on the wire. The structs are frozen and encode to bytes as they are (msgspec).
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Final, TypeAlias

from msgspec import Struct

# Spans (opens, closes) in minutes of the day, ascending; a minute is an office minute if it begins inside one.
OfficeHours: TypeAlias = tuple[tuple[int, int], ...]

# 07:30-11:30 and 13:00-17:00, unless an agency's file says otherwise.
OFFICE_HOURS: Final[OfficeHours] = ((450, 690), (780, 1020))


class Unit(StrEnum):
    """What a term is counted in."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    MONTHS = "months"
    WORKING_HOURS = "working_hours"
    SAME_DAY = "same_day"


class SupplementPolicy(StrEnum):
    """What a complete supplement does to the clock; RESTART is the decree's own rule."""

    RESTART = "RESTART"
    PAUSE_RESUME = "PAUSE_RESUME"
    KEEP_RUNNING = "KEEP_RUNNING"


class ClockKind(StrEnum):
    """The facts the clock listens to, declared in the order in which they apply at one instant."""

    RECEIVED = "received"
    HANDOVER_SIGNED = "handover_signed"
    SUPPLEMENT_REQUESTED = "supplement_requested"
    SUPPLEMENT_RECEIVED = "supplement_received"
    EXTENDED = "extended"
    RESULT_READY = "result_ready"
    RESOLUTION_REFUSED = "resolution_refused"
    WITHDRAWN = "withdrawn"
    PROCESSING_STOPPED = "processing_stopped"


class ClockState(StrEnum):
    """Where a clock stands; only a RUNNING one, and one STOPPED while it ran, has a due date."""

    NOT_STARTED = "NOT_STARTED"
    RUNNING = "RUNNING"
    SUSPENDED = "SUSPENDED"
    STOPPED = "STOPPED"


class Outcome(StrEnum):
    """How a result stands against its due date: before it, on it, after it."""

    EARLY = "EARLY"
    ON_TIME = "ON_TIME"
    LATE = "LATE"


class Violation(StrEnum):
    """A rule that was broken: recorded, reported, never undone."""

    SUPPLEMENT_AFTER_DUE = "SUPPLEMENT_AFTER_DUE"
    SUPPLEMENT_REQUEST_LATE = "SUPPLEMENT_REQUEST_LATE"
    SUPPLEMENT_REPEATED = "SUPPLEMENT_REPEATED"
    EXTENSION_REPEATED = "EXTENSION_REPEATED"
    EXTENSION_WHILE_SUSPENDED = "EXTENSION_WHILE_SUSPENDED"
    EXTENSION_LATE = "EXTENSION_LATE"
    EXTENSION_NOT_LATER = "EXTENSION_NOT_LATER"
    # Named by the reactions, never by the clock itself.
    STATED_AFTER_DUE = "STATED_AFTER_DUE"
    RETURNED_TOO_EARLY = "RETURNED_TOO_EARLY"


class Reason(StrEnum):
    """What set the due date in force."""

    STARTED = "STARTED"
    RESTARTED = "RESTARTED"
    RESUMED = "RESUMED"
    EXTENDED = "EXTENDED"


class Rung(StrEnum):
    """A reminder on the way to a due date and past it."""

    NEAR_DUE = "near_due"
    DUE_TODAY = "due_today"
    MISSED = "missed"
    ESCALATED = "escalated"


class Term(Struct, frozen=True):
    """The time a procedure allows: an amount of at least 1, in its unit (ignored for `same_day`)."""

    amount: int
    unit: Unit


class ClockFact(Struct, frozen=True):
    """One fact the clock listens to, at an aware instant; `id` names the event it was taken from.

    `complete` is said by `supplement_received`, `new_due_on` by `extended`; on other kinds they mean nothing.
    """

    kind: ClockKind
    at: datetime
    complete: bool | None = None
    new_due_on: date | None = None
    id: str = ""


class DayOff(Struct, frozen=True):
    """A day on which the week's pattern does not hold, why, and the paper that says so."""

    day: date
    basis: str
    document: str | None = None


class CalendarTable(Struct, frozen=True, cache_hash=True):
    """One version of a calendar: the weekdays that are closed and the weekend days that are worked.

    The years from `first_year` to `last_year` are settled, except those in `provisional_years`, whose rows were
    written in by rule. A year that is neither has weekends only, and is provisional too.
    """

    calendar: str
    version: str
    first_year: int
    last_year: int
    closed: tuple[DayOff, ...] = ()
    worked: tuple[DayOff, ...] = ()
    provisional_years: tuple[int, ...] = ()
