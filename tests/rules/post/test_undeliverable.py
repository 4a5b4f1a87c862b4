"""A result that cannot be delivered: tried, invited, held, returned on a ground of the law, and sent a second time."""

from datetime import datetime

import pytest

from rules.reference import reference_of
from rules.time import due
from schemas.event import Event
from schemas.instant import VIETNAM
from tests.builders import VERSION, a_bundle, a_fact, a_move, a_postal_fact, an_agency, fold, notices, of, received
from tests.rules.post.test_silence import at_the_post

LONG_AFTER_STORAGE = datetime(2026, 12, 31, 8, tzinfo=VIETNAM)


def undeliverable(*moves: Event) -> list[dict[str, object]]:
    _, said = fold(at_the_post(*moves))
    told = [one for one in said if one.topic == "agency.notices" and one.data.kind == "result_undeliverable"]
    return [{name: one.data.payload.get(name) for name in ("phase", "ground", "borne_by")} for one in told]


def failed(time: str, reason: str, fault: str = "CITIZEN") -> Event:
    return a_move("DELIVERY_FAILED", time, reason=reason, fault_party=fault)


BACK = (a_move("RETURNING", "2026-11-16 10:00"), a_move("RETURNED_TO_SENDER", "2026-11-18 10:00"))
TWICE = (failed("2026-11-11 10:00", "ABSENT"), failed("2026-11-13 10:00", "ABSENT"))
CASES = {
    "absent twice": (TWICE, "not collected after two invitations"),
    "absent once": (TWICE[:1], None),
    "refused": ((failed("2026-11-11 10:00", "REFUSED"),), "the addressee refused it"),
    "moved": ((failed("2026-11-11 10:00", "MOVED"),), "the addressee moved and left no new address"),
    "a wrong address": ((failed("2026-11-11 10:00", "ADDRESS_WRONG"),), "no or an incomplete address"),
    "absent, then not found": ((TWICE[0], failed("2026-11-12 10:00", "NOT_FOUND")), "the addressee was not found"),
}


@pytest.mark.parametrize(("attempts", "ground"), CASES.values(), ids=CASES.keys())
def test_an_item_goes_back_on_a_ground_of_the_postal_law(attempts: tuple[Event, ...], ground: str | None) -> None:
    assert undeliverable(*attempts, *BACK) == [
        {"phase": "going back", "ground": ground, "borne_by": "CITIZEN"},
        {"phase": "ended", "ground": ground, "borne_by": "CITIZEN"},
    ]


def test_the_whole_way_from_a_failed_attempt_to_a_second_delivery_is_facts() -> None:
    corrected = a_fact("return_registered", "2026-11-19 08:00", contact={"name": "y"})

    dossier, said = fold([*at_the_post(*TWICE, *BACK), corrected])

    assert [leg.name for leg in dossier.legs] == ["D1", "D2"]
    first, second = of(said, "postal.delivery_requested")
    assert (first.data.reference[-3:], second.data.reference[-3:]) == ("/D1", "/D2")
    assert second.data.because.endswith("CITIZEN bears the cost of this try (Decision 45/2016 art. 12(4))")
    assert [kind for kind in notices(said) if kind.startswith(("delivery", "result"))] == [
        "delivery_accepted",
        "delivery_failed",
        "delivery_failed",
        "result_undeliverable",
        "result_undeliverable",
    ]


def test_without_a_new_address_nothing_is_sent_again() -> None:
    dossier, _ = fold(at_the_post(*TWICE, *BACK))

    assert [leg.name for leg in dossier.legs] == ["D1"]
    assert dossier.undelivered


def test_papers_of_a_withdrawn_dossier_go_home_and_before_they_are_fetched_the_collection_is_called_off() -> None:
    registered = a_fact(
        "collection_registered",
        "2026-11-02 08:00",
        contact={"name": "x"},
        documents=[{"name": "Tờ khai mẫu", "kind": "ORIGINAL", "copies": 1}],
        procedure_code="1.004873",
        receiving_agency="H29.12",
    )
    taken = a_postal_fact("order_accepted", "2026-11-02 08:01", leg="C1", item_code="EA000000011VN", reference="x")
    arrived = a_move("DELIVERED", "2026-11-03 10:00", leg="C1")
    withdrawn = a_fact("withdrawn", "2026-11-04 09:00", reason="x")

    _, early = fold([registered, taken, withdrawn])
    _, late = fold([registered, taken, arrived, withdrawn])

    assert (len(of(early, "postal.cancel_requested")), len(of(early, "postal.return_requested"))) == (1, 0)
    assert [one.data.leg for one in of(late, "postal.return_requested")] == ["R1"]


@pytest.mark.parametrize("by_post", [True, False])
def test_papers_that_go_to_another_agency_are_a_leg_between_the_two_where_its_profile_says_so(by_post: bool) -> None:
    agencies = [an_agency("H29.12", transfers_by_post=by_post), an_agency("H29.99")]
    papers = [{"name": "Tờ khai mẫu", "kind": "ORIGINAL", "copies": 1}]
    _, said = fold(
        [received(documents=papers), a_fact("forwarded", "2026-11-02 15:00", to_agency="H29.99")],
        reference=reference_of(a_bundle(agencies=agencies)),
    )

    asked = [
        (one.data.leg, one.data.sender_agency, one.data.receiver_agency)
        for one in of(said, "postal.transfer_requested")
    ]
    assert asked == [("T1", "H29.12", "H29.99")] * by_post


def kept(*more: Event, storage_days: int = 180) -> list[tuple[str, str, str]]:
    """The storage clocks that stand after a result came back on 18 November."""
    reference = reference_of(a_bundle(storage_days=storage_days))
    dossier, _ = fold([*at_the_post(*TWICE, *BACK), *more], reference=reference)
    found = [one for one in dossier.limits if one.limit == "storage"]
    return [(one.about, one.limit_on.isoformat(), one.holder or "") for one in found]


def test_a_result_that_came_back_is_kept_as_long_as_the_city_says() -> None:
    assert kept() == [("D1", "2027-05-17", "H29.12")]
    assert kept(storage_days=30) == [("D1", "2026-12-18", "H29.12")]
    assert kept(storage_days=0) == []


def test_another_delivery_and_the_counter_end_its_keeping() -> None:
    assert kept(a_fact("return_registered", "2026-11-19 08:00", contact={"name": "y"})) == []
    assert kept(a_fact("result_returned", "2026-11-19 08:00", mode="COUNTER", receiver="the citizen")) == []


def test_the_agency_is_told_once_that_the_time_of_keeping_is_over() -> None:
    reference = reference_of(a_bundle(storage_days=30))
    dossier, _ = fold(at_the_post(*TWICE, *BACK), reference=reference)
    [ended] = [one for one in due(dossier, VERSION, LONG_AFTER_STORAGE) if one.data.limit == "storage"]

    _, said = fold([ended, ended], dossier, reference=reference)

    [fact] = of(said, "postal.storage_ended")
    assert fact.data.model_dump(mode="json") == {
        "leg": "D1",
        "carrier": "myvnpost",
        "expected": "RESULT_FETCHED",
        "by": "2026-12-18T23:59:59+07:00",
        "seen": "RETURNED_TO_SENDER",
    }
    assert notices(said).count("storage_ended") == 1
