"""When an hour is far above the usual one, and when too little is known to say so."""

import pytest

from rules.usual import ENOUGH_HOURS, far_above, usual

A_FORTNIGHT = [40, 60, 0, 80, 0] * 30
"""Hours of forty, sixty and eighty, and silent ones."""

CASES = {
    "three times the usual is not yet far above it": (A_FORTNIGHT, 180, 100, False),
    "one more is": (A_FORTNIGHT, 181, 100, True),
    "a small lane never trips, however far above its usual hour": ([2] * 100, 99, 100, False),
    "from the least on it does": ([2] * 100, 100, 100, True),
    "a lane that nobody knows yet does not": ([60] * (ENOUGH_HOURS - 1), 5000, 100, False),
    "silent hours tell nothing of what is usual": ([60] * (ENOUGH_HOURS - 1) + [0] * 300, 5000, 100, False),
    "one wild hour in the past does not hide the next": ([*A_FORTNIGHT, 9000], 181, 100, True),
    "nothing has ever happened": ([], 5000, 100, False),
}


@pytest.mark.parametrize("case", CASES)
def test_an_hour_is_far_above_the_usual_from_three_times_as_much(case: str) -> None:
    past, this, least, far = CASES[case]

    assert far_above(past, this, least) is far


def test_the_usual_hour_is_the_middle_one_of_those_in_which_anything_happened() -> None:
    assert usual(A_FORTNIGHT) == 60
