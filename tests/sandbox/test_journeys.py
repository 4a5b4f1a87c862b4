"""An envelope's way at the post: fixed by seed and reference, lawful in its attempts, quick where asked."""

from datetime import datetime
from itertools import pairwise

import pytest

from sandbox import chance
from sandbox.days import Days
from sandbox.journeys import Outcome, Route, cancelled, journey, outcome_of
from sandbox.scans import Detail, Scan
from schemas.instant import aware, date_of
from schemas.postal import ParcelStatus
from tests.sandbox.stage import CALENDAR, MONDAY

DAYS = Days.read(CALENDAR)
CREATED = MONDAY.replace(hour=10).timestamp()


def a_journey(outcome: Outcome, leg: str = "D1", seed: int = 1, pace: float = 1) -> tuple[Scan, ...]:
    route = Route(CREATED, collects=leg[0] == "C", to_agency=leg[0] in "CT")
    return journey(route, outcome, chance.dice(seed, leg), DAYS, pace)


def steps(scans: tuple[Scan, ...]) -> list[str]:
    return [str(scan.status) for scan in scans]


def times(scans: tuple[Scan, ...], status: ParcelStatus) -> list[datetime]:
    return [aware(scan.at) for scan in scans if scan.status == status]


def test_the_same_seed_and_reference_give_the_same_journey() -> None:
    assert a_journey(Outcome.RETURNED) == a_journey(Outcome.RETURNED)
    assert a_journey(Outcome.RETURNED) != a_journey(Outcome.RETURNED, seed=2)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("leg", ["C1", "D1", "R1", "T1"])
def test_scans_stand_in_time_order(outcome: Outcome, leg: str) -> None:
    scans = a_journey(outcome, leg)

    assert [scan.at for scan in scans] == sorted(scan.at for scan in scans)
    assert scans[0] == Scan(ParcelStatus.REQUESTED, CREATED)


def test_an_ordinary_delivery_is_picked_up_carried_and_delivered() -> None:
    assert steps(a_journey(Outcome.FIRST_TRY)) == [
        "REQUESTED", "ACCEPTED", "PICKUP_SCHEDULED", "PICKED_UP", "IN_TRANSIT", "IN_TRANSIT", "AT_DELIVERY_OFFICE",
        "OUT_FOR_DELIVERY", "DELIVERED",
    ]  # fmt: skip


def test_nobody_at_home_once_means_one_failed_attempt_with_a_cause() -> None:
    scans = a_journey(Outcome.ABSENT_ONCE)

    assert steps(scans)[-4:] == ["OUT_FOR_DELIVERY", "DELIVERY_FAILED", "OUT_FOR_DELIVERY", "DELIVERED"]
    assert [scan.reason is not None for scan in scans if scan.status == "DELIVERY_FAILED"] == [True]


@pytest.mark.parametrize("seed", range(20))
def test_what_goes_back_was_tried_three_times_two_working_days_apart(seed: int) -> None:
    scans = a_journey(Outcome.RETURNED, seed=seed)

    attempts = [date_of(at) for at in times(scans, ParcelStatus.DELIVERY_FAILED)]
    assert len(attempts) == 3
    assert all(later >= DAYS.after(first, 2) for first, later in pairwise(attempts))
    assert steps(scans)[-4:] == ["RETURN_REQUESTED", "RETURN_REQUESTED", "RETURNING", "RETURNED_TO_SENDER"]


@pytest.mark.parametrize("seed", range(20))
def test_postmen_come_to_a_counter_while_it_is_open(seed: int) -> None:
    (handed,) = times(a_journey(Outcome.FIRST_TRY, "D1", seed), ParcelStatus.PICKED_UP)
    (brought,) = times(a_journey(Outcome.FIRST_TRY, "C1", seed), ParcelStatus.DELIVERED)

    for at in (handed, brought):
        assert DAYS.works_on(at.date())
        assert any(opens <= at.hour * 60 + at.minute < closes for opens, closes in DAYS.hours)


def test_a_collection_that_nobody_hands_over_ends_unfetched() -> None:
    scans = a_journey(Outcome.NO_PICKUP, "C1")

    assert [(scan.status, scan.ends) for scan in scans[-2:]] == [("PICKUP_FAILED", False), ("PICKUP_FAILED", True)]
    assert scans[-1].detail is Detail.GIVEN_UP


@pytest.mark.parametrize("leg", ["C1", "D1", "R1"])
def test_a_lying_postman_says_delivered_and_days_later_it_is_given_back(leg: str) -> None:
    scans = a_journey(Outcome.LIED, leg)

    assert steps(scans)[-3:] == ["DELIVERED", "RETURNING", "RETURNED_TO_SENDER"]
    assert scans[-3].detail is Detail.UNTRUE
    assert date_of(aware(scans[-1].at)) > date_of(aware(scans[-3].at))


def test_after_a_silence_nothing_follows_the_pickup() -> None:
    assert steps(a_journey(Outcome.SILENT))[-1] == "PICKED_UP"


def test_a_pace_divides_every_span() -> None:
    slow, quick = a_journey(Outcome.FIRST_TRY), a_journey(Outcome.FIRST_TRY, pace=3600)

    assert quick[-1].at - CREATED == pytest.approx((slow[-1].at - CREATED) / 3600)


def test_round_the_clock_nothing_waits_for_the_morning() -> None:
    late = MONDAY.replace(hour=23).timestamp()

    scans = journey(Route(late, False, False), Outcome.FIRST_TRY, chance.dice(1, "D1"), Days.without_end())

    assert scans[-1].at - late < 20 * 3600


def test_an_order_can_be_cancelled_until_the_postman_has_it() -> None:
    scans = a_journey(Outcome.FIRST_TRY)
    pickup = next(scan.at for scan in scans if scan.status == "PICKED_UP")

    in_time, too_late = cancelled(scans, pickup - 1, pickup + 900), cancelled(scans, pickup, pickup + 900)

    assert in_time is not None
    assert steps(in_time) == ["REQUESTED", "ACCEPTED", "PICKUP_SCHEDULED", "CANCELLED"]
    assert too_late is None


def test_most_addresses_are_reached_at_the_first_try() -> None:
    outcomes = [outcome_of(chance.share(1, n), collects=False) for n in range(2000)]

    assert 0.84 < outcomes.count(Outcome.FIRST_TRY) / 2000 < 0.92
    assert 0.005 < outcomes.count(Outcome.RETURNED) / 2000 < 0.03
