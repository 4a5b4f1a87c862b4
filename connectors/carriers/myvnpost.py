"""Vietnam Post, MyVNPost customer interface: our orders as its calls, its replies, webhooks and answers in our words.

https://my-uat.vnpost.vn/static/ (webhooks: .../static/api/webhook/send-webhook). There are two lists of codes.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from connectors.carrier_settings import Myvnpost, Signature
from connectors.carriers.carrier import Fee, InDoubt, Order, Party, Receipt, Update
from connectors.carriers.reading import (
    MOST_NAME,
    amount_of,
    answered,
    object_of,
    parsed,
    record_of,
    text_of,
    token_of,
)
from connectors.carriers.times import instant_of
from connectors.carriers.usual import Usual
from connectors.carriers.words import reason_of
from connectors.transport import Call, Reply
from connectors.verdicts import Forged, Refused, TryLater, Unreadable, Verdict
from schemas.postal import ParcelStatus, WebhookVerdict

NEW, OLD = "new", "old"
STATUSES: dict[tuple[str, str], ParcelStatus] = {
    (NEW, "0"): ParcelStatus.REQUESTED,
    (NEW, "1"): ParcelStatus.REQUESTED,
    (NEW, "2"): ParcelStatus.ACCEPTED,
    (NEW, "3"): ParcelStatus.ACCEPTED,
    (NEW, "4"): ParcelStatus.PICKUP_SCHEDULED,
    (NEW, "5"): ParcelStatus.PICKUP_FAILED,
    (NEW, "6"): ParcelStatus.PICKED_UP,
    (NEW, "7"): ParcelStatus.IN_TRANSIT,
    (NEW, "8"): ParcelStatus.PICKUP_FAILED,
    (NEW, "9"): ParcelStatus.CANCELLED,
    (NEW, "10"): ParcelStatus.IN_TRANSIT,
    (NEW, "11"): ParcelStatus.AT_DELIVERY_OFFICE,
    (NEW, "12"): ParcelStatus.OUT_FOR_DELIVERY,
    (NEW, "13"): ParcelStatus.FORWARDED,
    (NEW, "14"): ParcelStatus.DELIVERED,
    (NEW, "15"): ParcelStatus.DELIVERY_FAILED,
    (NEW, "16"): ParcelStatus.RETURN_REQUESTED,
    (NEW, "17"): ParcelStatus.RETURN_REQUESTED,
    (NEW, "18"): ParcelStatus.RETURNING,
    (NEW, "19"): ParcelStatus.RETURNED_TO_SENDER,
    (NEW, "20"): ParcelStatus.PARTIAL,
    (NEW, "21"): ParcelStatus.FEE_SETTLED,
    (NEW, "22"): ParcelStatus.CANCELLED,
    (NEW, "23"): ParcelStatus.PARTIAL,
    (NEW, "24"): ParcelStatus.RETURNING,
    # 25, 26 and 27 are in nobody's list.
    (NEW, "28"): ParcelStatus.FEE_SETTLED,
    (NEW, "29"): ParcelStatus.FEE_SETTLED,
    (OLD, "10"): ParcelStatus.CANCELLED,
    (OLD, "20"): ParcelStatus.REQUESTED,
    (OLD, "60"): ParcelStatus.CANCELLED,
    (OLD, "61"): ParcelStatus.CANCELLED,
    (OLD, "62"): ParcelStatus.CANCELLED,
    (OLD, "70"): ParcelStatus.PICKED_UP,
    (OLD, "91"): ParcelStatus.DELIVERY_FAILED,
    (OLD, "100"): ParcelStatus.DELIVERED,
    (OLD, "110"): ParcelStatus.FEE_SETTLED,
    (OLD, "120"): ParcelStatus.FEE_SETTLED,
    (OLD, "161"): ParcelStatus.RETURN_FAILED,
    (OLD, "170"): ParcelStatus.RETURNED_TO_SENDER,
}
ON_THE_WAY_BACK = {"70": ParcelStatus.RETURNING, "91": ParcelStatus.RETURN_FAILED}
"""What the old list's codes mean where `IsReturn` is true."""
FEES = {(NEW, "21"): Fee.REMITTED, (OLD, "110"): Fee.COLLECTED, (OLD, "120"): Fee.REMITTED}
"""The agency's fee; 28 and 29 are the post's own charges."""
TIMES = ("%d/%m/%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z")
CONTENT = "Tài liệu"
"""All the post is told of what lies in the envelope."""
TWO_LEVELS = "VNPOST"
"""The district code of an address that has none (two levels of government since 01/07/2025)."""
SIGNED_PREFIX = "MYVNP"


class MyVNPost(Usual):
    """Translates. It cannot tell a repeated reference, so it is asked before an order is sent again."""

    name = "myvnpost"
    table_version = "myvnpost/2026-11"
    in_doubt = InDoubt.ASK_FIRST
    asks = True

    # ------------------------------------------------------------ calls

    def login(self, settings: Myvnpost) -> Call:
        """A token for the account."""
        body = {
            "username": settings.username,
            "password": settings.password.get_secret_value(),
            "customerCode": settings.customer_code,
        }
        return Call("POST", f"{settings.prefix}/GetAccessToken", json=body)

    def token(self, reply: Reply) -> str:
        """The token it gives. Wrong credentials are an operator's to mend, not a citizen's order to refuse."""
        return token_of(reply, "token")

    def with_token(self, call: Call, token: str) -> Call:
        """Its header is `token`, not Authorization."""
        return Call(call.method, call.path, call.json, call.data, {**call.headers, "token": token}, call.query)

    def reference(self, settings: Myvnpost, reference: str) -> str:
        """Its order code takes ours as it is."""
        return reference

    def request(self, settings: Myvnpost, order: Order) -> Call:
        """An order for one envelope, collected at the sender."""
        body = {
            "orderCreationStatus": 1,
            "type": "GUI",
            "customerCode": settings.customer_code,
            "contractCode": settings.contract_code,
            "informationOrder": {
                **_party("sender", order.sender),
                "senderMail": "",
                **_party("receiver", order.receiver),
                "receiverEmail": "",
                "serviceCode": settings.service_code,
                "addonService": _cash(order.cash_on_delivery),
                "additionRequest": [],
                "orgCodeCollect": None,
                "orgCodeAccept": None,
                "saleOrderCode": order.reference,
                "contentNote": CONTENT,
                "weight": str(settings.weight_grams),
                "width": None,
                "length": None,
                "height": None,
                "vehicle": "BO",
                "sendType": "1",
                "isBroken": "0",
                "deliveryTime": "N",
                "deliveryRequire": "1",
                "deliveryInstruction": "",
            },
        }
        return Call("POST", f"{settings.prefix}/CreateOrder", json=body)

    def query(self, settings: Myvnpost, reference: str, item: str | None = None) -> Call:
        """Where an order stands: type 1 is its number, type 2 ours."""
        return Call("GET", f"{settings.prefix}/getOrder", query=_about(reference, item))

    def history(self, settings: Myvnpost, reference: str, item: str | None = None) -> Call:
        """All that happened to an item."""
        return Call("GET", f"{settings.prefix}/GetStatusHistoryOrder", query=_about(reference, item))

    def cancel(self, settings: Myvnpost, receipt: Receipt) -> Call:
        """A wish that the post approves or not."""
        return Call("POST", f"{settings.prefix}/orderCancel", json={"OriginalId": receipt.handle or ""})

    # ------------------------------------------------------------ replies

    def receipt(self, reply: Reply) -> Receipt:
        """A non-empty item code is the sign of success, whatever the status says."""
        said = object_of(answered(reply))
        if found := _receipt(said):
            return found
        raise _refusal(reply, said)

    def found(self, reply: Reply) -> Receipt | None:
        """The order it knows under our reference or its number; None if there is none."""
        if reply.status == 404:
            return None
        said = answered(reply)
        said = said[0] if isinstance(said, list) and len(said) == 1 else said
        if said == [] or said is None:
            return None
        results = object_of(said).get("results")
        if results is None and not isinstance(said, list):
            raise _refusal(reply, object_of(said))
        return next((found for order in results or () if (found := _receipt(object_of(order)))), None)

    def cancelled(self, reply: Reply) -> bool:
        """A list means that the wish is on its way; it is gone when its status says so."""
        said = answered(reply)
        if isinstance(said, list):
            return False
        raise _refusal(reply, object_of(said))

    # ------------------------------------------------------------ what it tells

    def updates(self, body: bytes, api_version: str | None = None) -> list[Update]:
        """A webhook of either list, an order it was asked for, or a history: told apart by their shapes."""
        said = parsed(body)
        said = said[0] if isinstance(said, list) and len(said) == 1 else said
        match said:
            case {"Data": str(inner)}:
                return [_old(record_of(parsed(inner.encode())))]
            case {"data": list(rows)} if any("statusHistory" in record_of(row) for row in rows):
                return [update for row in rows for update in _history(record_of(row))]
            case {"data": list(rows)} | {"results": list(rows)}:
                return [_new(record_of(row)) for row in rows]
            case []:
                return []
        raise Unreadable("neither a webhook nor an answer of MyVNPost")

    def verify(
        self, settings: Myvnpost, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> WebhookVerdict:
        """Never more than `none`: its signature covers the first record only. Forged where one is due and wrong."""
        said = parsed(body)
        self.updates(body)
        if settings.signature is Signature.REQUIRED and not _is_signed(settings, said):
            raise Forged("the signature is missing or wrong")
        return WebhookVerdict.NONE

    def redact(self, body: bytes) -> bytes:
        """It sends no secrets."""
        return body

    def answer(self, verdict: Verdict | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        """What its document asks for: 200, 400 for a bad shape, 401 for a bad signature."""
        match verdict:
            case None:
                status, message = 200, "OK"
            case Forged():
                status, message = 401, "Invalid signature"
            case Unreadable():
                status, message = 400, "Invalid data"
            case _:
                status, message = 503, "Try later"
        body = json.dumps({"success": verdict is None, "message": message}).encode()
        return Reply(status, {"content-type": "application/json"}, body)


# ---------------------------------------------------------------- asking


def _party(end: str, party: Party) -> dict[str, str]:
    return {
        f"{end}Name": party.name,
        f"{end}Phone": "".join(party.phone.split()),
        f"{end}Address": party.line,
        f"{end}ProvinceCode": party.province_code,
        f"{end}ProvinceName": party.province,
        f"{end}DistrictCode": TWO_LEVELS,
        f"{end}DistrictName": "",
        f"{end}CommuneCode": party.ward_code,
        f"{end}CommuneName": party.ward,
    }


def _cash(amount: int) -> list[dict[str, str]]:
    return [{"code": "GTG021", "propValue": f"PROP0018:{amount}"}] if amount else []


def _about(reference: str, item: str | None) -> dict[str, str]:
    return {"type": "1", "code": item} if item else {"type": "2", "code": reference}


# ---------------------------------------------------------------- its answers


def _receipt(said: Mapping[str, Any]) -> Receipt | None:
    item = text_of(said, "itemCode", "originalItemCode")
    if not item:
        return None
    return Receipt(
        item_code=item[:MOST_NAME],
        reference=text_of(said, "saleOrderCode"),
        fee=amount_of(said.get("totalFee")),
        handle=text_of(said, "originalID", "originalId") or None,
        status=STATUSES.get((NEW, text_of(said, "status")), ParcelStatus.UNKNOWN),
    )


def _refusal(reply: Reply, said: Mapping[str, Any]) -> Verdict:
    """Its error object: {status, timestamp, error, message, description, path}; it may come with HTTP 200."""
    words = text_of(said, "message", "error")
    code = text_of(said, "status")[:MOST_NAME] or str(reply.status)
    if not words:
        return TryLater(f"an answer without words: {reply.status}", in_doubt=reply.status < 400)
    if code.startswith("5"):
        return TryLater(f"it is down: {code}", in_doubt=True)
    field = text_of(said, "description")[:MOST_NAME]
    return Refused(words, code, field if field.isidentifier() else None)


# ---------------------------------------------------------------- its updates


def _new(record: Mapping[str, Any]) -> Update:
    code, words = text_of(record, "status"), text_of(record, "causeName", "statusName")
    return Update(
        item=text_of(record, "itemCode", "originalItemCode"),
        reference=text_of(record, "saleOrderCode"),
        status=STATUSES.get((NEW, code), ParcelStatus.UNKNOWN),
        reason=reason_of(text_of(record, "causeName")),
        at=_at(text_of(record, "updatedDate")),
        code=code or "none",
        words=words,
        fee=FEES.get((NEW, code)),
        amount=amount_of(record.get("codAmount")),
    )


def _old(record: Mapping[str, Any]) -> Update:
    code, cause, note = text_of(record, "OrderStatusId"), text_of(record, "CauseName"), text_of(record, "DeliveryNote")
    status = STATUSES.get((OLD, code), ParcelStatus.UNKNOWN)
    return Update(
        item=text_of(record, "ItemCode"),
        reference=text_of(record, "OrderCode"),
        status=ON_THE_WAY_BACK.get(code, status) if record.get("IsReturn") is True else status,
        reason=reason_of(cause, note),
        at=_at(text_of(record, "LastUpdateTime")),
        code=f"{OLD}:{code or 'none'}",
        words=cause or note,
        fee=FEES.get((OLD, code)),
        amount=amount_of(record.get("CodAmount")),
    )


def _history(record: Mapping[str, Any]) -> list[Update]:
    """The steps of one item. They carry its number only, and no reason."""
    steps = [record_of(step) for step in record.get("statusHistory") or ()]
    return [
        Update(
            item=text_of(record, "itemCode"),
            reference=text_of(record, "saleOrderCode"),
            status=STATUSES.get((NEW, text_of(step, "statusCode")), ParcelStatus.UNKNOWN),
            reason=None,
            at=_at(f"{text_of(step, 'createdDate')} {text_of(step, 'createHour')}"),
            code=text_of(step, "statusCode") or "none",
            words=text_of(step, "statusName"),
        )
        for step in steps
    ]


def _at(text: str) -> datetime | None:
    return instant_of(text, TIMES)


# ---------------------------------------------------------------- its signature


def _is_signed(settings: Myvnpost, said: Any) -> bool:
    """RSA-SHA256 over `"MYVNP" + sendDate + itemCode + status` of the first record, base64."""
    match said:
        case {"data": [dict(first), *_], "sendDate": sent, "signature": str(signature)}:
            text = f"{SIGNED_PREFIX}{sent}{first.get('itemCode') or ''}{first.get('status')}"
        case _:
            return False
    key = _public_key(settings.webhook_key_file) if settings.webhook_key_file else None
    try:
        if key is not None:
            key.verify(base64.b64decode(signature, validate=True), text.encode(), PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error):
        return False
    return key is not None


@cache
def _public_key(file: Path) -> RSAPublicKey | None:
    key = load_pem_public_key(file.read_bytes())
    return key if isinstance(key, RSAPublicKey) else None


CARRIER = MyVNPost()
