"""The flag beside a dossier's status: how it stands against its due date."""

from datetime import date, datetime

import pytest

from rules.deadlines.clock import Clock, project
from rules.lateness import Lateness, lateness
from schemas.clock import ClockFact, ClockKind, SupplementPolicy, Term, Unit
from schemas.instant import VIETNAM
from tests.builders import REFERENCE, VERSION

FIVE_DAYS = Term(5, Unit.WORKING_DAYS)
CALENDAR = REFERENCE.at(VERSION).calendar


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def a_clock(*more: tuple[ClockKind, str], term: Term = FIVE_DAYS) -> Clock:
    """Received on Monday 2026-11-02: due on Monday the 9th."""
    facts = [ClockFact(kind, instant(at)) for kind, at in ((ClockKind.RECEIVED, "2026-11-02 09:00"), *more)]
    return project(term, SupplementPolicy.RESTART, facts, CALENDAR)


@pytest.mark.parametrize(
    ("at", "flag"),
    [
        ("2026-11-04 23:59", Lateness.IN_TIME),
        ("2026-11-05 00:00", Lateness.NEAR_DUE),
        ("2026-11-09 23:59", Lateness.NEAR_DUE),
        ("2026-11-10 00:00", Lateness.OVERDUE),
    ],
)
def test_an_open_dossier_is_in_time_then_near_then_overdue(at: str, flag: Lateness) -> None:
    assert a_clock().due_on == date(2026, 11, 9)

    assert lateness(a_clock(), CALENDAR, instant(at)) is flag


def test_an_agency_may_be_warned_earlier() -> None:
    assert lateness(a_clock(), CALENDAR, instant("2026-11-03 08:00"), near_days=4) is Lateness.NEAR_DUE


def test_a_term_in_hours_is_overdue_after_its_minute() -> None:
    clock = a_clock(term=Term(8, Unit.WORKING_HOURS))
    assert clock.due_at == instant("2026-11-03 09:00")

    assert lateness(clock, CALENDAR, instant("2026-11-03 09:01")) is Lateness.OVERDUE


@pytest.mark.parametrize(
    ("at", "flag"),
    [
        ("2026-11-06 10:00", Lateness.EARLY),
        ("2026-11-09 10:00", Lateness.ON_TIME),
        ("2026-11-10 10:00", Lateness.LATE),
    ],
)
def test_a_decided_dossier_keeps_how_it_was_decided(at: str, flag: Lateness) -> None:
    clock = a_clock((ClockKind.RESULT_READY, at))

    assert lateness(clock, CALENDAR, instant("2027-01-04 10:00")) is flag


@pytest.mark.parametrize("kind", [ClockKind.SUPPLEMENT_REQUESTED, ClockKind.WITHDRAWN])
def test_without_a_running_clock_or_a_result_there_is_no_flag(kind: ClockKind) -> None:
    clock = a_clock((kind, "2026-11-03 10:00"))

    assert lateness(clock, CALENDAR, instant("2027-01-04 10:00")) is Lateness.NONE
    assert lateness(Clock(), CALENDAR, instant("2027-01-04 10:00")) is Lateness.NONE
