"""Giao Hang Nhanh, a hired carrier: our orders as its calls, its replies, webhooks and answers in our words.

https://api.ghn.vn/home/docs/detail (id 123 create, 73 cancel, 119 and 66 query, 47 webhook, 48 statuses, 121 reasons).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.carrier_settings import Ghn, Signature
from connectors.carriers.answers import plain_answer
from connectors.carriers.carrier import InDoubt, Order, Party, Receipt, Update
from connectors.carriers.places import names_of
from connectors.carriers.reading import (
    MOST_NAME,
    amount_of,
    answered,
    knows,
    object_of,
    ours,
    parsed,
    record_of,
    text_of,
)
from connectors.carriers.times import instant_of
from connectors.carriers.usual import Usual
from connectors.carriers.words import plain_of
from connectors.transport import Call, Reply
from connectors.verdicts import Forged, Refused, TryLater, Unreadable, Verdict
from schemas.postal import FailureReason, FaultParty, ParcelStatus, WebhookVerdict

V2 = "v2"
"""Its interface, and so its one list of codes."""
STATUSES: dict[tuple[str, str], ParcelStatus] = {
    (V2, "ready_to_pick"): ParcelStatus.ACCEPTED,
    (V2, "picking"): ParcelStatus.PICKUP_SCHEDULED,
    (V2, "money_collect_picking"): ParcelStatus.PICKUP_SCHEDULED,
    (V2, "picked"): ParcelStatus.PICKED_UP,
    (V2, "storing"): ParcelStatus.IN_TRANSIT,
    (V2, "transporting"): ParcelStatus.IN_TRANSIT,
    (V2, "sorting"): ParcelStatus.IN_TRANSIT,
    (V2, "delivering"): ParcelStatus.OUT_FOR_DELIVERY,
    (V2, "money_collect_delivering"): ParcelStatus.OUT_FOR_DELIVERY,
    (V2, "delivered"): ParcelStatus.DELIVERED,
    (V2, "delivery_fail"): ParcelStatus.DELIVERY_FAILED,
    (V2, "waiting_to_return"): ParcelStatus.RETURN_REQUESTED,
    (V2, "return"): ParcelStatus.RETURN_REQUESTED,
    (V2, "return_transporting"): ParcelStatus.RETURNING,
    (V2, "return_sorting"): ParcelStatus.RETURNING,
    (V2, "returning"): ParcelStatus.RETURNING,
    (V2, "return_fail"): ParcelStatus.RETURN_FAILED,
    (V2, "returned"): ParcelStatus.RETURNED_TO_SENDER,
    (V2, "cancel"): ParcelStatus.CANCELLED,
    # It says only that something is wrong: an operator asks what.
    (V2, "exception"): ParcelStatus.UNKNOWN,
    (V2, "damage"): ParcelStatus.DAMAGED,
    (V2, "lost"): ParcelStatus.LOST,
}
REASONS: dict[str, tuple[FailureReason | None, FaultParty | None]] = {
    "GHN-PFA1A0": (FailureReason.ABSENT, None),
    "GHN-PFA2A2": (FailureReason.ADDRESS_WRONG, None),
    "GHN-PFA2A1": (FailureReason.ABSENT, None),
    "GHN-PFA2A3": (FailureReason.ABSENT, None),
    "GHN-PFA1A1": (None, None),
    "GHN-PCB0B2": (FailureReason.REFUSED, FaultParty.AGENCY),
    "GHN-PFA4A1": (FailureReason.REFUSED, FaultParty.AGENCY),
    "GHN-PCB0B1": (FailureReason.REFUSED, None),
    "GHN-PFA4A2": (FailureReason.REFUSED, FaultParty.AGENCY),
    "GHN-PFA3A2": (FailureReason.CARRIER_FAULT, None),
    "GHN-DFC1A0": (FailureReason.ABSENT, None),
    "GHN-DFC1A2": (FailureReason.ABSENT, None),
    "GHN-DFC1A4": (FailureReason.ABSENT, None),
    "GHN-DCD0A1": (FailureReason.ADDRESS_WRONG, None),
    "GHN-DFC1A1": (FailureReason.MOVED, None),
    "GHN-DFC1A7": (FailureReason.REFUSED, None),
    "GHN-DCD0A6": (FailureReason.REFUSED, FaultParty.AGENCY),
    "GHN-DCD0A7": (FailureReason.REFUSED, FaultParty.AGENCY),
    "GHN-DCD0A5": (FailureReason.CARRIER_FAULT, None),
    "GHN-DCD1A5": (FailureReason.FEE_UNPAID, None),
    "GHN-DCD0A8": (FailureReason.REFUSED, None),
    "GHN-DCD1A1": (FailureReason.REFUSED, None),
    "GHN-DFC1A6": (FailureReason.CARRIER_FAULT, None),
    "GHN-DCD1A3": (FailureReason.CARRIER_FAULT, None),
    "GHN-RFE0A0": (FailureReason.ABSENT, None),
    "GHN-RFE0A1": (FailureReason.MOVED, None),
    "GHN-RFE0A6": (FailureReason.ABSENT, None),
    "GHN-RFE0A3": (FailureReason.REFUSED, None),
    "GHN-RFE0A4": (FailureReason.CARRIER_FAULT, None),
    "GHN-RFE0A5": (FailureReason.CARRIER_FAULT, None),
}
"""Whole codes, each with whom it blames instead of whom we should. An older series shares beginnings with this one."""
PICKUP_REASONS = ("GHN-PFA", "GHN-PCB")
"""With one of these `ready_to_pick` is said to tell of a pick-up that failed (unconfirmed)."""
NO_MOVEMENT = "update_"
"""How the types of webhooks begin that tell of money and weight, and repeat the status of the moment."""
WEBHOOK_FIELDS = {"OrderCode", "ClientOrderCode", "Status"}
TIMES = ("%Y-%m-%dT%H:%M:%S%z",)
CONTENT = "Tài liệu"
"""All it is told of what lies in the envelope."""
NO_VIEWING = "KHONGCHOXEMHANG"
LENGTH_CM, WIDTH_CM, HEIGHT_CM = 30, 22, 1
"""An envelope."""
KNOWS_IT_ALREADY = re.compile(r"\bda ton tai\b|\bbi trung\b|\balready exist|\bexisted\b|\bduplicate")
KNOWS_NO_SUCH_ORDER = re.compile(r"\bnot (found|exist)|\bkhong (ton tai|tim thay)\b")
SPEAKS_OF_US = re.compile(r"\b(shop|shopid|token|page|route)\b|\bclient not found\b")
"""What it says when it has such an order, or none, or does not know us: its document gives no codes for these."""


class GiaoHangNhanh(Usual):
    """Translates. Nothing is known of a repeated reference, so it is asked before an order is sent again."""

    name = "ghn"
    table_version = "ghn/2026-11"
    in_doubt = InDoubt.ASK_FIRST
    asks = True

    # ------------------------------------------------------------ calls

    def request(self, settings: Ghn, order: Order) -> Call:
        """An order for one envelope, not to be opened before it is paid for."""
        body = {
            "payment_type_id": settings.payment_type_id,
            "required_note": NO_VIEWING,
            "note": "",
            "content": CONTENT,
            **_party("from", order.sender),
            **_party("to", order.receiver),
            "client_order_code": self.reference(settings, order.reference),
            "cod_amount": order.cash_on_delivery,
            "weight": settings.weight_grams,
            "length": LENGTH_CM,
            "width": WIDTH_CM,
            "height": HEIGHT_CM,
            "service_type_id": settings.service_type_id,
            "insurance_value": 0,
            "items": [{"name": CONTENT, "quantity": 1}],
        }
        return _call(settings, "/v2/shipping-order/create", body)

    def query(self, settings: Ghn, reference: str, item: str | None = None) -> Call:
        """Where an order stands, with all that happened to it."""
        if item:
            return _call(settings, "/v2/shipping-order/detail", {"order_code": item})
        body = {"client_order_code": self.reference(settings, reference)}
        return _call(settings, "/v2/shipping-order/detail-by-client-code", body)

    def history(self, settings: Ghn, reference: str, item: str | None = None) -> Call | None:
        """The answer to `query` holds it."""
        return None

    def cancel(self, settings: Ghn, receipt: Receipt) -> Call:
        """It lets an order go by its own number only."""
        if not receipt.item_code:
            raise Refused("its number is not known", code="no_item")
        return _call(settings, "/v2/switch-status/cancel", {"order_codes": [receipt.item_code]})

    # ------------------------------------------------------------ replies

    def receipt(self, reply: Reply) -> Receipt:
        """Its code decides, whatever the HTTP status. One that has the order already is in doubt: it is asked."""
        said = object_of(answered(reply))
        if _is_good(said) and (found := _receipt(object_of(said.get("data")))):
            return found
        raise _refusal(reply, said)

    def found(self, reply: Reply) -> Receipt | None:
        """The order it knows; None only if it says so plainly. Never Refused: what is unclear is asked again."""
        said = object_of(answered(reply))
        if _knows_none(said):
            return None
        for order in _orders(said) if _is_good(said) else ():
            if found := _receipt(object_of(order)):
                return found
        raise TryLater(f"no answer about an order: {_code(said) or reply.status}")

    def cancelled(self, reply: Reply) -> bool:
        """Each number has a result of its own beside the code of the whole."""
        said = object_of(answered(reply))
        results = [object_of(one) for one in _orders(said)] if _is_good(said) else []
        if not results:
            raise _refusal(reply, said)
        for one in results:
            if one.get("result") is not True:
                raise Refused(text_of(one, "message") or "no words", code="not_cancelled")
        return True

    # ------------------------------------------------------------ what it tells

    def updates(self, body: bytes, api_version: str | None = None) -> list[Update]:
        """A webhook, or the answer about an order: told apart by their shapes."""
        said, version = parsed(body), api_version or V2
        match said:
            case {"code": _, "data": _} if _knows_none(said):
                return []
            case {"code": _, "data": _} if _is_good(said):
                return [update for order in _orders(said) for update in _history(record_of(order), version)]
            case dict() if WEBHOOK_FIELDS & said.keys():
                return [] if text_of(said, "Type").casefold().startswith(NO_MOVEMENT) else [_update(said, version)]
        raise Unreadable("neither a webhook nor an answer of GHN")

    def verify(
        self, settings: Ghn, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> WebhookVerdict:
        """Never more than `none`: it signs nothing. A secret path of ours, if it is required, keeps strangers out."""
        if settings.signature is Signature.REQUIRED and not knows(query.get("secret"), settings.webhook_secret):
            raise Forged("the secret part of the address is missing or wrong")
        self.updates(body)
        return WebhookVerdict.NONE

    def redact(self, body: bytes) -> bytes:
        """It sends no secrets."""
        return body

    def answer(self, verdict: Verdict | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        """It tries for a minute to be answered 200, and then never again."""
        return plain_answer(verdict)


# ---------------------------------------------------------------- asking


def _call(settings: Ghn, path: str, body: Mapping[str, Any]) -> Call:
    headers = {"Token": settings.access_token.get_secret_value(), "ShopId": settings.shop_id}
    return Call("POST", path, json=body, headers=headers)


def _party(end: str, party: Party) -> dict[str, str]:
    """It wants names, in its own spelling: its place table has them where other tables have codes."""
    ward, district, province = names_of(party)
    return {
        f"{end}_name": party.name,
        f"{end}_phone": "".join(party.phone.split()),
        f"{end}_address": party.line,
        f"{end}_ward_name": ward,
        f"{end}_district_name": district,
        f"{end}_province_name": province,
    }


# ---------------------------------------------------------------- its answers


def _code(said: Mapping[str, Any]) -> str:
    return text_of(said, "code")[:MOST_NAME]


def _is_good(said: Mapping[str, Any]) -> bool:
    return _code(said) == "200"


def _orders(said: Mapping[str, Any]) -> list[Any]:
    """`data` is an object in one document and a list of one in another."""
    data = said.get("data")
    return data if isinstance(data, list) else [data] if data else []


def _receipt(order: Mapping[str, Any]) -> Receipt | None:
    item = text_of(order, "order_code")[:MOST_NAME]
    if not item:
        return None
    status = text_of(order, "status")
    return Receipt(
        item_code=item,
        reference=ours(text_of(order, "client_order_code")),
        fee=amount_of(order.get("total_fee")),
        status=STATUSES.get((V2, status), ParcelStatus.UNKNOWN) if status else None,
    )


def _words(said: Mapping[str, Any]) -> str:
    return plain_of(f"{text_of(said, 'message')} {text_of(said, 'code_message').replace('_', ' ')}")


def _knows_none(said: Mapping[str, Any]) -> bool:
    """Whether it says plainly that there is no such order: not that it knows no such shop, path or token."""
    if _is_good(said):
        return "data" in said and not said["data"]
    words = _words(said)
    return bool(KNOWS_NO_SUCH_ORDER.search(words)) and not SPEAKS_OF_US.search(words)


def _refusal(reply: Reply, said: Mapping[str, Any]) -> Verdict:
    """`{code, message, data, code_message}`; its code may be an error's although HTTP says 200."""
    code, message, words = _code(said) or str(reply.status), text_of(said, "message"), _words(said)
    if _is_good(said) or not message:
        return TryLater(f"an answer that says nothing: {reply.status}", in_doubt=reply.status < 400)
    if code in ("401", "403") or SPEAKS_OF_US.search(words):
        return TryLater(f"it does not let us in: {code}")
    if code == "429":
        return TryLater("it is hurried: 429", reply.retry_after_seconds)
    if re.fullmatch("5[0-9]{2}", code):
        return TryLater(f"it is down: {code}", in_doubt=True)
    if KNOWS_IT_ALREADY.search(words):
        return TryLater(f"it has such an order: {code}", in_doubt=True)
    field = re.search(r"\b(?:from|to)_[a-z_]+|\bcod_amount\b|\bweight\b", message)
    return Refused(message, text_of(said, "code_message")[:MOST_NAME] or code, field[0] if field else None)


# ---------------------------------------------------------------- its updates


def _update(record: Mapping[str, Any], version: str) -> Update:
    item, reference = text_of(record, "OrderCode"), ours(text_of(record, "ClientOrderCode"))
    if not (item or reference):
        raise Unreadable("it names no item")
    code, reason_code = text_of(record, "Status"), text_of(record, "ReasonCode")
    status = STATUSES.get((version, code), ParcelStatus.UNKNOWN)
    reason, fault = REASONS.get(reason_code, (None, None))
    failed_pickup = status is ParcelStatus.ACCEPTED and reason_code.startswith(PICKUP_REASONS)
    if failed_pickup:
        status = ParcelStatus.PICKUP_FAILED
    if record.get("IsPartialReturn") is True:
        status = ParcelStatus.PARTIAL
    return Update(
        item=item,
        reference=reference,
        status=status,
        reason=reason,
        at=_at(text_of(record, "Time")),
        code=code or "none",
        words=text_of(record, "Reason", "Description"),
        firm=not failed_pickup,
        fault=fault,
        location=text_of(record, "Warehouse")[:MOST_NAME] or None,
        amount=amount_of(record.get("CODAmount")),
    )


def _history(order: Mapping[str, Any], version: str) -> list[Update]:
    """The steps of one order; and where it stands, which has no time, unless a step says the same. No reasons."""
    item, reference = text_of(order, "order_code"), ours(text_of(order, "client_order_code"))
    steps = order.get("log") or []
    if not (item or reference) or not isinstance(steps, list):
        raise Unreadable("it names no item, or its log is no list")
    said = [(text_of(record_of(step), "status"), text_of(step, "updated_date")) for step in steps]
    stands = text_of(order, "status")
    if stands and stands not in {code for code, _ in said}:
        said.append((stands, ""))
    return [
        Update(
            item=item,
            reference=reference,
            status=STATUSES.get((version, code), ParcelStatus.UNKNOWN),
            reason=None,
            at=_at(when),
            code=code or "none",
        )
        for code, when in said
    ]


def _at(text: str) -> datetime | None:
    """UTC with a fraction of any length. Years that no zone but their own can tell are none of ours."""
    return instant_of(re.sub(r"\.[0-9]+", "", text, count=1), TIMES) if text.startswith("20") else None


CARRIER = GiaoHangNhanh()
