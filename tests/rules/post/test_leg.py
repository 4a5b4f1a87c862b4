"""A leg's fate: event time first, then rank; ends stay; contradictions are kept; only what is CONFIRMED is known."""

from datetime import datetime
from itertools import permutations

import pytest

from rules.post.leg import Leg, Update, fate, merged, with_confirmed, with_update
from schemas.instant import VIETNAM
from schemas.postal import Certainty, FailureReason, FaultParty, ParcelStatus


def an_update(
    status: str, at: str | None, certainty: Certainty = Certainty.CONFIRMED, evidence: str = "e", **more: object
) -> Update:
    when = datetime.fromisoformat(f"2026-11-{at}").replace(tzinfo=VIETNAM) if at else None
    return Update(ParcelStatus(status), when, certainty, evidence, **more)  # type: ignore[arg-type]  # builders are loose


def status_of(*updates: Update) -> ParcelStatus | None:
    return fate(merged(updates)).status


def test_a_late_pickup_scan_leaves_a_delivered_parcel_delivered() -> None:
    assert status_of(an_update("DELIVERED", "17 10:00"), an_update("PICKED_UP", "16 16:00")) is ParcelStatus.DELIVERED


def test_paper_work_does_not_pull_a_parcel_back() -> None:
    assert status_of(an_update("IN_TRANSIT", "16 20:00"), an_update("ACCEPTED", "17 08:00")) is ParcelStatus.IN_TRANSIT


def test_at_one_instant_the_higher_rank_stands() -> None:
    assert (
        status_of(an_update("IN_TRANSIT", "16 20:00"), an_update("OUT_FOR_DELIVERY", "16 20:00"))
        is ParcelStatus.OUT_FOR_DELIVERY
    )


def test_of_two_ends_the_first_by_event_time_stays_and_the_leg_is_contradicted() -> None:
    told = fate(merged((an_update("RETURNED_TO_SENDER", "20 08:00"), an_update("DELIVERED", "17 10:00"))))

    assert (told.status, told.contradicted) == (ParcelStatus.DELIVERED, True)


def test_a_movement_after_an_end_contradicts_it_and_reopens_nothing() -> None:
    told = fate(merged((an_update("DELIVERED", "17 10:00"), an_update("RETURNING", "18 10:00"))))

    assert (told.status, told.contradicted) == (ParcelStatus.DELIVERED, True)


def test_the_same_end_again_is_no_contradiction() -> None:
    assert not fate(merged((an_update("DELIVERED", "17 10:00"), an_update("DELIVERED", "17 11:00")))).contradicted


@pytest.mark.parametrize("status", ["DAMAGED", "PARTIAL", "FEE_SETTLED", "UNKNOWN"])
def test_a_status_without_a_rank_moves_nothing(status: str) -> None:
    assert status_of(an_update("IN_TRANSIT", "16 20:00"), an_update(status, "18 08:00")) is ParcelStatus.IN_TRANSIT


def test_an_update_without_a_time_counts_only_while_no_dated_one_exists() -> None:
    timeless = an_update("DELIVERED", None)

    assert status_of(timeless) is ParcelStatus.DELIVERED
    assert status_of(timeless, an_update("IN_TRANSIT", "16 20:00")) is ParcelStatus.IN_TRANSIT


def test_two_failed_deliveries_at_different_times_are_two_attempts() -> None:
    attempts = fate(
        merged((an_update("DELIVERY_FAILED", "17 10:00"), an_update("DELIVERY_FAILED", "19 10:00")))
    ).attempts

    assert len(attempts) == 2


def test_a_copy_without_a_reason_confirms_the_one_with_it() -> None:
    reported = an_update("DELIVERY_FAILED", "17 10:00", Certainty.REPORTED, "a", reason=FailureReason.ABSENT)
    confirmed = an_update("DELIVERY_FAILED", "17 10:00", Certainty.CONFIRMED, "b")

    [one] = merged((reported, confirmed))

    assert (one.certainty, one.reason) == (Certainty.CONFIRMED, FailureReason.ABSENT)


def test_what_is_only_reported_is_told_and_not_known() -> None:
    leg = with_update(Leg("D1", "myvnpost", "x/D1", "law"), an_update("DELIVERED", "17 10:00", Certainty.REPORTED))

    assert (leg.told.status, leg.known.status) == (ParcelStatus.DELIVERED, None)


def test_an_operators_word_confirms_what_was_reported() -> None:
    leg = with_update(
        with_confirmed(Leg("D1", "myvnpost", "x/D1", "law"), ParcelStatus.DELIVERED),
        an_update("DELIVERED", "17 10:00", Certainty.REPORTED),
    )

    assert leg.known.status is ParcelStatus.DELIVERED


def test_who_is_at_fault_and_which_reason_a_bare_copy_confirms_do_not_hang_on_who_came_first() -> None:
    absent = an_update("DELIVERY_FAILED", "17 10:00", Certainty.REPORTED, "b", reason=FailureReason.ABSENT)
    moved = an_update("DELIVERY_FAILED", "17 10:00", Certainty.REPORTED, "c", reason=FailureReason.MOVED)
    bare = an_update("DELIVERY_FAILED", "17 10:00", Certainty.CONFIRMED, "a")
    faults = [
        an_update("AT_DELIVERY_OFFICE", "17 09:00", evidence=f"f{number}", fault=fault)
        for number, fault in enumerate((None, FaultParty.POST, FaultParty.CITIZEN))
    ]

    found = {merged(order) for order in permutations((absent, moved, bare))}
    blamed = {merged(order) for order in permutations(faults)}

    assert len(found) == len(blamed) == 1
    assert [(one.reason, one.certainty) for one in found.pop()] == [
        (FailureReason.ABSENT, Certainty.CONFIRMED),
        (FailureReason.MOVED, Certainty.REPORTED),
    ]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_the_postman_and_his_office_say_within_half_an_hour_is_one_visit(order: tuple[int, ...]) -> None:
    said = (
        an_update("DELIVERY_FAILED", "17 10:00", evidence="49"),
        an_update("DELIVERY_FAILED", "17 10:20", evidence="9", reason=FailureReason.ABSENT, fault=FaultParty.CITIZEN),
        an_update("DELIVERY_FAILED", "17 10:30", evidence="49 again"),
    )

    attempts = fate(merged(said[place] for place in order)).attempts

    assert [(one.at and one.at.minute, one.reason) for one in attempts] == [(0, FailureReason.ABSENT), (30, None)]
