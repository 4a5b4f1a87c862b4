"""How many dossiers stand how, agency by agency, as the workers said: rows are counted here, nothing is decided.

Of an agency its dossiers are those that it decides, and those that it received and nobody decides yet. Which a dossier
is near its due date or past it is what was announced of the date in force.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from connectors.project.tables import Tables
from rules.transitions import FINAL
from schemas.clock import ClockState
from schemas.dossier import DossierStatus

NOBODY = "none"
"""Where neither agency is known."""
DECIDED = sorted(FINAL | {DossierStatus.RESULT_READY})
"""Nothing more is awaited of the agency that decides."""
UNDECIDED = (ClockState.NOT_STARTED, ClockState.RUNNING, ClockState.SUSPENDED)


@dataclass(frozen=True, slots=True)
class Open:
    """An agency's open dossiers: by status, and how many of them are what."""

    statuses: Mapping[str, int]
    near_due: int = 0
    missed: int = 0
    provisional: int = 0
    clock_failed: int = 0


@dataclass(frozen=True, slots=True)
class Late:
    """An agency's dossiers past their due date of which nobody has said so, and the first of these dates."""

    dossiers: int
    due_on: date


def open_dossiers(connection: Connection, tables: Tables, today: date) -> dict[str, Open]:
    """Every agency that has open dossiers."""
    table = tables.dossiers
    is_open = and_(table.c.clock_state.in_(UNDECIDED), table.c.status.not_in(DECIDED))
    said_near = _said(tables, "near_due")
    kinds = {
        "near_due": and_(_runs(tables), table.c.due_on >= today.isoformat(), said_near, ~_said(tables, "missed")),
        "missed": and_(_runs(tables), table.c.due_on <= today.isoformat(), _said(tables, "missed")),
        "provisional": table.c.provisional,
        "clock_failed": table.c.problem.is_not(None),
    }
    columns = [func.count().filter(those).label(name) for name, those in kinds.items()]
    agency = _agency(tables).label("agency")
    asked = select(agency, table.c.status, func.count().label("dossiers"), *columns).where(is_open)
    found: dict[str, list[Any]] = {}
    for row in connection.execute(asked.group_by(agency, table.c.status)):
        found.setdefault(row.agency, []).append(row)
    return {
        agency: Open(
            statuses={row.status: row.dossiers for row in rows},
            **{name: sum(getattr(row, name) for row in rows) for name in kinds},
        )
        for agency, rows in sorted(found.items())
    }


def parked_dossiers(connection: Connection, tables: Tables) -> dict[str, int]:
    """How many dossiers wait because a fact could not be folded, by agency."""
    agency = _agency(tables).label("agency")
    rows = select(agency, func.count().label("dossiers")).where(tables.dossiers.c.parked).group_by(agency)
    return {row.agency: row.dossiers for row in connection.execute(rows)}


def late_rungs(connection: Connection, tables: Tables, today: date) -> dict[str, Late]:
    """Where a timer should have said `missed` and nobody has: the due date is past, was set while it lay ahead, and
    folding goes on.

    Of a date that was past already when it was set the rules say nothing. docs/watching.md.
    """
    table, said = tables.dossiers, tables.deadlines
    set_at = select(func.max(said.c.recorded_at)).where(_of_the_date(tables, "projected")).scalar_subquery()
    late = and_(
        _runs(tables),
        table.c.due_on < today.isoformat(),
        ~table.c.parked,
        ~_said(tables, "missed"),
        set_at < table.c.due_at,
    )
    agency = _agency(tables).label("agency")
    rows = select(agency, func.count().label("dossiers"), func.min(table.c.due_on).label("due_on")).where(late)
    return {
        row.agency: Late(row.dossiers, date.fromisoformat(row.due_on))
        for row in connection.execute(rows.group_by(agency))
    }


def _agency(tables: Tables) -> ColumnElement[str]:
    table = tables.dossiers
    return func.coalesce(table.c.competent_agency, table.c.receiving_agency, NOBODY)


def _runs(tables: Tables) -> ColumnElement[bool]:
    return tables.dossiers.c.clock_state == ClockState.RUNNING


def _said(tables: Tables, kind: str) -> ColumnElement[bool]:
    """Whether this was announced of the due date in force."""
    return exists().where(_of_the_date(tables, kind))


def _of_the_date(tables: Tables, kind: str) -> ColumnElement[bool]:
    table, said = tables.dossiers, tables.deadlines
    # Written so that no index of kinds fits: SQLite, which knows no sizes, would look up the kind and not the dossier.
    is_kind = func.coalesce(said.c.kind, "") == kind
    return and_(said.c.dossier == table.c.code, is_kind, said.c.day == table.c.due_on)
