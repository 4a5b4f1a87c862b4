"""What an officer has to see this morning: what can still be saved, letters owed, and tasks that wait for somebody."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select

from connectors.console.desk import Look
from connectors.project.library import NOT_STATED
from connectors.project.reading import Reading
from rules.deadlines.apologies import Entry
from rules.deadlines.calendar import LAST_DAY
from rules.post.leg import OrderState
from rules.reports.apologies import apologies
from rules.reports.period import Period
from rules.saving import Outlook, outlook
from schemas.clock import ClockState
from schemas.instant import aware, date_of

LOOKED_AT = 2000
"""So many open dossiers with the nearest due dates are judged."""
SHOWN = 50
SHOWN_OF_ONE = (
    "code", "status", "receiving_agency", "competent_agency", "holder", "procedure_code", "due_on", "started_at",
    "entered_at", "recorded_at",
)  # fmt: skip
NEAR_DAYS = 2
"""Near due: as many working days before the due date as the agencies' own warning."""
LETTERS_DAYS = 60
REJECTED_DAYS = 7


@dataclass(frozen=True, slots=True)
class Figures:
    """How many open dossiers there are: with a clock that runs, due today, near, past due; and suspended."""

    running: int
    due_today: int
    near_due: int
    overdue: int
    suspended: int


@dataclass(frozen=True, slots=True)
class Savable:
    """A dossier that is not late yet."""

    code: str
    agency: str
    procedure: str
    holder: str | None
    status: str
    due_on: date
    outlook: Outlook


@dataclass(frozen=True, slots=True)
class OnLeg:
    """A task about one leg of a dossier."""

    code: str
    agency: str
    leg: str
    carrier: str
    item_code: str | None
    expected: str | None = None
    expected_by: datetime | None = None
    reported: str | None = None


@dataclass(frozen=True, slots=True)
class Unclear:
    """A dossier whose clock cannot be set, or whose facts wait for an operator; and why."""

    code: str
    agency: str
    problem: str | None
    due_on: date | None


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A carrier's code that no table holds, and how many updates carried it."""

    carrier: str
    code: str
    times: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Rejected:
    """How many facts of an agency the gate refused in the last days."""

    agency: str
    facts: int
    last: datetime


def figures(look: Look, today: date) -> Figures:
    """The numbers above the lists."""
    calendar = look.library.newest.calendar
    near = calendar.after(today, NEAR_DAYS) if today < LAST_DAY - timedelta(days=30) else LAST_DAY
    counts = Counter[str]()
    for state, day, count in look.connection.execute(_open_by_day(look)):
        counts[_column(state, day, today, near)] += count
        counts["running"] += count if state == ClockState.RUNNING else 0
    return Figures(**{name: counts[name] for name in ("running", "due_today", "near_due", "overdue", "suspended")})


def _open_by_day(look: Look) -> Any:
    """How many open dossiers there are of each state and due date: an index holds both."""
    table = look.tables.dossiers
    asked = select(table.c.clock_state, table.c.due_on, func.count())
    is_open = table.c.clock_state.in_((ClockState.RUNNING, ClockState.SUSPENDED))
    return asked.where(is_open, look.theirs()).group_by(table.c.clock_state, table.c.due_on)


def _column(state: str, day: str | None, today: date, near: date) -> str:
    """Where a due date of an open dossier is counted."""
    if state == ClockState.SUSPENDED:
        return "suspended"
    if day is None or day > near.isoformat():
        return "later"
    if day == today.isoformat():
        return "due_today"
    return "near_due" if day > today.isoformat() else "overdue"


def savable(look: Look, today: date) -> list[Savable]:
    """Open dossiers before their due date, the most avoidable lateness first; those that make it anyway by due date."""
    table = look.tables.dossiers
    # Not the whole row: the clock's facts, days and legs of two thousand dossiers are a megabyte.
    columns = (table.c[name] for name in SHOWN_OF_ONE)
    asked = (
        select(*columns)
        .where(table.c.clock_state == ClockState.RUNNING, table.c.due_on >= today.isoformat(), look.theirs())
        .order_by(table.c.due_on)
        .limit(LOOKED_AT)
    )
    judged = (_judged(look, row, today) for row in look.connection.execute(asked))
    found = [one for one in judged if one is not None]
    return sorted(found, key=lambda one: (one.outlook.order, one.code))


def letters(look: Look, now: datetime) -> list[Entry]:
    """Letters of apology that are owed and not sent, the nearest last day first."""
    reading = Reading(look.connection, look.tables, look.library, look.agency)
    today = date_of(now)
    since, until = today - timedelta(days=LETTERS_DAYS), min(today + timedelta(days=LETTERS_DAYS), LAST_DAY)
    register = apologies(reading.letters_due(since), Period(since, until), look.library.newest.calendar, now)
    return sorted((one for one in register.in_order() if one.is_outstanding), key=lambda one: one.limit_on)


def unclear(look: Look) -> list[Unclear]:
    """Dossiers whose clock cannot be set."""
    return _unclear(look, look.tables.dossiers.c.problem.is_not(None))


def parked(look: Look) -> list[Unclear]:
    """Dossiers whose facts wait because one of them could not be folded."""
    return _unclear(look, look.tables.dossiers.c.parked)


def refused(look: Look) -> list[OnLeg]:
    """Legs whose order a carrier refused, or nobody may carry."""
    rows = _some(look, look.tables.dossiers.c.refused)
    return [one for row in rows for one, leg in _legs(look, row) if leg["order"] == OrderState.REFUSED]


def silent(look: Look, now: datetime) -> list[OnLeg]:
    """Legs of which a word was expected by now and none came, the longest silence first."""
    heard_by = look.tables.dossiers.c.heard_by
    rows = _some(look, heard_by.is_not(None) & (heard_by < now.timestamp()))
    late = (one for row in rows for one, _ in _legs(look, row) if one.expected_by and one.expected_by < now)
    return sorted(late, key=lambda one: (one.expected_by, one.code))


def not_understood(look: Look, since: datetime) -> list[NotUnderstood]:
    """Carriers' codes that no table holds, of updates since then, the most frequent first."""
    facts = look.tables.facts.c
    asked = (
        select(facts.carrier, facts.carrier_code, func.count(facts.ref.distinct()), func.max(facts.at))
        .where(facts.carrier_code.is_not(None), facts.at >= since.timestamp())
        .group_by(facts.carrier, facts.carrier_code)
    )
    rows = look.connection.execute(asked).all()
    found = [NotUnderstood(carrier, code, times, aware(last)) for carrier, code, times, last in rows]
    return sorted(found, key=lambda one: (-one.times, one.carrier, one.code))


def rejected(look: Look, now: datetime) -> list[Rejected]:
    """Whose facts the gate refused in the last days."""
    table = look.tables.rejections.c
    asked = select(table.agency, func.count(), func.max(table.at)).where(
        table.at >= (now - timedelta(days=REJECTED_DAYS)).timestamp()
    )
    if look.agency:
        asked = asked.where(table.agency.in_(look.codes))
    rows = look.connection.execute(asked.group_by(table.agency).order_by(table.agency)).all()
    return [Rejected(agency, count, aware(last)) for agency, count, last in rows]


def untold(look: Look, now: datetime) -> list[tuple[str, int]]:
    """How many notices an agency could not be told in the last days, by agency."""
    table = look.tables.receipts.c
    asked = select(table.agency, func.count()).where(
        table.kind == "gave_up", table.at >= (now - timedelta(days=REJECTED_DAYS)).timestamp()
    )
    if look.agency:
        asked = asked.where(table.agency.in_(look.codes))
    return [(agency, count) for agency, count in look.connection.execute(asked.group_by(table.agency)).all()]


def _judged(look: Look, row: Row[Any], today: date) -> Savable | None:
    due_on, began = date.fromisoformat(row.due_on), aware(row.started_at or row.entered_at or row.recorded_at)
    found = outlook(row.procedure_code, began, due_on, look.library.newest, today)
    if found is None:
        return None
    agency, procedure = look.library.agency(row), row.procedure_code or NOT_STATED
    return Savable(row.code, agency, procedure, row.holder, row.status, due_on, found)


def _some(look: Look, which: Any) -> Sequence[Row[Any]]:
    table = look.tables.dossiers
    return look.connection.execute(select(table).where(which, look.theirs()).limit(LOOKED_AT)).all()


def _unclear(look: Look, which: Any) -> list[Unclear]:
    return [
        Unclear(row.code, look.library.agency(row), row.problem, date.fromisoformat(row.due_on) if row.due_on else None)
        for row in sorted(_some(look, which), key=lambda row: row.code)
    ]


def _legs(look: Look, row: Row[Any]) -> Iterator[tuple[OnLeg, dict[str, Any]]]:
    """A dossier's legs as tasks, and each as the public state has it."""
    for leg in json.loads(row.legs):
        by = datetime.fromisoformat(leg["expected_by"]) if leg.get("expected_by") else None
        told = (leg.get("item_code"), leg.get("expected"), by, leg.get("reported"))
        yield OnLeg(row.code, look.library.agency(row), leg["leg"], leg["carrier"], *told), leg
