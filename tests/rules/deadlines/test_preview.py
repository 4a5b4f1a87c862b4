"""What a change of the calendar means for a dossier as of an instant: its date, its lateness, its apology."""

from datetime import date, datetime

import pytest

from rules.deadlines.calendar_change import Change
from rules.deadlines.preview import Consequence, Lateness, Shift, Totals, consequence
from rules.deadlines.reprojection import reprojected
from rules.reference import reference_of
from schemas.clock import ClockFact, ClockKind, SupplementPolicy, Term, Unit
from schemas.instant import VIETNAM
from schemas.reference import Calendar
from tests.rules.deadlines.test_reprojection import OFFICIAL, a_calendar, a_dossier, a_version, received_at

FIVE_DAYS = (Term(5, Unit.WORKING_DAYS), SupplementPolicy.RESTART)
# Received on Monday 2 November 2026 with five working days: due on Monday the 9th.
RECEIVED = received_at("2026-11-02 09:00")


def at(when: str) -> datetime:
    return datetime.fromisoformat(when).replace(tzinfo=VIETNAM)


def meaning(
    now: str,
    will: Calendar,
    *facts: ClockFact,
    was: Calendar = OFFICIAL,
    rule: tuple[Term, SupplementPolicy] = FIVE_DAYS,
) -> Consequence:
    reference = reference_of(a_version("was", was, rule), a_version("will", will, rule))
    found = reprojected(a_dossier([*RECEIVED, *facts], "was", reference), reference, reference.at("will"))
    assert found is not None
    return consequence(found, reference.at("was").calendar, reference.at("will").calendar, at(now))


CLOSED_THURSDAY = a_calendar(closed=["2026-11-05"])


def test_a_date_that_moves_away_takes_a_late_dossier_out_of_lateness() -> None:
    found = meaning("2026-11-10 08:00", CLOSED_THURSDAY)

    assert found.moved.due_on == date(2026, 11, 10)
    assert (found.shift, found.lateness) == (Shift.LATER, Lateness.LEAVES)


def test_a_date_that_comes_nearer_makes_a_dossier_late_that_was_not() -> None:
    found = meaning("2026-11-10 08:00", OFFICIAL, was=CLOSED_THURSDAY)

    assert (found.shift, found.lateness) == (Shift.EARLIER, Lateness.ENTERS)


@pytest.mark.parametrize(
    ("now", "lateness"),
    [("2026-11-09 23:59", Lateness.NEVER), ("2026-11-10 00:00", Lateness.LEAVES), ("2026-11-11 00:00", Lateness.STAYS)],
)
def test_lateness_is_judged_by_the_date_as_of_the_instant(now: str, lateness: Lateness) -> None:
    assert meaning(now, CLOSED_THURSDAY).lateness is lateness


@pytest.mark.parametrize(("now", "leaves"), [("2026-11-03 08:59", False), ("2026-11-03 09:01", True)])
def test_a_term_in_hours_is_late_by_the_minute(now: str, leaves: bool) -> None:
    # Eight hours from Monday 09:00 end on Tuesday 09:00, or on Wednesday if Tuesday is closed.
    rule = (Term(8, Unit.WORKING_HOURS), SupplementPolicy.RESTART)

    found = meaning(now, a_calendar(closed=["2026-11-03"]), rule=rule)

    assert (found.lateness is Lateness.LEAVES) is leaves


def test_a_swap_inside_the_working_moves_no_date() -> None:
    found = meaning("2026-11-06 08:00", a_calendar(closed=["2026-11-06"], worked=["2026-11-07"]))

    assert (found.shift, found.lateness, found.apology_needless) == (Shift.SAME_DATE, Lateness.NEVER, False)


def test_an_apology_that_was_near_is_needless_once_more_than_two_working_days_are_left() -> None:
    # On Friday the 6th one working day was left; with two days closed before it, three are.
    found = meaning("2026-11-06 08:00", a_calendar(closed=["2026-11-03", "2026-11-04"]))

    assert found.apology_needless


@pytest.mark.parametrize(
    ("now", "closed"),
    [
        # Two are left, as many as the forecast looks ahead.
        ("2026-11-06 08:00", ["2026-11-03"]),
        # It was not near yet.
        ("2026-11-03 08:00", ["2026-11-03", "2026-11-04"]),
        # It is too late for any.
        ("2026-11-10 08:00", ["2026-11-03", "2026-11-04"]),
        # A day closed ahead leaves as many to work on.
        ("2026-11-06 08:00", ["2026-11-09"]),
    ],
)
def test_an_apology_is_not_needless_while_it_is_near_and_never_was_before(now: str, closed: list[str]) -> None:
    assert not meaning(now, a_calendar(closed=closed)).apology_needless


def test_an_apology_whose_new_appointment_is_no_later_than_the_new_date_was_needless() -> None:
    extended = ClockFact(ClockKind.EXTENDED, at("2026-11-04 09:00"), new_due_on=date(2026, 11, 11), id="x")

    outrun = meaning("2026-11-04 10:00", a_calendar(closed=["2026-11-05", "2026-11-06"]), extended)
    still_good = meaning("2026-11-04 10:00", a_calendar(closed=["2026-11-05"]), extended)

    assert (outrun.shift, outrun.apology_needless) == (Shift.SAME_DATE, True)
    assert not still_good.apology_needless


def test_a_request_that_is_in_time_now_stops_the_clock_that_ran() -> None:
    asked = ClockFact(ClockKind.SUPPLEMENT_REQUESTED, at("2026-11-10 09:00"), id="asked")

    found = meaning("2026-11-10 10:00", CLOSED_THURSDAY, asked)

    assert (found.shift, found.lateness) == (Shift.OTHER_STATE, Lateness.LEAVES)
    assert found.moved.due_on is None


def test_totals_count_each_dossier_once_by_what_becomes_of_its_date() -> None:
    totals = Totals(open_dossiers=5)
    for one in (
        meaning("2026-11-10 08:00", CLOSED_THURSDAY),
        meaning("2026-11-10 08:00", OFFICIAL, was=CLOSED_THURSDAY),
        meaning("2026-11-06 08:00", a_calendar(closed=["2026-11-03", "2026-11-04"])),
        meaning("2026-11-06 08:00", a_calendar(closed=["2026-11-06"], worked=["2026-11-07"])),
    ):
        totals.add(one)

    assert totals.figures() == {
        "open_dossiers": 5,
        "unclear": 0,
        "touched": 4,
        "earlier": 1,
        "later": 2,
        "same_date": 1,
        "other_state": 0,
        "leave_lateness": 1,
        "enter_lateness": 1,
        "apologies_needless": 1,
    }


def test_calendars_that_say_the_same_differ_nowhere() -> None:
    reference = reference_of(a_version("was", OFFICIAL), a_version("will", a_calendar(version="another")))
    change = Change.between(reference.at("was"), reference.at("will"))

    assert (change.days, change.years, change.hours_differ) == ((), (), False)
