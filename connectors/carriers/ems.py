"""EMS Vietnam: our orders as its calls, its replies, webhooks and answers in our words.

https://docws.ems.com.vn (`new`: orders go there) and https://docs.ems.com.vn (`old`: MyEMS). Its list of codes is not
known: most statuses are read from words, and those are never firm.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from connectors.carrier_settings import Ems, Signature
from connectors.carriers.answers import plain_answer
from connectors.carriers.carrier import InDoubt, Order, Party, Receipt, Update
from connectors.carriers.reading import (
    MOST_NAME,
    amount_of,
    answered,
    clean,
    json_of,
    knows,
    object_of,
    ours,
    parsed,
    record_of,
    text_of,
    up,
)
from connectors.carriers.times import instant_of
from connectors.carriers.usual import Usual
from connectors.carriers.words import plain_of, reason_of
from connectors.transport import Call, Reply
from connectors.verdicts import Forged, Refused, TryLater, Unreadable, Verdict
from schemas.postal import ParcelStatus, WebhookVerdict

NEW, OLD = "new", "old"
STATUSES: dict[tuple[str, str], ParcelStatus] = {
    (NEW, "1"): ParcelStatus.REQUESTED,
    (NEW, "2"): ParcelStatus.ACCEPTED,
    (NEW, "4"): ParcelStatus.IN_TRANSIT,
    (OLD, "11000"): ParcelStatus.OUT_FOR_DELIVERY,
    (OLD, "23000"): ParcelStatus.CANCELLED,
}
UNCONFIRMED = {(OLD, "23000")}
"""Seen in the answer to a cancellation only."""
CANCELLED_CODE = "23000"

FAILED, DONE = ("khong thanh cong", "that bai"), ("thanh cong",)
HANDED, ASKED = ("phat", "giao"), ("cho", "yeu cau", "duyet")
PHRASES: tuple[tuple[ParcelStatus, tuple[tuple[str, ...], ...]], ...] = (
    (ParcelStatus.RETURN_FAILED, (("hoan",), FAILED)),
    (ParcelStatus.RETURNED_TO_SENDER, (("hoan",), DONE)),
    (ParcelStatus.RETURNED_TO_SENDER, (("da tra nguoi gui",),)),
    (ParcelStatus.PICKUP_FAILED, (("lay",), FAILED)),
    (ParcelStatus.DELIVERY_FAILED, (HANDED, FAILED)),
    (ParcelStatus.DELIVERED, (HANDED, DONE)),
    (ParcelStatus.RETURN_REQUESTED, (ASKED, ("hoan",))),
    (ParcelStatus.RETURNING, (("hoan",),)),
    (ParcelStatus.CANCELLED, (("huy",),)),
    (ParcelStatus.LOST, (("that lac",),)),
    (ParcelStatus.RETRY_SCHEDULED, (("phat tiep", "phat lai", "giao lai"),)),
    (ParcelStatus.AT_DELIVERY_OFFICE, (("den buu cuc phat",),)),
    (ParcelStatus.OUT_FOR_DELIVERY, (("buu ta", "dang phat", "dang giao"),)),
    (ParcelStatus.FORWARDED, (("chuyen tiep",),)),
    (ParcelStatus.IN_TRANSIT, (("van chuyen", "dong chuyen"),)),
    (ParcelStatus.PICKED_UP, (("da lay", "da nhan hang"),)),
    (ParcelStatus.PICKUP_SCHEDULED, (("dang lay", "di lay"),)),
    (ParcelStatus.ACCEPTED, (("cho lay",),)),
)
"""What the words of an unknown code mean: the first row of which every group has a phrase in them."""
_ROWS = tuple(
    (status, tuple(re.compile(rf"\b(?:{'|'.join(group)})\b") for group in groups)) for status, groups in PHRASES
)
_FINISHED = re.compile(r"\bhoan tat\b|\bhoan thanh\b(?! cong\b)")
"""These say "finished", not "return"; `chuyển hoàn thành công` is a return."""


class Names(NamedTuple):
    """What a version calls the fields of a webhook."""

    item: str
    reference: str
    code: str
    words: str
    note: str
    place: str
    time: str


NAMES = {
    NEW: Names("tracking_code", "order_code", "status_code", "status_name", "note", "locate", "datetime"),
    OLD: Names("TrackingCode", "OrderCode", "StatusCode", "StatusName", "Note", "Location", "CreatedAt"),
}
TIMES = {NEW: ("%d/%m/%Y %H:%M:%S",), OLD: ("%Y-%m-%d %H:%M:%S",)}
TRACE_TIMES = ("%Y-%m-%d %H:%M:%S",)
CONTENT = "Tài liệu"
"""All the post is told of what lies in the envelope."""
TRANSACTION = "ems-transaction"
"""The header that names a webhook; its answer says the name again."""
SECRET = "secret"
"""Under which a secret in the webhook's address joins its query."""


class EMS(Usual):
    """Translates. Whether it recognises a repeated order is not known, so one in doubt is never sent again."""

    name = "ems"
    table_version = "ems/2026-11"
    in_doubt = InDoubt.NEVER
    asks = True

    # ------------------------------------------------------------ calls

    def request(self, settings: Ems, order: Order) -> Call:
        """An order for one envelope, collected at the sender."""
        body = {
            "order_code": self.reference(settings, order.reference),
            "inventory": settings.inventory,
            "inventory_name": "" if settings.inventory else settings.inventory_name or order.sender.name,
            **_party("from", order.sender),
            **_party("to", order.receiver),
            "product_name": CONTENT,
            "total_amount": 0,
            "total_quantity": 1,
            "total_weight": settings.weight_grams,
            "money_collect": order.cash_on_delivery,
            "description": CONTENT,
            "service": settings.service,
            "checked": False,
            "fragile": "",
            "vas": [],
            "payment_config": False,
        }
        return Call("POST", "/api/v1/orders/create-v2", json=body, query=_token(settings))

    def query(self, settings: Ems, reference: str, item: str | None = None) -> Call:
        """Where an item stands and all that happened to it, by its number.

        By our reference it may not find it, and says no more of that than of any other error.
        """
        asked = item or self.reference(settings, reference)
        return Call("GET", f"/api/v1/orders/tracking/{quote(asked, safe='')}", query=_token(settings))

    def history(self, settings: Ems, reference: str, item: str | None = None) -> Call | None:
        """The answer to `query` holds it."""
        return None

    def cancel(self, settings: Ems, receipt: Receipt) -> Call:
        """While it is a draft or waits to be collected. MyEMS has the call; elsewhere an operator makes it."""
        item = receipt.item_code or receipt.handle
        if not settings.cancel_path or not item:
            raise Refused("it is told of a cancellation by telephone", code="no_such_call")
        return Call("POST", settings.cancel_path, query={**_token(settings), "code": item})

    # ------------------------------------------------------------ replies

    def receipt(self, reply: Reply) -> Receipt:
        """Its word `success` and an item's number are the sign of success, whatever the status says."""
        return _receipt(reply)

    def found(self, reply: Reply) -> Receipt:
        """The item it was asked for. An error does not say that there is none, so it is never None."""
        return _receipt(reply)

    def cancelled(self, reply: Reply) -> bool:
        """The shipment it shows is cancelled; if it is not yet, it will see."""
        said = object_of(answered(reply))
        status = text_of(object_of(said.get("data")) or said, "status", "status_code")
        if status and reply.status < 400:
            return status == CANCELLED_CODE
        if words := text_of(said, "message", "error"):
            raise Refused(words, str(reply.status))
        raise TryLater(f"an answer without words: {reply.status}", in_doubt=reply.status < 400)

    # ------------------------------------------------------------ what it tells

    def updates(self, body: bytes, api_version: str | None = None) -> list[Update]:
        """A webhook of either version, or an item it was asked for: told apart by their shapes."""
        match parsed(body):
            case {"data": dict(item)}:
                return _journey(item)
            case {"status_code": _} as said:
                return [_webhook(NEW, said)]
            case {"StatusCode": _} as said:
                return [_webhook(OLD, said)]
            case {"code": "error"} | {"code": "success", "data": [] | None}:
                return []
        raise Unreadable("neither a webhook nor an answer of EMS")

    def verify(
        self, settings: Ems, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> WebhookVerdict:
        """Never more than `none`: it signs nothing. Where required, only those who know the whole address get in."""
        if settings.signature is Signature.REQUIRED and not knows(query.get(SECRET), settings.webhook_secret):
            raise Forged("the secret in the address is missing or wrong")
        self.updates(body)
        return WebhookVerdict.NONE

    def redact(self, body: bytes) -> bytes:
        """It sends no secrets."""
        return body

    def answer(self, verdict: Verdict | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        """`success` with the webhook's own name, which came in its header; `error` asks for another try."""
        name = clean((headers or {}).get(TRANSACTION))[:MOST_NAME]
        body = json.dumps({"code": "error" if verdict else "success", "transaction": name}).encode()
        return replace(plain_answer(verdict), body=body)


# ---------------------------------------------------------------- asking


def _token(settings: Ems) -> dict[str, str]:
    return {"merchant_token": settings.merchant_token.get_secret_value()}


def _party(end: str, party: Party) -> dict[str, str]:
    """One end of an order. A ward's row in its table may be `WARD, DISTRICT`: EMS asks for both codes."""
    ward, _, district = party.ward_code.partition(",")
    return {
        f"{end}_name": party.name,
        f"{end}_phone": "".join(party.phone.split()),
        f"{end}_province": party.province_code,
        f"{end}_district": district.strip(),
        f"{end}_ward": ward.strip(),
        f"{end}_address": party.line,
    }


# ---------------------------------------------------------------- its answers


def _said(reply: Reply) -> Mapping[str, Any]:
    """Its object, whatever the HTTP status, of which its document says nothing."""
    try:
        return object_of(json_of(reply))
    except TryLater:
        up(reply)
        raise


def _refusal(reply: Reply, said: Mapping[str, Any]) -> Verdict:
    """What it means that this is no success. One that is down may have taken the order all the same."""
    up(reply)
    words = text_of(said, "message")
    if said.get("code") != "error":
        return TryLater(f"neither success nor error: {reply.status}", in_doubt=reply.status < 400)
    if "token" in re.findall(r"[a-z]+", plain_of(words)):
        return TryLater("it does not let us in: its words speak of the token")
    return Refused(words, "error")


def _receipt(reply: Reply) -> Receipt:
    said = _said(reply)
    data = object_of(said.get("data"))
    item = text_of(data, "tracking_code")[:MOST_NAME]
    if said.get("code") != "success" or not item:
        raise _refusal(reply, said)
    return Receipt(
        item_code=item,
        reference=ours(text_of(data, "order_code")),
        fee=_fee(data),
        handle=item,
        status=STATUSES.get((NEW, text_of(data, "status_code", "status")), ParcelStatus.UNKNOWN),
    )


def _fee(data: Mapping[str, Any]) -> int | None:
    """What the carriage costs: the main part, what a remote place adds, and the additional services."""
    fee, extras = object_of(data.get("fee")), object_of(data.get("vas"))
    parts = (fee.get("fee"), fee.get("remote_fee"), extras.get("total_vas"))
    return amount_of(sum(amount_of(part) or 0 for part in parts))


# ---------------------------------------------------------------- its updates


def _webhook(version: str, said: Mapping[str, Any]) -> Update:
    names = NAMES[version]
    return _update(
        version,
        item=text_of(said, names.item),
        reference=text_of(said, names.reference),
        code=text_of(said, names.code),
        words=(text_of(said, names.note), text_of(said, names.words)),
        place=text_of(said, names.place),
        at=instant_of(text_of(said, names.time), TIMES[version]),
    )


def _journey(data: Mapping[str, Any]) -> list[Update]:
    """The steps of an item it was asked for; only where none is told, what it says of the whole."""
    item, reference = text_of(data, "tracking_code"), text_of(data, "order_code")
    steps = data.get("__get_status")
    if not isinstance(steps, list) or not steps:
        if not (code := text_of(data, "status")):
            raise Unreadable("an item without a status")
        return [_update(NEW, item, reference, code, words=("", ""), place="", at=None)]
    return [
        _update(
            NEW,
            item,
            reference,
            code=text_of(step, "status"),
            words=("", text_of(step, "description")),
            place=text_of(step, "address"),
            at=instant_of(text_of(step, "tracedate"), TRACE_TIMES),
        )
        for step in map(record_of, steps)
    ]


def _update(
    version: str, item: str, reference: str, code: str, words: tuple[str, str], place: str, at: datetime | None
) -> Update:
    """`words`: its note, and its name of the status."""
    if not (item or reference):
        raise Unreadable("no item and no reference")
    note, status_words = words
    known = STATUSES.get((version, code))
    return Update(
        item=item,
        reference=ours(reference),
        status=known or _status_of(status_words),
        reason=reason_of(note, status_words),
        at=at,
        code=(code or "none") if version == NEW else f"{version}:{code or 'none'}",
        words=note or status_words,
        firm=known is not None and (version, code) not in UNCONFIRMED,
        location=place[:MOST_NAME] or None,
    )


def _status_of(words: str) -> ParcelStatus:
    plain = " ".join(_FINISHED.sub(" ", plain_of(words)).split())
    return next(
        (status for status, groups in _ROWS if all(group.search(plain) for group in groups)), ParcelStatus.UNKNOWN
    )


CARRIER = EMS()
