"""An envelope's way at the post: fixed by seed and reference, lawful in its attempts, quick where asked."""

from datetime import datetime
from itertools import pairwise

import pytest

from sandbox import chance
from sandbox.days import Days
from sandbox.journeys import Outcome, Route, Scan, cancelled, journey, outcome_of
from schemas.instant import aware, date_of
from tests.sandbox.stage import CALENDAR, MONDAY

DAYS = Days.read(CALENDAR)
CREATED = MONDAY.replace(hour=10).timestamp()


def a_journey(outcome: Outcome, leg: str = "D1", seed: int = 1, pace: float = 1) -> tuple[Scan, ...]:
    route = Route(CREATED, collects=leg[0] == "C", to_agency=leg[0] in "CT")
    return journey(route, outcome, chance.dice(seed, leg), DAYS, pace)


def codes(scans: tuple[Scan, ...]) -> list[int]:
    return [scan.status for scan in scans]


def times(scans: tuple[Scan, ...], status: int) -> list[datetime]:
    return [aware(scan.at) for scan in scans if scan.status == status]


def test_the_same_seed_and_reference_give_the_same_journey() -> None:
    assert a_journey(Outcome.RETURNED) == a_journey(Outcome.RETURNED)
    assert a_journey(Outcome.RETURNED) != a_journey(Outcome.RETURNED, seed=2)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("leg", ["C1", "D1", "R1", "T1"])
def test_scans_stand_in_time_order(outcome: Outcome, leg: str) -> None:
    scans = a_journey(outcome, leg)

    assert [scan.at for scan in scans] == sorted(scan.at for scan in scans)
    assert scans[0] == Scan(1, CREATED)


def test_an_ordinary_delivery_is_picked_up_carried_and_delivered() -> None:
    assert codes(a_journey(Outcome.FIRST_TRY)) == [1, 2, 4, 6, 7, 10, 11, 12, 14]


def test_nobody_at_home_once_means_one_failed_attempt_with_a_cause() -> None:
    scans = a_journey(Outcome.ABSENT_ONCE)

    assert codes(scans)[-4:] == [12, 15, 12, 14]
    assert [scan.cause != "" for scan in scans if scan.status == 15] == [True]


@pytest.mark.parametrize("seed", range(20))
def test_what_goes_back_was_tried_three_times_two_working_days_apart(seed: int) -> None:
    scans = a_journey(Outcome.RETURNED, seed=seed)

    attempts = [date_of(at) for at in times(scans, 15)]
    assert len(attempts) == 3
    assert all(later >= DAYS.after(first, 2) for first, later in pairwise(attempts))
    assert codes(scans)[-4:] == [16, 17, 18, 19]


@pytest.mark.parametrize("seed", range(20))
def test_postmen_come_to_a_counter_while_it_is_open(seed: int) -> None:
    (handed,) = times(a_journey(Outcome.FIRST_TRY, "D1", seed), 6)
    (brought,) = times(a_journey(Outcome.FIRST_TRY, "C1", seed), 14)

    for at in (handed, brought):
        assert DAYS.works_on(at.date())
        assert any(opens <= at.hour * 60 + at.minute < closes for opens, closes in DAYS.hours)


def test_a_collection_that_nobody_hands_over_ends_unfetched() -> None:
    assert codes(a_journey(Outcome.NO_PICKUP, "C1"))[-2:] == [5, 8]


def test_a_pace_divides_every_span() -> None:
    slow, quick = a_journey(Outcome.FIRST_TRY), a_journey(Outcome.FIRST_TRY, pace=3600)

    assert quick[-1].at - CREATED == pytest.approx((slow[-1].at - CREATED) / 3600)


def test_round_the_clock_nothing_waits_for_the_morning() -> None:
    late = MONDAY.replace(hour=23).timestamp()

    scans = journey(Route(late, False, False), Outcome.FIRST_TRY, chance.dice(1, "D1"), Days.without_end())

    assert scans[-1].at - late < 20 * 3600


def test_an_order_can_be_cancelled_until_the_postman_has_it() -> None:
    scans = a_journey(Outcome.FIRST_TRY)
    pickup = next(scan.at for scan in scans if scan.status == 6)

    in_time, too_late = cancelled(scans, pickup - 1, pickup + 900), cancelled(scans, pickup, pickup + 900)

    assert in_time is not None
    assert codes(in_time) == [1, 2, 4, 9]
    assert too_late is None


def test_most_addresses_are_reached_at_the_first_try() -> None:
    outcomes = [outcome_of(chance.share(1, n), collects=False) for n in range(2000)]

    assert 0.84 < outcomes.count(Outcome.FIRST_TRY) / 2000 < 0.92
    assert 0.005 < outcomes.count(Outcome.RETURNED) / 2000 < 0.03
