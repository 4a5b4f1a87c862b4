"""One dossier as its page shows it: where it stands, both clocks, its legs, custody, notices, whose its days were."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, select

from connectors.console.desk import Look
from connectors.console.reading.clock import Clock, clock
from connectors.console.reading.limits import Letter, OtherClock, letter, other_clocks
from connectors.console.reading.route import Route, routes
from connectors.console.reading.timeline import Happened, timeline
from connectors.console.reading.told import Told, told
from connectors.project.stated import clock_of, day_of, standing
from rules.awaited import Awaited, awaited
from rules.deadlines.rungs import NEAR_WORKING_DAYS
from rules.lateness import Lateness, lateness
from schemas.dossier import DossierStatus, ReturnMode
from schemas.instant import aware

MOST_FACTS = 1000
"""Of one dossier so many facts are read, the newest; a dossier has about twelve."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What is true of it now. `procedure_name` is empty where no version in force knows the procedure."""

    code: str
    status: str
    national: int | None
    is_undelivered: bool
    is_parked: bool
    waiting: int
    awaits: Awaited
    lateness: Lateness
    procedure: str | None
    procedure_name: str
    receiving: str | None
    competent: str | None
    holder: str | None
    channel: str | None
    return_mode: str | None
    promised_on: date | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Handover:
    """Minutes that the post and an agency signed: which way the papers went, on which leg."""

    at: datetime
    leg: str
    direction: str
    agency: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A line of a leg's papers that was not as it should have been; the words stand on the deadlines' topic."""

    at: datetime
    leg: str


@dataclass(frozen=True, slots=True)
class Held:
    """How many days of its life were one holder's, and how many of those lay after the due date."""

    holder: str
    agency: str | None
    days: int
    late: int


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that the page shows. `facts` counts those that there are, of which the timeline has the newest."""

    heading: Heading
    clock: Clock
    limits: tuple[OtherClock, ...]
    letter: Letter | None
    routes: tuple[Route, ...]
    handovers: tuple[Handover, ...]
    differences: tuple[Difference, ...]
    notices: tuple[Told, ...]
    days: tuple[Held, ...]
    timeline: tuple[Happened, ...]
    facts: int

    @property
    def all_days(self) -> int:
        """The length of its life so far, in days."""
        return sum(one.days for one in self.days)

    @property
    def mark(self) -> str:
        """Differs whenever the page would show something else."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def dossier(look: Look, code: str, now: datetime) -> Dossier:
    """A dossier at this instant, by the read model; what digests tell, the doors know. Raises NotYours, TryLater."""
    row = look.dossier(code)
    facts, number = _facts(look, code), _number(look, code)
    said = _said(look, code)
    shown = clock(look, row)
    found = routes(row, facts, said, now)
    return Dossier(
        heading=_heading(look, row, found, now),
        clock=shown,
        limits=other_clocks(look, row, facts, said, found, now),
        letter=letter(look, row, facts, said, shown),
        routes=found,
        handovers=_handovers(facts),
        differences=tuple(Difference(aware(one.at), one.leg) for one in said if one.kind == "discrepancy_found"),
        notices=told(look, code),
        days=tuple(
            Held(one["holder"], one.get("agency"), one["days"], one.get("late", 0)) for one in json.loads(row.days)
        ),
        timeline=timeline(facts),
        facts=number,
    )


def facts_of(look: Look, code: str, kinds: Sequence[str], leg: str | None = None) -> list[Row[Any]]:
    """A dossier's facts of these kinds that nobody has taken back, of one leg or of all. Raises NotYours."""
    look.dossier(code)
    rows = (one for one in _facts(look, code) if leg is None or one.leg == leg)
    return standing(list(rows), kinds)


def _facts(look: Look, code: str) -> list[Row[Any]]:
    """In the log's order, the newest of them."""
    table = look.tables.facts
    asked = select(table).where(table.c.dossier == code).order_by(table.c.place.desc()).limit(MOST_FACTS)
    return list(reversed(look.connection.execute(asked).all()))


def _number(look: Look, code: str) -> int:
    table = look.tables.facts
    return look.connection.scalar(select(func.count()).select_from(table).where(table.c.dossier == code)) or 0


def _said(look: Look, code: str) -> Sequence[Row[Any]]:
    """What was said of its deadlines and legs, in order."""
    table = look.tables.deadlines
    asked = select(table).where(table.c.dossier == code).order_by(table.c.place.desc()).limit(MOST_FACTS)
    return list(reversed(look.connection.execute(asked).all()))


def _heading(look: Look, row: Row[Any], found: Sequence[Route], now: datetime) -> Heading:
    edition = look.library.newest
    agency = edition.agency(row.competent_agency or row.receiving_agency)
    near = agency.near_due_working_days if agency else NEAR_WORKING_DAYS
    procedure = edition.procedure(row.procedure_code)
    return Heading(
        code=row.code,
        status=row.status,
        national=row.national_status,
        is_undelivered=row.undelivered,
        is_parked=row.parked,
        waiting=row.waiting,
        awaits=_awaits(row, found),
        lateness=lateness(clock_of(row, look.library.rule(row)[0]), edition.calendar, now, near),
        procedure=row.procedure_code,
        procedure_name=procedure.name if procedure else "",
        receiving=row.receiving_agency,
        competent=row.competent_agency,
        holder=row.holder,
        channel=row.channel,
        return_mode=row.return_mode,
        promised_on=day_of(row.promised_due_on),
        changed_at=aware(row.recorded_at),
    )


def _awaits(row: Row[Any], found: Sequence[Route]) -> Awaited:
    return awaited(
        DossierStatus(row.status),
        ReturnMode(row.return_mode) if row.return_mode else None,
        is_parked=row.parked,
        is_undelivered=row.undelivered,
        is_fetched=any(one.is_open and one.leg.startswith("C") for one in found),
        is_sent=any(one.is_open and one.leg.startswith("D") for one in found),
    )


def _handovers(facts: Sequence[Row[Any]]) -> tuple[Handover, ...]:
    signed = standing(facts, ("handover_signed",))
    return tuple(Handover(aware(one.at), one.leg, one.word, one.agency) for one in sorted(signed, key=_when))


def _when(one: Row[Any]) -> tuple[float, int]:
    return one.at, one.place
