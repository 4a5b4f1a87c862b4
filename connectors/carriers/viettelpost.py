"""Viettel Post, a hired carrier: our orders as its calls, its replies and webhooks in our words.

https://partner2.viettelpost.vn/document (webhook: .../document/webhook). There are two lists of codes, and no question
where an order stands: its webhook is the only channel.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from connectors.carrier_settings import Signature, Viettelpost
from connectors.carriers.answers import plain_answer
from connectors.carriers.carrier import InDoubt, Order, Party, Receipt, Update
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
    token_of,
)
from connectors.carriers.times import instant_of
from connectors.carriers.usual import Usual
from connectors.carriers.words import plain_of
from connectors.transport import Call, Reply
from connectors.verdicts import Forged, Refused, TryLater, Unreadable, Verdict
from schemas.postal import FailureReason, FaultParty, ParcelStatus, WebhookVerdict

NEW, OLD = "new", "old"
BOTH_LISTS = {
    "101": ParcelStatus.CANCELLED,
    "102": ParcelStatus.PICKUP_FAILED,
    "103": ParcelStatus.ACCEPTED,
    "104": ParcelStatus.PICKUP_SCHEDULED,
    "107": ParcelStatus.CANCELLED,
    "200": ParcelStatus.PICKED_UP,
    "201": ParcelStatus.CANCELLED,
    "202": ParcelStatus.ACCEPTED,
    "300": ParcelStatus.IN_TRANSIT,
    "400": ParcelStatus.IN_TRANSIT,
    "500": ParcelStatus.OUT_FOR_DELIVERY,
    "501": ParcelStatus.DELIVERED,
    "502": ParcelStatus.RETURNING,
    "503": ParcelStatus.DESTROYED,
    "504": ParcelStatus.RETURNED_TO_SENDER,
    "505": ParcelStatus.RETURN_REQUESTED,
    "506": ParcelStatus.DELIVERY_FAILED,
    "507": ParcelStatus.AWAITING_COLLECTION,
    "508": ParcelStatus.RETRY_SCHEDULED,
    "509": ParcelStatus.FORWARDED,
    "515": ParcelStatus.RETURN_REQUESTED,
    "550": ParcelStatus.RETRY_SCHEDULED,
    # In no list of today, and still seen.
    "-100": ParcelStatus.REQUESTED,
    "100": ParcelStatus.ACCEPTED,
    "105": ParcelStatus.PICKED_UP,
    "106": ParcelStatus.CANCELLED,
}
OLD_LIST = {
    "301": ParcelStatus.IN_TRANSIT,
    "302": ParcelStatus.IN_TRANSIT,
    "303": ParcelStatus.IN_TRANSIT,
    "401": ParcelStatus.IN_TRANSIT,
    "402": ParcelStatus.IN_TRANSIT,
    "403": ParcelStatus.IN_TRANSIT,
}
STATUSES: dict[tuple[str, str], ParcelStatus] = {
    **{(NEW, code): status for code, status in BOTH_LISTS.items()},
    **{(OLD, code): status for code, status in {**BOTH_LISTS, **OLD_LIST}.items()},
}
UNCONFIRMED = {(NEW, "106"), (NEW, "502"), (OLD, "106"), (OLD, "301"), (OLD, "302"), (OLD, "502")}
"""Rows that its document does not back: reported, never sure."""
ON_THE_WAY_BACK = {
    "300": ParcelStatus.RETURNING,
    "400": ParcelStatus.RETURNING,
    "500": ParcelStatus.RETURNING,
    "506": ParcelStatus.RETURN_FAILED,
}
"""What codes mean where `IS_RETURNING` is true."""
DELIVERED, FAILED = "501", "506"
REASONS: dict[str, tuple[FailureReason | None, FaultParty | None]] = {
    "26": (FailureReason.REFUSED, FaultParty.AGENCY),
    "30": (FailureReason.REFUSED, None),
    "35": (FailureReason.ABSENT, None),
    "36": (FailureReason.ABSENT, None),
    "37": (FailureReason.ABSENT, None),
    "43": (None, FaultParty.AGENCY),
    "46": (FailureReason.ABSENT, None),
    "47": (FailureReason.ABSENT, None),
}
"""Reason codes, from one client (unconfirmed), each with whom it blames instead of whom we should."""
TIMES = ("%d/%m/%Y %H:%M:%S",)
CONTENT = "Tài liệu"
"""All it is told of what lies in the envelope."""
ENVELOPE = "TH"
COLLECTS_NOTHING, COLLECTS_MONEY = 1, 3
"""`ORDER_PAYMENT`. Of 2 and 4 it is not certain which is which, so neither is used."""
COLLECTED_FROM = time(8)
"""At what hour of the day that is asked for it may come; its sample's."""
CANCEL = 4
CANCEL_AGAIN_SECONDS = 5.0
REDACTED = "redacted"


class ViettelPost(Usual):
    """Translates. Nothing tells whether it has an order whose answer never came: its webhook does, or an operator."""

    name = "viettelpost"
    table_version = "viettelpost/2026-11"
    in_doubt = InDoubt.NEVER
    asks = False

    # ------------------------------------------------------------ calls

    def login(self, settings: Viettelpost) -> Call | None:
        """A token for the account, unless one was made in its portal."""
        if settings.access_token.get_secret_value():
            return None
        body = {"USERNAME": settings.username, "PASSWORD": settings.password.get_secret_value()}
        return Call("POST", "/v2/user/Login", json=body)

    def token(self, reply: Reply) -> str:
        """The token it gives."""
        return token_of(reply, "token")

    def with_token(self, call: Call, token: str) -> Call:
        """Its header is `Token`."""
        return replace(call, headers={**call.headers, "Token": token})

    def request(self, settings: Viettelpost, order: Order) -> Call:
        """An order for one envelope: by its own place ids where its table has both ends, else by words."""
        by_ids = _district(order.sender) is not None and _district(order.receiver) is not None
        body = {
            "ORDER_NUMBER": self.reference(settings, order.reference),
            "GROUPADDRESS_ID": settings.group_address_id,
            "CUS_ID": settings.customer_id,
            **({"DELIVERY_DATE": _from(order.collect_on)} if order.collect_on and settings.asks_for_day else {}),
            **_party("SENDER", order.sender, by_ids),
            **_party("RECEIVER", order.receiver, by_ids),
            "PRODUCT_NAME": CONTENT,
            "PRODUCT_DESCRIPTION": CONTENT,
            "PRODUCT_QUANTITY": 1,
            "PRODUCT_PRICE": 0,
            "PRODUCT_WEIGHT": settings.weight_grams,
            "PRODUCT_LENGTH": 0,
            "PRODUCT_WIDTH": 0,
            "PRODUCT_HEIGHT": 0,
            "PRODUCT_TYPE": ENVELOPE,
            "ORDER_PAYMENT": COLLECTS_MONEY if order.cash_on_delivery else COLLECTS_NOTHING,
            "ORDER_SERVICE": settings.service_code,
            "ORDER_SERVICE_ADD": "",
            "ORDER_NOTE": "",
            "MONEY_COLLECTION": order.cash_on_delivery,
            "LIST_ITEM": [
                {
                    "PRODUCT_NAME": CONTENT,
                    "PRODUCT_PRICE": 0,
                    "PRODUCT_WEIGHT": settings.weight_grams,
                    "PRODUCT_QUANTITY": 1,
                }
            ],
        }
        return _call(settings, "/v2/order/createOrder" if by_ids else "/v2/order/createOrderNlp", body)

    def query(self, settings: Viettelpost, reference: str, item: str | None = None) -> Call:
        """There is no such question: Refused, whatever is asked."""
        raise _no_question()

    def history(self, settings: Viettelpost, reference: str, item: str | None = None) -> Call | None:
        """There is no such question."""
        return None

    def cancel(self, settings: Viettelpost, receipt: Receipt) -> Call:
        """It lets an order go by its own number only."""
        if not receipt.item_code:
            raise Refused("its number is not known", code="no_item")
        body = {"TYPE": CANCEL, "ORDER_NUMBER": receipt.item_code, "NOTE": ""}
        return _call(settings, "/v2/order/UpdateOrder", body)

    # ------------------------------------------------------------ replies

    def receipt(self, reply: Reply) -> Receipt:
        """Its `error` flag decides, whatever the HTTP status; `ORDER_NUMBER` is ours in the order, its own here."""
        said = object_of(answered(reply))
        data = object_of(said.get("data"))
        item = text_of(data, "ORDER_NUMBER")[:MOST_NAME]
        if said.get("error") is False and item:
            return Receipt(item, ours(text_of(data, "ORDER_REFERENCE")), amount_of(data.get("MONEY_TOTAL")))
        raise _refusal(reply, said)

    def found(self, reply: Reply) -> Receipt | None:
        """There is no such question, and so no answer: Refused."""
        raise _no_question()

    def cancelled(self, reply: Reply) -> bool:
        """Gone if it says no error. Right after its creation an order is not let go at once: told again, it is."""
        said = object_of(answered(reply))
        if said.get("error") is False:
            return True
        verdict = _refusal(reply, said)
        if isinstance(verdict, Refused):
            raise TryLater(f"it does not let the order go: {verdict.code}", CANCEL_AGAIN_SECONDS)
        raise verdict

    # ------------------------------------------------------------ what it tells

    def updates(self, body: bytes, api_version: str | None = None) -> list[Update]:
        """One webhook, one update."""
        said = record_of(parsed(body))
        return [_update(record_of(said.get("DATA")), api_version or NEW)]

    def api_version(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> str | None:
        """The list of an account whose webhook we registered with `?api_version=old`: no body tells the two apart."""
        return OLD if query.get("api_version") == OLD else None

    def verify(
        self, settings: Viettelpost, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> WebhookVerdict:
        """`secret` if the body's TOKEN is ours. The Authorization header is ignored: clients disagree what it is."""
        token = record_of(parsed(body)).get("TOKEN")
        right = isinstance(token, str) and knows(token, settings.webhook_secret)
        if settings.signature is Signature.REQUIRED and not right:
            raise Forged("the token is missing or wrong")
        self.updates(body)
        return WebhookVerdict.SECRET if right else WebhookVerdict.NONE

    def redact(self, body: bytes) -> bytes:
        """The body without the secret in it. Raises Unreadable."""
        said = record_of(parsed(body))
        shown = {name: REDACTED if name.casefold() == "token" else value for name, value in said.items()}
        try:
            return json.dumps(shown, ensure_ascii=False).encode("utf-8", "surrogatepass")
        except RecursionError as error:
            raise Unreadable("no JSON that can be written") from error

    def answer(self, verdict: Verdict | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        """It wants 200 within a second; until then the whole account's webhooks wait."""
        return plain_answer(verdict)


# ---------------------------------------------------------------- asking


def _call(settings: Viettelpost, path: str, body: Mapping[str, Any]) -> Call:
    token = settings.access_token.get_secret_value()
    return Call("POST", path, json=body, headers={"Token": token} if token else {})


def _party(end: str, party: Party, by_ids: bool) -> dict[str, Any]:
    """Without ids of district and ward the words carry both, and the province's id stays."""
    district, ward = _district(party) or (0, 0)
    line = party.line if by_ids else ", ".join(part for part in (party.line, party.ward, party.province) if part)
    return {
        f"{end}_FULLNAME": party.name,
        f"{end}_ADDRESS": line,
        f"{end}_PHONE": "".join(party.phone.split()),
        f"{end}_EMAIL": "",
        **({f"{end}_WARD": ward, f"{end}_DISTRICT": district} if by_ids else {}),
        f"{end}_PROVINCE": int(party.province_code) if party.province_code.isdecimal() else 0,
    }


def _district(party: Party) -> tuple[int, int] | None:
    """The ids of district and ward: `43/0` in a ward's row of its place table, 0 where it has no id for the ward."""
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", party.ward_code)
    return (int(found[1]), int(found[2])) if found else None


def _from(day: date) -> str:
    """The beginning of a day of collection, in its form of a time."""
    return datetime.combine(day, COLLECTED_FROM).strftime(TIMES[0])


def _no_question() -> Refused:
    return Refused("it cannot be asked where an order stands", code="no_question")


# ---------------------------------------------------------------- its answers


def _refusal(reply: Reply, said: Mapping[str, Any]) -> Verdict:
    """`{status, error, message, data}` with `error` true; it may come with HTTP 200."""
    words, code = text_of(said, "message"), text_of(said, "status")[:MOST_NAME] or str(reply.status)
    if said.get("error") is not True or not words:
        return TryLater(f"an answer that says nothing: {reply.status}", in_doubt=reply.status < 400)
    if re.fullmatch("5[0-9]{2}", code):
        return TryLater(f"it is down: {code}", in_doubt=True)
    if re.search(r"\btoken\b", plain_of(words)):
        return TryLater(f"it does not let us in: {code}", stale_token=True)
    return Refused(words, code)


# ---------------------------------------------------------------- its updates


def _update(record: Mapping[str, Any], version: str) -> Update:
    item, reference = text_of(record, "ORDER_NUMBER"), ours(text_of(record, "ORDER_REFERENCE"))
    if not (item or reference):
        raise Unreadable("it names no item")
    code, reason_code = text_of(record, "ORDER_STATUS"), text_of(record, "REASON_CODE")
    returning = text_of(record, "IS_RETURNING").casefold() == "true"
    status = STATUSES.get((version, code), ParcelStatus.UNKNOWN)
    reason, fault = REASONS.get(reason_code, (None, None))
    if code == FAILED and not returning and reason_code not in REASONS:
        # Its own description: nobody at home, no answer, another appointment.
        reason = FailureReason.ABSENT
    return Update(
        item=item,
        reference=reference,
        status=ON_THE_WAY_BACK.get(code, status) if returning and (version, code) in STATUSES else status,
        reason=reason,
        at=instant_of(text_of(record, "ORDER_STATUSDATE"), TIMES),
        code=(code or "none") if version == NEW else f"{version}:{code or 'none'}",
        words=text_of(record, "NOTE", "STATUS_NAME"),
        # Whether the addressee has it or the sender, if it was delivered on its way back, nobody says.
        firm=(version, code) not in UNCONFIRMED and not (returning and code == DELIVERED),
        fault=fault,
        location=text_of(record, "LOCATION_CURRENTLY", "LOCALION_CURRENTLY")[:MOST_NAME] or None,
        amount=amount_of(record.get("MONEY_COLLECTION")),
    )


CARRIER = ViettelPost()
