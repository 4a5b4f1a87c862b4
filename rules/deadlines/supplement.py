"""A supplement: the request that opens a round and may suspend the clock, the papers that close it and let it run."""

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from rules.deadlines.due import remainder, remaining_term, whole_term
from rules.deadlines.state import Clock, Rule, broken, due_date, is_past, moved, without_due
from schemas.clock import ClockFact, ClockState, Reason, SupplementPolicy, Violation

# A request is lawful until this working day after day 0 of the first start (61/2018/NĐ-CP art. 19(4)).
REQUEST_WITHIN_WORKING_DAYS = 3


def ask(clock: Clock, fact: ClockFact, at: datetime, rule: Rule) -> Clock:
    """A supplement is asked for: a round opens, unless one is open or it is too late for any."""
    due = due_date(clock)
    if clock.round_open or due is None:
        return clock
    if is_past(clock, at):
        return broken(clock, fact, Violation.SUPPLEMENT_AFTER_DUE)
    found = tuple((code, fact.id) for code in _violations_of(clock, at, rule))
    opened = replace(clock, round_open=True, round_since=at, violations=clock.violations + found)
    if rule.policy is SupplementPolicy.KEEP_RUNNING:
        return opened
    suspended = replace(without_due(opened), state=ClockState.SUSPENDED, suspended_since=at, moved_by=fact.id)
    if rule.policy is SupplementPolicy.RESTART:
        return suspended
    left = remainder(rule.term.unit, due, at, rule.office)
    return replace(suspended, left=left, left_provisional=due.provisional)


def complete(clock: Clock, fact: ClockFact, at: datetime, rule: Rule) -> Clock:
    """The supplement is complete: the round closes, and a suspended clock runs again."""
    closed = replace(clock, round_open=False, round_since=None, rounds_closed=clock.rounds_closed + 1)
    if clock.state is not ClockState.SUSPENDED:
        return closed
    running = replace(closed, state=ClockState.RUNNING, counted_from=at, suspended_since=None)
    if clock.left is None:
        return moved(running, whole_term(rule.term, at, rule.office), Reason.RESTARTED, fact)
    due = remaining_term(rule.term.unit, clock.left, at, rule.office)
    resumed = replace(due, provisional=due.provisional or clock.left_provisional)
    return moved(replace(running, left=None, left_provisional=False), resumed, Reason.RESUMED, fact)


def _violations_of(clock: Clock, at: datetime, rule: Rule) -> Iterator[Violation]:
    day_zero = (clock.started_at or at).date()
    if at.date() > rule.office.calendar.after(day_zero, REQUEST_WITHIN_WORKING_DAYS):
        yield Violation.SUPPLEMENT_REQUEST_LATE
    if clock.rounds_closed:
        yield Violation.SUPPLEMENT_REPEATED
