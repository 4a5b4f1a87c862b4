"""What a day of a working counted for, without words: by the clock that stood on it, its calendar and its office."""

from datetime import date, datetime, time

from msgspec import Struct

from rules.deadlines.calendar import next_day
from rules.deadlines.clock import Clock, Rule, Turn
from rules.deadlines.phrases import CountedAs
from schemas.clock import Reason, Unit
from schemas.instant import VIETNAM, date_of

NUMBERED = (CountedAs.WORKING_DAY, CountedAs.MADE_UP_DAY, CountedAs.CALENDAR_DAY, CountedAs.OFFICE_MINUTES)


class Counted(Struct, frozen=True, gc=False):
    """A day, the clock by which it counts, until when (a suspension may cut it), and the rule both stand under.

    `left` is what a count that was resumed went on with; None for any other count. `promised_on` is the day that an
    extension in force has named.
    """

    day: date
    clock: Clock
    until: datetime
    left: int | None
    promised_on: date | None
    rule: Rule

    @property
    def is_day_zero(self) -> bool:
        """Whether the count in force starts, restarts or resumes on this day."""
        return self.clock.counted_from is not None and self.clock.counted_from.date() == self.day

    @property
    def counted_as(self) -> CountedAs:
        """What the day counted for."""
        clock, calendar, unit = self.clock, self.rule.office.calendar, self.rule.term.unit
        if clock.due_on is None or clock.nominal_on is None:
            return CountedAs.SUSPENDED
        if clock.rolled and self.day == clock.due_on:
            return CountedAs.ROLLED
        in_minutes = unit is Unit.WORKING_HOURS and self.left != 0
        if self.is_day_zero and not (in_minutes and calendar.is_working(self.day)):
            return CountedAs.SAME_DAY if self.day == clock.due_on else CountedAs.DAY_ZERO
        if unit in (Unit.CALENDAR_DAYS, Unit.MONTHS) and self.day <= clock.nominal_on:
            return CountedAs.CALENDAR_DAY
        if not calendar.is_working(self.day):
            return CountedAs.CLOSED if calendar.why(self.day) else CountedAs.WEEKEND
        if unit is Unit.WORKING_HOURS:
            return CountedAs.OFFICE_MINUTES
        return CountedAs.MADE_UP_DAY if calendar.is_made_up(self.day) else CountedAs.WORKING_DAY

    @property
    def progress(self) -> tuple[int, int] | None:
        """How far the count in force has come by the end of this day, and how far it goes; None if not counted."""
        clock, office, kind = self.clock, self.rule.office, self.counted_as
        if kind not in NUMBERED or not (clock.counted_from and clock.due_on and clock.due_at and clock.nominal_on):
            return None
        day_zero = clock.counted_from.date()
        match kind:
            case CountedAs.CALENDAR_DAY:
                return (self.day - day_zero).days, (clock.nominal_on - day_zero).days
            case CountedAs.OFFICE_MINUTES:
                until = min(self.until, clock.due_at)
                return office.between(clock.counted_from, until), office.between(clock.counted_from, clock.due_at)
            case _:
                return office.calendar.between(day_zero, self.day), office.calendar.between(day_zero, clock.due_on)

    @property
    def from_on(self) -> date | None:
        """The day it points at: where the suspension began, or what the due date was rolled from."""
        match self.counted_as:
            case CountedAs.SUSPENDED if self.clock.suspended_since:
                return self.clock.suspended_since.date()
            case CountedAs.ROLLED:
                return self.promised_on or self.clock.nominal_on
            case _:
                return None


def counted(day: date, turned: list[Turn], rule: Rule) -> Counted:
    """The day with its last clock, but not with a suspension that began on it.

    The day of the request is still the agency's; the day of the complete supplement is a new day 0.
    """
    clocks = [turn.clock for turn in turned if date_of(turn.fact.at) <= day]
    until = datetime.combine(next_day(day), time(tzinfo=VIETNAM))
    while (since := clocks[-1].suspended_since) and since.date() == day:
        until = since
        clocks.pop()
    return Counted(day, clocks[-1], until, _went_on_with(clocks), _promised_on(clocks[-1], turned), rule)


def _went_on_with(clocks: list[Clock]) -> int | None:
    """What was left of the term when the count in force was resumed; None if it was not, or has been moved since."""
    if clocks[-1].reason is not Reason.RESUMED:
        return None
    return next(clock.left for clock in reversed(clocks) if clock.suspended_since)


def _promised_on(clock: Clock, turned: list[Turn]) -> date | None:
    if clock.reason is not Reason.EXTENDED:
        return None
    return next(turn.fact.new_due_on for turn in turned if turn.clock.extended)
