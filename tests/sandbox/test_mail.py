"""Webhooks in each carrier's own form: shaped like its samples, tried again as its document says, repeated alike."""

import threading
from pathlib import Path
from urllib.parse import parse_qsl

import msgspec
import pytest

from sandbox.ems_mail import TRANSACTION
from sandbox.scans import Scan
from schemas.postal import ParcelStatus
from tests.sandbox.customers import (
    BUYERS,
    Answer,
    Buyer,
    EmsBuyer,
    GhnBuyer,
    GhtkBuyer,
    MyVNPostBuyer,
    ViettelPostBuyer,
    VNPostHccBuyer,
)
from tests.sandbox.stage import sample, shape
from tests.sandbox.street import DAY, REFERENCE, Street, a_street

TRIES = {"myvnpost": 6, "vnpost_hcc": 6, "ems": 6, "viettelpost": 6, "ghn": 11, "ghtk": 2}
"""How often each sends what is answered 503; six is the setting's, where no document says."""


def named(kind: type[Buyer]) -> str:
    return kind.name


def away(_buyer: Buyer, _path: str, _body: bytes, _headers: dict[str, str]) -> Answer:
    return 503, b"{}"


def at_first(street: Street) -> None:
    """The first webhook is due, and tried until it is taken or given up."""
    street.passes(street.parcel.plan[0].at + 1 - street.stage.timers.clock.seconds())
    street.quiet()


@pytest.mark.parametrize("kind", BUYERS, ids=named)
def test_a_webhook_that_nobody_takes_is_sent_as_often_as_the_carrier_s_document_says(
    kind: type[Buyer], tmp_path: Path
) -> None:
    with a_street(tmp_path, kind, away) as street:
        street.buyer.order(REFERENCE, "0900000901")

        at_first(street)

    (webhook,) = street.parcel.webhooks
    assert [one.status for one in webhook.tries] == [503] * TRIES[kind.name]
    assert len({hook.body for hook in street.hooks()}) == 1 or kind is MyVNPostBuyer
    assert not webhook.taken


@pytest.mark.parametrize("kind", [VNPostHccBuyer, EmsBuyer], ids=named)
def test_a_200_without_the_words_that_the_carrier_waits_for_is_no_success(kind: type[Buyer], tmp_path: Path) -> None:
    def says_ok(_buyer: Buyer, _path: str, _body: bytes, _headers: dict[str, str]) -> Answer:
        return 200, b'{"ok": true}'

    with a_street(tmp_path, kind, says_ok) as street:
        street.buyer.order(REFERENCE, "0900000901")

        at_first(street)

    assert [one.status for one in street.parcel.webhooks[0].tries] == [200] * 6
    assert not street.parcel.webhooks[0].taken


@pytest.mark.parametrize("kind", [GhnBuyer, GhtkBuyer, ViettelPostBuyer], ids=named)
def test_only_200_is_a_success_for_those_who_say_so(kind: type[Buyer], tmp_path: Path) -> None:
    def says_accepted(_buyer: Buyer, _path: str, _body: bytes, _headers: dict[str, str]) -> Answer:
        return 202, b"{}"

    with a_street(tmp_path, kind, says_accepted) as street:
        street.buyer.order(REFERENCE, "0900000901")

        at_first(street)

    assert len(street.parcel.webhooks[0].tries) == TRIES[kind.name]


def test_viettel_post_waits_with_everything_until_one_is_taken(tmp_path: Path) -> None:
    calls = list[str]()

    def away_twice(buyer: Buyer, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        calls.append(msgspec.json.decode(body)["DATA"]["ORDER_STATUS"])
        return (503, b"{}") if len(calls) <= 2 else buyer.hear(path, body, headers)

    with a_street(tmp_path, ViettelPostBuyer, away_twice) as street:
        street.buyer.order(REFERENCE, "0900000901")

        street.ends()

    first, *others = [str(code) for code in calls]
    assert others[:2] == [first, first]
    assert others[2:] == [str(street.parcel.code(scan).code) for scan in street.parcel.plan[1:]]


def test_viettel_post_does_not_wait_longer_than_a_second_for_an_answer(tmp_path: Path) -> None:
    calls, again = list[str](), threading.Event()

    def slow_once(buyer: Buyer, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        calls.append(path)
        if len(calls) == 1:
            assert again.wait(60)
        again.set()
        return buyer.hear(path, body, headers)

    with a_street(tmp_path, ViettelPostBuyer, slow_once) as street:
        street.buyer.order(REFERENCE, "0900000901")

        at_first(street)

    assert [one.status for one in street.parcel.webhooks[0].tries] == [0, 200]


def test_the_same_status_of_ems_comes_under_the_same_name_and_another_under_another(tmp_path: Path) -> None:
    with a_street(tmp_path, EmsBuyer) as street:
        street.buyer.order(REFERENCE, "0900000910")

        street.arrives()
        street.passes(DAY)
        street.quiet()

    names = [hook.headers[TRANSACTION] for hook in street.hooks()]
    assert len(names) == 2 * len(street.parcel.plan)
    assert len(set(names)) == len(street.parcel.plan)


@pytest.mark.parametrize(
    ("kind", "name", "status"),
    [
        (VNPostHccBuyer, "webhook_delivered.json", ParcelStatus.DELIVERED),
        (EmsBuyer, "webhook_delivered.json", ParcelStatus.DELIVERED),
        (ViettelPostBuyer, "webhook_delivered.json", ParcelStatus.DELIVERED),
        (GhnBuyer, "webhook_ready_to_pick.json", ParcelStatus.ACCEPTED),
        (GhnBuyer, "webhook_delivered.json", ParcelStatus.DELIVERED),
        (GhtkBuyer, "webhook_json_delay.json", ParcelStatus.DELIVERED),
    ],
)
def test_a_webhook_has_the_shape_of_the_carrier_s_sample(
    tmp_path: Path, kind: type[Buyer], name: str, status: ParcelStatus
) -> None:
    with a_street(tmp_path, kind) as street:
        if kind is VNPostHccBuyer:
            assert isinstance(street.buyer, VNPostHccBuyer)
            street.buyer.order(REFERENCE, "0900000901", "RX000000015VN")
        else:
            street.buyer.order(REFERENCE, "0900000901")
        mail = street.stage.houses[kind.name].postbag.mail
        scan = next(scan for scan in street.parcel.plan if scan.status is status)
        record = mail.record(street.parcel, scan)

    expected = msgspec.json.decode(sample(name, kind.name))
    assert shape(record) == shape(expected.get("DATA", expected))


def test_a_form_of_ghtk_has_the_fields_of_its_sample(tmp_path: Path) -> None:
    with a_street(tmp_path, GhtkBuyer) as street:
        street.buyer.order(REFERENCE, "0900000901")
        street.ends()

    forms = [hook for hook in street.hooks() if "urlencoded" in hook.headers["content-type"]]
    expected = dict(parse_qsl(sample("webhook_delivered.txt", "ghtk").decode(), keep_blank_values=True))
    assert forms
    for hook in forms:
        assert list(dict(parse_qsl(hook.body.decode(), keep_blank_values=True))) == list(expected)


@pytest.mark.parametrize("kind", [VNPostHccBuyer, ViettelPostBuyer], ids=named)
def test_on_the_way_back_the_codes_of_the_way_there_are_marked(kind: type[Buyer], tmp_path: Path) -> None:
    with a_street(tmp_path, kind) as street:
        street.buyer.order(REFERENCE, "0900000903")
        street.ends()

    code = {"vnpost_hcc": "70", "viettelpost": "400"}[kind.name]
    assert sorted(one.returning for one in street.told() if one.code == code) == [False, True]
    assert [one.returning for one in street.told() if one.code in ("91", "506")] == [False] * 3


def test_hcc_orders_without_an_item_code_are_told_of_by_their_number_alone(tmp_path: Path) -> None:
    with a_street(tmp_path, VNPostHccBuyer) as street:
        assert isinstance(street.buyer, VNPostHccBuyer)
        street.buyer.order(REFERENCE, "0900000901")
        street.buyer.order("H29.12-261102-0002/D1", "0900000901", "RX000000015VN")
        street.passes(DAY)
        street.quiet()

    assert {(one.reference, one.item) for one in street.told()} == {
        (REFERENCE, None),
        ("H29.12-261102-0002/D1", "RX000000015VN"),
    }


def test_ghn_tells_of_money_under_the_status_of_the_moment(tmp_path: Path) -> None:
    with a_street(tmp_path, GhnBuyer) as street:
        street.buyer.order(REFERENCE, "0900000901")
        street.ends()

    [said] = [hook.json for hook in street.hooks() if hook.json["Type"].lower() == "update_cod"]
    assert said["Status"] == "delivered"
    assert said["CODTransferDate"] == said["Time"][:19] + "Z"


@pytest.mark.parametrize(
    ("kind", "cause", "field", "code"),
    [
        (GhnBuyer, "Không nghe máy", "ReasonCode", "GHN-DFC1A4"),
        (GhnBuyer, "Người nhận từ chối nhận", "ReasonCode", "GHN-DCD0A8"),
        (GhnBuyer, "Thời tiết xấu, ngập lụt", "ReasonCode", ""),
        (GhtkBuyer, "Thời tiết xấu, ngập lụt", "reason_code", "126"),
        (GhtkBuyer, "Người nhận đã chuyển chỗ ở", "reason_code", "124"),
        (ViettelPostBuyer, "Không nghe máy", "REASON_CODE", 36),
        (ViettelPostBuyer, "Sai địa chỉ người nhận", "REASON_CODE", None),
        (EmsBuyer, "Sai địa chỉ người nhận", "note", "Sai địa chỉ người nhận"),
        (VNPostHccBuyer, "Sai địa chỉ người nhận", "CauseName", "Sai địa chỉ người nhận"),
        (MyVNPostBuyer, "Sai địa chỉ người nhận", "causeName", "Sai địa chỉ người nhận"),
    ],
)
def test_why_an_attempt_failed_is_said_in_the_carrier_s_own_code_or_in_words(
    tmp_path: Path, kind: type[Buyer], cause: str, field: str, code: object
) -> None:
    with a_street(tmp_path, kind) as street:
        street.buyer.order(REFERENCE, "0900000901")
        scan = Scan(ParcelStatus.DELIVERY_FAILED, street.parcel.created_at, cause)
        said = street.stage.houses[kind.name].postbag.mail.record(street.parcel, scan)

    assert said[field] == code
