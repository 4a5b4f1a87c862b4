"""Giao Hang Tiet Kiem, a hired carrier: our orders as its calls, its replies, webhooks and answers in our words.

https://api.ghtk.vn/en/docs/submit-order (webhook, submit-order-express, tracking-status) and https://pro-docs.ghtk.vn.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote

from connectors.carrier_settings import Ghtk, Signature
from connectors.carriers.answers import plain_answer
from connectors.carriers.carrier import InDoubt, Order, Party, Receipt, Update
from connectors.carriers.places import names_of
from connectors.carriers.reading import (
    MOST_NAME,
    amount_of,
    answered,
    json_of,
    knows,
    object_of,
    ours,
    parsed,
    text_of,
    up,
)
from connectors.carriers.times import instant_of
from connectors.carriers.usual import Usual
from connectors.carriers.words import plain_of
from connectors.transport import Call, Reply
from connectors.verdicts import AlreadyDone, Forged, Refused, TryLater, Unreadable, Verdict
from schemas.postal import FailureReason, FaultParty, ParcelStatus, WebhookVerdict

V1_5 = "1.5"
"""Its interface, and so its one list of codes."""
STATUSES: dict[tuple[str, str], ParcelStatus] = {
    (V1_5, "-1"): ParcelStatus.CANCELLED,
    (V1_5, "1"): ParcelStatus.REQUESTED,
    (V1_5, "2"): ParcelStatus.ACCEPTED,
    (V1_5, "3"): ParcelStatus.PICKED_UP,
    (V1_5, "4"): ParcelStatus.OUT_FOR_DELIVERY,
    (V1_5, "5"): ParcelStatus.DELIVERED,
    (V1_5, "6"): ParcelStatus.FEE_SETTLED,
    (V1_5, "7"): ParcelStatus.PICKUP_FAILED,
    (V1_5, "8"): ParcelStatus.PICKUP_SCHEDULED,
    (V1_5, "9"): ParcelStatus.DELIVERY_FAILED,
    (V1_5, "10"): ParcelStatus.RETRY_SCHEDULED,
    (V1_5, "11"): ParcelStatus.FEE_SETTLED,
    (V1_5, "12"): ParcelStatus.PICKUP_SCHEDULED,
    # Compensation: whether for a loss or for damage it does not say.
    (V1_5, "13"): ParcelStatus.UNKNOWN,
    (V1_5, "20"): ParcelStatus.RETURNING,
    (V1_5, "21"): ParcelStatus.RETURNED_TO_SENDER,
    # The postman's own word, before the office's: 5 closes a leg, 45 does not.
    (V1_5, "45"): ParcelStatus.OUT_FOR_DELIVERY,
    (V1_5, "49"): ParcelStatus.DELIVERY_FAILED,
    (V1_5, "123"): ParcelStatus.PICKED_UP,
    (V1_5, "127"): ParcelStatus.PICKUP_FAILED,
    (V1_5, "128"): ParcelStatus.PICKUP_SCHEDULED,
    (V1_5, "410"): ParcelStatus.RETRY_SCHEDULED,
}
REASONS: dict[str, tuple[FailureReason | None, FaultParty | None]] = {
    "100": (FailureReason.ABSENT, None),
    "101": (FailureReason.ABSENT, None),
    "102": (FailureReason.ABSENT, None),
    "103": (FailureReason.MOVED, None),
    "104": (FailureReason.ABSENT, None),
    "105": (FailureReason.CARRIER_FAULT, None),
    "106": (FailureReason.FORCE_MAJEURE, None),
    "107": (None, None),
    "110": (FailureReason.ADDRESS_WRONG, None),
    "111": (FailureReason.REFUSED, FaultParty.AGENCY),
    "112": (FailureReason.REFUSED, None),
    "113": (FailureReason.ABSENT, None),
    "114": (None, None),
    "115": (None, FaultParty.AGENCY),
    "120": (FailureReason.CARRIER_FAULT, None),
    "121": (FailureReason.ABSENT, None),
    "122": (FailureReason.ABSENT, None),
    "123": (FailureReason.ABSENT, None),
    "124": (FailureReason.MOVED, None),
    "125": (FailureReason.ADDRESS_WRONG, None),
    "126": (FailureReason.FORCE_MAJEURE, None),
    "127": (None, None),
    "128": (None, None),
    "129": (FailureReason.CARRIER_FAULT, None),
    "1200": (FailureReason.ADDRESS_WRONG, None),
    "130": (FailureReason.REFUSED, None),
    "131": (FailureReason.ABSENT, None),
    "132": (FailureReason.ABSENT, None),
    "133": (None, FaultParty.AGENCY),
    "134": (None, None),
    "135": (None, FaultParty.AGENCY),
    "140": (FailureReason.ABSENT, None),
    "141": (FailureReason.ABSENT, None),
    "142": (FailureReason.ABSENT, None),
    "143": (FailureReason.ABSENT, None),
    "144": (None, None),
}
"""Reason codes, each with whom it blames instead of whom we should. Some of the numbers are statuses as well."""
TIMES = ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S")
"""A webhook's has a zone, an answer's has none."""
CONTENT = "Tài liệu"
"""All it is told of what lies in the envelope."""
KNOWN_ALREADY = "ORDER_ID_EXIST"
NO_SUCH_PATH = "10104"
KNOWS_NO_SUCH_ORDER = re.compile(r"\bkhong (ton tai|tim thay)\b|\bnot (found|exist)")
IS_CANCELLED = re.compile(r"\b(o trang thai huy|da (bi |duoc )?huy|already (been )?cancell?ed)\b")
IS_NOT = re.compile(r"\b(khong|chua|not)\b")
"""What it says of an order that it lacks, or that is cancelled: its documents give no codes for these."""
FORM_FIELDS = {"label_id", "partner_id", "status_id"}
MOST_FIELDS = 200


class GiaoHangTietKiem(Usual):
    """Translates. It never takes a reference twice and names the item it made of it, so an order may be sent again."""

    name = "ghtk"
    table_version = "ghtk/2026-11"
    in_doubt = InDoubt.RESEND
    asks = True

    # ------------------------------------------------------------ calls

    def request(self, settings: Ghtk, order: Order) -> Call:
        """An order for one envelope, collected at the sender, the carriage paid by us."""
        body = {
            "products": [{"name": CONTENT, "weight": settings.weight_grams / 1000, "quantity": 1, "product_code": ""}],
            "order": {
                "id": self.reference(settings, order.reference),
                **_party("pick_", order.sender),
                **_party("", order.receiver),
                "hamlet": "Khác",
                "is_freeship": "1",
                **({"pick_date": order.collect_on.isoformat()} if order.collect_on else {}),
                "pick_money": order.cash_on_delivery,
                "note": "",
                "value": 0,
                "transport": settings.transport,
                "pick_option": "cod",
            },
        }
        return _call(settings, "POST", "/services/shipment/order/", body, {"ver": V1_5})

    def query(self, settings: Ghtk, reference: str, item: str | None = None) -> Call:
        """Where an order stands, best by its label: that it takes `%2F` in a path is unconfirmed."""
        about = item or self.reference(settings, reference)
        return _call(settings, "GET", f"/services/shipment/v2/{quote(about, safe='')}")

    def history(self, settings: Ghtk, reference: str, item: str | None = None) -> Call | None:
        """There is no such question."""
        return None

    def cancel(self, settings: Ghtk, receipt: Receipt) -> Call:
        """It lets an order go that it does not hold yet."""
        if not (receipt.item_code or receipt.reference):
            raise Refused("neither its label nor our reference is known", code="no_item")
        about = receipt.item_code or f"partner_id:{self.reference(settings, receipt.reference)}"
        return _call(settings, "POST", f"/services/shipment/cancel/{quote(about, safe=':')}")

    # ------------------------------------------------------------ replies

    def receipt(self, reply: Reply) -> Receipt:
        """A label, new or from before. ORDER_ID_EXIST counts whatever the HTTP status beside it."""
        said = _read(reply)
        if known := _known_already(said):
            raise AlreadyDone(known)
        up(reply)
        if said.get("success") is True and (found := _receipt(object_of(said.get("order")))):
            return found
        json_of(reply)
        raise _refusal(reply, said)

    def found(self, reply: Reply) -> Receipt | None:
        """The order it knows; None only if it says so plainly. Never Refused: what is unclear is asked again."""
        said = object_of(answered(reply))
        if _knows_none(said):
            return None
        if said.get("success") is True and (found := _receipt(object_of(said.get("order")))):
            return found
        raise TryLater(f"no answer about an order: {_code(said) or reply.status}")

    def cancelled(self, reply: Reply) -> bool:
        """An order that was cancelled before comes as an error, and is gone."""
        said = object_of(answered(reply))
        words = plain_of(text_of(said, "message"))
        if said.get("success") is True or (IS_CANCELLED.search(words) and not IS_NOT.search(words)):
            return True
        raise _refusal(reply, said)

    # ------------------------------------------------------------ what it tells

    def updates(self, body: bytes, api_version: str | None = None) -> list[Update]:
        """A webhook, as a form or as JSON, or the answer about an order: told apart by their shapes."""
        said, version = _fields(body), api_version or V1_5
        match said:
            case {"success": True, "order": dict(order)}:
                return [_stands(order, version)]
            case {"success": False} if _knows_none(said):
                return []
            case dict() if FORM_FIELDS & said.keys():
                return [_update(said, version)]
        raise Unreadable("neither a webhook nor an answer of GHTK")

    def verify(
        self, settings: Ghtk, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> WebhookVerdict:
        """`secret` if the address it called bears our `hash`."""
        right = knows(query.get("hash"), settings.webhook_secret)
        if settings.signature is Signature.REQUIRED and not right:
            raise Forged("the hash is missing or wrong")
        self.updates(body)
        return WebhookVerdict.SECRET if right else WebhookVerdict.NONE

    def redact(self, body: bytes) -> bytes:
        """Its secret comes in the address, which is not stored."""
        return body

    def answer(self, verdict: Verdict | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Only 200 is success; it sends the rest again, once or more often."""
        return plain_answer(verdict)


# ---------------------------------------------------------------- asking


def _call(settings: Ghtk, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Call:
    headers = {
        "Token": settings.access_token.get_secret_value(),
        "X-Client-Source": settings.client_source,
        "Content-Type": "application/json",
    }
    return Call(method, path, json=body, headers=headers, query=query or {})


def _party(end: str, party: Party) -> dict[str, str]:
    """It wants names, in its own spelling: its place table has them where other tables have codes."""
    ward, district, province = names_of(party)
    return {
        f"{end}name": party.name,
        f"{end}tel": "".join(party.phone.split()),
        f"{end}address": party.line,
        f"{end}province": province,
        f"{end}district": district,
        f"{end}ward": ward,
    }


# ---------------------------------------------------------------- its answers


def _read(reply: Reply) -> Mapping[str, Any]:
    """What it says, or nothing: the status is looked at afterwards."""
    try:
        return object_of(json_of(reply))
    except TryLater:
        return {}


def _code(said: Mapping[str, Any]) -> str:
    return (text_of(said, "error_code") or text_of(object_of(said.get("error")), "code"))[:MOST_NAME]


def _receipt(order: Mapping[str, Any]) -> Receipt | None:
    """From the reply to an order or to a question: they call the same by two names."""
    item, status = text_of(order, "label", "label_id")[:MOST_NAME], text_of(order, "status_id", "status")
    if not item:
        return None
    return Receipt(
        item_code=item,
        reference=ours(text_of(order, "partner_id")),
        fee=amount_of(order.get("fee")),
        status=STATUSES.get((V1_5, status), ParcelStatus.UNKNOWN) if status else None,
    )


def _known_already(said: Mapping[str, Any]) -> Receipt | None:
    """What it made of the reference before."""
    error = object_of(said.get("error"))
    if KNOWN_ALREADY not in (text_of(error, "code"), text_of(said, "error_code")):
        return None
    status = text_of(error, "status")
    return Receipt(
        item_code=text_of(error, "ghtk_label")[:MOST_NAME] or None,
        reference=ours(text_of(error, "partner_id")),
        status=STATUSES.get((V1_5, status), ParcelStatus.UNKNOWN) if status else None,
    )


def _knows_none(said: Mapping[str, Any]) -> bool:
    """Whether it says plainly that there is no such order: not that there is no such path."""
    plain = KNOWS_NO_SUCH_ORDER.search(plain_of(text_of(said, "message")))
    return said.get("success") is False and plain is not None and _code(said) != NO_SUCH_PATH


def _refusal(reply: Reply, said: Mapping[str, Any]) -> Verdict:
    """`{success: false, message, error_code, log_id}`: 1xxxx is its own trouble, 2xxxx our token, 3xxxx the order."""
    words, code = text_of(said, "message"), _code(said)
    if said.get("success") is not False or not words:
        return TryLater(f"an answer that says nothing: {reply.status}", in_doubt=reply.status < 400)
    if re.fullmatch("1[0-9]{4}", code):
        return TryLater(f"it is down: {code}", reply.retry_after_seconds, in_doubt=True)
    if re.fullmatch("2[0-9]{4}", code):
        return TryLater(f"it does not let us in: {code}")
    return Refused(words, code or str(reply.status))


# ---------------------------------------------------------------- its updates


def _fields(body: bytes) -> Any:
    """The fields of a body: JSON if it is JSON, else a form. No form of its is JSON by chance."""
    try:
        return parsed(body)
    except Unreadable:
        pass
    try:
        return dict(parse_qsl(body.decode().strip(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise Unreadable("neither JSON nor a form") from error


def _update(record: Mapping[str, Any], version: str) -> Update:
    item, reference = _whose(record)
    code = text_of(record, "status_id")
    status = STATUSES.get((version, code), ParcelStatus.UNKNOWN)
    reason, fault = REASONS.get(text_of(record, "reason_code"), (None, None))
    partly = text_of(record, "return_part_package").casefold() in ("1", "true")
    return Update(
        item=item,
        reference=reference,
        status=ParcelStatus.PARTIAL if partly else status,
        reason=reason,
        at=_at(text_of(record, "action_time")),
        code=code or "none",
        words=text_of(record, "reason"),
        fault=fault,
        amount=amount_of(record.get("pick_money")),
    )


def _stands(order: Mapping[str, Any], version: str) -> Update:
    """Where an order stands when it is asked. Its words are for people: no reason is read from them."""
    item, reference = _whose(order)
    code = text_of(order, "status")
    return Update(
        item=item,
        reference=reference,
        status=STATUSES.get((version, code), ParcelStatus.UNKNOWN),
        reason=None,
        at=_at(text_of(order, "modified")),
        code=code or "none",
        words=text_of(order, "message", "status_text"),
    )


def _whose(record: Mapping[str, Any]) -> tuple[str, str]:
    """Its label and our reference, one of them at least."""
    item, reference = text_of(record, "label_id"), ours(text_of(record, "partner_id"))
    if not (item or reference):
        raise Unreadable("it names no item")
    return item, reference


def _at(text: str) -> datetime | None:
    """Its own sample leaves a bare `+` in a form, which arrives as a space. Years of no other zone are none of ours."""
    whole = re.sub(r"(T[0-9:]{8}) ([0-9]{2}:[0-9]{2})$", r"\1+\2", re.sub(r"\.[0-9]+", "", text, count=1))
    return instant_of(whole, TIMES) if text.startswith("20") else None


CARRIER = GiaoHangTietKiem()
