"""What each fact did to a clock: the turns of the fold that computes the date, in words, with the article of each."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from msgspec import Struct

from rules.deadlines import articles
from rules.deadlines.calendar import WorkingDays
from rules.deadlines.clock import Clock, Rule, Turn, turns
from rules.deadlines.hours import Office
from rules.deadlines.order import in_order
from rules.deadlines.phrases import EFFECTS, OUTCOMES, VIOLATIONS, Effect, fact_in
from schemas.clock import (
    OFFICE_HOURS,
    ClockFact,
    ClockKind,
    ClockState,
    OfficeHours,
    SupplementPolicy,
    Term,
    Violation,
)
from schemas.instant import VIETNAM


class Heard(Struct, frozen=True, gc=False):
    """A fact, at its instant in +07:00: what it did, the due date after it, its article, and what it violates."""

    kind: ClockKind
    at: datetime
    id: str
    effect: Effect
    due_on: date | None
    basis: str
    basis_vi: str
    violations: tuple[Violation, ...]
    text_vi: str
    text_en: str


def heard(
    term: Term | None,
    policy: SupplementPolicy,
    facts: Iterable[ClockFact],
    calendar: WorkingDays,
    hours: OfficeHours = OFFICE_HOURS,
) -> tuple[Heard, ...]:
    """Every fact in the order in which it applies, those that did not touch the clock as well.

    Empty where the procedure has no term. ValueError as `project` raises it.
    """
    if term is None:
        return ()
    facts = tuple(facts)
    after = {turn.fact: turn.clock for turn in turns(Rule(term, policy, Office.of(calendar, hours)), facts)}
    told, clock = list[Heard](), Clock()
    for fact in in_order(facts):
        before, clock = clock, after.get(fact, clock)
        told.append(_heard(fact, before, clock, policy))
    return tuple(told)


def told_on(day: date, turned: list[Turn], policy: SupplementPolicy) -> Iterator[Heard]:
    """What the clock heard on this day, of the turns of one history."""
    before = Clock()
    for turn in turned:
        if turn.fact.at.astimezone(VIETNAM).date() == day:
            yield _heard(turn.fact, before, turn.clock, policy)
        before = turn.clock


def _heard(fact: ClockFact, before: Clock, after: Clock, policy: SupplementPolicy) -> Heard:
    effect = _effect(before, after)
    basis = _basis(effect, after, policy)
    basis_vi = articles.in_vietnamese(basis)
    violations = after.codes[len(before.codes) :]
    at = fact.at.astimezone(VIETNAM)
    vi, en = fact_in(fact, at, _notes(effect, (basis_vi, basis), after, violations))
    return Heard(fact.kind, at, fact.id, effect, after.due_on, basis, basis_vi, violations, vi, en)


def _effect(before: Clock, after: Clock) -> Effect:
    if after.state is not before.state and after.state in (ClockState.SUSPENDED, ClockState.STOPPED):
        return Effect(after.state)
    if after.reason and (after.reason, after.counted_from) != (before.reason, before.counted_from):
        return Effect(after.reason)
    return Effect.NONE


def _basis(effect: Effect, after: Clock, policy: SupplementPolicy) -> str:
    match effect:
        case Effect.NONE | Effect.STOPPED:
            return ""
        case Effect.SUSPENDED:
            return articles.of_suspension(policy)
        case _:
            return after.basis


def _notes(
    effect: Effect, basis: tuple[str, str], after: Clock, violations: Iterable[Violation]
) -> Iterator[tuple[str, str]]:
    yield EFFECTS[effect]
    if any(basis):
        yield basis
    if effect is Effect.STOPPED and after.outcome:
        yield OUTCOMES[after.outcome]
    yield from (VIOLATIONS[code] for code in violations)
