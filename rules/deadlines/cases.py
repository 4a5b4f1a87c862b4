"""A written case, one JSON object a line, in; the clock's answer, or what is wrong with the line, out."""

from datetime import date, datetime
from typing import Any

from msgspec import MsgspecError, Struct
from msgspec.json import Decoder

from rules.deadlines.calendar import WorkingDays
from rules.deadlines.clock import Clock, project
from rules.deadlines.hours import read_hours
from schemas.clock import OFFICE_HOURS, ClockFact, ClockKind, ClockState, Outcome, SupplementPolicy, Term, Violation


class Answer(Struct, frozen=True, gc=False):
    """What the clock says of a case, in the words of its `expect`."""

    id: str
    clock: ClockState
    due_on: date | None
    due_at: datetime | None
    outcome: Outcome | None
    violations: tuple[Violation, ...]
    rolled: bool


class Refusal(Struct, frozen=True, gc=False):
    """A line that is no case, and why; `id` is None where it cannot be read."""

    id: str | None
    error: str


class WrittenFact(Struct, gc=False):
    """An event as a case writes it. The fields of other kinds may hold anything: they are not looked at."""

    kind: ClockKind
    at: str
    complete: Any = None
    new_due_on: Any = None


class WrittenCase(Struct):
    """A case as it is written; fields with other names are ignored."""

    id: str
    term: Term
    history: list[WrittenFact]
    supplement_policy: SupplementPolicy = SupplementPolicy.RESTART
    office_hours: list[tuple[str, str]] | None = None
    as_of: str | None = None


_CASE = Decoder(WrittenCase)
_ANYTHING = Decoder()


def answer(line: bytes, calendar: WorkingDays) -> Answer | Refusal:
    """The clock of the case on this line; a Refusal where the line is malformed or its dates leave the calendar."""
    try:
        return _answer(_CASE.decode(line), calendar)
    except (MsgspecError, ValueError, OverflowError, RecursionError) as error:
        return Refusal(_id_on(line), str(error))


def _answer(case: WrittenCase, calendar: WorkingDays) -> Answer:
    if case.term.amount < 1:
        raise ValueError(f"an amount of at least 1, not {case.term.amount}")
    hours = OFFICE_HOURS if case.office_hours is None else read_hours(case.office_hours)
    facts = [_fact(written) for written in case.history]
    if case.as_of is not None:
        as_of = _instant(case.as_of)
        facts = [fact for fact in facts if fact.at <= as_of]
    return _said(case.id, project(case.term, case.supplement_policy, facts, calendar, hours))


def _said(id: str, clock: Clock) -> Answer:
    return Answer(id, clock.state, clock.due_on, clock.due_at, clock.outcome, clock.codes, clock.rolled)


def _fact(written: WrittenFact) -> ClockFact:
    at = _instant(written.at)
    match written.kind:
        case ClockKind.SUPPLEMENT_RECEIVED:
            if not isinstance(written.complete, bool):
                raise ValueError("supplement_received says whether it is complete")
            return ClockFact(written.kind, at, complete=written.complete)
        case ClockKind.EXTENDED:
            if not isinstance(written.new_due_on, str):
                raise ValueError("extended says its new_due_on")
            return ClockFact(written.kind, at, new_due_on=date.fromisoformat(written.new_due_on))
        case _:
            return ClockFact(written.kind, at)


def _instant(written: str) -> datetime:
    at = datetime.fromisoformat(written)
    if at.tzinfo is None:
        raise ValueError(f"{written} has no zone")
    return at


def _id_on(line: bytes) -> str | None:
    """The id of a line that is no case, as far as it can be read."""
    try:
        read = _ANYTHING.decode(line)
    except (MsgspecError, ValueError, RecursionError):
        return None
    id = read.get("id") if isinstance(read, dict) else None
    return id if isinstance(id, str) else None
