"""Viettel Post: its calls, its replies, its two lists of codes and its token, by its own papers."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.carrier_settings import Signature, Viettelpost
from connectors.carriers import InDoubt, Receipt, Update
from connectors.carriers.viettelpost import CARRIER, REASONS, STATUSES, UNCONFIRMED
from connectors.verdicts import Forged, Refused, TryLater, Unreadable
from schemas.postal import FailureReason, FaultParty, OrderAccepted, ParcelStatus, WebhookVerdict
from tests.connectors.carriers.hired import (
    JSON,
    REFERENCE,
    VALUES,
    a_reply,
    an_order,
    bytes_of,
    can_be_said,
    reasons_of,
    records,
    sample,
    statuses_of,
)

SETTINGS = Viettelpost(group_address_id=1, customer_id=1)
SECRET = "sample-vtp-secret"
NAMES = [*sample("viettelpost", "webhook_delivered.json")["DATA"]]
WITH_IDS = ("43/0", "44/0")


def told(version: str = "new", **fields: Any) -> Update:
    """What a webhook with these fields says."""
    record = sample("viettelpost", "webhook_delivered.json")["DATA"] | fields
    (update,) = CARRIER.updates(json.dumps({"DATA": record, "TOKEN": SECRET}).encode(), version)
    return update


# ---------------------------------------------------------------- calls


def test_an_order_becomes_the_partners_own_body_with_the_morning_on_which_it_is_to_come() -> None:
    wanted = sample("viettelpost", "create_request.json")

    call = CARRIER.request(SETTINGS, replace(an_order(WITH_IDS, "2"), collect_on=date(2026, 10, 12)))

    assert (call.method, call.path) == ("POST", "/v2/order/createOrder")
    assert call.json == wanted


def test_an_order_names_no_day_where_it_asks_for_none_or_the_contract_does_not_want_it() -> None:
    order = an_order(WITH_IDS, "2")
    asking = replace(order, collect_on=date(2026, 10, 12))

    assert "DELIVERY_DATE" not in CARRIER.request(SETTINGS, order).json
    assert "DELIVERY_DATE" not in CARRIER.request(Viettelpost(asks_for_day=False), asking).json


def test_without_ids_of_both_wards_the_words_carry_the_address() -> None:
    call = CARRIER.request(SETTINGS, an_order(("43/0", "00002"), "2"))

    assert call.path == "/v2/order/createOrderNlp"
    assert call.json["RECEIVER_ADDRESS"] == "12/3 đường Thử Nghiệm, Phường Thử, Thành phố Hồ Chí Minh"
    assert call.json["RECEIVER_PROVINCE"] == 2
    assert not {"SENDER_DISTRICT", "SENDER_WARD", "RECEIVER_DISTRICT", "RECEIVER_WARD"} & call.json.keys()


def test_an_order_without_money_collects_nothing() -> None:
    call = CARRIER.request(SETTINGS, an_order(WITH_IDS, "2", cash=0))

    assert (call.json["ORDER_PAYMENT"], call.json["MONEY_COLLECTION"]) == (1, 0)


def test_a_reference_is_sent_with_the_sign_it_takes_and_is_known_again() -> None:
    settings = Viettelpost(reference_sign="-")

    call = CARRIER.request(settings, an_order(WITH_IDS, "2"))

    assert call.json["ORDER_NUMBER"] == "H29.12-261008-0107-D1"
    assert told(ORDER_REFERENCE=call.json["ORDER_NUMBER"]).reference == REFERENCE


def test_a_token_is_asked_for_unless_one_was_made_in_the_portal() -> None:
    asked = CARRIER.login(Viettelpost(username="u", password=SecretStr("p")))
    held = Viettelpost(access_token=SecretStr("made"))

    assert asked is not None
    assert (asked.path, asked.json) == ("/v2/user/Login", {"USERNAME": "u", "PASSWORD": "p"})
    assert CARRIER.login(held) is None
    assert CARRIER.request(held, an_order(WITH_IDS, "2")).headers == {"Token": "made"}


def test_the_token_it_gives_goes_in_its_own_header() -> None:
    token = CARRIER.token(a_reply({"status": 200, "error": False, "message": "OK", "data": {"token": "t"}}))

    assert token == "t"
    assert CARRIER.with_token(CARRIER.request(SETTINGS, an_order(WITH_IDS, "2")), token).headers == {"Token": "t"}


def test_a_login_that_is_refused_is_an_operators_to_mend() -> None:
    with pytest.raises(TryLater):
        CARRIER.token(a_reply({"status": 202, "error": True, "message": "wrong", "data": None}))


# ---------------------------------------------------------------- replies


def test_its_number_is_the_item_and_its_total_the_fee() -> None:
    receipt = CARRIER.receipt(a_reply(sample("viettelpost", "create_reply_ok.json")))

    assert receipt == Receipt("100000000001", "", 33000)


def test_an_error_flag_is_a_refusal_although_http_says_200() -> None:
    with pytest.raises(Refused) as refused:
        CARRIER.receipt(a_reply(sample("viettelpost", "create_reply_refused.json"), 200))

    assert (refused.value.code, refused.value.words) == ("204", "Price does not apply to this itinerary!")


@pytest.mark.parametrize(
    ("body", "status", "in_doubt"),
    [
        ({}, 429, False),
        ({}, 401, False),
        ({}, 500, True),
        ({}, 302, False),
        (b"<html>", 200, True),
        ({"status": 200, "error": False, "message": "OK", "data": None}, 200, True),
        ({"status": 500, "error": True, "message": "System error"}, 200, True),
        ({"status": 202, "error": True, "message": "Token không hợp lệ"}, 200, False),
        ({"data": {"ORDER_NUMBER": "1"}}, 200, True),
    ],
)
def test_what_is_neither_taken_nor_refused_is_tried_later(body: Any, status: int, in_doubt: bool) -> None:
    with pytest.raises(TryLater) as later:
        CARRIER.receipt(a_reply(body, status))

    assert later.value.in_doubt is in_doubt


def test_it_cannot_be_asked_and_says_so_at_once() -> None:
    assert (CARRIER.asks, CARRIER.in_doubt) == (False, InDoubt.NEVER)
    assert CARRIER.history(SETTINGS, REFERENCE) is None
    with pytest.raises(Refused):
        CARRIER.query(SETTINGS, REFERENCE)
    with pytest.raises(Refused):
        CARRIER.found(a_reply({}))


def test_an_order_is_cancelled_by_its_own_number() -> None:
    call = CARRIER.cancel(SETTINGS, Receipt("100000000001", REFERENCE))

    assert (call.path, call.json["TYPE"], call.json["ORDER_NUMBER"]) == ("/v2/order/UpdateOrder", 4, "100000000001")
    assert CARRIER.cancelled(a_reply({"status": 200, "error": False, "message": "OK"})) is True
    with pytest.raises(Refused):
        CARRIER.cancel(SETTINGS, Receipt(None, REFERENCE))


def test_a_cancellation_that_comes_too_early_is_said_again_soon() -> None:
    with pytest.raises(TryLater) as later:
        CARRIER.cancelled(a_reply({"status": 204, "error": True, "message": "Đơn hàng đang được xử lý"}))

    assert later.value.retry_after_seconds == 5


# ---------------------------------------------------------------- codes


def test_the_table_is_the_handbooks() -> None:
    rows = statuses_of("viettelpost")
    new = {code: (status, sure) for version, code, status, sure in rows if version == "new"}
    old = {code: (status, sure) for version, code, status, sure in rows if version == "old"}
    wanted = {("new", code): row for code, row in {**new, **{c: old[c] for c in ("-100", "100", "105", "106")}}.items()}
    wanted |= {("old", code): row for code, row in {**new, **old}.items()}

    assert {key: (status, key not in UNCONFIRMED) for key, status in STATUSES.items()} == wanted
    assert reasons_of("viettelpost") == REASONS


@pytest.mark.parametrize(("version", "code"), STATUSES)
def test_every_code_is_translated_by_its_list_as_a_number_or_as_text(version: str, code: str) -> None:
    for said in (int(code), code):
        update = told(version, ORDER_STATUS=said)

        assert update.status is STATUSES[version, code]
        assert update.firm is ((version, code) not in UNCONFIRMED)
        assert update.code == (code if version == "new" else f"old:{code}")


@pytest.mark.parametrize(
    "code", ["301", "302", "303", "401", "402", "403", "510", "-108", "-109", "-110", "320", "570"]
)
def test_what_is_not_in_todays_list_is_unknown(code: str) -> None:
    assert told(ORDER_STATUS=code).status is ParcelStatus.UNKNOWN


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (300, ParcelStatus.RETURNING),
        (400, ParcelStatus.RETURNING),
        (500, ParcelStatus.RETURNING),
        (506, ParcelStatus.RETURN_FAILED),
        (504, ParcelStatus.RETURNED_TO_SENDER),
    ],
)
def test_the_way_back_uses_the_same_codes(code: int, status: ParcelStatus) -> None:
    assert told(ORDER_STATUS=code, IS_RETURNING=True).status is status


def test_a_list_that_nobody_knows_translates_nothing() -> None:
    assert told("older", ORDER_STATUS=300, IS_RETURNING=True).status is ParcelStatus.UNKNOWN


def test_a_delivery_on_the_way_back_is_not_sure() -> None:
    back = told(ORDER_STATUS=501, IS_RETURNING=True)

    assert (back.status, back.firm) == (ParcelStatus.DELIVERED, False)
    assert told(ORDER_STATUS=501, IS_RETURNING=False).firm


@pytest.mark.parametrize("code", REASONS)
def test_a_known_reason_is_translated_whatever_the_status(code: str) -> None:
    for said in (int(code), code):
        update = told(ORDER_STATUS=508, REASON_CODE=said)

        assert (update.reason, update.fault) == REASONS[code]


@pytest.mark.parametrize("reason", [None, "", 99])
def test_a_failed_delivery_without_a_known_reason_found_nobody(reason: Any) -> None:
    assert told(ORDER_STATUS=506, REASON_CODE=reason).reason is FailureReason.ABSENT
    assert told(ORDER_STATUS=506, REASON_CODE=reason, IS_RETURNING=True).reason is None
    assert told(ORDER_STATUS=508, REASON_CODE=reason).reason is None


def test_a_failed_delivery_that_its_sender_wanted_back_is_the_agencys() -> None:
    update = told(ORDER_STATUS=506, REASON_CODE=43)

    assert (update.reason, update.fault) == (None, FaultParty.AGENCY)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("10/11/2026 8:05:00", "2026-11-10T08:05:00+07:00"),
        ("10/11/2026 00:00:00", "2026-11-10T00:00:00+07:00"),
        ("2026-11-10 08:05:00", None),
        ("", None),
    ],
)
def test_its_time_is_viet_nams_day_first(text: str, at: str | None) -> None:
    found = told(ORDER_STATUSDATE=text).at

    assert (found.isoformat() if found else None) == at


def test_an_account_on_the_old_list_is_told_by_the_address_it_calls() -> None:
    assert CARRIER.api_version({}, {"api_version": "old"}, b"") == "old"
    assert CARRIER.api_version({}, {}, b"") is None
    assert CARRIER.api_version({}, {"api_version": "older"}, b"") is None


# ---------------------------------------------------------------- its secret


@pytest.mark.parametrize("signature", Signature)
def test_the_right_token_is_a_secret_that_matched(signature: Signature) -> None:
    settings = Viettelpost(webhook_secret=SecretStr(SECRET), signature=signature)

    assert CARRIER.verify(settings, {}, {}, bytes_of("viettelpost", "webhook_delivered.json")) is WebhookVerdict.SECRET


@pytest.mark.parametrize("token", ["wrong", "", None, 1, "\ud800", f"{SECRET} "])
def test_a_wrong_token_is_forged_where_it_is_required_and_proves_nothing_where_it_is_observed(token: Any) -> None:
    body = json.dumps(sample("viettelpost", "webhook_delivered.json") | {"TOKEN": token}).encode()
    secret = SecretStr(SECRET)

    with pytest.raises(Forged):
        CARRIER.verify(Viettelpost(webhook_secret=secret, signature=Signature.REQUIRED), {}, {}, body)
    assert CARRIER.verify(Viettelpost(webhook_secret=secret), {}, {}, body) is WebhookVerdict.NONE


def test_what_stands_in_the_authorization_header_proves_nothing() -> None:
    settings = Viettelpost(webhook_secret=SecretStr(SECRET))
    body = json.dumps({"DATA": {"ORDER_NUMBER": "1"}}).encode()

    assert CARRIER.verify(settings, {"authorization": SECRET}, {}, body) is WebhookVerdict.NONE


@pytest.mark.parametrize("token", ["", None, SECRET])
def test_without_a_secret_of_ours_nothing_matches(token: Any) -> None:
    body = json.dumps({"DATA": {"ORDER_NUMBER": "1"}, "TOKEN": token}).encode()

    assert CARRIER.verify(Viettelpost(), {}, {}, body) is WebhookVerdict.NONE
    with pytest.raises(Forged):
        CARRIER.verify(Viettelpost(signature=Signature.REQUIRED), {}, {}, body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"DATA":{"ORDER_NUMBER":"1"},"TOKEN":"s1"}',
        b'{"token":"s1","TOKEN":"s1","DATA":{"ORDER_NUMBER":"1","NOTE":"\\ud800"}}',
    ],
)
def test_the_secret_is_not_stored(body: bytes) -> None:
    stored = CARRIER.redact(body)

    assert b"s1" not in stored
    assert CARRIER.updates(stored) == CARRIER.updates(body)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1]", b"{}", b'{"DATA": {}}', b'{"DATA": 1}', b'{"DATA": []}', b"\xff", b"[" * 100_000]
)
def test_what_is_no_webhook_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        CARRIER.updates(body)
    with pytest.raises(Unreadable):
        CARRIER.verify(SETTINGS, {}, {}, body)


def test_a_body_too_deep_to_write_again_is_unreadable_and_nothing_worse() -> None:
    for depth in range(300, 1000, 7):
        body = b'{"DATA":{"NOTE":' + b"[" * depth + b"]" * depth + b'},"TOKEN":"s1"}'
        try:
            assert b"s1" not in CARRIER.redact(body)
        except Unreadable:
            continue


@given(st.binary() | JSON.map(lambda said: json.dumps(said).encode()))
def test_any_bytes_are_translated_or_unreadable(body: bytes) -> None:
    for step in (CARRIER.updates, CARRIER.redact):
        try:
            step(body)
        except Unreadable:
            continue


@given(records([name for name in NAMES if name != "ORDER_NUMBER"]), VALUES)
def test_whatever_stands_in_a_record_becomes_an_update_that_can_be_said(record: dict[str, Any], token: Any) -> None:
    body = json.dumps({"DATA": record | {"ORDER_NUMBER": 1}, "TOKEN": token}).encode()

    can_be_said("viettelpost", CARRIER.updates(body))
    assert CARRIER.updates(CARRIER.redact(body)) == CARRIER.updates(body)


@given(
    records(["status", "error", "message"])
    | st.builds(lambda data: {"error": False, "data": data}, records(["ORDER_NUMBER", "MONEY_TOTAL"])),
    st.sampled_from([200, 201, 400, 404, 422, 500]),
)
def test_whatever_an_order_is_answered_is_a_receipt_or_a_verdict(said: dict[str, Any], status: int) -> None:
    try:
        receipt = CARRIER.receipt(a_reply(said, status))
    except (Refused, TryLater):
        return

    data = OrderAccepted.Data(
        leg="D1", carrier="viettelpost", item_code=receipt.item_code, reference="r", fee=receipt.fee
    )
    assert data.model_dump_json()


def test_the_webhooks_answer_is_a_status() -> None:
    answers = [CARRIER.answer(verdict).status for verdict in (None, Forged("x"), Unreadable("x"), TryLater("x"))]

    assert answers == [200, 401, 400, 503]
