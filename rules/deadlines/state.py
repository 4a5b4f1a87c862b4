"""Where a legal clock stands, what it is judged by, and the few ways in which one standing becomes the next."""

from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from rules.deadlines import articles
from rules.deadlines.due import DueDate
from rules.deadlines.hours import Office, to_minute
from schemas.clock import ClockFact, ClockState, Outcome, Reason, SupplementPolicy, Term, Unit, Violation


class Clock(Struct, frozen=True, array_like=True, gc=False):
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


def due_date(clock: Clock) -> DueDate | None:
    """The due date in force; None where there is none."""
    if clock.due_on is None or clock.due_at is None or clock.nominal_on is None:
        return None
    return DueDate(clock.due_on, clock.due_at, clock.nominal_on, clock.rolled, clock.provisional)


def is_past(clock: Clock, at: datetime) -> bool:
    """Whether the instant lies after the due date, or after the due minute of a term in hours."""
    if clock.due_on is None or clock.due_at is None:
        return False
    return to_minute(at) > clock.due_at if clock.by_minute else at.date() > clock.due_on


def moved(clock: Clock, due: DueDate, reason: Reason, fact: ClockFact) -> Clock:
    """The clock with this due date, which the fact set."""
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


def without_due(clock: Clock) -> Clock:
    """The clock with no due date in force."""
    return replace(
        clock, due_on=None, due_at=None, nominal_on=None, rolled=False, provisional=False, reason=None, basis=""
    )


def broken(clock: Clock, fact: ClockFact, code: Violation) -> Clock:
    """The clock as it was, with the violation on record."""
    return replace(clock, violations=(*clock.violations, (code, fact.id)))
