"""What the tests of the legal clock share: the official calendar, the written cases, and facts with defaults."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from rules.deadlines.calendar import WorkingDays
from rules.deadlines.clock import Clock, project
from rules.deadlines.hours import read_hours
from schemas.clock import OFFICE_HOURS, CalendarTable, ClockFact, ClockKind, OfficeHours, SupplementPolicy, Term, Unit
from schemas.instant import VIETNAM

HERE = Path(__file__).parent
TABLE_PATH = HERE.parents[2] / "deploy" / "reference" / "calendars" / "vn-public-offices.toml"
TABLE = msgspec.toml.decode(TABLE_PATH.read_bytes(), type=CalendarTable)
CALENDAR = WorkingDays.of(TABLE)
CASES_PATH = HERE / "cases" / "deadlines.jsonl"
MALFORMED_PATH = HERE / "cases" / "malformed.jsonl"
FIVE_DAYS = Term(5, Unit.WORKING_DAYS)


def written(path: Path) -> list[dict[str, Any]]:
    """The cases of a file, as they are written."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def at(written: str) -> datetime:
    """An instant in the zone, from "2025-03-03 09:00"."""
    return datetime.fromisoformat(written).replace(tzinfo=VIETNAM)


def received(when: str, id: str = "received") -> ClockFact:
    """A reception."""
    return ClockFact(ClockKind.RECEIVED, at(when), id=id)


def signed(when: str) -> ClockFact:
    """The hand-over minutes."""
    return ClockFact(ClockKind.HANDOVER_SIGNED, at(when), id="signed")


def asked(when: str, id: str = "asked") -> ClockFact:
    """A request for a supplement."""
    return ClockFact(ClockKind.SUPPLEMENT_REQUESTED, at(when), id=id)


def completed(when: str, complete: bool = True) -> ClockFact:
    """A supplement, complete unless said otherwise."""
    return ClockFact(ClockKind.SUPPLEMENT_RECEIVED, at(when), complete=complete, id="completed")


def extended(when: str, to: str, id: str = "extended") -> ClockFact:
    """A new appointment."""
    return ClockFact(ClockKind.EXTENDED, at(when), new_due_on=date.fromisoformat(to), id=id)


def stopped(when: str, kind: ClockKind = ClockKind.RESULT_READY) -> ClockFact:
    """The end of the resolution, a result unless said otherwise."""
    return ClockFact(kind, at(when), id="stopped")


def a_clock(
    *facts: ClockFact,
    term: Term | None = FIVE_DAYS,
    policy: SupplementPolicy = SupplementPolicy.RESTART,
    calendar: WorkingDays = CALENDAR,
    hours: OfficeHours = OFFICE_HOURS,
) -> Clock:
    """The clock after these facts, of a procedure of five working days unless said otherwise."""
    return project(term, policy, facts, calendar, hours)


def facts_of(case: dict[str, Any]) -> list[ClockFact]:
    """The facts of a written case that are known at its `as_of`, each with its place in the history as its id."""
    known_until = datetime.fromisoformat(case.get("as_of", "2999-01-01T00:00:00Z"))
    facts = [
        ClockFact(
            ClockKind(event["kind"]),
            datetime.fromisoformat(event["at"]),
            event.get("complete"),
            date.fromisoformat(event["new_due_on"]) if "new_due_on" in event else None,
            str(place),
        )
        for place, event in enumerate(case["history"])
    ]
    return [fact for fact in facts if fact.at <= known_until]


def rule_of(case: dict[str, Any]) -> tuple[Term, SupplementPolicy, OfficeHours]:
    """The term, the policy and the hours of a written case."""
    hours = read_hours(case["office_hours"]) if "office_hours" in case else OFFICE_HOURS
    return Term(case["term"]["amount"], Unit(case["term"]["unit"])), SupplementPolicy(case["supplement_policy"]), hours
