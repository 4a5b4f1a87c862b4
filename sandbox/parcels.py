"""What the post keeps of one envelope: the order, every scan, every webhook it sent about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.journeys import ENDS, WORDS, Scan
from schemas.instant import aware


@dataclass(slots=True)
class Try:
    """One sending of a webhook: real and driven times, and what came back (0: nothing)."""

    sent_at: float
    driven: float
    answered_at: float | None = None
    status: int | None = None

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
    fate: str
    tries: list[Try] = field(default_factory=list)

    @property
    def taken(self) -> bool:
        """Whether the customer answered 2xx."""
        return any(one.status is not None and 200 <= one.status < 300 for one in self.tries)

    def shown(self) -> dict[str, Any]:
        """This webhook as the ledger shows it."""
        return {
            "status": self.scan.status,
            "at": aware(self.scan.at).isoformat(),
            "fate": self.fate,
            "taken": self.taken,
            "tries": [one.shown() for one in self.tries],
        }


@dataclass(slots=True)
class Parcel:
    """An envelope with its item number. `plan` is what will happen; `scans` is what has."""

    item: str
    original_id: str
    header_id: str
    reference: str
    created_at: float
    order: Mapping[str, Any]
    plan: tuple[Scan, ...]
    outcome: str
    scans: list[Scan] = field(default_factory=list)
    webhooks: list[Webhook] = field(default_factory=list)
    silent: frozenset[int] = frozenset()
    """Codes that no webhook tells of."""
    version: int = 0
    """Counts changes of the plan, so that a scan of a plan that no longer holds is left out."""

    @property
    def leg(self) -> str:
        """The leg at the end of our customer's reference."""
        return self.reference.rpartition("/")[2]

    @property
    def dossier(self) -> str:
        """What stands before it."""
        return self.reference.rpartition("/")[0]

    @property
    def last(self) -> Scan:
        """The newest scan that tells where the envelope is."""
        moves = [scan for scan in self.scans if scan.status != 21]
        return moves[-1] if moves else Scan(0, self.created_at)

    @property
    def ended(self) -> bool:
        """Whether it rests: delivered, returned, cancelled or never handed over."""
        return any(scan.status in ENDS for scan in self.scans)

    def shown(self) -> dict[str, Any]:
        """This parcel as the ledger shows it: no name, no address."""
        return {
            "item": self.item,
            "original_id": self.original_id,
            "reference": self.reference,
            "dossier": self.dossier,
            "leg": self.leg,
            "created_at": aware(self.created_at).isoformat(),
            "outcome": self.outcome,
            "cash": cash_of(self.order),
            "scans": [
                {"status": one.status, "words": WORDS[one.status], "at": aware(one.at).isoformat(), "cause": one.cause}
                for one in self.scans
            ],
            "final": self.last.status if self.ended else None,
            "final_words": WORDS[self.last.status] if self.ended else None,
            "webhooks": [webhook.shown() for webhook in self.webhooks],
        }


def cash_of(order: Mapping[str, Any]) -> int:
    """The dong to collect at the door: add-on GTG021, `PROP0018:<amount>`."""
    for addon in order.get("addonService") or ():
        if addon.get("code") == "GTG021":
            for part in str(addon.get("propValue", "")).split(";"):
                name, _, amount = part.partition(":")
                if name == "PROP0018" and amount.isdecimal():
                    return int(amount)
    return 0
