"""The reminders on the way to a due date and past it: which, and at what instant."""

from datetime import date, datetime, time

from msgspec import Struct

from rules.deadlines.calendar import WorkingDays, next_day
from rules.deadlines.clock import Clock
from rules.deadlines.hours import Office
from rules.deadlines.limits import limit_key
from schemas.clock import OFFICE_HOURS, ClockState, OfficeHours, Rung
from schemas.instant import VIETNAM

NEAR_WORKING_DAYS = 2

# The first escalation, and the second.
ESCALATED_WORKING_DAYS = (3, 10)


class RungAt(Struct, frozen=True, array_like=True, gc=False):
    """A rung of this due date and its nominal instant (+07:00); `step` counts the escalations, and is 1 elsewhere."""

    rung: Rung
    step: int
    at: datetime
    due_on: date

    @property
    def key(self) -> str:
        """What makes it one."""
        return limit_key(self.rung, str(self.step), self.due_on)


def rungs(
    clock: Clock, calendar: WorkingDays, hours: OfficeHours = OFFICE_HOURS, near_days: int = NEAR_WORKING_DAYS
) -> tuple[RungAt, ...]:
    """Every rung of the due date in force, near_due to the second escalation; none unless the clock is RUNNING.

    A rung may lie before the start of a short term: the caller compares it with the fact that set the date.
    """
    if clock.state is not ClockState.RUNNING or clock.due_on is None:
        return ()
    office, due_on = Office.of(calendar, hours), clock.due_on
    near = RungAt(Rung.NEAR_DUE, 1, office.opens_at(calendar.before(due_on, near_days)), due_on)
    today = RungAt(Rung.DUE_TODAY, 1, office.opens_at(due_on), due_on)
    missed = RungAt(Rung.MISSED, 1, missed_at(clock.due_at if clock.by_minute else None, due_on), due_on)
    escalated = (
        RungAt(Rung.ESCALATED, step, office.opens_at(calendar.after(due_on, days)), due_on)
        for step, days in enumerate(ESCALATED_WORKING_DAYS, start=1)
    )
    return (near, today, missed, *escalated)


def missed_at(due_minute: datetime | None, due_on: date) -> datetime:
    """When an open dossier is missed: at its due minute if it is judged by one, else at 00:00 of the day after."""
    return due_minute or datetime.combine(next_day(due_on), time(tzinfo=VIETNAM))
