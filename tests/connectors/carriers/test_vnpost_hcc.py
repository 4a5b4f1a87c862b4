"""Vietnam Post through the province's platform: its calls, its replies and the relay of its news."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.carrier_settings import Signature, VnpostHcc
from connectors.carriers import Fee, InDoubt, Order, Party, Receipt
from connectors.carriers.vnpost_hcc import CARRIER
from connectors.transport import Call, Reply
from connectors.verdicts import AlreadyDone, Forged, Refused, TryLater, Unreadable
from schemas import instant
from schemas.postal import CancelRefused, CancelRequested, ParcelStatus, WebhookVerdict
from tests.connectors.carriers.one_parcel import a_counter, a_desk
from tests.connectors.carrying import AT, DOSSIER, a_cancel, a_request, settings_in

SAMPLES = Path(__file__).with_name("vnpost_hcc")
SETTINGS = VnpostHcc(
    customer_code="T000000001",
    sender_email="motcua@example.gov.vn",
    order_path="/orders",
    order_path_with_code="/orders-with-code",
)
REFERENCE = "H29.12-261008-0107/D1"
SENDER = Party(
    "Bộ phận Một cửa Phường Mẫu", "0280000001", "Bộ phận Một cửa, số 1 đường Mẫu", "00001", "", "70", "Hồ Chí Minh"
)
RECEIVER = Party("Nguyễn Văn Mẫu", "0900 000 001", "12/3 đường Thử Nghiệm", "00002", "Phường Mẫu", "70", "Hồ Chí Minh")
ORDER = Order(REFERENCE, SENDER, RECEIVER, 35000)
TABLE = {
    "10": ParcelStatus.CANCELLED,
    "20": ParcelStatus.REQUESTED,
    "60": ParcelStatus.CANCELLED,
    "61": ParcelStatus.CANCELLED,
    "62": ParcelStatus.CANCELLED,
    "70": ParcelStatus.PICKED_UP,
    "91": ParcelStatus.DELIVERY_FAILED,
    "100": ParcelStatus.DELIVERED,
    "110": ParcelStatus.FEE_SETTLED,
    "120": ParcelStatus.FEE_SETTLED,
    "161": ParcelStatus.RETURN_FAILED,
    "170": ParcelStatus.RETURNED_TO_SENDER,
    "85": ParcelStatus.UNKNOWN,
}
ON_THE_WAY_BACK = TABLE | {"70": ParcelStatus.RETURNING, "91": ParcelStatus.RETURN_FAILED}


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


def a_reply(body: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


def a_body(**given: Any) -> bytes:
    return json.dumps(sample("webhook_delivered.json") | given).encode()


# ---------------------------------------------------------------- calls


def test_an_order_under_a_code_of_the_pool_is_the_provinces_own_body() -> None:
    call = CARRIER.request(SETTINGS, replace(ORDER, item_code="RX000000015VN"))

    assert (call.method, call.path) == ("POST", "/orders-with-code")
    # We never tell the post a citizen's address for e-mail.
    assert call.json == sample("create_request.json") | {"ReceiverEmail": ""}


def test_an_order_without_a_code_goes_to_the_other_address_and_names_none() -> None:
    call = CARRIER.request(SETTINGS, ORDER)

    assert call.path == "/orders"
    assert "ItemCode" not in call.json
    assert call.json["OrderNumber"] == REFERENCE


def test_a_province_without_a_number_is_told_as_not_set() -> None:
    nowhere = Party("Nguyễn Văn Mẫu", "0900000001", "1 đường Mẫu", "", "", "", "")

    call = CARRIER.request(SETTINGS, Order(REFERENCE, SENDER, nowhere))

    assert (call.json["ReceiverProvince"], call.json["ReceiverDistrict"]) == (0, 0)


def test_nothing_is_collected_unless_the_contract_says_so() -> None:
    collection = Order("H29.12-261008-0107/C1", RECEIVER, SENDER)

    with pytest.raises(Refused) as refused:
        CARRIER.request(SETTINGS, collection)

    assert refused.value.code == "not_offered"
    assert CARRIER.request(SETTINGS.model_copy(update={"collects": True}), collection).path == "/orders"


@pytest.mark.parametrize(
    ("sign", "length", "told"),
    [("/", 200, REFERENCE), ("-", 200, "H29.12-261008-0107-D1"), ("_", 200, "H29.12-261008-0107_D1")],
)
def test_a_reference_told_with_another_sign_comes_back_as_ours(sign: str, length: int, told: str) -> None:
    settings = SETTINGS.model_copy(update={"reference_sign": sign, "reference_length": length})

    call = CARRIER.request(settings, ORDER)
    (update,) = CARRIER.updates(a_body(OrderNumber=told))

    assert call.json["OrderNumber"] == told == CARRIER.reference(settings, REFERENCE)
    assert update.reference == REFERENCE


def test_a_reference_too_long_is_told_as_a_short_one_of_its_own_leg() -> None:
    settings = SETTINGS.model_copy(update={"reference_sign": "-", "reference_length": 24})
    legs = [f"000.00.12.H29-190215-0042/D{number}" for number in (1, 2, 12)]

    told = [CARRIER.reference(settings, leg) for leg in legs]

    assert len(set(told)) == 3
    assert all(len(one) <= 24 and "/" not in one for one in told)
    assert told == [CARRIER.reference(settings, leg) for leg in legs]


def test_a_token_is_asked_for_where_the_platform_gives_one() -> None:
    settings = SETTINGS.model_copy(
        update={"token_path": "/token", "username": "hcc", "password": SecretStr("sample-password")}
    )

    login = CARRIER.login(settings)

    assert login == Call("POST", "/token", json={"username": "hcc", "password": "sample-password"})
    assert CARRIER.with_token(Call("POST", "/orders"), "t1").headers == {"access_token": "t1"}


@pytest.mark.parametrize(
    "said", [{"access_token": "t1"}, {"accessToken": "t1"}, {"token": "t1"}, {"data": {"access_token": "t1"}}]
)
def test_its_token_is_found_under_any_of_the_likely_names(said: Any) -> None:
    assert CARRIER.token(a_reply(said)) == "t1"


@pytest.mark.parametrize(
    "reply", [a_reply({"access_token": "t1"}, 401), a_reply({}), a_reply(b"x"), a_reply({"token": "t\n1"})]
)
def test_no_token_is_tried_later(reply: Reply) -> None:
    with pytest.raises(TryLater):
        CARRIER.token(reply)


def test_a_token_for_good_goes_out_with_the_order_itself() -> None:
    settings = SETTINGS.model_copy(update={"access_token": SecretStr("sample-token")})

    assert CARRIER.login(settings) is None
    for order in (ORDER, replace(ORDER, item_code="RX000000015VN")):
        assert CARRIER.request(settings, order).headers == {"access_token": "sample-token"}
    assert "sample-token" not in repr(CARRIER.request(settings, ORDER))


def test_it_can_neither_be_asked_nor_told_of_a_cancellation() -> None:
    assert CARRIER.asks is False
    assert CARRIER.history(SETTINGS, REFERENCE) is None
    for call in (
        lambda: CARRIER.query(SETTINGS, REFERENCE),
        lambda: CARRIER.found(a_reply({})),
        lambda: CARRIER.cancel(SETTINGS, Receipt(None, REFERENCE)),
        lambda: CARRIER.cancelled(a_reply({})),
    ):
        with pytest.raises(Refused) as refused:
            call()
        assert refused.value.code == "no_such_call"


# ---------------------------------------------------------------- replies


@pytest.mark.parametrize("said", [sample("create_reply_ok.json"), {"Status": 100}])
def test_status_100_is_a_receipt_without_a_number(said: Any) -> None:
    assert CARRIER.receipt(a_reply(said)) == Receipt(None, "")


def test_status_101_is_an_order_it_has_already() -> None:
    with pytest.raises(AlreadyDone) as done:
        CARRIER.receipt(a_reply(sample("create_reply_duplicate.json")))

    assert done.value.receipt == Receipt(None, "")
    assert CARRIER.in_doubt is InDoubt.RESEND


@pytest.mark.parametrize("status", [200, 400, 422])
def test_any_other_status_with_words_is_a_refusal(status: int) -> None:
    with pytest.raises(Refused) as refused:
        CARRIER.receipt(a_reply(sample("create_reply_refused.json"), status))

    assert (refused.value.code, refused.value.words) == ("199", "Thiếu địa chỉ người nhận")


def test_a_refusal_by_status_needs_no_words() -> None:
    with pytest.raises(Refused) as refused:
        CARRIER.receipt(a_reply({}, 400))

    assert refused.value.code == "400"


@pytest.mark.parametrize(
    ("reply", "in_doubt", "retry_after"),
    [
        (a_reply({}, 429, **{"retry-after": "7"}), False, 7.0),
        (a_reply({}, 401), False, None),
        (a_reply({}, 403), False, None),
        (a_reply({}, 404), False, None),
        (a_reply({}, 302), False, None),
        (a_reply({"Status": "199", "Message": "x"}, 500), True, None),
        (a_reply({}, 503, **{"retry-after": "3"}), True, 3.0),
        (a_reply(b"<html>", 200), True, None),
        (a_reply(b"<html>", 400), False, None),
        (a_reply([], 200), True, None),
        (a_reply({"Status": "199"}, 200), True, None),
    ],
)
def test_what_is_no_answer_is_tried_later(reply: Reply, in_doubt: bool, retry_after: float | None) -> None:
    with pytest.raises(TryLater) as later:
        CARRIER.receipt(reply)

    assert (later.value.in_doubt, later.value.retry_after_seconds) == (in_doubt, retry_after)


# ---------------------------------------------------------------- the relay


@pytest.mark.parametrize("code", TABLE)
@pytest.mark.parametrize("as_text", [False, True])
def test_every_code_of_its_table_has_its_status_and_none_is_firm(code: str, as_text: bool) -> None:
    (update,) = CARRIER.updates(a_body(OrderStatusId=code if as_text else int(code)))

    assert (update.status, update.code, update.firm) == (TABLE[code], code, False)


@pytest.mark.parametrize("code", ON_THE_WAY_BACK)
def test_a_return_changes_what_two_codes_mean(code: str) -> None:
    (update,) = CARRIER.updates(a_body(OrderStatusId=int(code), IsReturn=True))

    assert update.status is ON_THE_WAY_BACK[code]


@pytest.mark.parametrize(("code", "fee"), [(110, Fee.COLLECTED), (120, Fee.REMITTED), (100, None)])
def test_the_money_on_delivery_has_its_fate(code: int, fee: Fee | None) -> None:
    (update,) = CARRIER.updates(a_body(OrderStatusId=code))

    assert update.fee is fee


def test_the_cause_goes_before_the_note_and_the_delivering_office_is_the_place() -> None:
    (update,) = CARRIER.updates(
        a_body(OrderStatusId=91, CauseName="Người nhận từ chối nhận", DeliveryNote="đi vắng", ToPOSCode="700000")
    )

    assert (update.reason, update.words, update.location) == ("REFUSED", "Người nhận từ chối nhận", "700000")


@pytest.mark.parametrize("said", ["2026-10-13 15:40:02", "31/02/2026 10:00:00", "", None, 7])
def test_a_time_that_is_not_its_own_form_is_missing(said: Any) -> None:
    (update,) = CARRIER.updates(a_body(LastUpdateTime=said))

    assert update.at is None


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"1", b"{}", b"[" * 100_000, a_body(OrderStatusId=None), a_body(ItemCode=None, OrderNumber="")],
)
def test_what_is_no_relay_body_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        CARRIER.updates(body)


def test_an_item_without_a_code_of_its_own_is_known_by_our_reference() -> None:
    (update,) = CARRIER.updates(a_body(ItemCode=None))

    assert (update.item, update.reference) == ("", REFERENCE)


@pytest.mark.parametrize("deep", [10, 400, 950])
def test_a_deep_value_says_nothing_and_breaks_nothing(deep: int) -> None:
    nested = f'{{"ItemCode": "RX1", "OrderStatusId": 100, "CauseName": {"[" * deep}{"]" * deep}}}'

    try:
        (update,) = CARRIER.updates(nested.encode())
    except Unreadable:
        return
    assert update.words == ""


TEXTS = st.text(st.characters(categories=["L", "N", "P", "Z", "Cs", "Cc"]), max_size=30)
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.lists(TEXTS, max_size=2)
FIELDS = [*sample("webhook_delivered.json"), "Status", "Message"]
BODIES = st.binary(max_size=60) | st.dictionaries(st.sampled_from(FIELDS), VALUES).map(lambda d: json.dumps(d).encode())


@given(BODIES)
def test_any_bytes_translate_or_are_unreadable(body: bytes) -> None:
    try:
        updates = CARRIER.updates(body)
    except Unreadable:
        return

    assert updates == CARRIER.updates(body)
    for update in updates:
        assert "\x00" not in update.item + update.reference + update.words + update.code
        assert (update.item + update.reference + update.words + update.code + (update.location or "")).encode()


@given(BODIES, st.sampled_from([200, 201, 302, 400, 404, 422, 429, 500]))
def test_any_reply_is_a_receipt_or_a_verdict(body: bytes, status: int) -> None:
    try:
        receipt = CARRIER.receipt(a_reply(body, status))
    except (Refused, TryLater, AlreadyDone):
        return

    assert receipt == Receipt(None, "")


# ---------------------------------------------------------------- its secret

STRICT = VnpostHcc(webhook_secret=SecretStr("sample-relay-secret"))
OBSERVING = STRICT.model_copy(update={"signature": Signature.OBSERVED})


@pytest.mark.parametrize("settings", [STRICT, OBSERVING])
def test_a_right_secret_is_known(settings: VnpostHcc) -> None:
    headers = sample("meta_delivered.json")["headers"]

    assert CARRIER.verify(settings, headers, {}, a_body()) is WebhookVerdict.SECRET


@pytest.mark.parametrize("headers", [{}, {"access_token": ""}, {"access_token": "sample"}, {"access_token": "ö"}])
def test_a_wrong_secret_is_refused_where_it_is_required_and_proves_nothing_where_not(headers: dict[str, str]) -> None:
    with pytest.raises(Forged):
        CARRIER.verify(STRICT, headers, {}, a_body())

    assert CARRIER.verify(OBSERVING, headers, {}, a_body()) is WebhookVerdict.NONE


@pytest.mark.parametrize("headers", [{}, {"access_token": ""}])
def test_a_secret_that_was_never_set_lets_nobody_in(headers: dict[str, str]) -> None:
    assert VnpostHcc().signature is Signature.REQUIRED
    with pytest.raises(Forged):
        CARRIER.verify(VnpostHcc(), headers, {}, a_body())


def test_a_stranger_does_not_learn_what_is_readable() -> None:
    with pytest.raises(Forged):
        CARRIER.verify(STRICT, {}, {}, b"nonsense")
    with pytest.raises(Unreadable):
        CARRIER.verify(STRICT, {"access_token": "sample-relay-secret"}, {}, b"nonsense")


def test_a_secret_that_the_relay_says_in_the_body_is_not_stored() -> None:
    body = a_body(access_token="sample-relay-secret")

    stored = CARRIER.redact(body)

    assert b"sample-relay-secret" not in stored
    assert CARRIER.updates(stored) == CARRIER.updates(body)
    assert CARRIER.redact(a_body()) == a_body()


def test_the_relays_answer_is_the_form_of_its_own_replies() -> None:
    verdicts = (None, Forged("x"), Unreadable("x"), TryLater("x"))

    assert [CARRIER.answer(verdict).status for verdict in verdicts] == [200, 401, 400, 503]
    assert json.loads(CARRIER.answer().body) == {"Status": "100", "Message": "OK"}
    assert all(json.loads(CARRIER.answer(verdict).body)["Status"] != "100" for verdict in verdicts[1:])


# ---------------------------------------------------------------- one order, one parcel


@pytest.fixture
def _driven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instant, "_clock", instant.Clock((instant.Segment(AT.timestamp(), 100.0, time.time()),)))


@pytest.mark.usefixtures("_driven")
def test_an_order_whose_answer_was_lost_is_sent_again_and_ends_in_one_parcel(tmp_path: Path) -> None:
    parcels: set[str] = set()

    def serves(order: Any) -> Any:
        known = order["OrderNumber"] in parcels
        parcels.add(order["OrderNumber"])
        return sample("create_reply_duplicate.json" if known else "create_reply_ok.json")

    with a_counter(serves, lost=1) as counter:
        hcc = SETTINGS.model_copy(update={"url": counter.url, "rate_per_second": 1000})
        settings = settings_in(tmp_path, vnpost_hcc=hcc)
        with a_desk(settings) as desk:
            desk.takes(a_request(settings, carrier="vnpost_hcc"))
            fact = desk.accepted()

    assert (len(parcels), len(counter.calls)) == (1, 2)
    assert (fact.data.duplicate, fact.data.item_code, fact.data.reference) == (True, None, *parcels)


@pytest.mark.usefixtures("_driven")
def test_a_cancellation_is_refused_with_a_word_to_an_operator_and_nobody_is_called(tmp_path: Path) -> None:
    wish = a_cancel()
    wish = CancelRequested(
        id=wish.id,
        source=wish.source,
        subject=DOSSIER,
        time=AT,
        data=wish.data.model_copy(update={"carrier": "vnpost_hcc"}),
    )
    with a_counter(lambda _: sample("create_reply_ok.json")) as counter:
        hcc = SETTINGS.model_copy(update={"url": counter.url, "rate_per_second": 1000})
        settings = settings_in(tmp_path, vnpost_hcc=hcc)
        with a_desk(settings) as desk:
            desk.takes(a_request(settings, carrier="vnpost_hcc"))
            desk.accepted()
            desk.takes(wish)
            desk.until(lambda: bool(desk.board.events(CancelRefused)) and not desk.waits())

    assert len(counter.calls) == 1
