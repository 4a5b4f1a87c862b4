"""A dossier's clock facts in; where its legal clock stands, and what set its due date, out.

The clock is a fold: the fact that starts it, then every fact that follows, each turning one frozen Clock into the next.
"""

from collections.abc import Iterable
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from rules.deadlines import articles
from rules.deadlines.calendar import WorkingDays
from rules.deadlines.due import DueDate, on_day, remainder, remaining_term, whole_term
from rules.deadlines.hours import Office, to_minute
from rules.deadlines.order import following, in_order, starting
from schemas.clock import (
    OFFICE_HOURS,
    ClockFact,
    ClockKind,
    ClockState,
    OfficeHours,
    Outcome,
    Reason,
    SupplementPolicy,
    Term,
    Unit,
    Violation,
)
from schemas.instant import VIETNAM

# A request for a supplement is lawful until this working day after day 0 of the first start.
REQUEST_WITHIN_WORKING_DAYS = 3


class Clock(Struct, frozen=True, gc=False):
    """Where a clock stands after all facts known.

    A due date (`due_on`, `due_at`, `nominal_on`, `rolled`, `provisional`, and what set it: `reason`, `basis`,
    `moved_by`) is there while the clock is RUNNING and when it STOPPED while it ran; at any other time all of it is
    empty, but for `moved_by`, which then names the request that took the date away. Every instant is in +07:00.
    `violations` are (code, id of the fact) in the order in which they occurred.
    """

    state: ClockState = ClockState.NOT_STARTED
    has_term: bool = True
    unit: Unit | None = None
    # The first start, and the start, restart or resumption from which the count in force runs.
    started_at: datetime | None = None
    counted_from: datetime | None = None
    due_on: date | None = None
    due_at: datetime | None = None
    nominal_on: date | None = None
    rolled: bool = False
    provisional: bool = False
    reason: Reason | None = None
    basis: str = ""
    moved_by: str = ""
    # A round is open from a request that follows its policy to the complete supplement, suspended or not.
    round_open: bool = False
    round_since: datetime | None = None
    rounds_closed: int = 0
    suspended_since: datetime | None = None
    # Under PAUSE_RESUME, while suspended: working days, calendar days or office minutes still to come.
    left: int | None = None
    left_provisional: bool = False
    # The right to extend, once used, stays used.
    extended: bool = False
    stopped_at: datetime | None = None
    outcome: Outcome | None = None
    violations: tuple[tuple[Violation, str], ...] = ()

    @property
    def codes(self) -> tuple[Violation, ...]:
        """The violations without the facts they rest on."""
        return tuple(code for code, _ in self.violations)

    @property
    def by_minute(self) -> bool:
        """Whether lateness is judged by the due minute and not by the date."""
        return self.unit is Unit.WORKING_HOURS


class Rule(Struct, frozen=True, gc=False):
    """What a dossier's facts are judged by: its procedure's term and supplement policy, its agency's office."""

    term: Term
    policy: SupplementPolicy
    office: Office


class Turn(Struct, frozen=True, gc=False):
    """A fact, and the clock after it; the first turn of a clock is its start."""

    fact: ClockFact
    clock: Clock


NOT_STARTED = Clock()
NO_TERM = Clock(has_term=False)


def project(
    term: Term | None,
    policy: SupplementPolicy,
    facts: Iterable[ClockFact],
    calendar: WorkingDays,
    hours: OfficeHours = OFFICE_HOURS,
) -> Clock:
    """Where the clock stands after these facts, listed in any order and as often as they like.

    A procedure without a term has a clock with `has_term` false, and nothing ever moves it. ValueError where a date
    lies outside the calendar, or the hours do not ascend.
    """
    if term is None:
        return NO_TERM
    turned = turns(Rule(term, policy, Office.of(calendar, hours)), facts)
    return turned[-1].clock if turned else NOT_STARTED


def turns(rule: Rule, facts: Iterable[ClockFact]) -> list[Turn]:
    """Every fact that the clock heard, in the order in which it applies, up to the one that stopped it."""
    ordered = in_order(facts)
    first = starting(ordered)
    if first is None:
        return []
    turned = [Turn(first, _start(rule, first))]
    for fact in following(first, ordered):
        turned.append(Turn(fact, apply(turned[-1].clock, fact, rule)))
        if turned[-1].clock.state is ClockState.STOPPED:
            break
    return turned


def apply(clock: Clock, fact: ClockFact, rule: Rule) -> Clock:
    """The clock after one more fact, which is not older than anything it has heard and is no start."""
    at = fact.at.astimezone(VIETNAM)
    match fact.kind:
        case ClockKind.SUPPLEMENT_REQUESTED:
            return _ask(clock, fact, at, rule)
        case ClockKind.SUPPLEMENT_RECEIVED:
            return _complete(clock, fact, at, rule) if fact.complete and clock.round_open else clock
        case ClockKind.EXTENDED:
            return _extend(clock, fact, at, rule)
        case _:
            return _stop(clock, fact, at)


def due_date(clock: Clock) -> DueDate | None:
    """The due date in force; None where there is none."""
    if clock.due_on is None or clock.due_at is None or clock.nominal_on is None:
        return None
    return DueDate(clock.due_on, clock.due_at, clock.nominal_on, clock.rolled, clock.provisional)


def _start(rule: Rule, fact: ClockFact) -> Clock:
    at = fact.at.astimezone(VIETNAM)
    due = whole_term(rule.term, at, rule.office)
    return Clock(
        state=ClockState.RUNNING,
        unit=rule.term.unit,
        started_at=at,
        counted_from=at,
        due_on=due.due_on,
        due_at=due.due_at,
        nominal_on=due.nominal_on,
        rolled=due.rolled,
        provisional=due.provisional,
        reason=Reason.STARTED,
        basis=articles.of_start(fact.kind),
        moved_by=fact.id,
    )


def _ask(clock: Clock, fact: ClockFact, at: datetime, rule: Rule) -> Clock:
    """A supplement is asked for: a round opens, unless one is open or it is too late for any."""
    due = due_date(clock)
    if clock.round_open or due is None:
        return clock
    if _is_past(clock, at):
        return _break(clock, fact, Violation.SUPPLEMENT_AFTER_DUE)
    broken = tuple((code, fact.id) for code in _broken_by_asking(clock, at, rule))
    opened = replace(clock, round_open=True, round_since=at, violations=clock.violations + broken)
    if rule.policy is SupplementPolicy.KEEP_RUNNING:
        return opened
    suspended = replace(_without_due(opened), state=ClockState.SUSPENDED, suspended_since=at, moved_by=fact.id)
    if rule.policy is SupplementPolicy.RESTART:
        return suspended
    left = remainder(rule.term.unit, due, at, rule.office)
    return replace(suspended, left=left, left_provisional=due.provisional)


def _complete(clock: Clock, fact: ClockFact, at: datetime, rule: Rule) -> Clock:
    """The supplement is complete: the round closes, and a suspended clock runs again."""
    closed = replace(clock, round_open=False, round_since=None, rounds_closed=clock.rounds_closed + 1)
    if clock.state is not ClockState.SUSPENDED:
        return closed
    running = replace(closed, state=ClockState.RUNNING, counted_from=at, suspended_since=None, left=None)
    if clock.left is None:
        return _move(running, whole_term(rule.term, at, rule.office), Reason.RESTARTED, fact)
    due = remaining_term(rule.term.unit, clock.left, at, rule.office)
    provisional = due.provisional or clock.left_provisional
    return _move(running, replace(due, provisional=provisional), Reason.RESUMED, fact)


def _extend(clock: Clock, fact: ClockFact, at: datetime, rule: Rule) -> Clock:
    """A new appointment is given: the first valid one sets the date, any other is a violation."""
    if clock.extended:
        return _break(clock, fact, Violation.EXTENSION_REPEATED)
    if clock.due_on is None:
        return _break(clock, fact, Violation.EXTENSION_WHILE_SUSPENDED)
    if at.date() > rule.office.calendar.before(clock.due_on, 1):
        return _break(clock, fact, Violation.EXTENSION_LATE)
    # Whoever says `extended` without a new date has extended to nothing later.
    due = on_day(fact.new_due_on or clock.due_on, rule.office)
    if due.due_on <= clock.due_on:
        return _break(clock, fact, Violation.EXTENSION_NOT_LATER)
    # What a later pause leaves over is counted to the rolled day, not to the day that was named.
    return _move(replace(clock, extended=True), replace(due, nominal_on=due.due_on), Reason.EXTENDED, fact)


def _stop(clock: Clock, fact: ClockFact, at: datetime) -> Clock:
    """The resolution ends; only a result or a refusal has an outcome."""
    judged = fact.kind in (ClockKind.RESULT_READY, ClockKind.RESOLUTION_REFUSED)
    return replace(clock, state=ClockState.STOPPED, stopped_at=at, outcome=_outcome(clock, at) if judged else None)


def _outcome(clock: Clock, at: datetime) -> Outcome:
    if clock.due_on is None:
        return Outcome.ON_TIME
    if _is_past(clock, at):
        return Outcome.LATE
    return Outcome.EARLY if at.date() < clock.due_on else Outcome.ON_TIME


def _is_past(clock: Clock, at: datetime) -> bool:
    """Whether the instant lies after the due date, or after the due minute of a term in hours."""
    if clock.due_on is None or clock.due_at is None:
        return False
    return to_minute(at) > clock.due_at if clock.by_minute else at.date() > clock.due_on


def _broken_by_asking(clock: Clock, at: datetime, rule: Rule) -> Iterable[Violation]:
    day_zero = (clock.started_at or at).date()
    if at.date() > rule.office.calendar.after(day_zero, REQUEST_WITHIN_WORKING_DAYS):
        yield Violation.SUPPLEMENT_REQUEST_LATE
    if clock.rounds_closed:
        yield Violation.SUPPLEMENT_REPEATED


def _move(clock: Clock, due: DueDate, reason: Reason, fact: ClockFact) -> Clock:
    return replace(
        clock,
        due_on=due.due_on,
        due_at=due.due_at,
        nominal_on=due.nominal_on,
        rolled=due.rolled,
        provisional=due.provisional,
        reason=reason,
        basis=articles.BASIS[reason],
        moved_by=fact.id,
    )


def _without_due(clock: Clock) -> Clock:
    return replace(
        clock, due_on=None, due_at=None, nominal_on=None, rolled=False, provisional=False, reason=None, basis=""
    )


def _break(clock: Clock, fact: ClockFact, code: Violation) -> Clock:
    return replace(clock, violations=(*clock.violations, (code, fact.id)))
