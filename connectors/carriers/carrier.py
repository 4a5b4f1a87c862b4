"""What a carrier is to us: a translation without memory, network or clock. One file in this folder is one carrier."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any, Protocol

from connectors.transport import Call, Reply
from connectors.verdicts import Verdict
from schemas.postal import FailureReason, FaultParty, ParcelStatus, WebhookVerdict


class InDoubt(Enum):
    """What to do about an order whose answer never came."""

    RESEND = "it recognises our reference: send again"
    ASK_FIRST = "ask by our reference, send again only if it is not there"
    NEVER = "wait for its webhook, then for an operator"


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a leg, in the carrier's own place codes where its table has them."""

    name: str = field(repr=False)
    phone: str = field(repr=False)
    line: str = field(repr=False)
    ward_code: str
    ward: str
    province_code: str
    province: str


@dataclass(frozen=True, slots=True)
class Order:
    """What a carrier is told of a leg: never the procedure, an identity number or what lies in the envelope.

    `collect_on`: when it is to fetch a dossier. `item_code`: one that it issued beforehand. The same in every try.
    """

    reference: str
    sender: Party
    receiver: Party
    cash_on_delivery: int = 0
    collect_on: date | None = None
    item_code: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a carrier knows of an order. `handle` is what it wants to be told to let the order go."""

    item_code: str | None
    reference: str
    fee: int | None = None
    handle: str | None = None
    status: ParcelStatus | None = None


class Fee(Enum):
    """What became of the agency's fee."""

    COLLECTED = "collected"
    REMITTED = "remitted"


@dataclass(frozen=True, slots=True)
class Update:
    """One thing a carrier says of an item. `at` is None where its time cannot be read.

    `firm`: read from a code that its document confirms, not from words. `fault` overrides who the reason blames.
    """

    item: str
    reference: str
    status: ParcelStatus
    reason: FailureReason | None
    at: datetime | None
    code: str
    words: str = field(default="", repr=False)
    firm: bool = True
    fault: FaultParty | None = None
    receiver: str | None = field(default=None, repr=False)
    location: str | None = None
    fee: Fee | None = None
    amount: int | None = None


class Carrier(Protocol):
    """A partner, as plain data and pure functions.

    Nothing is kept between calls, so any of them may be made twice, by any process, in any order. `settings` is always
    the carrier's own class. Calls are complete but for the token, which `with_token` adds. A Reply may have any status,
    and every reader of one raises verdicts: TryLater (in_doubt where the carrier may have acted), Refused, AlreadyDone
    with a Receipt. A webhook's body may hold any number of updates, repeated and in any order; the same bytes always
    translate alike. Nobody closes anything.
    """

    @property
    def name(self) -> str:
        """The word for it in topics, settings, logs and metrics."""
        ...

    @property
    def table_version(self) -> str:
        """Which table of codes translated an update."""
        ...

    @property
    def in_doubt(self) -> InDoubt:
        """What to do about an order without an answer."""
        ...

    @property
    def asks(self) -> bool:
        """Whether it can be asked where an item is."""
        ...

    @property
    def takes_item_codes(self) -> bool:
        """Whether its orders may bear item codes that it issued beforehand."""
        ...

    def login(self, settings: Any) -> Call | None:
        """The call that gets a token; None where none is needed."""
        ...

    def token(self, reply: Reply) -> str:
        """The token in its answer."""
        ...

    def with_token(self, call: Call, token: str) -> Call:
        """The call as one who holds the token makes it."""
        ...

    def reference(self, settings: Any, reference: str) -> str:
        """What it is told instead of our reference: the same, or a shorter one in its own signs."""
        ...

    def request(self, settings: Any, order: Order) -> Call:
        """Our order as its call."""
        ...

    def receipt(self, reply: Reply) -> Receipt:
        """Its answer to an order: a receipt, or a verdict."""
        ...

    def query(self, settings: Any, reference: str, item: str | None = None) -> Call:
        """The question where an order stands: by its own item number if we have it, else by our reference."""
        ...

    def found(self, reply: Reply) -> Receipt | None:
        """Its answer to that; None where it does not know the order."""
        ...

    def history(self, settings: Any, reference: str, item: str | None = None) -> Call | None:
        """The question for all that happened to an item; None where it has no such question."""
        ...

    def cancel(self, settings: Any, receipt: Receipt) -> Call:
        """The call that asks it to let an order go."""
        ...

    def cancelled(self, reply: Reply) -> bool:
        """Whether the order is gone; False: it will see. Refused: it will not."""
        ...

    def api_version(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> str | None:
        """Which of its lists of codes a webhook speaks; None where its bytes tell, or there is one list only."""
        ...

    def updates(self, body: bytes, api_version: str | None = None) -> list[Update]:
        """What a webhook, or an answer to `query` or `history`, says. Raises Unreadable."""
        ...

    def verify(
        self, settings: Any, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> WebhookVerdict:
        """How far a webhook proves whom it is from. Raises Forged, Unreadable."""
        ...

    def redact(self, body: bytes) -> bytes:
        """The body without secrets: what may be stored."""
        ...

    def answer(self, verdict: Verdict | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        """What it expects to hear to its webhook, of which these were the headers: kept, or a verdict on it."""
        ...
