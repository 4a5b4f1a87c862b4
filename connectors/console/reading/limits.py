"""The other clocks of a dossier: the limits that stand or were missed, and the letter of apology that is owed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from connectors.console.desk import Look
from connectors.console.reading.clock import Clock
from connectors.console.reading.route import Route, legs_of
from connectors.project.life import life
from connectors.project.stated import clock_facts, day_of
from rules.deadlines.clock import turns
from rules.deadlines.limits import Limit, limits, looks_ahead
from rules.life import View
from rules.post.standard import storage_limit
from rules.reference import Edition, UnknownVersion
from schemas.dossier import DossierStatus
from schemas.instant import aware, date_of

MISSED = {
    Limit.RECEPTION: "reception_missed",
    Limit.TRANSFER: "transfer_missed",
    Limit.SUPPLEMENT: "supplement_expired",
    Limit.CONSULTATION: "consultation_missed",
}
"""How it was said that a limit was missed. A missed step is known from its word alone."""
AN_INSTANT = timedelta(microseconds=1)
Rows = Sequence[Row[Any]]
DAYS_BEFORE = 1
"""A letter of apology is in time one working day before the due date (Decree 61/2018 art. 19(9))."""


class Stands(StrEnum):
    """How a limit stands: still to come, or past without what it waits for."""

    AHEAD = "AHEAD"
    MISSED = "MISSED"


@dataclass(frozen=True, slots=True)
class OtherClock:
    """A limit: its last day, or by when a word of a leg is expected; `said_at` is when it was said to be missed."""

    limit: Limit
    stands: Stands
    limit_on: date
    by: datetime | None = None
    holder: str | None = None
    leg: str | None = None
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter of apology is owed for the due date in force: its last day, and since when that is said."""

    limit_on: date
    said_at: datetime


def other_clocks(
    look: Look, row: Row[Any], facts: Rows, said: Rows, routes: Sequence[Route], now: datetime
) -> tuple[OtherClock, ...]:
    """Every limit that nothing has met, the nearest first. Those that were met are not shown."""
    found = [
        *_of_facts(look, row, facts, said, now),
        *_steps(said),
        *_of_legs(routes, now),
        *_standards(said),
        *_storage(look, row, facts, said, now),
    ]
    return tuple(sorted(found, key=lambda one: (one.limit_on, one.limit, one.leg or "")))


def _of_facts(look: Look, row: Row[Any], facts: Rows, said: Rows, now: datetime) -> Iterator[OtherClock]:
    edition = _edition(look, row)
    if edition is None or row.problem:
        return
    own = _edition(look, row, row.started_under) or edition
    for one in limits(life(row, facts), edition, own.procedure(row.procedure_code)):
        stands = Stands.MISSED if one.at <= now else Stands.AHEAD
        said_at = _said_at(said, one.limit, one.limit_on)
        yield OtherClock(one.limit, stands, one.limit_on, holder=one.holder, said_at=said_at)


def _edition(look: Look, row: Row[Any], version: str | None = None) -> Edition | None:
    """The version that its days are counted by; None while the read model does not have it."""
    try:
        return look.library.reference.at(version or row.refversion or look.library.in_force)
    except UnknownVersion:
        return None


def _said_at(said: Rows, limit: Limit, limit_on: date) -> datetime | None:
    kind, day = MISSED.get(limit), limit_on.isoformat()
    return next((aware(one.recorded_at) for one in said if one.kind == kind and one.day == day), None)


def _steps(said: Rows) -> Iterator[OtherClock]:
    for one in said:
        if one.kind == "step_missed" and (limit_on := day_of(one.day)):
            said_at = aware(one.recorded_at)
            yield OtherClock(Limit.STEP, Stands.MISSED, limit_on, holder=one.holder, said_at=said_at)


def _of_legs(routes: Sequence[Route], now: datetime) -> Iterator[OtherClock]:
    """By when a word of each open leg is expected."""
    for one in routes:
        if one.expected_by is not None:
            stands = Stands.MISSED if one.is_silent else Stands.AHEAD
            yield OtherClock(Limit.SILENCE, stands, one.expected_by.date(), one.expected_by, leg=one.leg)


def _standards(said: Rows) -> Iterator[OtherClock]:
    """First attempts that did not come in time, as they were said."""
    for one in said:
        if one.kind == "standard_missed":
            # It is said of the midnight after the last day.
            limit_on = date_of(aware(one.at) - AN_INSTANT)
            yield OtherClock(Limit.ATTEMPT, Stands.MISSED, limit_on, leg=one.leg, said_at=aware(one.recorded_at))


def _storage(look: Look, row: Row[Any], facts: Rows, said: Rows, now: datetime) -> Iterator[OtherClock]:
    """How long a result that came back is kept."""
    edition = _edition(look, row)
    if edition is None or row.status not in set(DossierStatus):
        return
    view = View(status=DossierStatus(row.status), receiving=row.receiving_agency)
    if (kept := storage_limit(legs_of(row, facts), edition, view)) is not None:
        stands = Stands.MISSED if kept.at <= now else Stands.AHEAD
        said_at = next((aware(one.recorded_at) for one in said if one.kind == "storage_ended"), None)
        yield OtherClock(kept.limit, stands, kept.limit_on, holder=kept.holder, said_at=said_at)


def letter(look: Look, row: Row[Any], facts: Rows, said: Rows, shown: Clock) -> Letter | None:
    """The letter that is owed for the due date in force and was not issued."""
    rule, edition = look.library.rule(row)[0], _edition(look, row)
    if rule is None or edition is None or not shown.working or shown.due_on is None:
        return None
    standing = turns(rule, clock_facts(row))[-1].clock
    ahead = looks_ahead(standing, life(row, facts), edition, row.competent_agency or row.receiving_agency)
    limit_on = edition.calendar.before(shown.due_on, DAYS_BEFORE)
    owed = [one for one in said if one.kind == "apology_owed" and one.day == limit_on.isoformat()]
    return Letter(limit_on, aware(owed[0].recorded_at)) if ahead and owed else None
