"""A carrier's update as facts of its leg: what moved, how sure it is, who is at fault, and what became of the fee."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from connectors.carriers import Fee, Update
from connectors.carriers.fault import fault_of
from connectors.dated_keys import DatedKeys
from connectors.seal import Sealer
from schemas.event import Frozen, Instant, derived_id, digest_of
from schemas.postal import (
    Certainty,
    FailureReason,
    FaultParty,
    FeeCollected,
    FeeRemitted,
    ItemMoved,
    ParcelStatus,
    PostalFact,
    Proof,
    Via,
    WebhookReceived,
    WebhookVerdict,
    kind_of,
)
from schemas.release import RELEASE

AHEAD = timedelta(minutes=10)
"""A time further ahead of its receipt counts as missing: one wrong year must not freeze a leg."""
NEVER_SURE = (ParcelStatus.UNKNOWN, ParcelStatus.PARTIAL)


class Sighting(Frozen):
    """An update with all that its webhook adds: enough to say it now, or once its leg is known."""

    carrier: str
    item: str
    reference: str
    status: ParcelStatus
    reason: FailureReason | None
    fault: FaultParty | None
    at: Instant | None
    code: str
    words: str = Field(repr=False)
    receiver: str | None = Field(repr=False)
    location: str | None
    fee: str | None
    amount: int | None
    certainty: Certainty
    table_version: str
    evidence: str
    cause: str
    received_at: Instant
    recordedtime: Instant
    refversion: str | None = None
    traceparent: str | None = None

    @property
    def name(self) -> str:
        """What makes it one and the same: a repetition has the same name, a surer copy another."""
        about = (self.carrier, self.item or self.reference, self.status, self.reason or "", self.at or self.evidence)
        return derived_id("|".join(map(str, about)), "item_moved", self.certainty)


def sighting(update: Update, webhook: WebhookReceived, table_version: str, refversion: str | None) -> Sighting:
    """An update as its webhook brought it."""
    at = update.at if update.at is not None and update.at <= webhook.time + AHEAD else None
    return Sighting(
        carrier=webhook.data.carrier,
        item=update.item[:200],
        reference=update.reference[:200],
        status=update.status,
        reason=update.reason,
        fault=update.fault,
        at=at,
        code=update.code[:200],
        words=update.words[:4000],
        receiver=update.receiver,
        location=update.location,
        fee=update.fee.value if update.fee else None,
        amount=update.amount,
        certainty=certainty_of(update, webhook),
        table_version=table_version,
        evidence=webhook.subject,
        cause=webhook.ref,
        received_at=webhook.time,
        recordedtime=webhook.recorded,
        refversion=webhook.refversion or refversion,
        traceparent=webhook.traceparent,
    )


def certainty_of(update: Update, webhook: WebhookReceived) -> Certainty:
    """Carriers handbook, section 6: who said it, and whether a code of a confirmed table did."""
    said = webhook.data
    proven = said.via is Via.QUERY or said.trusts or said.verdict is not WebhookVerdict.NONE
    sure = proven and update.firm and update.status not in NEVER_SURE
    return Certainty.CONFIRMED if sure else Certainty.REPORTED


@dataclass(frozen=True, slots=True)
class Mover:
    """Says sightings of legs as facts. `sealer.keep()` must have returned before they are published."""

    sealer: Sealer
    digest_keys: DatedKeys

    def facts(self, seen: Sighting, dossier: str, leg: str) -> list[PostalFact]:
        """What a sighting says of its leg: a movement, and the fee's fate where it is sure."""
        facts: list[PostalFact] = [self._moved(seen, dossier, leg)]
        if seen.fee and seen.amount and seen.certainty is Certainty.CONFIRMED:
            facts.append(self._fee(seen, dossier, leg))
        return facts

    def _moved(self, seen: Sighting, dossier: str, leg: str) -> ItemMoved:
        sure = {"leg": leg, "status": seen.status, "reason": seen.reason, "at": _text(seen.at), "item": seen.item}
        fault = seen.fault or fault_of(seen.reason, seen.status, kind_of(leg))
        proof = Proof(receiver=self.sealer.seal_text(dossier, seen.receiver)) if seen.receiver else None
        data = ItemMoved.Data(
            leg=leg,
            carrier=seen.carrier,
            item_code=seen.item or None,
            status=seen.status,
            reason=seen.reason,
            fault_party=fault,
            at=seen.at,
            certainty=seen.certainty,
            proof=proof,
            location=seen.location,
            carrier_code=seen.code,
            carrier_words=self.sealer.seal_text(dossier, seen.words) if seen.words else None,
            table_version=seen.table_version,
            evidence=seen.evidence,
        )
        # The digest leaves out what differs in a repetition: which body it came in, and the sealed words.
        digest = digest_of({**sure, "certainty": seen.certainty}, self.digest_keys.of(dossier))
        return ItemMoved(id=seen.name, digest=digest, data=data, **_envelope(seen, dossier))

    def _fee(self, seen: Sighting, dossier: str, leg: str) -> PostalFact:
        kind: Any = FeeCollected if seen.fee == Fee.COLLECTED.value else FeeRemitted
        data = kind.Data(leg=leg, amount=seen.amount or 0, borne_by=FaultParty.CITIZEN)
        name = derived_id(seen.name, kind.__name__)
        digest = digest_of(data.model_dump(mode="json"), self.digest_keys.of(dossier))
        fact: PostalFact = kind(id=name, digest=digest, data=data, **_envelope(seen, dossier))
        return fact


def _envelope(seen: Sighting, dossier: str) -> dict[str, Any]:
    return {
        "source": f"/carriers/{seen.carrier}",
        "subject": dossier,
        "time": seen.at or seen.received_at,
        "recordedtime": seen.recordedtime,
        "causationid": seen.cause,
        "refversion": seen.refversion,
        "codeversion": RELEASE,
        "traceparent": seen.traceparent,
    }


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
