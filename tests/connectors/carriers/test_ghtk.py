"""Giao Hang Tiet Kiem: its calls, its replies, its codes, its forms and its hash, by its own papers."""

import json
from dataclasses import replace
from datetime import date
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.carrier_settings import Ghtk, Signature
from connectors.carriers import InDoubt, Receipt, Update
from connectors.carriers.ghtk import CARRIER, REASONS, STATUSES
from connectors.verdicts import AlreadyDone, Forged, Refused, TryLater, Unreadable
from schemas.postal import OrderAccepted, ParcelStatus, WebhookVerdict
from tests.connectors.carriers.hired import (
    JSON,
    REFERENCE,
    TEXTS,
    a_reply,
    an_order,
    bytes_of,
    can_be_said,
    reasons_of,
    records,
    sample,
    statuses_of,
)

SETTINGS = Ghtk(access_token=SecretStr("t"), client_source="S7")
NAMES = [*sample("ghtk", "webhook_json_delay.json")]
WITH_NAMES = ("Phường Mẫu, Quận Mẫu", "Phường Thử, Quận Thử")
HASH = {"hash": "sample-hash"}


def told(**fields: Any) -> Update:
    """What a webhook with these fields says, as JSON; as a form it says the same."""
    record = sample("ghtk", "webhook_json_delay.json") | fields
    (update,) = CARRIER.updates(json.dumps(record).encode())
    assert CARRIER.updates(urlencode(record).encode()) == [update]
    return update


def an_answer(**order: Any) -> dict[str, Any]:
    """What it says of an order when it is asked."""
    given = {
        "label_id": "S1.A1.10000001",
        "partner_id": REFERENCE,
        "status": "5",
        "status_text": "Đã giao hàng",
        "created": "2026-10-12 08:00:01",
        "modified": "2026-10-13 15:40:02",
        "message": "",
        "weight": 100,
    }
    return {"success": True, "message": "", "order": given | order}


def a_no(message: str, code: str = "") -> dict[str, Any]:
    return {"success": False, "message": message, "error_code": code, "log_id": "sample-log"}


# ---------------------------------------------------------------- calls


def test_an_order_becomes_the_partners_own_body_with_the_day_on_which_it_is_to_come() -> None:
    wanted = sample("ghtk", "create_request.json")
    order = replace(an_order(WITH_NAMES, "TP. Hồ Chí Minh"), collect_on=date(2026, 10, 12))

    call = CARRIER.request(SETTINGS, order)

    assert (call.method, call.path, call.query) == ("POST", "/services/shipment/order/", {"ver": "1.5"})
    assert call.headers == {"Token": "t", "X-Client-Source": "S7", "Content-Type": "application/json"}
    assert call.json == wanted


def test_an_order_that_asks_for_no_day_names_none() -> None:
    assert "pick_date" not in CARRIER.request(SETTINGS, an_order(WITH_NAMES, "79")).json["order"]


def test_a_reference_is_quoted_in_a_path_and_its_label_preferred() -> None:
    assert CARRIER.query(SETTINGS, REFERENCE).path == "/services/shipment/v2/H29.12-261008-0107%2FD1"
    assert CARRIER.query(SETTINGS, REFERENCE, "S1.A1.1").path == "/services/shipment/v2/S1.A1.1"
    assert CARRIER.cancel(SETTINGS, Receipt("S1.A1.1", REFERENCE)).path == "/services/shipment/cancel/S1.A1.1"
    by_reference = CARRIER.cancel(SETTINGS, Receipt(None, REFERENCE)).path
    assert by_reference == "/services/shipment/cancel/partner_id:H29.12-261008-0107%2FD1"
    assert CARRIER.history(SETTINGS, REFERENCE, "S1.A1.1") is None
    with pytest.raises(Refused):
        CARRIER.cancel(SETTINGS, Receipt(None, ""))


def test_a_reference_is_sent_with_the_sign_it_takes_and_is_known_again() -> None:
    sent = CARRIER.request(Ghtk(reference_sign="_"), an_order(WITH_NAMES, "79")).json["order"]["id"]

    assert sent == "H29.12-261008-0107_D1"
    assert told(partner_id=sent).reference == REFERENCE


# ---------------------------------------------------------------- replies


def test_its_label_is_the_item_and_its_fee_may_be_text() -> None:
    receipt = CARRIER.receipt(a_reply(sample("ghtk", "create_reply_ok.json")))

    assert receipt == Receipt("S1.A1.10000001", REFERENCE, 30400, status=ParcelStatus.ACCEPTED)


@pytest.mark.parametrize("status", [200, 400, 401, 409, 422, 500])
@pytest.mark.parametrize("more", [{}, {"error": {"ghtk_label": "S1.A1.10000001"}, "error_code": "ORDER_ID_EXIST"}])
def test_a_reference_that_it_has_is_done_already_whatever_the_http_status(status: int, more: dict[str, Any]) -> None:
    with pytest.raises(AlreadyDone) as done:
        CARRIER.receipt(a_reply(sample("ghtk", "create_reply_duplicate.json") | more, status))

    assert isinstance(done.value.receipt, Receipt)
    assert done.value.receipt.item_code == "S1.A1.10000001"
    assert CARRIER.in_doubt is InDoubt.RESEND


@pytest.mark.parametrize("status", [200, 422])
def test_wrong_data_is_a_refusal_whatever_the_http_status(status: int) -> None:
    with pytest.raises(Refused) as refused:
        CARRIER.receipt(a_reply(sample("ghtk", "create_reply_refused.json"), status))

    assert (refused.value.code, refused.value.words) == ("30101", "Thiếu thông tin đơn hàng")


@pytest.mark.parametrize(
    ("body", "status", "in_doubt"),
    [
        ({}, 429, False),
        (a_no("Cần cung cấp token hợp lệ", "20101"), 401, False),
        (a_no("Cần cung cấp token hợp lệ", "20102"), 200, False),
        (a_no("Đã có lỗi xảy ra!", "10101"), 500, True),
        (a_no("Hệ thống đang sự cố", "10103"), 200, True),
        ({}, 503, True),
        (b"<html>", 200, True),
        (b"<html>", 503, True),
        ({"success": True, "message": "", "order": {}}, 200, True),
    ],
)
def test_what_is_neither_taken_nor_refused_is_tried_later(body: Any, status: int, in_doubt: bool) -> None:
    with pytest.raises(TryLater) as later:
        CARRIER.receipt(a_reply(body, status))

    assert later.value.in_doubt is in_doubt


def test_an_order_asked_for_is_found() -> None:
    found = CARRIER.found(a_reply(an_answer()))

    assert found == Receipt("S1.A1.10000001", REFERENCE, status=ParcelStatus.DELIVERED)


@pytest.mark.parametrize("status", [200, 404])
def test_an_order_it_plainly_does_not_know_is_not_found(status: int) -> None:
    said = a_no("Đơn hàng không tồn tại")

    assert CARRIER.found(a_reply(said, status)) is None
    assert CARRIER.updates(json.dumps(said).encode()) == []


@pytest.mark.parametrize(
    "said", [a_no("Đường dẫn không tồn tại, vui lòng thử lại sau", "10104"), a_no("Lỗi khác"), {}, b"<html>"]
)
def test_an_answer_that_is_not_plain_is_asked_for_again(said: Any) -> None:
    with pytest.raises(TryLater):
        CARRIER.found(a_reply(said, 404))


@pytest.mark.parametrize(
    "said",
    [
        {"success": True, "message": "", "log_id": "x"},
        a_no("Đơn hàng đã ở trạng thái hủy"),
        a_no("Đơn hàng đã bị huỷ"),
    ],
)
def test_an_order_that_was_cancelled_before_is_gone(said: dict[str, Any]) -> None:
    assert CARRIER.cancelled(a_reply(said)) is True


@pytest.mark.parametrize("words", ["Đơn hàng không ở trạng thái hủy được", "Đơn hàng đã được lấy, không thể hủy"])
def test_an_order_that_it_keeps_is_not_gone(words: str) -> None:
    with pytest.raises(Refused):
        CARRIER.cancelled(a_reply(a_no(words)))


# ---------------------------------------------------------------- codes


def test_the_table_is_the_handbooks() -> None:
    assert {(version, code): status for version, code, status, _ in statuses_of("ghtk")} == STATUSES
    assert reasons_of("ghtk") == REASONS


@pytest.mark.parametrize(("version", "code"), STATUSES)
def test_every_code_is_translated_as_a_number_or_as_text(version: str, code: str) -> None:
    for said in (int(code), code):
        update = told(status_id=said)

        assert (update.status, update.code, update.firm) == (STATUSES[version, code], code, True)


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_is_translated_as_a_number_or_as_text_whatever_the_status(code: str) -> None:
    for said in (int(code), code):
        update = told(status_id=4, reason_code=said)

        assert (update.status, update.reason, update.fault) == (ParcelStatus.OUT_FOR_DELIVERY, *REASONS[code])


@pytest.mark.parametrize("code", ["123", "127", "128"])
def test_a_status_is_never_looked_up_among_reasons(code: str) -> None:
    assert told(status_id=code, reason_code="").reason is None
    assert told(status_id="", reason_code=code).status is ParcelStatus.UNKNOWN


def test_the_postmans_own_word_does_not_close_a_leg() -> None:
    assert told(status_id=45).status is ParcelStatus.OUT_FOR_DELIVERY


@pytest.mark.parametrize("partly", [1, "1"])
def test_a_part_that_returns_is_partial_whatever_the_status(partly: Any) -> None:
    assert told(status_id=5, return_part_package=partly).status is ParcelStatus.PARTIAL
    assert told(status_id=5, return_part_package=0).status is ParcelStatus.DELIVERED


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2016-11-02T12:18:39+07:00", "2016-11-02T12:18:39+07:00"),
        ("2016-11-02T12:18:39 07:00", "2016-11-02T12:18:39+07:00"),
        ("2016-11-02T12:18:39.250+07:00", "2016-11-02T12:18:39+07:00"),
        ("2016-11-02T05:18:39Z", "2016-11-02T12:18:39+07:00"),
        ("2016-11-02T12:18:39", "2016-11-02T12:18:39+07:00"),
        ("02/11/2016 12:18", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59+00:00", None),
    ],
)
def test_its_time_keeps_its_instant_even_where_the_plus_became_a_space(text: str, at: str | None) -> None:
    found = told(action_time=text).at

    assert (found.isoformat() if found else None) == at


def test_a_bare_plus_in_a_form_is_a_zone() -> None:
    (update,) = CARRIER.updates(b"label_id=S1&status_id=5&action_time=2016-11-02T12:18:39+07:00")

    assert update.at is not None and update.at.isoformat() == "2016-11-02T12:18:39+07:00"


def test_an_answer_tells_where_an_order_stands_since_it_changed() -> None:
    (update,) = CARRIER.updates(json.dumps(an_answer()).encode())

    assert (update.item, update.reference, update.status) == ("S1.A1.10000001", REFERENCE, ParcelStatus.DELIVERED)
    assert update.at is not None and update.at.isoformat() == "2026-10-13T15:40:02+07:00"


# ---------------------------------------------------------------- its hash


@pytest.mark.parametrize("signature", Signature)
@pytest.mark.parametrize("name", ["webhook_delivered.txt", "webhook_json_delay.json"])
def test_the_right_hash_is_a_secret_that_matched(name: str, signature: Signature) -> None:
    settings = Ghtk(webhook_secret=SecretStr("sample-hash"), signature=signature)

    assert CARRIER.verify(settings, {}, HASH, bytes_of("ghtk", name)) is WebhookVerdict.SECRET


@pytest.mark.parametrize("query", [{}, {"hash": ""}, {"hash": "wrong"}, {"secret": "sample-hash"}])
def test_a_wrong_hash_is_forged_where_it_is_required_and_proves_nothing_where_it_is_observed(
    query: dict[str, str],
) -> None:
    body, secret = bytes_of("ghtk", "webhook_delivered.txt"), SecretStr("sample-hash")

    with pytest.raises(Forged):
        CARRIER.verify(Ghtk(webhook_secret=secret, signature=Signature.REQUIRED), {}, query, body)
    assert CARRIER.verify(Ghtk(webhook_secret=secret), {}, query, body) is WebhookVerdict.NONE


@pytest.mark.parametrize("query", [{}, {"hash": ""}, HASH])
def test_without_a_hash_of_ours_nothing_matches(query: dict[str, str]) -> None:
    body = bytes_of("ghtk", "webhook_delivered.txt")

    assert CARRIER.verify(Ghtk(), {}, query, body) is WebhookVerdict.NONE
    with pytest.raises(Forged):
        CARRIER.verify(Ghtk(signature=Signature.REQUIRED), {}, query, body)


def test_its_secret_is_in_the_address_and_so_the_body_is_stored_as_it_came() -> None:
    body = bytes_of("ghtk", "webhook_delivered.txt")

    assert CARRIER.redact(body) == body
    assert b"sample-hash" not in body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b"{}",
        b"a=1",
        b"label_id",
        b"\xff",
        b"[" * 100_000,
        b"&".join([b"label_id=1"] * 201),
        b'{"success": false, "message": "x"}',
        b'{"success": true, "order": 1}',
    ],
)
def test_what_is_no_webhook_and_no_answer_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        CARRIER.updates(body)
    with pytest.raises(Unreadable):
        CARRIER.verify(SETTINGS, {}, {}, body)


@given(
    st.binary() | JSON.map(lambda said: json.dumps(said).encode()) | st.binary().map(lambda rest: b"label_id=" + rest)
)
def test_any_bytes_are_translated_or_unreadable(body: bytes) -> None:
    try:
        can_be_said("ghtk", CARRIER.updates(body))
    except Unreadable:
        return


@given(
    records([name for name in NAMES if name != "label_id"]),
    records(["partner_id", "status", "modified", "message", "status_text"]),
)
def test_whatever_stands_in_a_record_becomes_updates_that_can_be_said(
    webhook: dict[str, Any], order: dict[str, Any]
) -> None:
    for said in (webhook | {"label_id": 1}, {"success": True, "order": order | {"label_id": "1"}}):
        can_be_said("ghtk", CARRIER.updates(json.dumps(said).encode()))


@given(
    records(["success", "message", "error_code", "error", "order"])
    | st.builds(lambda order: {"success": True, "order": order}, records(["label", "partner_id", "fee", "status_id"]))
    | st.builds(
        lambda label: {"success": False, "error": {"code": "ORDER_ID_EXIST", "ghtk_label": label}}, st.none() | TEXTS
    ),
    st.sampled_from([200, 201, 400, 404, 422, 500]),
)
def test_whatever_an_order_is_answered_is_a_receipt_or_a_verdict(said: dict[str, Any], status: int) -> None:
    try:
        receipt = CARRIER.receipt(a_reply(said, status))
    except AlreadyDone as done:
        receipt = cast(Receipt, done.receipt)
    except (Refused, TryLater):
        return

    data = OrderAccepted.Data(leg="D1", carrier="ghtk", item_code=receipt.item_code, reference="r", fee=receipt.fee)
    assert data.model_dump_json()


@given(records(["success", "message", "error_code", "order"]), st.sampled_from([200, 400, 404, 500]))
def test_whatever_a_question_is_answered_is_never_a_refusal(said: dict[str, Any], status: int) -> None:
    try:
        CARRIER.found(a_reply(said, status))
    except TryLater:
        return


def test_the_webhooks_answer_is_a_status() -> None:
    answers = [CARRIER.answer(verdict).status for verdict in (None, Forged("x"), Unreadable("x"), TryLater("x"))]

    assert answers == [200, 401, 400, 503]
