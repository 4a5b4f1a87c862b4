"""A dossier's clock facts in; where its legal clock stands, and what set its due date, out.

The clock is a fold: the fact that starts it, then every fact that follows, each turning one frozen Clock into the next.
"""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from rules.deadlines import articles, extension, supplement
from rules.deadlines.calendar import WorkingDays
from rules.deadlines.due import whole_term
from rules.deadlines.hours import Office
from rules.deadlines.order import following, in_order, starting
from rules.deadlines.state import Clock, Rule, is_past
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
)
from schemas.instant import VIETNAM

__all__ = ["Clock", "Rule", "Turn", "project", "turns"]

NOT_STARTED = Clock()
NO_TERM = Clock(has_term=False)


class Turn(Struct, frozen=True, gc=False):
    """A fact, and the clock after it; the first turn of a clock is its start."""

    fact: ClockFact
    clock: Clock


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
        turned.append(Turn(fact, _apply(turned[-1].clock, fact, rule)))
        if turned[-1].clock.state is ClockState.STOPPED:
            break
    return turned


def _apply(clock: Clock, fact: ClockFact, rule: Rule) -> Clock:
    """The clock after one more fact, which is not older than anything it has heard and is no start."""
    at = fact.at.astimezone(VIETNAM)
    match fact.kind:
        case ClockKind.SUPPLEMENT_REQUESTED:
            return supplement.ask(clock, fact, at, rule)
        case ClockKind.SUPPLEMENT_RECEIVED:
            return supplement.complete(clock, fact, at, rule) if fact.complete and clock.round_open else clock
        case ClockKind.EXTENDED:
            return extension.extend(clock, fact, at, rule)
        case _:
            return _stop(clock, fact, at)


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


def _stop(clock: Clock, fact: ClockFact, at: datetime) -> Clock:
    """The resolution ends; only a result or a refusal has an outcome."""
    judged = fact.kind in (ClockKind.RESULT_READY, ClockKind.RESOLUTION_REFUSED)
    return replace(clock, state=ClockState.STOPPED, stopped_at=at, outcome=_outcome(clock, at) if judged else None)


def _outcome(clock: Clock, at: datetime) -> Outcome:
    if clock.due_on is None:
        return Outcome.ON_TIME
    if is_past(clock, at):
        return Outcome.LATE
    return Outcome.EARLY if at.date() < clock.due_on else Outcome.ON_TIME
