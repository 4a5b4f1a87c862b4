"""The words of receipts: a result handed over, as the public state says it and a signed receipt repeats it; and what
closes a day's receipts. No contact, no name and no number of a paper is among them.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from schemas.dossier import ResultOutcome, ReturnMode
from schemas.event import Event, Frozen, Instant, LegName, ShortText
from schemas.postal import CarrierName

ROOTS = "receipts.roots"
FORM = "hoso.result-receipt.v1"
"""What a receipt is; the bytes that are signed begin with it."""
ROOT_FORM = "hoso.receipts-root.v1"
"""What a day's root is; the bytes that are signed begin with it."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class ConfirmedBy(StrEnum):
    """Whose word makes a carrier's update certain: its own, over a channel that proves it, or an operator's."""

    CARRIER = "CARRIER"
    OPERATOR = "OPERATOR"


class Manifest(Frozen):
    """The papers of a result, as the agency that decided listed them: how many lines, and the SHA-256 of their
    canonical JSON.
    """

    documents: Annotated[int, Field(ge=0)]
    sha256: Sha256


class Receiver(Frozen):
    """Who took a result. `named`: the facts name them, sealed; their relation and the kind of paper they showed as the
    carrier states it, null where it does not.
    """

    named: bool
    relation: ShortText | None = None
    id_type: ShortText | None = None


class RestsOn(Frozen):
    """The evidence: facts of the dossier's log by source and id, a carrier's words by the digest of their bytes."""

    result: str | None = None
    """The fact that the result was ready."""
    returned: str | None = None
    """The fact that the one-stop returned it."""
    minutes: str | None = None
    """The signed minutes by which the post took it over."""
    delivered: str | None = None
    """The bytes by which the carrier said that it was delivered."""
    confirmed_by: ConfirmedBy | None = None


class HandedOver(Frozen):
    """A result in the citizen's hands: which one, how, when, who took it, and what this rests on.

    `at` is null where the carrier's time could not be read; `result_no`, `outcome` and `manifest` where nobody told us
    of the result.
    """

    mode: ReturnMode
    at: Instant | None = None
    result_no: ShortText | None = None
    outcome: ResultOutcome | None = None
    manifest: Manifest | None = None
    receiver: Receiver
    leg: LegName | None = None
    carrier: CarrierName | None = None
    item_code: ShortText | None = None
    evidence: RestsOn


class Signature(Frozen):
    """An Ed25519 signature, in base64, and its key by the SHA-256 of the key's 32 public bytes."""

    algorithm: Literal["Ed25519"] = "Ed25519"
    key: Sha256
    value: ShortText


class DayClosed(Event):
    """A day's receipts are closed (Viet Nam's day): how many, the root of their hash tree, the chain of all days.

    `chain` is the SHA-256 of the text `previous day count root`; `previous` is the chain of the last day before that
    had any receipts, and of the first day the SHA-256 of the form's name. The signature is over the form, a line feed
    and the canonical JSON of the other members. Said again, it is the same, byte for byte.
    """

    class Data(Frozen):
        form: Literal["hoso.receipts-root.v1"] = "hoso.receipts-root.v1"
        day: date
        count: Annotated[int, Field(ge=1)]
        root: Sha256
        previous: Sha256
        chain: Sha256
        signature: Signature

    topic: ClassVar[str] = ROOTS
    writer: ClassVar[str] = "notify"
    type: Literal["vn.hoso.receipts.day_closed.v1"] = "vn.hoso.receipts.day_closed.v1"
    data: Data
