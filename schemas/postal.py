"""The post's words: legs, items, canonical statuses and reasons, what is asked of a carrier and what it answers."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from schemas.dossier import LOG, Documents
from schemas.event import AgencyCode, Event, Frozen, Instant, LegName, LongText, Money, ProcedureCode, ShortText
from schemas.sealed import Box, Contact, FreeText

REQUESTS = "postal.requests"
WEBHOOKS = "postal.webhooks"

CarrierName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,30}$")]


class ParcelStatus(StrEnum):
    """Where an item is, in one vocabulary for all carriers."""

    REQUESTED = "REQUESTED"
    ACCEPTED = "ACCEPTED"
    PICKUP_SCHEDULED = "PICKUP_SCHEDULED"
    PICKUP_FAILED = "PICKUP_FAILED"
    PICKED_UP = "PICKED_UP"
    IN_TRANSIT = "IN_TRANSIT"
    FORWARDED = "FORWARDED"
    AT_DELIVERY_OFFICE = "AT_DELIVERY_OFFICE"
    OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY"
    DELIVERY_FAILED = "DELIVERY_FAILED"
    RETRY_SCHEDULED = "RETRY_SCHEDULED"
    AWAITING_COLLECTION = "AWAITING_COLLECTION"
    RETURN_REQUESTED = "RETURN_REQUESTED"
    RETURNING = "RETURNING"
    RETURN_FAILED = "RETURN_FAILED"
    DELIVERED = "DELIVERED"
    RETURNED_TO_SENDER = "RETURNED_TO_SENDER"
    CANCELLED = "CANCELLED"
    LOST = "LOST"
    DESTROYED = "DESTROYED"
    DAMAGED = "DAMAGED"
    PARTIAL = "PARTIAL"
    FEE_SETTLED = "FEE_SETTLED"
    UNKNOWN = "UNKNOWN"


RANK = {
    ParcelStatus.REQUESTED: 10,
    ParcelStatus.ACCEPTED: 20,
    ParcelStatus.PICKUP_SCHEDULED: 30,
    ParcelStatus.PICKUP_FAILED: 35,
    ParcelStatus.PICKED_UP: 40,
    ParcelStatus.IN_TRANSIT: 50,
    ParcelStatus.FORWARDED: 55,
    ParcelStatus.AT_DELIVERY_OFFICE: 60,
    ParcelStatus.OUT_FOR_DELIVERY: 70,
    ParcelStatus.DELIVERY_FAILED: 75,
    ParcelStatus.RETRY_SCHEDULED: 76,
    ParcelStatus.AWAITING_COLLECTION: 77,
    ParcelStatus.RETURN_REQUESTED: 80,
    ParcelStatus.RETURNING: 85,
    ParcelStatus.RETURN_FAILED: 87,
    ParcelStatus.DELIVERED: 100,
    ParcelStatus.RETURNED_TO_SENDER: 100,
    ParcelStatus.CANCELLED: 100,
    ParcelStatus.LOST: 100,
    ParcelStatus.DESTROYED: 100,
}
"""How far along a status is; a status without a rank tells of no movement and never becomes current."""

TERMINAL = (
    ParcelStatus.DELIVERED,
    ParcelStatus.RETURNED_TO_SENDER,
    ParcelStatus.LOST,
    ParcelStatus.DESTROYED,
    ParcelStatus.CANCELLED,
)
"""The ends of a journey; of two at one instant the earlier in this list stands."""


class FailureReason(StrEnum):
    """Why an attempt failed."""

    ABSENT = "ABSENT"
    REFUSED = "REFUSED"
    ADDRESS_INCOMPLETE = "ADDRESS_INCOMPLETE"
    ADDRESS_WRONG = "ADDRESS_WRONG"
    MOVED = "MOVED"
    NOT_FOUND = "NOT_FOUND"
    NO_ID = "NO_ID"
    FEE_UNPAID = "FEE_UNPAID"
    NO_PAPERS_TO_RECOVER = "NO_PAPERS_TO_RECOVER"
    UNSAFE = "UNSAFE"
    FORCE_MAJEURE = "FORCE_MAJEURE"
    CARRIER_FAULT = "CARRIER_FAULT"


class FaultParty(StrEnum):
    """Who bears the cost of another try (Decision 45/2016 art. 12(4))."""

    CITIZEN = "CITIZEN"
    POST = "POST"
    AGENCY = "AGENCY"
    NONE = "NONE"


class Certainty(StrEnum):
    """CONFIRMED may leave the house; REPORTED is shown and waits for a query or an operator."""

    CONFIRMED = "CONFIRMED"
    REPORTED = "REPORTED"


class LegKind(StrEnum):
    """What a journey is for; its letter begins the leg's name."""

    COLLECT_DOSSIER = "C"
    DELIVER_RESULT = "D"
    RETURN_PAPERS = "R"
    AGENCY_TRANSFER = "T"


def kind_of(leg: str) -> LegKind:
    """The kind of a leg by its name: `D2` delivers a result."""
    return LegKind(leg[0])


def reference_of(dossier: str, leg: str) -> str:
    """The reference a carrier is given: `<dossier code>/<leg>`."""
    return f"{dossier}/{leg}"


class PostalFact(Event):
    """A fact of a leg on the dossier's log."""

    topic: ClassVar[str] = LOG


# ---------------------------------------------------------------- what is asked of the post


class Request(Event):
    """What the workers ask of the post: one order for one leg, with the carrier chosen and why."""

    class Data(Frozen):
        leg: LegName
        reference: ShortText
        carrier: CarrierName
        because: LongText
        fallbacks: tuple[CarrierName, ...] = ()
        sender_agency: AgencyCode | None = None
        receiver_agency: AgencyCode | None = None
        contact: Contact | None = None
        documents: Documents = ()
        cash_on_delivery: Money = 0
        procedure_code: ProcedureCode | None = None

    topic: ClassVar[str] = REQUESTS
    writer: ClassVar[str] = "streams"
    data: Data


class CollectionRequested(Request):
    """Fetch a dossier from the citizen."""

    type: Literal["vn.hoso.postal.collection_requested.v1"] = "vn.hoso.postal.collection_requested.v1"


class DeliveryRequested(Request):
    """Bring a result to the citizen."""

    type: Literal["vn.hoso.postal.delivery_requested.v1"] = "vn.hoso.postal.delivery_requested.v1"


class ReturnRequested(Request):
    """Bring papers back to the citizen."""

    type: Literal["vn.hoso.postal.return_requested.v1"] = "vn.hoso.postal.return_requested.v1"


class TransferRequested(Request):
    """Carry papers from one agency to another."""

    type: Literal["vn.hoso.postal.transfer_requested.v1"] = "vn.hoso.postal.transfer_requested.v1"


class CancelRequested(Event):
    """Withdraw an order that the post does not hold yet."""

    class Data(Frozen):
        leg: LegName
        reference: ShortText
        carrier: CarrierName
        because: LongText
        item_code: ShortText | None = None

    topic: ClassVar[str] = REQUESTS
    writer: ClassVar[str] = "streams"
    type: Literal["vn.hoso.postal.cancel_requested.v1"] = "vn.hoso.postal.cancel_requested.v1"
    data: Data


# ---------------------------------------------------------------- what the post answers


class OrderAccepted(PostalFact):
    """The carrier took the order. `duplicate`: it knew the reference already."""

    class Data(Frozen):
        leg: LegName
        carrier: CarrierName
        item_code: ShortText | None = None
        reference: ShortText
        fee: Money | None = None
        duplicate: bool = False

    writer = "dispatch"
    type: Literal["vn.hoso.postal.order_accepted.v1"] = "vn.hoso.postal.order_accepted.v1"
    data: Data


IN_DOUBT = "in_doubt"
"""The verdict on an order that was never answered and never seen: nobody knows whether the carrier has it."""


class OrderRefused(PostalFact):
    """The carrier understood and said no, or every try was used up."""

    class Data(Frozen):
        leg: LegName
        carrier: CarrierName
        verdict: ShortText
        field: ShortText | None = None
        carrier_code: ShortText | None = None
        carrier_words: FreeText

    writer = "dispatch"
    type: Literal["vn.hoso.postal.order_refused.v1"] = "vn.hoso.postal.order_refused.v1"
    data: Data


class OrderCancelled(PostalFact):
    """The order is withdrawn; the post never held the envelope."""

    class Data(Frozen):
        leg: LegName
        carrier: CarrierName
        reason: FreeText

    writer = "dispatch"
    type: Literal["vn.hoso.postal.order_cancelled.v1"] = "vn.hoso.postal.order_cancelled.v1"
    data: Data


class CancelRefused(PostalFact):
    """Too late to withdraw the order, or the carrier would not."""

    class Data(Frozen):
        leg: LegName
        carrier: CarrierName
        reason: FreeText

    writer = "dispatch"
    type: Literal["vn.hoso.postal.cancel_refused.v1"] = "vn.hoso.postal.cancel_refused.v1"
    data: Data


class Proof(Frozen):
    """Proof of delivery (xác nhận phát): who took it, in what relation, shown what paper.

    Null: not stated by the carrier.
    """

    receiver: FreeText | None = None
    relation: ShortText | None = None
    id_type: ShortText | None = None


class ItemMoved(PostalFact):
    """A carrier's update in our vocabulary. `at` is when the carrier says it happened; null if that is unknown."""

    class Data(Frozen):
        leg: LegName
        carrier: CarrierName
        item_code: ShortText | None = None
        status: ParcelStatus
        reason: FailureReason | None = None
        fault_party: FaultParty | None = None
        at: Instant | None = None
        certainty: Certainty
        proof: Proof | None = None
        location: ShortText | None = None
        carrier_code: ShortText
        carrier_words: FreeText | None = None
        table_version: ShortText
        evidence: ShortText

    writer = "translate"
    type: Literal["vn.hoso.postal.item_moved.v1"] = "vn.hoso.postal.item_moved.v1"
    data: Data


class FeeCollected(PostalFact):
    """The postman took the agency's fee, in dong."""

    class Data(Frozen):
        leg: LegName
        amount: Money
        receipt_no: ShortText | None = None
        borne_by: FaultParty

    writer = "translate"
    type: Literal["vn.hoso.postal.fee_collected.v1"] = "vn.hoso.postal.fee_collected.v1"
    data: Data


class FeeRemitted(PostalFact):
    """The post passed the agency's fee on, in dong."""

    class Data(Frozen):
        leg: LegName
        amount: Money
        receipt_no: ShortText | None = None
        borne_by: FaultParty

    writer = "translate"
    type: Literal["vn.hoso.postal.fee_remitted.v1"] = "vn.hoso.postal.fee_remitted.v1"
    data: Data


class InvitationMade(PostalFact):
    """The addressee was asked to come for the item, the n-th time (mời nhận)."""

    class Data(Frozen):
        leg: LegName
        n: Annotated[int, Field(ge=1, le=20)]
        at: Instant
        by: ShortText

    writer = "gate"
    type: Literal["vn.hoso.postal.invitation_made.v1"] = "vn.hoso.postal.invitation_made.v1"
    data: Data


# ---------------------------------------------------------------- the evidence


class Via(StrEnum):
    """How a carrier's words came: it called us, or we asked."""

    WEBHOOK = "webhook"
    QUERY = "query"


class WebhookVerdict(StrEnum):
    """What the edge could make sure of: a signature over the whole body, a shared secret, or nothing."""

    SIGNED = "signed"
    SECRET = "secret"
    NONE = "none"


class WebhookReceived(Event):
    """A carrier's bytes as they came: sealed, secrets redacted, with the edge's verdict. Evidence.

    `trusts` is true where the carrier's contract raises an unsigned channel to CONFIRMED.
    """

    class Data(Frozen):
        carrier: CarrierName
        via: Via
        verdict: WebhookVerdict
        trusts: bool = False
        api_version: ShortText | None = None
        body: Box

    topic: ClassVar[str] = WEBHOOKS
    writer: ClassVar[str] = "edge"
    type: Literal["vn.hoso.postal.webhook_received.v1"] = "vn.hoso.postal.webhook_received.v1"
    data: Data
