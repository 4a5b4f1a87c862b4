"""Vietnam Post through the province's integration platform (LGSP): orders for results of the one-stop desk.

Its paper is not public: calls and replies are those of a province's published one-stop system. That system never hears
of an order again, so its news comes in a body of our own convention, which a job of the platform or a tool relays.
"""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from connectors.carrier_settings import Signature, VnpostHcc
from connectors.carriers.carrier import Fee, InDoubt, Order, Party, Receipt, Update
from connectors.carriers.reading import (
    MOST_NAME,
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
from connectors.carriers.words import reason_of
from connectors.transport import Call, Reply
from connectors.verdicts import AlreadyDone, Forged, Refused, TryLater, Unreadable, Verdict
from schemas.postal import ParcelStatus, WebhookVerdict

RELAY = "relay"
STATUSES: dict[tuple[str, str], ParcelStatus] = {
    (RELAY, "10"): ParcelStatus.CANCELLED,
    (RELAY, "20"): ParcelStatus.REQUESTED,
    (RELAY, "60"): ParcelStatus.CANCELLED,
    (RELAY, "61"): ParcelStatus.CANCELLED,
    (RELAY, "62"): ParcelStatus.CANCELLED,
    (RELAY, "70"): ParcelStatus.PICKED_UP,
    (RELAY, "91"): ParcelStatus.DELIVERY_FAILED,
    (RELAY, "100"): ParcelStatus.DELIVERED,
    (RELAY, "110"): ParcelStatus.FEE_SETTLED,
    (RELAY, "120"): ParcelStatus.FEE_SETTLED,
    (RELAY, "161"): ParcelStatus.RETURN_FAILED,
    (RELAY, "170"): ParcelStatus.RETURNED_TO_SENDER,
}
UNCONFIRMED = frozenset(STATUSES)
"""None of its codes stands in a document of the post."""
"""Vietnam Post's older list. That items ordered here follow it is unconfirmed, so no row is firm."""
ON_THE_WAY_BACK = {"70": ParcelStatus.RETURNING, "91": ParcelStatus.RETURN_FAILED}
"""What these codes mean where `IsReturn` is true."""
FEES = {"110": Fee.COLLECTED, "120": Fee.REMITTED}
TIMES = ("%d/%m/%Y %H:%M:%S",)
TAKEN, TAKEN_BEFORE = "100", "101"
TOKEN = "access_token"
"""The header of our calls, and of the relay's."""
REDACTED = "redacted"
TOKEN_NAMES = (TOKEN, "accessToken", "token")
"""Where a token may stand in the platform's answer: no paper says."""
NOBODY_THERE = (404, 405)
"""What a gateway says where a path is set wrong: no order is at fault."""
CONTENT = "Tài liệu"
"""All the post is told of what lies in the envelope."""


class VNPostHCC(Usual):
    """Translates. It says 101 to an order that it has already; it cannot be asked, and cancels nothing by a call."""

    name = "vnpost_hcc"
    table_version = "vnpost_hcc/2026-11"
    in_doubt = InDoubt.RESEND
    asks = False
    takes_item_codes = True

    # ------------------------------------------------------------ calls

    def login(self, settings: VnpostHcc) -> Call | None:
        """A token for the account, where the platform gives tokens by a call."""
        if not settings.token_path:
            return None
        body = {"username": settings.username, "password": settings.password.get_secret_value()}
        return Call("POST", settings.token_path, json=body)

    def token(self, reply: Reply) -> str:
        """The token it gives."""
        return token_of(reply, *TOKEN_NAMES)

    def with_token(self, call: Call, token: str) -> Call:
        """Its header is `access_token`."""
        return Call(call.method, call.path, call.json, call.data, {**call.headers, TOKEN: token}, call.query)

    def request(self, settings: VnpostHcc, order: Order) -> Call:
        """An order for one envelope. Without an item code the platform knows it by our reference alone."""
        if order.reference.rpartition("/")[2].startswith("C") and not settings.collects:
            raise Refused("the contract carries results and collects nothing", code="not_offered", field="leg")
        body = {
            "CustomerCode": settings.customer_code,
            "OrderNumber": self.reference(settings, order.reference),
            "CODAmount": order.cash_on_delivery,
            **_party("Sender", order.sender),
            "SenderEmail": settings.sender_email,
            "SenderDesc": "",
            "Description": CONTENT,
            **_party("Receiver", order.receiver),
            "ReceiverEmail": "",
            "FlagConfig": settings.flag_config,
        }
        held = settings.access_token.get_secret_value()
        headers = {TOKEN: held} if held else {}
        if order.item_code is None:
            return Call("POST", settings.order_path, json=body, headers=headers)
        return Call("POST", settings.order_path_with_code, json={**body, "ItemCode": order.item_code}, headers=headers)

    def query(self, settings: VnpostHcc, reference: str, item: str | None = None) -> Call:
        """It has no such call."""
        _by_hand("it cannot be asked where an order stands")

    def history(self, settings: VnpostHcc, reference: str, item: str | None = None) -> Call | None:
        """It has no such question."""
        return None

    def cancel(self, settings: VnpostHcc, receipt: Receipt) -> Call:
        """It has no such call: an operator speaks to the post office."""
        _by_hand("it is told of a cancellation by telephone")

    # ------------------------------------------------------------ replies

    def receipt(self, reply: Reply) -> Receipt:
        """Its status says whether the order is taken; it gives no number. Code 101: it has the order already."""
        said = object_of(answered(reply))
        code, words = text_of(said, "Status")[:MOST_NAME], text_of(said, "Message")
        if code == TAKEN:
            return Receipt(None, "")
        if code == TAKEN_BEFORE:
            raise AlreadyDone(Receipt(None, ""))
        if not words and (reply.status < 400 or reply.status in NOBODY_THERE):
            raise TryLater(f"an answer without words: {reply.status}", in_doubt=reply.status < 400)
        raise Refused(words, code or str(reply.status))

    def found(self, reply: Reply) -> Receipt | None:
        """It cannot be asked."""
        _by_hand("it cannot be asked where an order stands")

    def cancelled(self, reply: Reply) -> bool:
        """It cannot be told."""
        _by_hand("it is told of a cancellation by telephone")

    # ------------------------------------------------------------ what it tells

    def updates(self, body: bytes, api_version: str | None = None) -> list[Update]:
        """What the relay says of one item."""
        record = record_of(parsed(body))
        item, reference = text_of(record, "ItemCode"), ours(text_of(record, "OrderNumber"))
        code, status_words = text_of(record, "OrderStatusId"), text_of(record, "OrderStatusName")
        cause, note = text_of(record, "CauseName"), text_of(record, "DeliveryNote")
        if not (item or reference) or not code:
            raise Unreadable("no item or no status")
        status = STATUSES.get((RELAY, code), ParcelStatus.UNKNOWN)
        update = Update(
            item=item,
            reference=reference,
            status=ON_THE_WAY_BACK.get(code, status) if record.get("IsReturn") is True else status,
            reason=reason_of(cause, note),
            at=instant_of(text_of(record, "LastUpdateTime"), TIMES),
            code=code,
            words=cause or note or status_words,
            firm=False,
            location=text_of(record, "ToPOSCode")[:MOST_NAME] or None,
            fee=FEES.get(code),
        )
        return [update]

    def verify(
        self, settings: VnpostHcc, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> WebhookVerdict:
        """`secret` for one who sends the relay's secret; Forged where it is required and wrong, or never was set."""
        known = knows(headers.get(TOKEN), settings.webhook_secret)
        if not known and settings.signature is Signature.REQUIRED:
            raise Forged("the relay's secret is missing or wrong")
        self.updates(body)
        return WebhookVerdict.SECRET if known else WebhookVerdict.NONE

    def redact(self, body: bytes) -> bytes:
        """Its secret belongs in a header, which is not stored; a relay may say it in the body as well."""
        said = object_of(parsed(body))
        return json.dumps({**said, TOKEN: REDACTED}).encode() if TOKEN in said else body

    def answer(self, verdict: Verdict | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Its own form of a reply: status 100 for one that is kept."""
        match verdict:
            case None:
                status, code, message = 200, TAKEN, "OK"
            case Forged():
                status, code, message = 401, "401", "Invalid access_token"
            case Unreadable():
                status, code, message = 400, "400", "Invalid data"
            case _:
                status, code, message = 503, "503", "Try later"
        body = json.dumps({"Status": code, "Message": message}).encode()
        return Reply(status, {"content-type": "application/json"}, body)


def _party(end: str, party: Party) -> dict[str, Any]:
    """One end of an order. It has no field for a ward and, since 01/07/2025, no district."""
    return {
        f"{end}Name": party.name,
        f"{end}Tel": "".join(party.phone.split()),
        f"{end}Address": ", ".join(part for part in (party.line, party.ward) if part),
        f"{end}Province": int(party.province_code) if party.province_code.isdecimal() else 0,
        f"{end}District": 0,
    }


def _by_hand(why: str) -> NoReturn:
    raise Refused(why, code="no_such_call")


CARRIER = VNPostHCC()
