"""What the post keeps of one envelope: the order, every scan, every webhook it sent about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.carrier import Carrier, Code, Order, leg_of
from sandbox.magic import Fate
from sandbox.scans import Scan
from schemas.instant import aware
from schemas.postal import ParcelStatus


@dataclass(slots=True)
class Try:
    """One sending of a webhook: real and driven times, and what came back (0: nothing)."""

    sent_at: float
    driven: float
    answered_at: float | None = None
    status: int | None = None
    taken: bool = False
    """Whether the answer is the one that the carrier waits for."""

    def shown(self) -> dict[str, Any]:
        """This try as the ledger shows it."""
        return {
            "sent_at": self.sent_at,
            "sent_driven": aware(self.driven).isoformat(),
            "answered_at": self.answered_at,
            "status": self.status,
        }


@dataclass(slots=True)
class Webhook:
    """One word owed to the customer about one scan, and what became of it."""

    scan: Scan
    fate: Fate
    tries: list[Try] = field(default_factory=list)

    @property
    def taken(self) -> bool:
        """Whether the customer has taken it."""
        return any(one.taken for one in self.tries)

    def shown(self, code: Code) -> dict[str, Any]:
        """This webhook as the ledger shows it."""
        return {
            "status": code.code,
            "step": self.scan.status,
            "at": aware(self.scan.at).isoformat(),
            "fate": self.fate,
            "taken": self.taken,
            "tries": [one.shown() for one in self.tries],
        }


@dataclass(slots=True)
class Parcel:
    """An envelope with its item number. `plan` is what will happen; `scans` is what has.

    `handle` is by what its carrier wants to hear of it when it is to be cancelled.
    """

    carrier: Carrier
    number: int
    item: str
    handle: str
    order: Order
    created_at: float
    plan: tuple[Scan, ...]
    outcome: str
    scans: list[Scan] = field(default_factory=list)
    webhooks: list[Webhook] = field(default_factory=list)
    version: int = 0
    """Counts changes of the plan, so that a scan of a plan that no longer holds is left out."""

    @property
    def said(self) -> Mapping[str, Any]:
        """The order as it came."""
        return self.order.said

    @property
    def reference(self) -> str:
        """Our customer's reference."""
        return self.order.reference

    @property
    def leg(self) -> str:
        """The leg that the reference names."""
        return leg_of(self.reference)[1]

    @property
    def dossier(self) -> str:
        """The dossier that it names."""
        return leg_of(self.reference)[0]

    @property
    def last(self) -> Scan:
        """The newest scan that tells where the envelope is."""
        for scan in reversed(self.scans):
            if scan.moves:
                return scan
        return self.plan[0] if self.plan else Scan(ParcelStatus.REQUESTED, self.created_at)

    @property
    def ended(self) -> bool:
        """Whether it rests: delivered, returned, cancelled or never handed over."""
        ahead = self.plan[len(self.scans) :]
        return bool(self.scans) and self.last.ends and not any(scan.moves for scan in ahead)

    def code(self, scan: Scan) -> Code:
        """What the carrier calls a scan of this parcel."""
        return self.carrier.code(scan) or Code("", "")

    def shown(self) -> dict[str, Any]:
        """This parcel as the ledger shows it: no name, no address."""
        final = self.code(self.last) if self.ended else None
        return {
            "carrier": self.carrier.name,
            "item": self.item,
            "original_id": self.handle,
            "reference": self.reference,
            "dossier": self.dossier,
            "leg": self.leg,
            "created_at": aware(self.created_at).isoformat(),
            "outcome": self.outcome,
            "cash": self.order.cash,
            "scans": [self._shown(scan) for scan in self.scans],
            "final": final.code if final else None,
            "final_step": self.last.status if final else None,
            "final_words": final.words if final else None,
            "webhooks": [webhook.shown(self.code(webhook.scan)) for webhook in self.webhooks],
        }

    def _shown(self, scan: Scan) -> dict[str, Any]:
        code = self.code(scan)
        return {
            "status": code.code,
            "step": scan.status,
            "words": code.words,
            "at": aware(scan.at).isoformat(),
            "cause": scan.cause,
        }
