"""What a carrier said of a leg, update by update, as it stands on the log: by which code and table, in which body."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from connectors.broker import Message
from schemas.event import Event
from schemas.postal import ItemMoved

KINDS = ("item_moved",)


@dataclass(frozen=True, slots=True)
class Said:
    """One update. `at` is the carrier's own time, if it could be read; `evidence` the digest of the body it came in.

    `is_sealed`: a receiver or words of the carrier's stand in it, under seal.
    """

    at: datetime | None
    recorded_at: datetime
    status: str
    certainty: str
    reason: str | None
    fault: str | None
    location: str | None
    carrier: str
    carrier_code: str
    table_version: str
    evidence: str
    is_sealed: bool


def evidence(records: Iterable[Message]) -> tuple[Said, ...]:
    """The updates among these records, in the order in which they came in. Raises NotAnEvent, UnknownType."""
    events = (Event.decode(record.value) for record in records if record.value is not None)
    return tuple(_said(one) for one in events if isinstance(one, ItemMoved))


def _said(one: ItemMoved) -> Said:
    data = one.data
    return Said(
        at=data.at,
        recorded_at=one.recorded,
        status=data.status,
        certainty=data.certainty,
        reason=data.reason,
        fault=data.fault_party,
        location=data.location,
        carrier=data.carrier,
        carrier_code=data.carrier_code,
        table_version=data.table_version,
        evidence=data.evidence,
        is_sealed=data.carrier_words is not None or (data.proof is not None and data.proof.receiver is not None),
    )
