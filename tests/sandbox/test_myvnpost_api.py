"""The post over HTTP: the partner's own forms, orders taken, refused, hung up on, cancelled."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import requests

from sandbox.app import Rehearsal, rehearse
from tests.sandbox.stage import MONDAY, Customer, a_clock, moved_to, on_stage, sample, shape, some_settings

REFERENCE = "H29.12-261102-0001/D1"
Stage = tuple[Rehearsal, str]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with on_stage(some_settings(tmp_path), a_clock(MONDAY)) as found:
        yield found


@pytest.fixture
def customer(stage: Stage) -> Customer:
    return Customer(stage[1])


def test_the_answer_to_an_order_has_the_shape_of_the_sample(customer: Customer) -> None:
    answer = customer.create(REFERENCE)

    assert answer.status_code == 200
    assert shape(answer.json()) == shape(msgspec.json.decode(sample("create_reply_ok.json")))
    assert answer.json()["saleOrderCode"] == REFERENCE
    assert answer.json()["codAmount"] == 35000


def test_a_refusal_has_the_shape_of_the_sample_and_names_the_field(customer: Customer) -> None:
    answer = customer.create(REFERENCE, phone="")

    assert answer.status_code == 400
    assert shape(answer.json()) == shape(msgspec.json.decode(sample("create_reply_refused.json")))
    assert answer.json()["description"] == "receiverPhone"
    assert answer.json()["path"] == "/CreateOrder"


def test_a_cancellation_in_time_has_the_shape_of_the_sample_and_ends_the_order(
    stage: Stage, customer: Customer
) -> None:
    made = customer.create(REFERENCE).json()

    answer = customer.cancel(made["originalID"])
    moved_to(stage[0], MONDAY.timestamp() + 3600)

    assert shape(answer.json()) == shape(msgspec.json.decode(sample("cancel_reply.json")))
    (order,) = customer.get("getOrder", "1", made["itemCode"])["results"]
    assert order["status"] == 9


def test_a_cancellation_after_the_pickup_is_refused(stage: Stage, customer: Customer) -> None:
    made = customer.create(REFERENCE).json()
    (parcel,) = stage[0].post.parcels
    moved_to(stage[0], next(scan.at for scan in parcel.plan if scan.status == "PICKED_UP") + 1)

    answer = customer.cancel(made["originalID"])

    assert answer.status_code == 400
    assert "không thể hủy" in answer.json()["message"]
    assert parcel.last.status == "PICKED_UP"


def test_a_history_lists_every_scan_in_the_post_own_form(stage: Stage, customer: Customer) -> None:
    made = customer.create(REFERENCE).json()
    (parcel,) = stage[0].post.parcels
    moved_to(stage[0], parcel.plan[-1].at + 1)

    (item,) = customer.get("GetStatusHistoryOrder", "1", made["itemCode"])["data"]

    assert item["itemCode"] == made["itemCode"]
    assert [row["statusCode"] for row in item["statusHistory"]] == [str(parcel.code(scan).code) for scan in parcel.plan]
    assert item["statusHistory"][0] == {
        "statusCode": "1",
        "statusName": "Đã tạo",
        "createdDate": "02/11/2026",
        "createHour": item["statusHistory"][0]["createHour"],
    }


def test_nothing_is_told_without_a_token(stage: Stage) -> None:
    answer = requests.get(f"{stage[1]}/myvnpost/getOrder", params={"type": "1", "code": "x"}, timeout=60)

    assert answer.status_code == 401


def test_an_order_that_was_taken_and_never_answered_is_one_parcel_until_it_is_sent_again(
    stage: Stage, customer: Customer
) -> None:
    with pytest.raises(requests.ConnectionError):
        customer.create(REFERENCE, "0900000905")
    (known,) = customer.get("getOrder", "2", REFERENCE)["results"]
    before = stage[0].post.ledger()
    again = customer.create(REFERENCE, "0900000905").json()
    after = stage[0].post.ledger()

    assert len(before["parcels"]) == 1
    assert before["duplicates"] == {}
    assert after["duplicates"] == {REFERENCE: [known["itemCode"], again["itemCode"]]}


def test_an_address_may_be_refused(customer: Customer) -> None:
    answer = customer.create(REFERENCE, "0900 000 904")

    assert answer.status_code == 400
    assert answer.json()["description"] == "receiverAddress"


@pytest.mark.parametrize(
    ("phone", "leg", "final"), [("901", "D1", 14), ("902", "D1", 14), ("903", "D1", 19), ("903", "C1", 8)]
)
def test_a_magic_number_forces_the_outcome(stage: Stage, customer: Customer, phone: str, leg: str, final: int) -> None:
    customer.create(f"H29.12-261102-0001/{leg}", f"0900000{phone}")
    (parcel,) = stage[0].post.parcels

    moved_to(stage[0], parcel.plan[-1].at + 1)

    assert stage[0].post.ledger()["parcels"][0]["final"] == final


def test_an_impolite_post_fails_some_calls_and_only_the_first_of_each(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, sandbox_manners="impolite")
    stage = rehearse(settings, a_clock())

    first = [stage.post.lapse("create", f"order-{n}") for n in range(1000)]
    second = [stage.post.lapse("create", f"order-{n}") for n in range(1000)]

    assert 20 < sum(lapse.value != "none" for lapse in first) < 100
    assert {lapse.value for lapse in second} == {"none"}


def test_the_record_of_a_webhook_has_the_shape_of_the_sample(stage: Stage, customer: Customer) -> None:
    customer.create(REFERENCE)
    (parcel,) = stage[0].post.parcels
    mail = stage[0].postbag.mail

    sealed = mail.sealed([mail.record(parcel, parcel.plan[-1])], MONDAY.timestamp())

    assert shape(msgspec.json.decode(sealed.body)) == shape(msgspec.json.decode(sample("webhook_delivered.json")))
