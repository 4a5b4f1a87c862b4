"""Where a dossier stood at an instant: as its facts say it today, or as they were known on a day in the past.

A fact has two times: when it happened, and when the pipeline took it in. What had not happened by the instant is left
out, and of what was not known by the day nothing is counted; the clock is computed from the rest by the rules that the
workers use.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from rules.deadlines.clock import Clock, Rule, turns
from rules.deadlines.order import STOPS, following, in_order, starting
from rules.deadlines.state import is_past
from schemas.clock import ClockFact, ClockKind, Outcome
from schemas.instant import date_of

AN_INSTANT = timedelta(microseconds=1)


class Stated(Struct, frozen=True, gc=False):
    """A fact of the clock, when it was taken in, and when it was taken back, if it was.

    `refuses`: the reception was refused. A dossier of which that is known never entered, whatever came before.
    """

    fact: ClockFact
    recorded_at: datetime
    retracted_at: datetime | None = None
    refuses: bool = False


class Adoption(Struct, frozen=True, gc=False):
    """It was open already when its agency joined; all that is known of its deadline is the promise."""

    at: datetime
    recorded_at: datetime
    promised_due_on: date | None = None


class Case(Struct, frozen=True, gc=False):
    """A dossier as a report needs it. `agency` is the one that decides, by the code it goes by today.

    `clock` is what the workers said of it last, from all its facts; `rule` is what its clock is judged by, None for a
    procedure without a term; `problem` says why there is none, if there had to be one. `recorded_at` is when the last
    was taken in that is known of it: known by then, it is known as it is stated. `code` leaves no report.
    """

    code: str
    agency: str
    procedure: str
    level: str
    sector: str
    channel: str | None
    facts: tuple[Stated, ...]
    clock: Clock
    rule: Rule | None = None
    adopted: Adoption | None = None
    problem: str | None = None
    recorded_at: datetime | None = None


class Fate(StrEnum):
    """What had become of a dossier."""

    NOWHERE = "not entered"
    OPEN = "open"
    RESULT = "result"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"


FATES = {
    ClockKind.RESULT_READY: Fate.RESULT,
    ClockKind.RESOLUTION_REFUSED: Fate.RESULT,
    ClockKind.WITHDRAWN: Fate.WITHDRAWN,
    ClockKind.PROCESSING_STOPPED: Fate.STOPPED,
}


class Position(Struct, frozen=True, gc=False):
    """Where a dossier stood: since when, how it ended and when, and against which due date."""

    fate: Fate
    entered_on: date | None = None
    ended_on: date | None = None
    outcome: Outcome | None = None
    overdue: bool = False
    adopted: bool = False


NOWHERE = Position(Fate.NOWHERE)


def position(case: Case, moment: datetime, known_at: datetime | None = None) -> Position:
    """Where it stood just before `moment`; by what was taken in before `known_at`, or by all that is known today."""
    known = [one for one in case.facts if _known(one, known_at)]
    heard = [one for one in known if one.fact.at < moment]
    adopted = case.adopted if _adopted(case.adopted, moment, known_at) else None
    ordered = in_order(one.fact for one in heard)
    start = starting(ordered)
    if any(one.refuses for one in known):
        return NOWHERE
    if adopted is not None:
        entered_at, then = adopted.at, [fact for fact in ordered if fact.at >= adopted.at]
    elif start is not None:
        entered_at, then = start.at, following(start, ordered)
    else:
        return NOWHERE
    stop = next((fact for fact in then if fact.kind in STOPS), None)
    clock = _clock(case, ordered, len(heard)) if start else _promised(adopted, stop)
    return Position(
        fate=FATES[stop.kind] if stop else Fate.OPEN,
        entered_on=date_of(entered_at),
        ended_on=date_of(stop.at) if stop else None,
        outcome=clock.outcome,
        overdue=stop is None and is_past(clock, (moment - AN_INSTANT).astimezone(entered_at.tzinfo)),
        adopted=adopted is not None,
    )


def _known(one: Stated, known_at: datetime | None) -> bool:
    if known_at is None:
        return one.retracted_at is None
    return one.recorded_at < known_at and (one.retracted_at is None or one.retracted_at >= known_at)


def _adopted(adopted: Adoption | None, moment: datetime, known_at: datetime | None) -> bool:
    return adopted is not None and adopted.at < moment and (known_at is None or adopted.recorded_at < known_at)


def _clock(case: Case, facts: list[ClockFact], heard: int) -> Clock:
    """The clock after these facts: as the workers said it, if they are all there are."""
    standing = sum(one.retracted_at is None for one in case.facts)
    if heard == len(case.facts) == standing:
        return case.clock
    if case.rule is None:
        return Clock(has_term=False)
    turned = turns(case.rule, facts)
    return turned[-1].clock if turned else Clock()


def _promised(adopted: Adoption | None, stop: ClockFact | None) -> Clock:
    """Of an adopted dossier the promise is the due date."""
    due_on = adopted.promised_due_on if adopted else None
    if due_on is None:
        return Clock(has_term=False)
    clock = Clock(due_on=due_on, due_at=adopted.at if adopted else None)
    if stop is None:
        return clock
    ended_on = date_of(stop.at)
    late = ended_on > due_on
    return Clock(outcome=Outcome.LATE if late else Outcome.EARLY if ended_on < due_on else Outcome.ON_TIME)
