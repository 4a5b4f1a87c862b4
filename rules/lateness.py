"""How a dossier stands against its due date: a flag beside its status, never a status of its own."""

from datetime import datetime
from enum import StrEnum

from rules.deadlines.calendar import WorkingDays
from rules.deadlines.rungs import NEAR_WORKING_DAYS
from rules.deadlines.state import Clock, is_past
from schemas.clock import ClockState
from schemas.instant import VIETNAM


class Lateness(StrEnum):
    """The flag: of an open dossier the first four, of a decided one the last three."""

    NONE = "NONE"
    IN_TIME = "IN_TIME"
    NEAR_DUE = "NEAR_DUE"
    OVERDUE = "OVERDUE"
    EARLY = "EARLY"
    ON_TIME = "ON_TIME"
    LATE = "LATE"


def lateness(clock: Clock, calendar: WorkingDays, now: datetime, near_days: int = NEAR_WORKING_DAYS) -> Lateness:
    """The flag at an instant; it is near from so many working days before the due date on.

    NONE while no clock runs, and where it stopped without a result. Raises ValueError where a day lies outside the
    calendar.
    """
    if clock.state is ClockState.STOPPED and clock.outcome is not None:
        return Lateness(clock.outcome)
    if clock.state is not ClockState.RUNNING or clock.due_on is None:
        return Lateness.NONE
    here = now.astimezone(VIETNAM)
    if is_past(clock, here):
        return Lateness.OVERDUE
    is_near = here.date() >= calendar.before(clock.due_on, near_days)
    return Lateness.NEAR_DUE if is_near else Lateness.IN_TIME
