"""Where every open dossier stands: by its last public state, by the read model's rows, or by the log folded."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import Connection, func, or_, select

from connectors.archive import Archive, Whole
from connectors.broker import Reader
from connectors.project.stated import clock_facts, day_of
from connectors.project.tables import Tables
from connectors.rebuilding import last_said, refold
from rules.deadlines.reprojection import Grounds, grounds_of
from rules.dossier import OPEN, Dossier
from rules.reference import Reference
from schemas.clock import ClockFact, ClockKind, ClockState
from schemas.dossier import LOG
from schemas.instant import aware, date_of
from schemas.state import STATE, ClockFactShown, DossierStateChanged

Progress = Callable[[int, int], None]
"""Told how many records or rows are read, and of how many."""
ROWS_AT_ONCE = 1000
EXTENDED = f'"{ClockKind.EXTENDED}"'


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an open dossier stands; what its clock is computed from is looked up only if a day of its working differs.

    `is_open` is false where no clock runs or stands because none can be computed: its procedure is not known.
    """

    refversion: str
    started_on: date | None
    due_on: date | None
    extended: bool
    is_open: bool
    is_unclear: bool
    grounds: Callable[[Reference], Grounds]


def said_standings(bootstrap: str, progress: Progress) -> Iterator[Standing]:
    """Every dossier that is open by what the workers said of it last. Memory holds one partition.

    Raises TryLater while the broker is away.
    """
    with Reader(bootstrap, STATE) as reader:
        sizes = {partition: end - first for partition, (first, end) in reader.bounds().items()}
    read, size = 0, sum(sizes.values())
    for partition, records in sorted(sizes.items()):
        latest = last_said(bootstrap, [partition], _from(read, size, progress))
        for code, raw in latest.items():
            if found := standing_of_state(code, DossierStateChanged.decode(raw).data):
                yield found
        read += records


def read_standings(connection: Connection, tables: Tables, progress: Progress) -> Iterator[Standing]:
    """The same by the read model, which has a row for what the workers said last. Memory holds a thousand rows."""
    table = tables.dossiers.c
    is_asked = or_(table.clock_state.in_(OPEN), table.problem.is_not(None))
    size = connection.scalar(select(func.count()).select_from(tables.dossiers).where(is_asked)) or 0
    columns = (
        table.code, table.clock_state, table.started_at, table.due_on, table.problem, table.refversion,
        table.started_under, table.procedure_code, table.competent_agency, table.receiving_agency, table.clock_facts,
    )  # fmt: skip
    options = {"stream_results": True, "yield_per": ROWS_AT_ONCE}
    rows = connection.execute(select(*columns).where(is_asked), execution_options=options)
    for number, row in enumerate(rows, start=1):
        yield standing_of_row(row)
        progress(number, size)


def folded_standings(bootstrap: str, archive: Archive, progress: Progress) -> Iterator[Standing]:
    """The same by the log, archive and topic as one. Raises Gap, BrokenArchive, and TryLater."""
    log = Whole(bootstrap, LOG, archive)
    read, size = 0, log.size
    for partition in log.partitions:
        folded = refold(bootstrap, _from(read, size, progress), archive, [partition])
        for kept in folded.kept.values():
            if kept.dossier and (found := standing_of(kept.dossier)):
                yield found
        read += folded.facts


def _from(read: int, size: int, progress: Progress) -> Callable[[int], None]:
    return lambda count: progress(read + count, size)


# ---------------------------------------------------------------- by the fold


def standing_of(dossier: Dossier) -> Standing | None:
    """Where a folded dossier stands; None if it is closed, or no clock was ever to run."""
    clock = dossier.clock
    is_open, is_unclear = clock.state in OPEN, dossier.problem is not None
    if not is_open and not is_unclear:
        return None
    started_on = date_of(clock.started_at) if clock.started_at else None
    version, grounds = dossier.refversion or "", partial(grounds_of, dossier)
    return Standing(version, started_on, clock.due_on, clock.extended, is_open, is_unclear, grounds)


# ---------------------------------------------------------------- by the public state


def standing_of_state(code: str, state: DossierStateChanged.Data) -> Standing | None:
    """The same by the public state."""
    clock = state.clock
    is_open, is_unclear = clock.state in OPEN, clock.problem is not None
    if not is_open and not is_unclear:
        return None
    started_on = date_of(clock.started_at) if clock.started_at else None
    version, grounds = state.refversion or "", partial(_grounds, code, state)
    extended = any(fact.kind == ClockKind.EXTENDED for fact in clock.facts)
    return Standing(version, started_on, clock.due_on, extended, is_open, is_unclear, grounds)


def _grounds(code: str, state: DossierStateChanged.Data, reference: Reference) -> Grounds:
    agency = state.competent_agency or state.receiving_agency
    own = reference.at(state.started_under or state.refversion or "")
    return Grounds(code, own.procedure(state.procedure_code), agency, tuple(map(_fact, state.clock.facts)))


def _fact(shown: ClockFactShown) -> ClockFact:
    return ClockFact(ClockKind(shown.kind), shown.at, shown.complete, shown.new_due_on, shown.id)


# ---------------------------------------------------------------- by the read model


def standing_of_row(row: Any) -> Standing:
    """The same by the row of an open or unclear dossier."""
    return Standing(
        refversion=row.refversion or "",
        started_on=date_of(aware(row.started_at)) if row.started_at is not None else None,
        due_on=day_of(row.due_on),
        # The facts are text: those of most dossiers are never read.
        extended=EXTENDED in row.clock_facts,
        is_open=ClockState(row.clock_state) in OPEN,
        is_unclear=row.problem is not None,
        grounds=partial(_grounds_of_row, row),
    )


def _grounds_of_row(row: Any, reference: Reference) -> Grounds:
    agency = row.competent_agency or row.receiving_agency
    own = reference.at(row.started_under or row.refversion or "")
    return Grounds(row.code, own.procedure(row.procedure_code), agency, tuple(clock_facts(row)))
