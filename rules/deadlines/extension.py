"""An extension: the apology's new appointment, valid once and in time (61/2018/NĐ-CP art. 19(9))."""

from datetime import datetime

from msgspec.structs import replace

from rules.deadlines.due import on_day
from rules.deadlines.state import Clock, Rule, broken, moved
from schemas.clock import ClockFact, Reason, Violation


def extend(clock: Clock, fact: ClockFact, at: datetime, rule: Rule) -> Clock:
    """A new appointment is given: the first valid one sets the date, any other is a violation."""
    if clock.extended:
        return broken(clock, fact, Violation.EXTENSION_REPEATED)
    if clock.due_on is None:
        return broken(clock, fact, Violation.EXTENSION_WHILE_SUSPENDED)
    if at.date() > rule.office.calendar.before(clock.due_on, 1):
        return broken(clock, fact, Violation.EXTENSION_LATE)
    # Whoever says `extended` without a new date has extended to nothing later.
    due = on_day(fact.new_due_on or clock.due_on, rule.office)
    if due.due_on <= clock.due_on:
        return broken(clock, fact, Violation.EXTENSION_NOT_LATER)
    # What a later pause leaves over is counted to the rolled day, not to the day that was named.
    return moved(replace(clock, extended=True), replace(due, nominal_on=due.due_on), Reason.EXTENDED, fact)
