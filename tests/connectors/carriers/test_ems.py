"""EMS Vietnam: its calls, its replies and its words, by its own papers."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.carrier_settings import Ems, Signature
from connectors.carriers import InDoubt, Order, Party, Receipt
from connectors.carriers.ems import CARRIER, PHRASES
from connectors.transport import Reply
from connectors.verdicts import Forged, Refused, TryLater, Unreadable
from schemas import instant
from schemas.postal import ParcelStatus, WebhookVerdict
from tests.connectors.carriers.one_parcel import a_counter, a_desk, a_move
from tests.connectors.carrying import AT, a_request, settings_in

SAMPLES = Path(__file__).with_name("ems")
SETTINGS = Ems(merchant_token=SecretStr("sample-merchant"), inventory_name="Một cửa Phường Mẫu")
REFERENCE, ITEM = "H29.12-261008-0107/D1", "EJ000000017VN"
SENDER = Party("Bộ phận Một cửa", "0280000001", "Số 1 đường Mẫu", "70001, 7000", "Phường Mẫu", "70", "Hồ Chí Minh")
RECEIVER = Party(
    "Nguyễn Văn Mẫu", "0900 000 001", "12/3 đường Thử Nghiệm", "70102, 7010", "Phường Thử", "70", "Hồ Chí Minh"
)
ORDER = Order(REFERENCE, SENDER, RECEIVER, 35000)


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


def a_reply(body: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


def a_body(**given: Any) -> bytes:
    return json.dumps(sample("webhook_delivered.json") | given).encode()


def an_old_body(**given: Any) -> bytes:
    return json.dumps(sample("webhook_old_out_for_delivery.json") | given).encode()


def a_journey(**given: Any) -> dict[str, Any]:
    """Its answer to the question where an item stands."""
    steps = [
        {"status": 9101, "address": "EMS", "description": "Phát thành công", "tracedate": "2026-10-13 15:40:02"},
        {"status": 4, "address": "EMS", "description": "Đang vận chuyển", "tracedate": "2026-10-12 20:11:05"},
    ]
    data = {"tracking_code": ITEM, "status": 9101, "created_at": "2026-10-12 08:00:02", "__get_status": steps}
    return {"code": "success", "data": data | given}


# ---------------------------------------------------------------- calls


def test_an_order_becomes_the_partners_own_body() -> None:
    call = CARRIER.request(SETTINGS, ORDER)

    assert (call.method, call.path) == ("POST", "/api/v1/orders/create-v2")
    assert call.json == sample("create_request.json")
    assert call.query == {"merchant_token": "sample-merchant"}


def test_a_pick_up_point_with_a_code_needs_no_name() -> None:
    body = CARRIER.request(SETTINGS.model_copy(update={"inventory": "K1"}), ORDER).json

    assert (body["inventory"], body["inventory_name"]) == ("K1", "")


def test_a_ward_without_a_district_is_sent_alone() -> None:
    receiver = Party("Nguyễn Văn Mẫu", "0900000001", "1 đường Mẫu", "70102", "Phường Thử", "70", "Hồ Chí Minh")

    body = CARRIER.request(SETTINGS, Order(REFERENCE, SENDER, receiver)).json

    assert (body["to_district"], body["to_ward"]) == ("", "70102")


def test_a_reference_told_with_another_sign_comes_back_as_ours() -> None:
    settings = SETTINGS.model_copy(update={"reference_sign": "-"})

    told = CARRIER.request(settings, ORDER).json["order_code"]
    (update,) = CARRIER.updates(a_body(order_code=told))

    assert (told, update.reference) == ("H29.12-261008-0107-D1", REFERENCE)


def test_a_reference_too_long_is_told_as_a_short_one() -> None:
    settings = SETTINGS.model_copy(update={"reference_length": 24, "reference_sign": "-"})

    told = CARRIER.request(settings, Order("000.00.12.H29-190215-0042/D1", SENDER, RECEIVER)).json["order_code"]

    assert len(told) <= 24
    assert told == CARRIER.reference(settings, "000.00.12.H29-190215-0042/D1")
    assert told != CARRIER.reference(settings, "000.00.12.H29-190215-0042/D2")


def test_it_is_asked_by_its_own_number_and_needs_no_login() -> None:
    call = CARRIER.query(SETTINGS, REFERENCE, ITEM)

    assert (call.method, call.path) == ("GET", f"/api/v1/orders/tracking/{ITEM}")
    assert call.query == {"merchant_token": "sample-merchant"}
    assert CARRIER.login(SETTINGS) is None
    assert CARRIER.history(SETTINGS, REFERENCE, ITEM) is None


def test_a_reference_in_a_path_is_quoted() -> None:
    assert CARRIER.query(SETTINGS, REFERENCE).path == "/api/v1/orders/tracking/H29.12-261008-0107%2FD1"


def test_a_cancellation_is_for_an_operator_unless_its_path_is_known() -> None:
    receipt = Receipt(ITEM, REFERENCE)

    with pytest.raises(Refused) as refused:
        CARRIER.cancel(SETTINGS, receipt)
    call = CARRIER.cancel(SETTINGS.model_copy(update={"cancel_path": "/shipments/cancel"}), receipt)

    assert refused.value.code == "no_such_call"
    assert (call.method, call.path) == ("POST", "/shipments/cancel")
    assert call.query == {"merchant_token": "sample-merchant", "code": ITEM}


# ---------------------------------------------------------------- replies


@pytest.mark.parametrize("status", [200, 201, 500])
def test_success_with_a_number_is_a_receipt_whatever_the_status(status: int) -> None:
    receipt = CARRIER.receipt(a_reply(sample("create_reply_ok.json"), status))

    assert receipt == Receipt(ITEM, "", 18018 + 15000, ITEM, ParcelStatus.REQUESTED)


@pytest.mark.parametrize("status", [200, 400, 422])
def test_error_is_a_refusal_whatever_the_status(status: int) -> None:
    with pytest.raises(Refused) as refused:
        CARRIER.receipt(a_reply(sample("create_reply_refused.json"), status))

    assert (refused.value.code, refused.value.words) == ("error", "Thiếu số điện thoại người nhận")


@pytest.mark.parametrize(
    ("reply", "in_doubt", "retry_after"),
    [
        (a_reply({}, 429, **{"retry-after": "7"}), False, 7.0),
        (a_reply({"code": "error", "message": "x"}, 429), False, None),
        (a_reply({}, 401), False, None),
        (a_reply({}, 302), False, None),
        (a_reply({"code": "error", "message": "x"}, 500), True, None),
        (a_reply(b"<html>", 503, **{"retry-after": "3"}), True, 3.0),
        (a_reply(b"<html>", 200), True, None),
        (a_reply(b"<html>", 404), False, None),
        (a_reply({"code": "success", "data": {}}, 200), True, None),
        (a_reply({"code": "success", "data": []}, 200), True, None),
        (a_reply([], 200), True, None),
        (a_reply({"code": "error", "message": "merchant_token không hợp lệ"}, 200), False, None),
    ],
)
def test_what_is_no_answer_is_tried_later(reply: Reply, in_doubt: bool, retry_after: float | None) -> None:
    with pytest.raises(TryLater) as later:
        CARRIER.receipt(reply)

    assert (later.value.in_doubt, later.value.retry_after_seconds) == (in_doubt, retry_after)


def test_an_item_it_was_asked_for_is_found() -> None:
    found = CARRIER.found(a_reply(a_journey(status=2)))

    assert (found.item_code, found.status) == (ITEM, ParcelStatus.ACCEPTED)


def test_an_error_does_not_say_that_there_is_no_such_order() -> None:
    with pytest.raises(Refused):
        CARRIER.found(a_reply({"code": "error", "message": "Không tìm thấy"}))
    with pytest.raises(TryLater):
        CARRIER.found(a_reply({}, 404))


@pytest.mark.parametrize(
    ("said", "gone"),
    [({"code": "SM1", "status": 23000}, True), ({"data": {"status": "23000"}}, True), ({"status": 2}, False)],
)
def test_a_cancelled_shipment_shows_its_status(said: Any, gone: bool) -> None:
    assert CARRIER.cancelled(a_reply(said)) is gone


def test_a_cancellation_it_does_not_want_is_refused_and_one_it_cannot_do_now_is_tried_later() -> None:
    with pytest.raises(Refused):
        CARRIER.cancelled(a_reply({"status": 400, "message": "Không thể hủy"}, 400))
    with pytest.raises(Refused):
        CARRIER.cancelled(a_reply({"code": "error", "message": "Không thể hủy"}))
    with pytest.raises(TryLater):
        CARRIER.cancelled(a_reply({"status": 500, "message": "x"}, 500))
    with pytest.raises(TryLater):
        CARRIER.cancelled(a_reply({}))


# ---------------------------------------------------------------- what it tells


@pytest.mark.parametrize(
    ("code", "status"),
    [(1, ParcelStatus.REQUESTED), (2, ParcelStatus.ACCEPTED), (4, ParcelStatus.IN_TRANSIT)],
)
@pytest.mark.parametrize("as_text", [False, True])
def test_a_code_of_the_new_list_is_firm_and_goes_before_its_words(
    code: int, status: ParcelStatus, as_text: bool
) -> None:
    (update,) = CARRIER.updates(a_body(status_code=str(code) if as_text else code, status_name="Phát thành công"))

    assert (update.status, update.firm, update.code) == (status, True, str(code))


@pytest.mark.parametrize(
    ("code", "status", "firm"),
    [(11000, ParcelStatus.OUT_FOR_DELIVERY, True), (23000, ParcelStatus.CANCELLED, False)],
)
def test_a_code_of_the_old_list_is_firm_where_its_document_names_it(
    code: int, status: ParcelStatus, firm: bool
) -> None:
    (update,) = CARRIER.updates(an_old_body(StatusCode=code))

    assert (update.status, update.firm, update.code) == (status, firm, f"old:{code}")


def test_a_code_of_one_list_means_nothing_in_the_other() -> None:
    (new,) = CARRIER.updates(a_body(status_code=11000, status_name=""))
    (old,) = CARRIER.updates(an_old_body(StatusCode=4, StatusName=""))

    assert (new.status, old.status) == (ParcelStatus.UNKNOWN, ParcelStatus.UNKNOWN)


WORDS = [
    ("Phát hoàn không thành công", ParcelStatus.RETURN_FAILED),
    ("Chuyển hoàn thất bại", ParcelStatus.RETURN_FAILED),
    ("Chuyển hoàn thành công", ParcelStatus.RETURNED_TO_SENDER),
    ("Đã trả người gửi", ParcelStatus.RETURNED_TO_SENDER),
    ("Lấy hàng không thành công", ParcelStatus.PICKUP_FAILED),
    ("Lấy hàng thất bại", ParcelStatus.PICKUP_FAILED),
    ("Phát không thành công", ParcelStatus.DELIVERY_FAILED),
    ("Giao hàng thất bại", ParcelStatus.DELIVERY_FAILED),
    ("PHÁT THÀNH CÔNG", ParcelStatus.DELIVERED),
    ("Giao hàng thành công", ParcelStatus.DELIVERED),
    ("Chờ chuyển hoàn", ParcelStatus.RETURN_REQUESTED),
    ("Yêu cầu chuyển hoàn", ParcelStatus.RETURN_REQUESTED),
    ("Duyệt hoàn", ParcelStatus.RETURN_REQUESTED),
    ("Đang chuyển hoàn", ParcelStatus.RETURNING),
    ("Đã hủy", ParcelStatus.CANCELLED),
    ("Bưu gửi thất lạc", ParcelStatus.LOST),
    ("Chờ phát lại", ParcelStatus.RETRY_SCHEDULED),
    ("Phát tiếp", ParcelStatus.RETRY_SCHEDULED),
    ("Giao lại", ParcelStatus.RETRY_SCHEDULED),
    ("Đến bưu cục phát", ParcelStatus.AT_DELIVERY_OFFICE),
    ("Đã giao cho bưu tá", ParcelStatus.OUT_FOR_DELIVERY),
    ("Đang phát", ParcelStatus.OUT_FOR_DELIVERY),
    ("Đang giao hàng", ParcelStatus.OUT_FOR_DELIVERY),
    ("Chuyển tiếp", ParcelStatus.FORWARDED),
    ("Đang vận chuyển", ParcelStatus.IN_TRANSIT),
    ("Đã đóng chuyến thư", ParcelStatus.IN_TRANSIT),
    ("Đã lấy hàng", ParcelStatus.PICKED_UP),
    ("Đã nhận hàng", ParcelStatus.PICKED_UP),
    ("Đang lấy hàng", ParcelStatus.PICKUP_SCHEDULED),
    ("Đi lấy hàng", ParcelStatus.PICKUP_SCHEDULED),
    ("Đã duyệt đơn hàng, chờ lấy hàng", ParcelStatus.ACCEPTED),
    # Finished, and not returned.
    ("Hoàn tất phát thành công", ParcelStatus.DELIVERED),
    ("Giao hàng thành công, hoàn thành", ParcelStatus.DELIVERED),
    ("Hoàn tất", ParcelStatus.UNKNOWN),
    # A word within another is not the word.
    ("Hoanh tráng", ParcelStatus.UNKNOWN),
    ("Trạng thái thử nghiệm", ParcelStatus.UNKNOWN),
    ("", ParcelStatus.UNKNOWN),
]


@pytest.mark.parametrize(("words", "status"), WORDS)
def test_a_code_of_no_list_goes_by_its_words_and_is_never_firm(words: str, status: ParcelStatus) -> None:
    (new,) = CARRIER.updates(a_body(status_name=words))
    (old,) = CARRIER.updates(an_old_body(StatusCode=99, StatusName=words))

    assert (new.status, old.status) == (status, status)
    assert (new.firm, old.firm) == (False, False)


def test_every_row_of_words_is_tried() -> None:
    assert {status for status, _ in PHRASES} <= {status for _, status in WORDS}


def test_the_note_tells_the_reason_before_the_name_of_the_status() -> None:
    (noted,) = CARRIER.updates(a_body(note="Người nhận đi vắng", status_name="Phát không thành công: từ chối nhận"))
    (named,) = CARRIER.updates(a_body(note="", status_name="Phát không thành công: từ chối nhận"))

    assert (noted.reason, noted.words) == ("ABSENT", "Người nhận đi vắng")
    assert (named.reason, named.words) == ("REFUSED", "Phát không thành công: từ chối nhận")


@pytest.mark.parametrize("said", ["2026-10-13 15:40:02", "13/10/2026", "", None, 7])
def test_a_time_that_is_not_of_its_version_is_missing(said: Any) -> None:
    (update,) = CARRIER.updates(a_body(datetime=said))

    assert update.at is None


def test_an_order_code_may_be_absent() -> None:
    (update,) = CARRIER.updates(a_body(order_code=None))

    assert (update.item, update.reference) == (ITEM, "")


def test_an_item_it_was_asked_for_tells_every_step_by_its_number() -> None:
    delivered, moving = CARRIER.updates(json.dumps(a_journey()).encode())

    assert (delivered.status, delivered.firm, delivered.item) == (ParcelStatus.DELIVERED, False, ITEM)
    assert (moving.status, moving.firm, moving.location) == (ParcelStatus.IN_TRANSIT, True, "EMS")
    assert delivered.at is not None
    assert delivered.at.isoformat() == "2026-10-13T15:40:02+07:00"


def test_an_item_without_steps_tells_what_it_is_now_without_a_time() -> None:
    (update,) = CARRIER.updates(json.dumps(a_journey(status=2, __get_status=[])).encode())

    assert (update.status, update.at) == (ParcelStatus.ACCEPTED, None)


@pytest.mark.parametrize("said", [{"code": "error", "message": "x"}, {"code": "success", "data": []}])
def test_an_answer_that_knows_nothing_tells_nothing(said: Any) -> None:
    assert CARRIER.updates(json.dumps(said).encode()) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"data": {}}',
        b'{"data": {"tracking_code": "E"}}',
        b'{"data": {"tracking_code": "E", "__get_status": [1]}}',
        a_body(tracking_code="", order_code=None),
    ],
)
def test_what_is_no_webhook_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        CARRIER.updates(body)


TEXTS = st.text(st.characters(categories=["L", "N", "P", "Z", "Cs", "Cc"]), max_size=30)
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.lists(TEXTS, max_size=2)
STEP = st.dictionaries(st.sampled_from(["status", "address", "description", "tracedate"]), VALUES)
ITEM_DATA = st.dictionaries(
    st.sampled_from(["tracking_code", "order_code", "status", "status_code", "fee", "vas", "__get_status"]),
    VALUES | st.lists(STEP, max_size=2) | st.dictionaries(st.sampled_from(["fee", "remote_fee", "total_vas"]), VALUES),
)
FIELDS = [
    *sample("webhook_delivered.json"),
    *sample("webhook_old_out_for_delivery.json"),
    *("code", "message", "data"),
]
SAID = st.dictionaries(st.sampled_from(FIELDS), VALUES | st.just("success") | st.just("error"))
BODIES = (
    st.binary(max_size=60)
    | SAID.map(lambda said: json.dumps(said).encode())
    | ITEM_DATA.map(lambda data: json.dumps({"code": "success", "data": data}).encode())
)


@given(BODIES)
def test_any_bytes_translate_or_are_unreadable(body: bytes) -> None:
    try:
        updates = CARRIER.updates(body)
    except Unreadable:
        return

    assert updates == CARRIER.updates(body)
    for update in updates:
        said = update.item + update.reference + update.words + update.code + (update.location or "")
        assert "\x00" not in said
        assert update.item or update.reference
        assert said.encode()


@given(BODIES, st.sampled_from([200, 201, 302, 400, 404, 422, 429, 500]))
def test_any_reply_is_an_answer_or_a_verdict(body: bytes, status: int) -> None:
    for read in (CARRIER.receipt, CARRIER.found, CARRIER.cancelled):
        try:
            said = read(a_reply(body, status))
        except (Refused, TryLater):
            continue
        assert isinstance(said, bool) or said.item_code


# ---------------------------------------------------------------- from whom it is


def test_it_signs_nothing_so_nothing_is_proven() -> None:
    assert CARRIER.verify(Ems(), {"ems-transaction": "sample-tx-0003"}, {}, a_body()) is WebhookVerdict.NONE


STRICT = Ems(signature=Signature.REQUIRED, webhook_secret=SecretStr("sample-address"))


def test_where_required_only_the_whole_address_lets_in_and_proves_nothing_more() -> None:
    assert CARRIER.verify(STRICT, {}, {"secret": "sample-address"}, a_body()) is WebhookVerdict.NONE


@pytest.mark.parametrize("query", [{}, {"secret": ""}, {"secret": "sample"}, {"secret": "\ud800"}])
@pytest.mark.parametrize("settings", [STRICT, Ems(signature=Signature.REQUIRED)])
def test_a_wrong_address_is_refused_also_where_none_was_set(settings: Ems, query: dict[str, str]) -> None:
    with pytest.raises(Forged):
        CARRIER.verify(settings, {}, query, a_body())


def test_what_is_stored_is_what_came_and_holds_no_token_of_ours() -> None:
    assert CARRIER.redact(a_body()) == a_body()
    assert b"sample-merchant" not in json.dumps(CARRIER.request(SETTINGS, ORDER).json).encode()


def test_its_answer_names_the_webhook_again() -> None:
    headers = sample("meta_delivered.json")["headers"]

    kept, later = CARRIER.answer(None, headers), CARRIER.answer(TryLater("x"), headers)

    assert (kept.status, json.loads(kept.body)) == (200, {"code": "success", "transaction": "sample-tx-0003"})
    assert (later.status, json.loads(later.body)) == (503, {"code": "error", "transaction": "sample-tx-0003"})
    assert [CARRIER.answer(verdict).status for verdict in (Forged("x"), Unreadable("x"))] == [401, 400]


def test_a_webhook_without_a_name_is_answered_all_the_same() -> None:
    assert json.loads(CARRIER.answer().body) == {"code": "success", "transaction": ""}


# ---------------------------------------------------------------- one order, one parcel


@pytest.fixture
def _driven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instant, "_clock", instant.Clock((instant.Segment(AT.timestamp(), 100.0, time.time()),)))


@pytest.mark.usefixtures("_driven")
def test_an_order_whose_answer_was_lost_is_never_sent_again_and_its_webhook_settles_it(tmp_path: Path) -> None:
    with a_counter(lambda _: sample("create_reply_ok.json"), lost=1) as counter:
        ems = SETTINGS.model_copy(update={"url": counter.url, "rate_per_second": 1000})
        settings = settings_in(tmp_path, ems=ems)
        with a_desk(settings) as desk:
            desk.takes(a_request(settings, carrier="ems"))
            desk.until(lambda: any(row.last_error == "its webhook is awaited" for row in desk.waits()))

            desk.takes(a_move("ems", ITEM))
            fact = desk.accepted()

    assert CARRIER.in_doubt is InDoubt.NEVER
    assert len(counter.calls) == 1
    assert (fact.data.duplicate, fact.data.item_code) == (True, ITEM)
