"""The resolution clock as a page shows it: where it stands, what each fact did to it, and its working by months."""

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from connectors.console.desk import Look
from connectors.explanation import worked
from connectors.project.stated import day_of, inputs
from rules.deadlines.certificate import Inputs
from rules.deadlines.explain import Line
from rules.deadlines.heard import Heard
from rules.deadlines.phrases import Effect
from rules.reference import UnknownVersion
from schemas.clock import CalendarTable, ClockState
from schemas.instant import aware

DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a working: its weeks from Monday on; None stands for a day of another month."""

    first: date
    weeks: tuple[tuple[date | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the workers say it stands, and the working that the same rules make of the facts it follows from.

    `has_term` is false for a procedure without one. `problem` says why there is no date where there had to be one;
    `unread` why its working cannot be shown now.
    """

    state: str
    has_term: bool
    started_at: datetime | None
    due_on: date | None
    due_at: datetime | None
    outcome: str | None
    is_provisional: bool
    reason: str | None
    basis: str | None
    problem: str | None
    unread: str | None
    table: tuple[str, str] | None
    working: tuple[Line, ...]
    facts: tuple[Heard, ...]
    months: tuple[Month, ...]

    @property
    def suspended_since(self) -> datetime | None:
        """When the suspension in force began."""
        if self.state != ClockState.SUSPENDED:
            return None
        return next((one.at for one in reversed(self.facts) if one.effect is Effect.SUSPENDED), None)

    def line(self, day: date) -> Line | None:
        """What a day counted for; None for a day that the working does not come to."""
        if not self.working:
            return None
        place = (day - self.working[0].day).days
        return self.working[place] if 0 <= place < len(self.working) else None


def clock(look: Look, row: Row[Any]) -> Clock:
    """The clock of a dossier's row."""
    rests_on, unread = _inputs(look, row)
    rule, why = look.library.rule(row)
    lines, facts = ((), ()) if rests_on is None or row.problem else worked(rests_on)
    return Clock(
        state=row.clock_state,
        has_term=rule is not None or why is not None,
        started_at=aware(row.started_at) if row.started_at is not None else None,
        due_on=day_of(row.due_on),
        due_at=aware(row.due_at) if row.due_at is not None else None,
        outcome=row.outcome,
        is_provisional=row.provisional,
        reason=row.reason,
        basis=row.basis,
        problem=row.problem,
        unread=unread,
        table=_named(rests_on.calendar.table) if rests_on else None,
        working=lines,
        facts=facts,
        months=tuple(months(lines)),
    )


def _inputs(look: Look, row: Row[Any]) -> tuple[Inputs | None, str | None]:
    try:
        return inputs(row, look.library.reference), None
    except UnknownVersion as unknown:
        return None, str(unknown.args[0])


def _named(table: CalendarTable) -> tuple[str, str]:
    return table.calendar, table.version


def months(lines: Sequence[Line]) -> Iterator[Month]:
    """The months that a working touches, whole, in order."""
    if not lines:
        return
    day, last = lines[0].day.replace(day=1), lines[-1].day
    while day <= last:
        length = calendar.monthrange(day.year, day.month)[1]
        blank, days = [None] * day.weekday(), [day + timedelta(days=number) for number in range(length)]
        cells: list[date | None] = [*blank, *days]
        cells += [None] * (-len(cells) % DAYS_A_WEEK)
        yield Month(day, tuple(tuple(cells[at : at + DAYS_A_WEEK]) for at in range(0, len(cells), DAYS_A_WEEK)))
        day += timedelta(days=length)
