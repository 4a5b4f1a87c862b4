"""Which rungs a due date has, and when."""

from datetime import date

import pytest

from rules.deadlines.clock import Clock
from rules.deadlines.rungs import rungs
from schemas.clock import Rung, Term, Unit
from tests.rules.deadlines.builders import CALENDAR, a_clock, asked, at, extended, received, stopped


def test_the_rungs_of_a_date_stand_at_opening_time_around_it() -> None:
    clock = a_clock(received("2025-04-21 09:00"))

    reached = [(rung.rung, rung.step, rung.at) for rung in rungs(clock, CALENDAR)]

    assert clock.due_on == date(2025, 4, 26)
    assert reached == [
        (Rung.NEAR_DUE, 1, at("2025-04-24 07:30")),
        (Rung.DUE_TODAY, 1, at("2025-04-26 07:30")),
        (Rung.MISSED, 1, at("2025-04-27 00:00")),
        (Rung.ESCALATED, 1, at("2025-05-05 07:30")),
        (Rung.ESCALATED, 2, at("2025-05-14 07:30")),
    ]
    assert {rung.due_on for rung in rungs(clock, CALENDAR)} == {clock.due_on}


def test_near_due_is_as_many_working_days_ahead_as_asked_at_the_agencys_own_opening() -> None:
    clock = a_clock(received("2025-03-03 09:00"))

    near = rungs(clock, CALENDAR, hours=((480, 720),), near_days=1)[0]

    assert near.at == at("2025-03-07 08:00")


@pytest.mark.parametrize(
    ("facts", "missed"),
    [
        ((received("2025-03-03 08:00"),), "2025-03-03 10:00"),
        ((received("2025-03-03 16:00"), extended("2025-03-03 17:00", to="2025-03-06")), "2025-03-06 17:00"),
    ],
)
def test_a_term_in_hours_is_missed_at_its_due_minute(facts: tuple[()], missed: str) -> None:
    clock = a_clock(*facts, term=Term(2, Unit.WORKING_HOURS))

    assert [rung.at for rung in rungs(clock, CALENDAR) if rung.rung is Rung.MISSED] == [at(missed)]


@pytest.mark.parametrize(
    "clock",
    [
        a_clock(),
        a_clock(received("2025-03-03 09:00"), term=None),
        a_clock(received("2025-03-03 09:00"), asked("2025-03-04 09:00")),
        a_clock(received("2025-03-03 09:00"), stopped("2025-03-04 09:00")),
    ],
    ids=["not started", "no term", "suspended", "stopped"],
)
def test_a_clock_that_does_not_run_has_no_rungs(clock: Clock) -> None:
    assert rungs(clock, CALENDAR) == ()
