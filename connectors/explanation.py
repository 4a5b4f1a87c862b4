"""Why a dossier's due date is what it is: its working, the facts that moved it, and the calendars it was counted on."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from msgspec import Struct, to_builtins

from connectors.history import History, clock_inputs
from rules.deadlines.certificate import Inputs
from rules.deadlines.explain import Line, explain
from rules.deadlines.heard import Heard, heard
from rules.dossier import Dossier
from rules.reference import Reference
from rules.shown import shown
from schemas.deadline import Projected, ReferenceChanged
from schemas.instant import VIETNAM


class CalendarChange(Struct, frozen=True):
    """The dossier was put on another version of the reference data; the dates are there where that moved its own."""

    at: datetime
    from_version: str
    to_version: str
    reason: str
    previous_due_on: date | None = None
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is to be said of a dossier's due date. `inputs` is None, and working and facts are empty, where no clock
    runs or the dossier's `problem` says that it cannot be set.
    """

    dossier: Dossier
    inputs: Inputs | None
    working: tuple[Line, ...]
    facts: tuple[Heard, ...]
    changes: tuple[CalendarChange, ...]


def explained(told: History, reference: Reference) -> Explanation:
    """The explanation of a dossier's due date, from its log."""
    inputs, changes = clock_inputs(told.dossier, reference), tuple(_changes(told))
    if inputs is None or told.dossier.problem:
        return Explanation(told.dossier, None, (), (), changes)
    return Explanation(told.dossier, inputs, *worked(inputs), changes)


def worked(inputs: Inputs) -> tuple[tuple[Line, ...], tuple[Heard, ...]]:
    """The working of a due date and what each fact did to the clock. Raises ValueError as `project` does."""
    rests_on = (inputs.term, inputs.policy, inputs.facts, inputs.calendar, inputs.hours)
    return explain(*rests_on), heard(*rests_on)


def as_json(one: Explanation) -> dict[str, Any]:
    """The explanation as plain data: what `GET /v1/dossiers/{code}/deadline` answers."""
    table = one.inputs.calendar.table if one.inputs else None
    return {
        "code": one.dossier.code,
        "clock": to_builtins(shown(one.dossier, one.dossier.view())["clock"]),
        "refversion": one.inputs.refversion if one.inputs else None,
        "calendar": {"calendar": table.calendar, "version": table.version} if table else None,
        "provisional": one.dossier.clock.provisional,
        "facts": to_builtins(one.facts),
        "calendar_changes": to_builtins(one.changes),
        "working": to_builtins(one.working),
    }


def _changes(told: History) -> list[CalendarChange]:
    """Those that moved the dossier, in order: from the version it started under to the one it rests on now."""
    dossier, found = told.dossier, list[CalendarChange]()
    version = dossier.started_under or dossier.refversion
    for row in told.told:
        if isinstance(row.fact, ReferenceChanged) and row.fact.data.from_ == version:
            found.append(_change(row.fact, next((said for said in row.said if isinstance(said, Projected)), None)))
            version = row.fact.data.to
    # One that came when the dossier was closed moved nothing.
    while found and found[-1].to_version != dossier.refversion:
        found.pop()
    return found


def _change(fact: ReferenceChanged, moved: Projected | None) -> CalendarChange:
    at, data = fact.time.astimezone(VIETNAM), fact.data
    if moved is None:
        return CalendarChange(at, data.from_, data.to, data.reason)
    return CalendarChange(at, data.from_, data.to, data.reason, moved.data.previous_due_on, moved.data.due_on)
