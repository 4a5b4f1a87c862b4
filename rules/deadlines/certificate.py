"""A deadline certificate: what a due date was computed from, each day of its working, and the date, as plain data.

A reader who trusts nobody recomputes all of it with nothing but the calendar (docs/certificate.md names every field and
what a checker may ask of it). The lines are those of `explain`, so they and the date come from the code that computes.
"""

from datetime import datetime
from hashlib import sha256
from typing import Any

from msgspec import Struct

from rules.deadlines.calendar import WorkingDays
from rules.deadlines.clock import Clock, Rule, turns
from rules.deadlines.explain import Line, working
from rules.deadlines.hours import Office
from rules.deadlines.order import in_order
from schemas.clock import CalendarTable, ClockFact, ClockKind, DayOff, OfficeHours, SupplementPolicy, Term
from schemas.event import canonical
from schemas.instant import VIETNAM

FORM = "hoso.deadline-certificate.v1"
"""Says what the document is, and begins the bytes that are signed: no other signature of this key can be one of it."""


class NothingToCertify(ValueError):
    """There is no due date in force; the text says why."""


class Inputs(Struct, frozen=True):
    """What a dossier's due date is computed from, and the names by which the reference data knows it.

    `refversion` is the version whose calendar and office hours count; `rule_version` the one it started under, whose
    term and supplement policy stay its own.
    """

    dossier: str
    procedure: str
    refversion: str
    rule_version: str
    term: Term | None
    policy: SupplementPolicy
    hours: OfficeHours
    calendar: WorkingDays
    facts: tuple[ClockFact, ...]


def certificate(inputs: Inputs, issued_at: datetime) -> dict[str, Any]:
    """The unsigned certificate of the due date in force. NothingToCertify where there is none."""
    if inputs.term is None:
        raise NothingToCertify(f"{inputs.dossier} has no due date: procedure {inputs.procedure} has no term")
    rule = Rule(inputs.term, inputs.policy, Office.of(inputs.calendar, inputs.hours))
    turned = turns(rule, inputs.facts)
    clock = turned[-1].clock if turned else Clock()
    if clock.due_on is None:
        raise NothingToCertify(f"{inputs.dossier} has no due date now: its clock is {clock.state}")
    return {
        "form": FORM,
        "dossier": inputs.dossier,
        "issued_at": _written(issued_at),
        "rule": _rule(inputs, inputs.term),
        "facts": [_fact(fact) for fact in in_order(inputs.facts)],
        "calendar": _named(inputs.calendar.table),
        "working": [_line(line) for line in working(turned, rule)],
        "deadline": _deadline(clock),
    }


def to_sign(unsigned: dict[str, Any]) -> bytes:
    """The bytes that a certificate's signature is over: its form, a line feed, its canonical JSON."""
    return FORM.encode() + b"\n" + canonical(unsigned)


def calendar_document(table: CalendarTable) -> dict[str, Any]:
    """A calendar version as plain data, each day off in order of date: what a checker is given, and what is hashed."""
    return {
        "calendar": table.calendar,
        "version": table.version,
        "first_year": table.first_year,
        "last_year": table.last_year,
        "provisional_years": sorted(table.provisional_years),
        "closed": [_day_off(row) for row in sorted(table.closed, key=_day)],
        "worked": [_day_off(row) for row in sorted(table.worked, key=_day)],
    }


def calendar_digest(table: CalendarTable) -> str:
    """SHA-256 of the canonical JSON of a calendar version: equal for the same content, however its file is written."""
    return sha256(canonical(calendar_document(table))).hexdigest()


def _named(table: CalendarTable) -> dict[str, Any]:
    return {"calendar": table.calendar, "version": table.version, "sha256": calendar_digest(table)}


def _rule(inputs: Inputs, term: Term) -> dict[str, Any]:
    hours = [[f"{minute // 60:02}:{minute % 60:02}" for minute in span] for span in inputs.hours]
    return {
        "procedure": inputs.procedure,
        "refversion": inputs.rule_version,
        "amount": term.amount,
        "unit": term.unit.value,
        "supplement_policy": inputs.policy.value,
        "office_hours": hours,
    }


def _fact(fact: ClockFact) -> dict[str, Any]:
    said: dict[str, Any] = {"kind": fact.kind.value, "at": _written(fact.at), "id": fact.id}
    if fact.kind is ClockKind.SUPPLEMENT_RECEIVED:
        said["complete"] = bool(fact.complete)
    if fact.kind is ClockKind.EXTENDED and fact.new_due_on:
        said["new_due_on"] = fact.new_due_on.isoformat()
    return said


def _line(line: Line) -> dict[str, Any]:
    said: dict[str, Any] = {"day": line.day.isoformat(), "counted_as": line.counted_as.value, "basis": line.basis}
    if line.k is not None:
        said |= {"k": line.k, "n": line.n}
    if line.from_on is not None:
        said["from_on"] = line.from_on.isoformat()
    return said


def _deadline(clock: Clock) -> dict[str, Any]:
    assert clock.due_on and clock.due_at and clock.reason
    return {
        "due_on": clock.due_on.isoformat(),
        "due_at": _written(clock.due_at),
        "reason": clock.reason.value,
        "basis": clock.basis,
        "rolled": clock.rolled,
        "provisional": clock.provisional,
    }


def _day_off(row: DayOff) -> dict[str, Any]:
    return {"day": row.day.isoformat(), "basis": row.basis, "document": row.document}


def _day(row: DayOff) -> str:
    return row.day.isoformat()


def _written(at: datetime) -> str:
    return at.astimezone(VIETNAM).isoformat()
