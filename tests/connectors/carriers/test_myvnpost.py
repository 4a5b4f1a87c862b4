"""MyVNPost: its calls, its replies and its signature, by its own papers."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from connectors.carrier_settings import Myvnpost, Signature
from connectors.carriers import Order, Party, Receipt
from connectors.carriers.myvnpost import CARRIER
from connectors.transport import Reply
from connectors.verdicts import Forged, Refused, TryLater, Unreadable
from schemas.postal import Certainty, ItemMoved, OrderAccepted, ParcelStatus, WebhookVerdict

SAMPLES = Path(__file__).with_name("myvnpost")
SETTINGS = Myvnpost(customer_code="T000000001")


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


def a_reply(body: Any, status: int = 200, **headers: str) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, headers, raw)


def test_an_order_becomes_the_partners_own_body() -> None:
    sender = Party(
        "Bộ phận Một cửa Phường Mẫu",
        "0280000001",
        "Số 1 đường Mẫu",
        "00001",
        "Phường Mẫu",
        "70",
        "Thành phố Hồ Chí Minh",
    )
    receiver = Party(
        "Nguyễn Văn Mẫu", "0900 000 001", "12/3 đường Thử Nghiệm", "00002", "Phường Thử", "70", "Thành phố Hồ Chí Minh"
    )

    call = CARRIER.request(SETTINGS, Order("H29.12-261008-0107/D1", sender, receiver, 35000))

    assert (call.method, call.path) == ("POST", "/CreateOrder")
    assert call.json == sample("create_request.json")


def test_an_item_code_is_the_sign_of_success() -> None:
    receipt = CARRIER.receipt(a_reply(sample("create_reply_ok.json")))

    assert receipt == Receipt("EA000000011VN", "H29.12-261008-0107/D1", 31900, "ORG0000001", ParcelStatus.REQUESTED)


@pytest.mark.parametrize("status", [200, 400])
def test_an_error_in_the_body_is_a_refusal_whatever_the_status(status: int) -> None:
    with pytest.raises(Refused) as refused:
        CARRIER.receipt(a_reply(sample("create_reply_refused.json"), status))

    assert (refused.value.code, refused.value.field) == ("400", "receiverPhone")
    assert refused.value.words == "Thiếu thông tin người nhận"


@pytest.mark.parametrize(
    ("reply", "in_doubt", "retry_after"),
    [
        (a_reply({}, 429, **{"retry-after": "7"}), False, 7.0),
        (a_reply({}, 401), False, None),
        (a_reply({}, 500), True, None),
        (a_reply({}, 503, **{"retry-after": "3"}), True, 3.0),
        (a_reply(b"<html>", 200), True, None),
        (a_reply({"status": 500, "message": "Internal"}, 200), True, None),
        (a_reply({}, 200), True, None),
        (a_reply({}, 302), False, None),
    ],
)
def test_what_is_no_answer_is_tried_later(reply: Reply, in_doubt: bool, retry_after: float | None) -> None:
    with pytest.raises(TryLater) as later:
        CARRIER.receipt(reply)

    assert (later.value.in_doubt, later.value.retry_after_seconds) == (in_doubt, retry_after)


@pytest.mark.parametrize("wrapped", [False, True])
def test_an_order_asked_for_is_found(wrapped: bool) -> None:
    said = {"results": [sample("create_reply_ok.json")]}

    found = CARRIER.found(a_reply([said] if wrapped else said))

    assert found is not None
    assert found.item_code == "EA000000011VN"


@pytest.mark.parametrize("said", [{"results": []}, [], [{"results": []}], None])
def test_an_order_it_does_not_know_is_not_found(said: Any) -> None:
    assert CARRIER.found(a_reply(said)) is None


def test_a_wish_to_cancel_is_not_yet_a_cancellation() -> None:
    assert CARRIER.cancelled(a_reply(sample("cancel_reply.json"))) is False


def test_a_history_tells_every_step_of_an_item() -> None:
    body = {
        "data": [
            {
                "itemCode": "EA000000011VN",
                "statusHistory": [
                    {"statusCode": 6, "statusName": "", "createdDate": "12/10/2026", "createHour": "09:00:00"},
                    {"statusCode": "14", "statusName": "", "createdDate": "13/10/2026", "createHour": "15:40:02"},
                ],
            }
        ]
    }

    picked_up, delivered = CARRIER.updates(json.dumps(body).encode())

    assert (picked_up.status, delivered.status) == (ParcelStatus.PICKED_UP, ParcelStatus.DELIVERED)
    assert delivered.at is not None
    assert delivered.at.isoformat() == "2026-10-13T15:40:02+07:00"


def test_a_return_changes_what_the_old_codes_mean() -> None:
    body = sample("webhook_old_failed.json")
    inner = json.loads(body["Data"]) | {"IsReturn": True}

    (update,) = CARRIER.updates(json.dumps(body | {"Data": json.dumps(inner)}).encode())

    assert update.status is ParcelStatus.RETURN_FAILED


@pytest.mark.parametrize(
    "body", [b"", b"[" * 100_000, b"{", b"[1]", b'{"data": 1}', b'{"data": [1]}', b'{"Data": "nothing"}']
)
def test_what_is_no_webhook_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        CARRIER.updates(body)


def test_a_nul_is_said_as_a_question_mark() -> None:
    (update,) = CARRIER.updates(json.dumps({"data": [{"itemCode": "EA\0VN", "saleOrderCode": "x/D1"}]}).encode())

    assert update.item == "EA?VN"


TEXTS = st.text(st.characters(categories=["L", "N", "P", "Z", "Cs", "Cc"]), max_size=30)
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.lists(TEXTS, max_size=2)
NAMES = ["itemCode", "originalItemCode", "saleOrderCode", "status", "updatedDate", "causeName", "codAmount"]
OLD_NAMES = ["ItemCode", "OrderCode", "OrderStatusId", "CauseName", "LastUpdateTime", "IsReturn", "CodAmount"]
REPLY_NAMES = [*NAMES, "totalFee", "originalID", "message", "error", "description"]


def records(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names), VALUES)


@given(records(NAMES), records(OLD_NAMES))
def test_whatever_stands_in_a_record_becomes_an_update_that_can_be_said(
    new: dict[str, Any], old: dict[str, Any]
) -> None:
    bodies = [{"data": [new]}, {"Data": json.dumps(old)}, {"results": [new]}]

    for body in bodies:
        for update in CARRIER.updates(json.dumps(body).encode()):
            data = ItemMoved.Data(
                leg="D1",
                carrier="myvnpost",
                item_code=update.item[:200] or None,
                status=update.status,
                reason=update.reason,
                at=update.at,
                certainty=Certainty.REPORTED,
                carrier_code=update.code[:200],
                carrier_words=update.words or None,
                table_version=CARRIER.table_version,
                evidence="e",
            )
            assert data.model_dump_json()


@given(records(REPLY_NAMES), st.sampled_from([200, 201, 400, 404, 422, 500]))
def test_whatever_an_order_is_answered_is_a_receipt_or_a_verdict(said: dict[str, Any], status: int) -> None:
    try:
        receipt = CARRIER.receipt(a_reply(said, status))
    except (Refused, TryLater):
        return

    data = OrderAccepted.Data(leg="D1", carrier="myvnpost", item_code=receipt.item_code, reference="r", fee=receipt.fee)
    assert data.model_dump_json()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def signed(key: rsa.RSAPrivateKey, tmp_path: Path) -> Myvnpost:
    file = tmp_path / "myvnpost.pem"
    file.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return Myvnpost(signature=Signature.REQUIRED, webhook_key_file=file)


def a_signed_body(key: rsa.RSAPrivateKey) -> dict[str, Any]:
    body: dict[str, Any] = sample("webhook_batch.json")
    first = body["data"][0]
    text = f"MYVNP{body['sendDate']}{first['itemCode']}{first['status']}".encode()
    return body | {"signature": base64.b64encode(key.sign(text, PKCS1v15(), SHA256())).decode()}


def test_a_right_signature_lets_in_and_proves_nothing_more(key: rsa.RSAPrivateKey, signed: Myvnpost) -> None:
    body = json.dumps(a_signed_body(key)).encode()

    assert CARRIER.verify(signed, {}, {}, body) is WebhookVerdict.NONE


@pytest.mark.parametrize("change", [{"sendDate": "14/10/2026 16:00:00"}, {"signature": "AAAA"}, {"signature": "?"}])
def test_a_wrong_signature_is_forged(key: rsa.RSAPrivateKey, signed: Myvnpost, change: dict[str, str]) -> None:
    body = json.dumps(a_signed_body(key) | change).encode()

    with pytest.raises(Forged):
        CARRIER.verify(signed, {}, {}, body)


def test_a_required_signature_without_a_key_lets_nothing_in(key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(Forged):
        CARRIER.verify(Myvnpost(signature=Signature.REQUIRED), {}, {}, json.dumps(a_signed_body(key)).encode())


def test_an_observed_signature_may_be_wrong() -> None:
    body = (SAMPLES / "webhook_delivered.json").read_bytes()

    assert CARRIER.verify(Myvnpost(), {}, {}, body) is WebhookVerdict.NONE


def test_the_webhooks_answer_is_the_partners_own() -> None:
    assert [CARRIER.answer(verdict).status for verdict in (None, Forged("x"), Unreadable("x"), TryLater("x"))] == [
        200,
        401,
        400,
        503,
    ]
    assert json.loads(CARRIER.answer().body) == {"success": True, "message": "OK"}
