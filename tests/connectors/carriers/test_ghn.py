"""Giao Hang Nhanh: its calls, its replies, its codes and its answers about orders, by its own papers."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.asking import Question, confirms
from connectors.carrier_settings import Ghn, Signature
from connectors.carriers import InDoubt, Receipt, Update
from connectors.carriers.ghn import CARRIER, REASONS, STATUSES
from connectors.verdicts import Forged, Refused, TryLater, Unreadable
from schemas.postal import OrderAccepted, ParcelStatus, WebhookVerdict
from tests.connectors.carriers.hired import (
    JSON,
    REFERENCE,
    a_reply,
    an_order,
    bytes_of,
    can_be_said,
    reasons_of,
    records,
    sample,
    statuses_of,
)

SETTINGS = Ghn(access_token=SecretStr("t"), shop_id="7")
NAMES = [*sample("ghn", "webhook_delivered.json")]
WITH_NAMES = ("Phường Mẫu, Quận Mẫu", "Phường Thử, Quận Thử")


def told(**fields: Any) -> Update:
    """What a webhook with these fields says."""
    (update,) = CARRIER.updates(json.dumps(sample("ghn", "webhook_delivered.json") | fields).encode())
    return update


def an_answer(order: Any, code: int = 200, message: str = "Success", **more: str) -> dict[str, Any]:
    return {"code": code, "message": message, "data": order, **more}


# ---------------------------------------------------------------- calls


def test_an_order_becomes_the_partners_own_body() -> None:
    call = CARRIER.request(SETTINGS, an_order(WITH_NAMES, "TP Hồ Chí Minh"))

    assert (call.method, call.path) == ("POST", "/v2/shipping-order/create")
    assert call.headers == {"Token": "t", "ShopId": "7"}
    assert call.json == sample("ghn", "create_request.json")


def test_without_rows_in_its_place_table_our_own_names_stand() -> None:
    body = CARRIER.request(SETTINGS, an_order(("00001", "Phường Khác"), "79")).json

    assert [body[f"from_{name}_name"] for name in ("ward", "district", "province")] == [
        "Phường Mẫu",
        "",
        "Thành phố Hồ Chí Minh",
    ]
    assert (body["to_ward_name"], body["to_district_name"]) == ("Phường Khác", "")


def test_a_reference_longer_than_its_field_is_sent_short_and_always_alike() -> None:
    long = f"000.00.12.H29-{'9' * 40}/D1"

    sent = CARRIER.request(SETTINGS, an_order(WITH_NAMES, "79", long)).json["client_order_code"]

    assert len(sent) <= 50
    assert sent.endswith("/D1")
    assert CARRIER.query(SETTINGS, long).json == {"client_order_code": sent}


def test_an_order_is_asked_for_by_its_number_or_else_by_our_reference() -> None:
    by_number, by_reference = CARRIER.query(SETTINGS, REFERENCE, "LMAU01"), CARRIER.query(SETTINGS, REFERENCE)

    assert (by_number.path, by_number.json) == ("/v2/shipping-order/detail", {"order_code": "LMAU01"})
    assert by_reference.path == "/v2/shipping-order/detail-by-client-code"
    assert by_reference.json == {"client_order_code": REFERENCE}
    assert CARRIER.history(SETTINGS, REFERENCE, "LMAU01") is None
    assert (CARRIER.asks, CARRIER.in_doubt, CARRIER.login(SETTINGS)) == (True, InDoubt.ASK_FIRST, None)


# ---------------------------------------------------------------- replies


def test_its_order_code_is_the_item() -> None:
    assert CARRIER.receipt(a_reply(sample("ghn", "create_reply_ok.json"))) == Receipt("LMAU01", "", 27500)


@pytest.mark.parametrize("status", [200, 400])
def test_its_own_code_refuses_whatever_http_says(status: int) -> None:
    with pytest.raises(Refused) as refused:
        CARRIER.receipt(a_reply(sample("ghn", "create_reply_refused.json"), status))

    assert (refused.value.code, refused.value.field) == ("USER_ERR_COMMON", "to_phone")
    assert refused.value.words == "to_phone is invalid"


@pytest.mark.parametrize(
    ("body", "status", "in_doubt"),
    [
        ({}, 429, False),
        ({}, 401, False),
        ({}, 500, True),
        (b"<html>", 200, True),
        (an_answer(None), 200, True),
        (an_answer(None, 500, "Internal"), 200, True),
        (an_answer(None, 401, "Unauthorized"), 200, False),
        (an_answer(None, 429, "Too many requests"), 200, False),
        (an_answer(None, 400, "Shop không tồn tại", code_message="SHOP_NOT_FOUND"), 400, False),
        (an_answer(None, 400, "Token is not valid"), 400, False),
    ],
)
def test_what_is_neither_taken_nor_refused_is_tried_later(body: Any, status: int, in_doubt: bool) -> None:
    with pytest.raises(TryLater) as later:
        CARRIER.receipt(a_reply(body, status))

    assert later.value.in_doubt is in_doubt


@pytest.mark.parametrize("message", ["Mã đơn hàng đã tồn tại", "client_order_code already exists", "Duplicate order"])
def test_an_order_that_it_has_already_is_in_doubt_and_so_it_is_asked(message: str) -> None:
    with pytest.raises(TryLater) as later:
        CARRIER.receipt(a_reply(an_answer(None, 400, message), 400))

    assert later.value.in_doubt


def test_a_ward_that_does_not_exist_is_a_refusal() -> None:
    with pytest.raises(Refused):
        CARRIER.receipt(a_reply(an_answer(None, 400, "Phường không tồn tại"), 400))


@pytest.mark.parametrize("wrapped", [False, True])
def test_an_order_asked_for_is_found_in_either_shape(wrapped: bool) -> None:
    said = sample("ghn", "query_by_client_code_reply.json")
    said = said | {"data": [said["data"]]} if wrapped else said

    assert CARRIER.found(a_reply(said)) == Receipt("LMAU01", REFERENCE, status=ParcelStatus.ACCEPTED)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (an_answer(None), 200),
        (an_answer([]), 200),
        (an_answer(None, 400, "order not found"), 400),
        (an_answer(None, 404, "Đơn hàng không tồn tại", code_message="ORDER_NOT_FOUND"), 404),
    ],
)
def test_an_order_it_plainly_does_not_know_is_not_found(said: dict[str, Any], status: int) -> None:
    assert CARRIER.found(a_reply(said, status)) is None
    assert CARRIER.updates(json.dumps(said).encode()) == []


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (an_answer(None, 400, "Shop không tồn tại", code_message="SHOP_NOT_FOUND"), 400),
        (an_answer(None, 400, "to_phone is invalid"), 400),
        (an_answer({"status": "picked"}), 200),
        ({}, 404),
        ({}, 200),
        (b"404 page not found", 404),
        ({"message": "page not found"}, 404),
    ],
)
def test_an_answer_that_is_not_plain_never_sends_an_order_again(said: Any, status: int) -> None:
    with pytest.raises(TryLater):
        CARRIER.found(a_reply(said, status))


def test_a_cancellation_is_read_order_by_order() -> None:
    call = CARRIER.cancel(SETTINGS, Receipt("LMAU01", REFERENCE))
    gone = an_answer([{"order_code": "LMAU01", "result": True, "message": "OK"}])
    stays = an_answer([{"order_code": "LMAU01", "result": False, "message": "Đơn đã lấy"}])

    assert (call.path, call.json) == ("/v2/switch-status/cancel", {"order_codes": ["LMAU01"]})
    assert CARRIER.cancelled(a_reply(gone)) is True
    with pytest.raises(Refused) as refused:
        CARRIER.cancelled(a_reply(stays))
    assert refused.value.words == "Đơn đã lấy"
    with pytest.raises(TryLater):
        CARRIER.cancelled(a_reply(an_answer([])))
    with pytest.raises(Refused):
        CARRIER.cancel(SETTINGS, Receipt(None, REFERENCE))


# ---------------------------------------------------------------- codes


def test_the_table_is_the_handbooks() -> None:
    assert {(version, code): status for version, code, status, _ in statuses_of("ghn")} == STATUSES
    assert reasons_of("ghn") == REASONS


@pytest.mark.parametrize(("version", "code"), STATUSES)
def test_every_code_is_translated(version: str, code: str) -> None:
    update = told(Status=code)

    assert (update.status, update.code, update.firm) == (STATUSES[version, code], code, True)


@pytest.mark.parametrize("code", REASONS)
def test_a_known_reason_is_translated_whatever_the_status(code: str) -> None:
    update = told(Status="delivering", ReasonCode=code)

    assert (update.status, update.reason, update.fault) == (ParcelStatus.OUT_FOR_DELIVERY, *REASONS[code])


@pytest.mark.parametrize("code", ["GHN-SC01", "GHN-PC8A1", "GHN-PCA01", "GHN-RC1", "GHN-PCB0", ""])
def test_the_older_series_of_reasons_is_not_guessed_at(code: str) -> None:
    update = told(Status="delivery_fail", ReasonCode=code)

    assert (update.reason, update.fault) == (None, None)


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("GHN-PFA1A0", ParcelStatus.PICKUP_FAILED),
        ("GHN-PCB0B1", ParcelStatus.PICKUP_FAILED),
        ("GHN-PCA01", ParcelStatus.ACCEPTED),
        ("GHN-DFC1A4", ParcelStatus.ACCEPTED),
    ],
)
def test_a_pickup_reason_makes_of_waiting_a_failed_pickup_that_is_not_sure(reason: str, status: ParcelStatus) -> None:
    update = told(Status="ready_to_pick", ReasonCode=reason)

    assert (update.status, update.firm) == (status, status is ParcelStatus.ACCEPTED)


def test_a_part_that_returns_is_partial_whatever_the_status() -> None:
    assert told(Status="delivered", IsPartialReturn=True).status is ParcelStatus.PARTIAL


@pytest.mark.parametrize("kind", ["update_fee", "Update_Cod", "UPDATE_WEIGHT", "update_something"])
def test_a_change_of_money_or_weight_tells_of_no_movement(kind: str) -> None:
    body = sample("ghn", "webhook_failed_absent.json") | {"Type": kind}

    assert CARRIER.updates(json.dumps(body).encode()) == []


@pytest.mark.parametrize("kind", ["create", "Switch_Status", "", None, "something"])
def test_any_other_type_is_read_by_its_status(kind: Any) -> None:
    assert told(Type=kind).status is ParcelStatus.DELIVERED


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-10T18:05:00Z", "2026-11-11T01:05:00+07:00"),
        ("2026-11-10T18:05:00.123456789Z", "2026-11-11T01:05:00+07:00"),
        ("2026-11-10T18:05:00+07:00", "2026-11-10T18:05:00+07:00"),
        ("10/11/2026 18:05:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59Z", None),
    ],
)
def test_its_time_is_utc_and_shown_as_viet_nams(text: str, at: str | None) -> None:
    found = told(Time=text).at

    assert (found.isoformat() if found else None) == at


# ---------------------------------------------------------------- its answers about orders


def test_an_answer_tells_every_step_and_where_the_order_stands() -> None:
    order = {
        "order_code": "LMAU01",
        "client_order_code": REFERENCE,
        "status": "delivered",
        "log": [
            {"status": "picked", "updated_date": "2026-10-12T03:00:00.5Z"},
            {"status": "delivered", "updated_date": "2026-10-13T08:40:02.001Z"},
        ],
    }

    picked, delivered = CARRIER.updates(json.dumps(an_answer([order])).encode())

    assert (picked.status, delivered.status) == (ParcelStatus.PICKED_UP, ParcelStatus.DELIVERED)
    assert (delivered.item, delivered.reference) == ("LMAU01", REFERENCE)
    assert delivered.at is not None and delivered.at.isoformat() == "2026-10-13T15:40:02+07:00"


def test_an_answer_without_steps_tells_where_the_order_stands_without_a_time() -> None:
    (update,) = CARRIER.updates(bytes_of("ghn", "query_by_client_code_reply.json"))

    assert (update.status, update.at) == (ParcelStatus.ACCEPTED, None)


def test_an_answer_confirms_a_delivery_that_a_webhook_reported() -> None:
    webhook = told()
    question = Question(
        dossier="H29.12-261008-0107", leg="D1", carrier="ghn", reference=REFERENCE, status=webhook.status, at=webhook.at
    )
    log = [{"status": "delivered", "updated_date": "2026-10-13T08:40:02.001Z"}]

    answer = CARRIER.updates(json.dumps(an_answer({"order_code": "LMAU01", "log": log})).encode())

    assert confirms(question, answer)


# ---------------------------------------------------------------- its address


def test_a_right_secret_in_the_address_lets_in_and_proves_nothing_more() -> None:
    body = bytes_of("ghn", "webhook_delivered.json")
    settings = Ghn(webhook_secret=SecretStr("s"), signature=Signature.REQUIRED)

    assert CARRIER.verify(settings, {}, {"secret": "s"}, body) is WebhookVerdict.NONE
    assert CARRIER.verify(Ghn(), {}, {}, body) is WebhookVerdict.NONE


@pytest.mark.parametrize("query", [{}, {"secret": ""}, {"secret": "wrong"}, {"hash": "s"}])
def test_a_wrong_secret_in_the_address_is_forged_where_it_is_required(query: dict[str, str]) -> None:
    body = bytes_of("ghn", "webhook_delivered.json")

    for secret in ("s", ""):
        with pytest.raises(Forged):
            CARRIER.verify(Ghn(webhook_secret=SecretStr(secret), signature=Signature.REQUIRED), {}, query, body)


def test_it_sends_no_secret_that_would_have_to_be_hidden() -> None:
    body = bytes_of("ghn", "webhook_delivered.json")

    assert CARRIER.redact(body) == body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b"{}",
        b'{"Status": "delivered", "OrderCode": "", "ClientOrderCode": null}',
        b'{"code": 200}',
        b'{"code": 400, "message": "to_phone is invalid", "data": null}',
        b'{"code": 200, "data": [1]}',
        b'{"code": 200, "data": {"status": "delivered"}}',
        b'{"code": 200, "data": {"order_code": "1", "log": 1}}',
        b'{"code": 200, "data": {"order_code": "1", "log": [1]}}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_what_is_no_webhook_and_no_answer_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        CARRIER.updates(body)
    with pytest.raises(Unreadable):
        CARRIER.verify(SETTINGS, {}, {}, body)


@given(st.binary() | JSON.map(lambda said: json.dumps(said).encode()))
def test_any_bytes_are_translated_or_unreadable(body: bytes) -> None:
    try:
        CARRIER.updates(body)
    except Unreadable:
        return


@given(
    records([name for name in NAMES if name != "OrderCode"]),
    records(["client_order_code", "status", "total_fee"]),
    st.lists(records(["status", "updated_date"]), max_size=3),
)
def test_whatever_stands_in_a_record_becomes_updates_that_can_be_said(
    webhook: dict[str, Any], order: dict[str, Any], log: list[dict[str, Any]]
) -> None:
    for said in (webhook | {"OrderCode": 1}, an_answer(order | {"order_code": "1", "log": log})):
        can_be_said("ghn", CARRIER.updates(json.dumps(said).encode()))


@given(
    records(["code", "message", "code_message", "data"])
    | st.builds(an_answer, records(["order_code", "total_fee", "status"])),
    st.sampled_from([200, 201, 400, 404, 422, 500]),
)
def test_whatever_an_order_is_answered_is_a_receipt_or_a_verdict(said: dict[str, Any], status: int) -> None:
    try:
        receipt = CARRIER.receipt(a_reply(said, status))
    except (Refused, TryLater):
        return

    data = OrderAccepted.Data(leg="D1", carrier="ghn", item_code=receipt.item_code, reference="r", fee=receipt.fee)
    assert data.model_dump_json()


@given(records(["code", "message", "data"]), st.sampled_from([200, 400, 404, 500]))
def test_whatever_a_question_is_answered_is_never_a_refusal(said: dict[str, Any], status: int) -> None:
    try:
        CARRIER.found(a_reply(said, status))
    except TryLater:
        return


def test_the_webhooks_answer_is_a_status() -> None:
    answers = [CARRIER.answer(verdict).status for verdict in (None, Forged("x"), Unreadable("x"), TryLater("x"))]

    assert answers == [200, 401, 400, 503]
