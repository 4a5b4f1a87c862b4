"""What is asked about at once: all that may leave the house. What may wait: a movement within the post."""

import pytest

from rules.post.confirming import ON_ITS_WAY, may_wait
from rules.post.leg import ENDED, WITH_THE_POST
from schemas.postal import RANK, ParcelStatus

HELD = [ParcelStatus.PICKED_UP]


@pytest.mark.parametrize("status", sorted(RANK.keys() - ON_ITS_WAY))
def test_what_somebody_outside_is_told_never_waits(status: ParcelStatus) -> None:
    assert not may_wait(status, [])
    assert not may_wait(status, HELD)


@pytest.mark.parametrize("status", sorted(ON_ITS_WAY))
def test_a_movement_within_the_post_waits_once_the_post_is_known_to_hold_it(status: ParcelStatus) -> None:
    assert may_wait(status, HELD)


@pytest.mark.parametrize("status", sorted(ON_ITS_WAY & WITH_THE_POST))
def test_the_first_sign_that_the_post_holds_it_does_not_wait(status: ParcelStatus) -> None:
    assert not may_wait(status, [])
    assert not may_wait(status, [ParcelStatus.ACCEPTED])


@pytest.mark.parametrize("end", sorted(ENDED))
@pytest.mark.parametrize("status", sorted(ON_ITS_WAY))
def test_a_move_after_the_end_speaks_against_it_and_does_not_wait(status: ParcelStatus, end: ParcelStatus) -> None:
    assert not may_wait(status, [*HELD, end])


def test_before_the_post_holds_it_nothing_hangs_on_a_plan() -> None:
    assert may_wait(ParcelStatus.PICKUP_SCHEDULED, [])
