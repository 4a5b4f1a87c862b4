"""When an order goes: within its carrier's day, before the cut-off, and while the run has room."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

import pytest

from rules.post.run import Run, goes_at
from schemas.instant import VIETNAM

CLOSES_AT_FOUR = Run(cut_off=time(16))
TWO_A_DAY = Run(most=2)
MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), VIETNAM)


CASES: dict[str, tuple[Run, datetime, Mapping[date, int], datetime]] = {
    "without a cut-off it goes at any hour": (Run(), at(MONDAY, 23), {MONDAY: 9999}, at(MONDAY, 23)),
    "before the cut-off it goes now": (CLOSES_AT_FOUR, at(MONDAY, 15, 59), {}, at(MONDAY, 15, 59)),
    "at the cut-off it waits for the next opening": (CLOSES_AT_FOUR, at(MONDAY, 16), {}, at(TUESDAY, 7)),
    "in the night too": (CLOSES_AT_FOUR, at(MONDAY, 23, 59), {}, at(TUESDAY, 7)),
    "before the opening it waits for it": (CLOSES_AT_FOUR, at(TUESDAY, 3), {}, at(TUESDAY, 7)),
    "at the opening it goes now": (CLOSES_AT_FOUR, at(TUESDAY, 7), {}, at(TUESDAY, 7)),
    "another opening": (Run(time(8, 30), time(16)), at(MONDAY, 17), {}, at(TUESDAY, 8, 30)),
    "the carrier's day is Vietnam's": (CLOSES_AT_FOUR, datetime(2026, 11, 2, 9, tzinfo=UTC), {}, at(TUESDAY, 7)),
    "a run with room takes it": (TWO_A_DAY, at(MONDAY, 10), {MONDAY: 1}, at(MONDAY, 10)),
    "a full run leaves it to the next": (TWO_A_DAY, at(MONDAY, 10), {MONDAY: 2}, at(TUESDAY, 7)),
    "and a full next one to the one after": (TWO_A_DAY, at(MONDAY, 10), {MONDAY: 2, TUESDAY: 2}, at(WEDNESDAY, 7)),
    "after the cut-off today's room is nothing": (
        Run(cut_off=time(16), most=2),
        at(MONDAY, 17),
        {MONDAY: 0, TUESDAY: 2},
        at(WEDNESDAY, 7),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_order_goes_with_the_first_run_that_it_can_be_part_of(case: str) -> None:
    run, owed_at, taken, expected = CASES[case]

    assert goes_at(run, owed_at, lambda day: taken.get(day, 0)) == expected
