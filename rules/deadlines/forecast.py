"""Whether an open dossier will have its result by its due date: how long cases like it took, what it still waits for.

docs/forecast.md states the rule. It looks at the dossier and at one version of the reference data, and at nothing else.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct

from rules.deadlines.calendar import LAST_DAY, WorkingDays
from rules.deadlines.state import Clock
from rules.dossier import Dossier
from rules.life import LifeFact, View, effective, entered
from rules.reference import Edition
from schemas.clock import ClockState
from schemas.dossier import DossierStatus
from schemas.instant import date_of
from schemas.reference import SHARES, CaseHistory, Forecasting, Procedure

ALL = SHARES[-1]


class RestsOn(StrEnum):
    """Whose history a forecast rests on."""

    STAGE = "stage"
    """Cases of its procedure, from the stage in which it stands."""
    PROCEDURE = "procedure"
    """Cases of its procedure, from the beginning of the count."""
    DEFAULT = "default"
    """Nobody's: too few cases of its procedure are known."""


class Awaited(StrEnum):
    """What a dossier may still wait for."""

    TRANSFER = "TRANSFER"
    CONSULTATION = "CONSULTATION"
    STEP = "STEP"
    PAYMENT = "PAYMENT"
    SUPPLEMENT = "SUPPLEMENT"
    """Papers, under the rule that lets the clock run on meanwhile."""


class Wait(Struct, frozen=True, gc=False):
    """One thing it waits for: about which consultation or step, of which agency, and the day that was named for it."""

    what: Awaited
    about: str | None = None
    agency: str | None = None
    until: date | None = None


class Usual(Struct, frozen=True, gc=False):
    """How many working days cases like this one still took, whose history says so, and how many cases that has."""

    working_days: int
    rests_on: RestsOn
    cases: int = 0


class Forecast(Struct, frozen=True, gc=False):
    """What is to be expected of a dossier whose clock runs, as of a day.

    Working days are counted after that day, which is itself none of them: needed 0 means a result on the day. `new_on`
    is the working day on which the result is expected, never before the one after the due date.
    """

    will_make_it: bool
    working_days_left: int
    working_days_needed: int
    new_on: date
    stage: DossierStatus
    usual: Usual
    waits_for: tuple[Wait, ...] = ()


def forecast(dossier: Dossier, view: View, edition: Edition, at: datetime) -> Forecast | None:
    """The forecast at this instant by this version of the reference data; None where no due date is in force.

    Raises ValueError where the instant lies outside the calendar.
    """
    clock, calendar, today = dossier.clock, edition.calendar, date_of(at)
    if clock.state is not ClockState.RUNNING or clock.due_on is None or clock.counted_from is None:
        return None
    life = effective(dossier.life, dossier.retracted)
    stage, since = stage_of(life, clock.counted_from)
    usual = _usual(view, stage, since, clock.counted_from, edition, today)
    waits = tuple(_waits(life, view, clock, edition))
    judging = edition.bundle.forecast
    needed = max(usual.working_days, *(_at_least(one, today, calendar, judging) for one in waits), 0)
    left = calendar.between(today, clock.due_on)
    return Forecast(
        will_make_it=needed <= left,
        working_days_left=left,
        working_days_needed=needed,
        new_on=_days_after(calendar, today, max(needed, left + 1, 1)),
        stage=stage,
        usual=usual,
        waits_for=waits,
    )


def stage_of(life: tuple[LifeFact, ...], counted_from: datetime) -> tuple[DossierStatus, datetime]:
    """The stage in which a dossier stands and since when, never before the count in force began."""
    status, since = entered(life)[-1]
    return status, max(since, counted_from)


def _days_after(calendar: WorkingDays, today: date, days: int) -> date:
    """So many working days after today, or the last one that the calendar has."""
    return calendar.after(today, min(days, calendar.between(today, LAST_DAY)))


# ---------------------------------------------------------------- how long cases like it took


def _usual(view: View, stage: DossierStatus, since: datetime, began: datetime, edition: Edition, today: date) -> Usual:
    """By cases in the same stage, else by cases of the procedure, else by the default."""
    procedure = edition.procedure(view.procedure)
    in_stage = _by_history(procedure, stage, since, edition, today)
    return in_stage or usual_from_start(procedure, began, edition, today)


def usual_from_start(procedure: Procedure | None, began: datetime, edition: Edition, today: date) -> Usual:
    """By cases of the procedure, from the beginning of the count, whatever their stage; else by the default."""
    found = _by_history(procedure, None, began, edition, today)
    return found or Usual(edition.bundle.forecast.default_days, RestsOn.DEFAULT)


def _by_history(
    procedure: Procedure | None, stage: DossierStatus | None, since: datetime, edition: Edition, today: date
) -> Usual | None:
    """By cases of a procedure in this stage, or in all; None where too few are known."""
    judging = edition.bundle.forecast
    row = edition.history(procedure.code, stage) if procedure else None
    if row is None or row.cases < judging.least_cases:
        return None
    spent = max(edition.calendar.between(date_of(since), today), 0)
    rests_on = RestsOn.STAGE if stage else RestsOn.PROCEDURE
    return Usual(further_days(row, spent, judging.share), rests_on, row.cases)


def further_days(row: CaseHistory, spent: int, share: int) -> int:
    """Working days within which this share (of a hundred) of the cases that lasted as long had their result.

    `spent` are the working days so far: cases done in fewer are left out. Where no case lasted as long, as many again.
    """
    done = max((of for of, days in zip(SHARES, row.days, strict=True) if days < spent), default=0)
    if done == ALL:
        return spent
    wanted = done + (ALL - done) * share / 100
    return next(days for of, days in zip(SHARES, row.days, strict=True) if of >= wanted) - spent


# ---------------------------------------------------------------- what it still waits for


def _at_least(wait: Wait, today: date, calendar: WorkingDays, judging: Forecasting) -> int:
    """How many working days the result takes at least, as what it waits for comes on the day named and not before."""
    if wait.what is Awaited.TRANSFER:
        return judging.transfer_days
    until = min(max(wait.until or today, today), LAST_DAY)
    return calendar.between(today, until) + judging.after_wait_days


def _waits(life: Sequence[LifeFact], view: View, clock: Clock, edition: Edition) -> Iterator[Wait]:
    if view.competent and view.transfer_to is None and not edition.same(view.competent, view.holder):
        yield Wait(Awaited.TRANSFER, agency=view.competent)
    yield from _consultations(life)
    yield from _steps(life, edition)
    asked, paid = (_last(life, kind) for kind in ("payment_requested", "payment_received"))
    if asked is not None and (paid is None or paid < asked):
        yield Wait(Awaited.PAYMENT)
    if clock.round_open:
        yield Wait(Awaited.SUPPLEMENT)


def _last(life: Sequence[LifeFact], kind: str) -> datetime | None:
    return next((fact.at for fact in reversed(life) if fact.kind == kind), None)


def _consultations(life: Sequence[LifeFact]) -> Iterator[Wait]:
    answered = {fact.data["consultation_id"] for fact in life if fact.kind == "consultation_answered"}
    asked = {fact.data["consultation_id"]: fact.data for fact in life if fact.kind == "consultation_requested"}
    for id, data in asked.items():
        if id not in answered:
            yield Wait(Awaited.CONSULTATION, id, data["agency"], date.fromisoformat(data["limit_on"]))


def _steps(life: Sequence[LifeFact], edition: Edition) -> Iterator[Wait]:
    """Every step that was named and is not done; of several days for one, that named last."""
    named: dict[tuple[str, str], str | None] = {}
    done = {(fact.data["step"], edition.resolve(fact.data["agency"])) for fact in life if fact.kind == "step_completed"}
    for fact in life:
        match fact.kind:
            case "forwarded":
                rows = [(row["step"], row["agency"], row.get("due_on")) for row in fact.data.get("steps", ())]
            case "assigned" if "step" in fact.data:
                rows = [(fact.data["step"], fact.data["agency"], fact.data.get("step_due_on"))]
            case _:
                continue
        for step, agency, due_on in rows:
            key = step, edition.resolve(agency)
            named[key] = due_on or named.get(key)
    for (step, agency), due in named.items():
        if (step, agency) not in done:
            yield Wait(Awaited.STEP, step, agency, date.fromisoformat(due) if due else None)
