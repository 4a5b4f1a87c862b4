"""How agencies stand: their dossiers in numbers, when they were heard last, what they were not told.

An agency's dossiers are those that it decides, and those that it received and of which nobody has said who decides.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select

from connectors.console.desk import Look, NotYours
from connectors.console.people import Person, Role
from connectors.project.counting import DECIDED, UNDECIDED
from connectors.project.library import NOT_STATED
from connectors.store import Store, doors
from connectors.store.doors import Untold
from connectors.store.endpoints import Endpoint
from rules.deadlines.calendar import LAST_DAY
from rules.reference import Edition
from schemas.clock import ClockState
from schemas.reference import Agency

NOTHING = Untold()
NEAR_DAYS = 2
"""Near due is so many working days before the due date, where an agency has said nothing else."""
SHOWN = 50


@dataclass(slots=True)
class Queue:
    """An agency's open dossiers; of those with a running clock: due today, near their due date, past it."""

    open: int = 0
    due_today: int = 0
    near_due: int = 0
    overdue: int = 0
    suspended: int = 0


@dataclass(frozen=True, slots=True)
class Doors:
    """How an agency stands at the doors; `heard_at` in driven unix seconds, `callback` a word of `CALLBACKS`."""

    heard_at: float | None = None
    callback: str = "none"
    why: str | None = None
    untold: Untold = NOTHING


CALLBACKS = ("none", "verified", "unproven", "disabled")
"""No callback at all; it answered its challenge; it has not yet; it wants no more."""


@dataclass(frozen=True, slots=True)
class Row:
    """An agency in the list; no `agency` where the reference data knows only its code."""

    code: str
    agency: Agency | None
    queue: Queue
    doors: Doors

    @property
    def ways(self) -> tuple[str, ...]:
        """How it is told: the feed is always there."""
        asked = (("callback", self.doors.callback != "none"), ("results", self.agency and self.agency.results_topic))
        return (*(name for name, has in asked if has), "feed")


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A notice that was given up: nobody answered its callback."""

    code: str
    kind: str | None
    attempts: int
    at: float


def rows(look: Look, store: Store, today: date) -> list[Row]:
    """Every agency that they may see, the most overdue first."""
    agencies = {one.code: one for one in look.library.newest.bundle.agencies if look.agency in (None, one.code)}
    counted = queues(look, today)
    at_doors = doors_of(store, agencies)
    found = [
        Row(code, agencies.get(code), counted.get(code, Queue()), at_doors.get(code, Doors()))
        for code in sorted({*agencies, *counted})
    ]
    return sorted(found, key=lambda row: (-row.queue.overdue, -row.queue.due_today, -row.queue.near_due, row.code))


def queues(look: Look, today: date) -> dict[str, Queue]:
    """The open dossiers of each agency that they may see, by the code it goes by today."""
    table, edition = look.tables.dossiers, look.library.newest
    agency = func.coalesce(table.c.competent_agency, table.c.receiving_agency, NOT_STATED).label("agency")
    asked = select(agency, table.c.clock_state, table.c.due_on, func.count().label("dossiers")).where(
        table.c.clock_state.in_(UNDECIDED), table.c.status.not_in(DECIDED), *_of_theirs(look)
    )
    found: dict[str, Queue] = {}
    near: dict[str, date] = {}
    for row in look.connection.execute(asked.group_by(agency, table.c.clock_state, table.c.due_on)):
        code = edition.resolve(row.agency)
        if code not in near:
            near[code] = _near(edition, code, today)
        _count(found.setdefault(code, Queue()), row.clock_state, row.due_on, row.dossiers, today, near[code])
    return found


def doors_of(store: Store, agencies: Mapping[str, Agency]) -> dict[str, Doors]:
    """How each of these agencies stands at the doors. Raises TryLater."""
    names = [name for agency in agencies.values() for name in _names(agency)]
    urls = {code: agency.callback.url for code, agency in agencies.items() if agency.callback is not None}
    with store.read() as connection:
        heard = doors.heard_last(connection, map(_source, names))
        untold, endpoints = doors.untold(connection, names), doors.endpoints(connection, urls)
    return {code: _doors(agency, heard, untold, endpoints.get(code)) for code, agency in agencies.items()}


def agency_of(look: Look, code: str) -> Agency:
    """The agency of this code, or an old one of it. Raises NotYours for one that is not there, or another's."""
    found = look.library.newest.agency(code)
    if found is None or look.agency not in (None, found.code):
        raise NotYours(code)
    return found


def as_seen_by(look: Look, agency: Agency) -> Look:
    """The read model as an officer of this agency sees it."""
    return replace(look, person=Person(look.person.name, Role.AGENCY, agency.code))


def not_taken(look: Look, since: datetime) -> list[NotTaken]:
    """The notices that the one agency they see did not take, the last first."""
    receipts, notices = look.tables.receipts.c, look.tables.notices.c
    asked = (
        select(receipts.dossier, notices.kind, receipts.attempt, receipts.at)
        .join_from(look.tables.receipts, look.tables.notices, notices.id == receipts.notice, isouter=True)
        .where(receipts.kind == "gave_up", receipts.at >= since.timestamp(), receipts.agency.in_(look.codes))
        .order_by(receipts.at.desc(), receipts.place.desc())
        .limit(SHOWN)
    )
    return [NotTaken(*row) for row in look.connection.execute(asked)]


def _of_theirs(look: Look) -> Iterator[ColumnElement[bool]]:
    """That it is a dossier of the one agency they see; nothing if they see all."""
    table = look.tables.dossiers.c
    if look.agency is not None:
        received = and_(table.competent_agency.is_(None), table.receiving_agency.in_(look.codes))
        yield table.competent_agency.in_(look.codes) | received


def _near(edition: Edition, code: str, today: date) -> date:
    """The last day that is near due for an agency."""
    known = edition.agency(code)
    days = known.near_due_working_days if known else NEAR_DAYS
    return edition.calendar.after(today, days) if today < LAST_DAY - timedelta(days=90) else LAST_DAY


def _count(queue: Queue, state: str, due_on: str | None, dossiers: int, today: date, near: date) -> None:
    queue.open += dossiers
    queue.suspended += dossiers if state == ClockState.SUSPENDED else 0
    if state != ClockState.RUNNING or due_on is None:
        return
    day = date.fromisoformat(due_on)
    queue.overdue += dossiers if day < today else 0
    queue.due_today += dossiers if day == today else 0
    queue.near_due += dossiers if today < day <= near else 0


def _names(agency: Agency) -> tuple[str, ...]:
    return agency.code, *agency.aliases


def _source(name: str) -> str:
    """What an agency's events name as their source."""
    return f"/agencies/{name}"


def _doors(
    agency: Agency, heard: Mapping[str, float], untold: Mapping[str, Untold], endpoint: Endpoint | None
) -> Doors:
    names = _names(agency)
    at = max((heard[_source(name)] for name in names if _source(name) in heard), default=None)
    owed = [untold[name] for name in names if name in untold]
    together = Untold(*(sum(getattr(one, name) for one in owed) for name in ("owed", "gave_up", "aside")))
    return Doors(at, _callback(endpoint), endpoint.why if endpoint else None, together)


def _callback(endpoint: Endpoint | None) -> str:
    if endpoint is None:
        return "none"
    return "disabled" if endpoint.disabled else "verified" if endpoint.verified else "unproven"
