"""What a citizen is told: the situation, what is wanted, where the parcels are, whether the dossier may be rated."""

from typing import Any

import pytest

from rules.citizen import Situation, Want, Wanted, parcels, situation, wanted
from rules.dossier import Dossier
from rules.rating import MOST_POINTS, QUESTIONS, Rateable, rateable
from schemas.dossier import DossierStatus
from schemas.event import Event, type_name
from schemas.postal import FailureReason, ParcelStatus
from tests.builders import a_fact, a_move, a_postal_fact, admitted, fold, received, result_ready

PAPERS = {"stage": "APPRAISAL", "reason": "x"}


def after(*facts: Event) -> Dossier:
    return fold(facts)[0]


def rated(time: str = "2026-11-06T10:00:00+07:00", source: str = "/citizens") -> Event:
    said = {"type": type_name("dossier", "rated"), "subject": "H29.12-261102-0001", "time": time}
    return admitted({"specversion": "1.0", "id": "r", "source": source, "data": {"scores": [2] * 9}} | said)


def by_post(*more: Event) -> tuple[Event, ...]:
    accepted = a_postal_fact("order_accepted", "2026-11-04 11:00", leg="D1", item_code="E1", reference="r")
    return (received(return_mode="POST"), result_ready("2026-11-04 10:00"), accepted, *more)


# ---------------------------------------------------------------- the situation


@pytest.mark.parametrize("status", set(DossierStatus) - {DossierStatus.RESULT_READY, DossierStatus.RESULT_RETURNED})
def test_every_status_is_a_situation(status: DossierStatus) -> None:
    assert situation(Dossier("x", status=status)).value == status.value


@pytest.mark.parametrize(
    ("facts", "where"),
    [
        ((received(), result_ready("2026-11-04 10:00")), Situation.READY_AT_COUNTER),
        ((received(return_mode="ELECTRONIC"), result_ready("2026-11-04 10:00")), Situation.READY_ONLINE),
        (by_post(), Situation.READY_BY_POST),
        (by_post(a_move("RETURNED_TO_SENDER", "2026-11-09 10:00")), Situation.CAME_BACK),
        (by_post(a_move("DELIVERED", "2026-11-06 10:00")), Situation.RETURNED),
    ],
)
def test_a_result_is_where_its_citizen_gets_it(facts: tuple[Event, ...], where: Situation) -> None:
    assert situation(after(*facts)) is where


# ---------------------------------------------------------------- what is wanted


def test_all_papers_asked_for_since_the_last_full_supplement_are_wanted_each_once() -> None:
    facts = [
        received(),
        a_fact("supplement_requested", "2026-11-02 10:00", documents=["cũ"], **PAPERS),
        a_fact("supplement_received", "2026-11-02 15:00", complete=True),
        a_fact("supplement_requested", "2026-11-03 10:00", documents=["a", "b"], **PAPERS),
        a_fact("supplement_received", "2026-11-03 15:00", complete=False),
        a_fact("supplement_requested", "2026-11-04 10:00", documents=["b", "c"], **PAPERS),
    ]

    [one] = wanted(after(*facts), facts)

    assert (one.what, one.documents, f"{one.since:%m-%d}") == (Want.PAPERS, ("a", "b", "c"), "11-03")


def test_a_request_that_was_taken_back_wants_nothing() -> None:
    facts = [
        received(),
        a_fact("supplement_requested", "2026-11-03 10:00", id="s", documents=["a"], **PAPERS),
        a_fact("corrected", "2026-11-03 11:00", retracts={"id": "s"}, reason="x"),
    ]

    assert wanted(after(*facts), facts) == ()


def test_the_last_fee_that_nobody_paid_is_wanted() -> None:
    facts: list[Event] = [
        received(),
        a_fact("payment_requested", "2026-11-03 10:00", amount=10_000),
        a_fact("payment_received", "2026-11-03 11:00", amount=10_000, receipt_no="1"),
        a_fact("payment_requested", "2026-11-04 10:00", amount=25_000),
    ]

    [one] = wanted(after(*facts), facts)
    paid = [*facts, a_fact("payment_received", "2026-11-04 11:00", amount=25_000, receipt_no="2")]

    assert (one.what, one.amount) == (Want.PAYMENT, 25_000)
    assert wanted(after(*paid), paid) == ()


def test_the_post_wants_what_waits_and_what_came_back() -> None:
    waits = by_post(a_move("AWAITING_COLLECTION", "2026-11-05 10:00"))
    back = by_post(a_move("RETURNED_TO_SENDER", "2026-11-09 10:00"))
    fetched = by_post(a_move("AWAITING_COLLECTION", "2026-11-05 10:00"), a_move("DELIVERED", "2026-11-06 10:00"))

    assert [(one.what, one.leg) for one in wanted(after(*waits), waits)] == [(Want.FETCH, "D1")]
    assert wanted(after(*back), back) == (Wanted(Want.ADDRESS),)
    assert wanted(after(*fetched), fetched) == ()


# ---------------------------------------------------------------- the parcels


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ((), ParcelStatus.REQUESTED),
        ((a_postal_fact("order_accepted", "2026-11-04 11:00", leg="D1", reference="r"),), ParcelStatus.ACCEPTED),
        (
            (a_postal_fact("order_refused", "2026-11-04 11:00", leg="D1", verdict="x", carrier_words="x"),),
            ParcelStatus.CANCELLED,
        ),
    ],
)
def test_an_order_without_news_is_where_its_carrier_left_it(more: Any, status: ParcelStatus) -> None:
    [parcel] = parcels(after(received(return_mode="POST"), result_ready("2026-11-04 10:00"), *more))

    assert parcel.status is status


def test_what_was_only_reported_is_shown_and_not_sure() -> None:
    picked = a_move("PICKED_UP", "2026-11-04 15:00")
    failed = a_move(
        "DELIVERY_FAILED", "2026-11-05 15:00", certainty="REPORTED", reason="ABSENT", location="Bưu cục mẫu"
    )

    [sure], [told] = parcels(after(*by_post(picked))), parcels(after(*by_post(picked, failed)))

    assert (sure.status, sure.sure, sure.item) == (ParcelStatus.PICKED_UP, True, "E1")
    assert (told.status, told.sure, told.attempts) == (ParcelStatus.DELIVERY_FAILED, False, 1)
    assert (told.reason, told.location) == (FailureReason.ABSENT, "Bưu cục mẫu")


# ---------------------------------------------------------------- rating


def test_a_dossier_is_rated_once_and_from_its_result_on() -> None:
    told = [received(), result_ready("2026-11-04 10:00")]

    assert rateable(after(*told[:1])) is Rateable.NOT_YET
    assert rateable(after(*told)) is Rateable.OPEN
    assert rateable(after(*told, rated())) is Rateable.RATED
    assert rateable(after(*by_post(a_move("DELIVERED", "2026-11-06 10:00")))) is Rateable.OPEN


@pytest.mark.parametrize(
    "end",
    [
        a_fact("withdrawn", "2026-11-04 10:00", reason="x"),
        a_fact("processing_stopped", "2026-11-04 10:00", basis="x"),
    ],
)
def test_what_ended_without_a_result_is_not_rated(end: Event) -> None:
    assert rateable(after(received(), end)) is Rateable.NO_RESULT


def test_nobody_else_rates_for_a_citizen() -> None:
    said = after(received(), result_ready("2026-11-04 10:00"), rated(source="/agencies/H29.12"))

    assert rateable(said) is Rateable.OPEN


def test_the_questions_are_the_nine_indices() -> None:
    assert (len(QUESTIONS), len({question.name for question in QUESTIONS}), MOST_POINTS) == (9, 9, 18)
