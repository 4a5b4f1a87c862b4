"""What counts as a result handed over, and what is known of it."""

import json
from collections.abc import Iterable
from hashlib import sha256
from itertools import permutations
from typing import Any

import pytest

from rules.receipts.handing_over import handed_over
from schemas.event import Event
from schemas.ops import StatusConfirmed
from schemas.receipts import HandedOver
from tests.builders import BOX, CODE, VERSION, a_fact, a_move, a_postal_fact, fold, received, result_ready

PAPERS = [{"name": "Giấy phép mẫu", "kind": "ORIGINAL", "copies": 1}]
READY = result_ready("2026-11-05 10:00", result_no="KQ-1", documents=PAPERS).model_copy(update={"id": "ready"})
AT_THE_COUNTER = [received("2026-11-02 09:05"), READY]
BY_POST = [
    received("2026-11-02 09:05", return_mode="POST"),
    READY,
    a_postal_fact("order_accepted", "2026-11-05 10:05", leg="D1", item_code="EA000000011VN", reference=f"{CODE}/D1"),
    a_move("PICKED_UP", "2026-11-05 16:40"),
]
PROOF = {"receiver": {"sealed": BOX}, "relation": "con", "id_type": "CCCD"}


def returned(time: str = "2026-11-06 08:30", mode: str = "COUNTER", **told: Any) -> Event:
    return a_fact("result_returned", time, mode=mode, receiver="Người Mẫu", **told)


def delivered(time: str = "2026-11-06 10:00", **told: Any) -> Event:
    return a_move("DELIVERED", time, **({"evidence": "e-delivered"} | told))


def corrected(retracts: str, time: str = "2026-11-07 08:00") -> Event:
    return a_fact("corrected", time, retracts={"id": retracts}, reason="nhầm hồ sơ")


def an_operators_word(status: str, time: str = "2026-11-07 09:00") -> Event:
    data = {"leg": "D1", "status": status, "why": "the slip was seen", "by": "operator-1"}
    said = {"id": "op-1", "source": "/operators/operator-1", "type": "vn.hoso.ops.status_confirmed.v1"}
    when = {"time": f"{time.replace(' ', 'T')}:00+07:00", "recordedtime": f"{time.replace(' ', 'T')}:00+07:00"}
    return StatusConfirmed.model_validate(said | when | {"subject": CODE, "refversion": VERSION, "data": data})


def of(events: Iterable[Event]) -> HandedOver | None:
    """The hand-over that these facts come to, as whoever reads the public state has it."""
    dossier, _ = fold(events)
    said = handed_over(dossier, dossier.view())
    return HandedOver.model_validate(said) if said is not None else None


def test_what_the_one_stop_returned_is_handed_over() -> None:
    said = of([*AT_THE_COUNTER, returned(id="back")])

    assert said is not None
    assert (said.mode, said.at.isoformat() if said.at else None) == ("COUNTER", "2026-11-06T08:30:00+07:00")
    assert (said.result_no, said.outcome) == ("KQ-1", "APPROVED")
    assert said.evidence.model_dump(exclude_none=True) == {
        "result": "/agencies/H29.12 ready",
        "returned": "/agencies/H29.12 back",
    }


def test_who_took_it_at_the_counter_was_named_and_no_name_is_said() -> None:
    dossier, _ = fold([*AT_THE_COUNTER, returned()])
    said = handed_over(dossier, dossier.view())

    assert said is not None and said["receiver"] == {"named": True}
    assert "Mẫu" not in json.dumps(said, default=str) and "sealed" not in json.dumps(said, default=str)


def test_what_the_post_delivered_is_handed_over_with_its_proof() -> None:
    minutes = a_fact(
        "handover_signed", "2026-11-05 16:30", leg="D1", direction="AGENCY_TO_POST", minutes_no="7", documents=PAPERS
    )

    said = of([*BY_POST, minutes, delivered(proof=PROOF)])

    assert said is not None
    assert (said.mode, said.leg, said.carrier, said.item_code) == ("POST", "D1", "myvnpost", "EA000000011VN")
    assert said.receiver.model_dump() == {"named": True, "relation": "con", "id_type": "CCCD"}
    assert said.evidence.model_dump(exclude_none=True) == {
        "result": "/agencies/H29.12 ready",
        "minutes": minutes.ref,
        "delivered": "e-delivered",
        "confirmed_by": "CARRIER",
    }


def test_a_delivery_whose_receiver_the_carrier_does_not_state_is_one_all_the_same() -> None:
    said = of([*BY_POST, delivered()])

    assert said is not None and said.receiver.model_dump() == {"named": False, "relation": None, "id_type": None}


def test_a_delivery_that_is_only_reported_is_none_until_an_operator_confirms_it() -> None:
    reported = [*BY_POST, delivered(certainty="REPORTED")]

    assert of(reported) is None
    said = of([*reported, an_operators_word("DELIVERED")])
    assert said is not None and said.evidence.confirmed_by == "OPERATOR"


@pytest.mark.parametrize(
    "events",
    [
        AT_THE_COUNTER,
        BY_POST,
        [*BY_POST, a_move("RETURNED_TO_SENDER", "2026-11-09 10:00")],
        [*BY_POST, a_move("LOST", "2026-11-09 10:00")],
        [*AT_THE_COUNTER, returned(id="back"), corrected("back")],
        [received("2026-11-02 09:05"), returned()],
        [*AT_THE_COUNTER, a_fact("withdrawn", "2026-11-06 08:00", reason="x"), returned()],
        [*AT_THE_COUNTER, returned(by="H29.99")],
    ],
    ids=["ready", "with the post", "came back", "lost", "taken back", "no result", "withdrawn", "no standing"],
)
def test_nothing_is_handed_over(events: list[Event]) -> None:
    assert of(events) is None


def test_papers_delivered_to_the_agency_or_back_to_the_citizen_are_no_result_handed_over() -> None:
    collected = [
        a_fact("collection_registered", "2026-11-02 08:00", contact={}, documents=PAPERS, procedure_code="1.004873",
               receiving_agency="H29.12"),
        a_move("DELIVERED", "2026-11-03 08:00", leg="C1"),
        a_fact("withdrawn", "2026-11-04 08:00", reason="x"),
        a_move("DELIVERED", "2026-11-05 08:00", leg="R1"),
    ]  # fmt: skip

    assert of(collected) is None


def test_of_two_ways_the_earlier_is_the_hand_over_in_whatever_order_they_came() -> None:
    by_post, by_the_one_stop = delivered("2026-11-06 10:00"), returned("2026-11-06 17:00")
    earlier = returned("2026-11-06 09:00")

    for first, second in permutations([by_post, by_the_one_stop]):
        said = of([*BY_POST, first, second])
        assert said is not None and said.mode == "POST"
    for first, second in permutations([by_post, earlier]):
        said = of([*BY_POST, first, second])
        assert said is not None and said.mode == "COUNTER"


def test_the_second_journey_counts_where_the_first_one_came_back() -> None:
    contact = a_fact("return_registered", "2026-11-10 08:00", contact={})
    events = [*BY_POST, a_move("RETURNED_TO_SENDER", "2026-11-09 10:00"), contact]

    said = of([*events, a_move("DELIVERED", "2026-11-12 10:00", leg="D2", item_code="EA000000025VN")])

    assert said is not None and (said.leg, said.item_code) == ("D2", "EA000000025VN")


def test_a_delivery_without_a_time_says_none() -> None:
    said = of([*BY_POST[:-1], delivered(at=None)])

    assert said is not None and said.at is None


def test_a_result_nobody_told_us_of_has_no_number() -> None:
    adopted = a_fact(
        "adopted", "2026-11-02 08:00", status="RESULT_READY", as_of="2026-11-02T08:00:00+07:00",
        procedure_code="1.004873", receiving_agency="H29.12", competent_agency="H29.12",
    )  # fmt: skip

    said = of([adopted, returned()])

    assert said is not None
    assert (said.result_no, said.outcome, said.manifest, said.evidence.result) == (None, None, None, None)


def test_what_was_returned_before_its_agency_joined_is_not_ours_to_attest() -> None:
    adopted = a_fact(
        "adopted", "2026-11-02 08:00", status="RESULT_RETURNED", as_of="2026-11-02T08:00:00+07:00",
        procedure_code="1.004873", receiving_agency="H29.12", competent_agency="H29.12",
    )  # fmt: skip

    assert of([adopted]) is None


def test_the_result_is_the_one_that_was_ready_by_then() -> None:
    later = result_ready("2026-11-20 10:00", result_no="KQ-2")

    said = of([*AT_THE_COUNTER, returned(), later])

    assert said is not None and said.result_no == "KQ-1"


def test_a_corrected_result_number_is_the_one_that_is_said() -> None:
    right = result_ready("2026-11-08 09:00", result_no="KQ-9")

    said = of([*AT_THE_COUNTER, returned(), corrected("ready"), right])

    # It was stated after the hand-over, so the hand-over is stated anew too before there is one again.
    assert said is None
    said = of([*AT_THE_COUNTER, returned(), corrected("ready"), right, returned("2026-11-08 09:30")])
    assert said is not None and said.result_no == "KQ-9"


def test_the_manifest_is_the_hash_of_the_papers_as_the_agency_listed_them() -> None:
    said = of([*AT_THE_COUNTER, returned()])
    listed = json.dumps(PAPERS, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    assert said is not None and said.manifest is not None
    assert (said.manifest.documents, said.manifest.sha256) == (1, sha256(listed).hexdigest())
