"""Magic telephone numbers: a citizen's number decides what becomes of an envelope, at every carrier alike.

The receiver's number of a `D` or `R` leg counts, the sender's of a `C` leg:

    0900 000 901   delivered (fetched) at the first try
    0900 000 902   absent once, then delivered; for a `C` leg the first pickup fails
    0900 000 903   never delivered: three attempts two working days apart, then back; for a `C` leg never picked up
    0900 000 904   the order is refused for its address
    0900 000 905   the order is taken and its first call never answered
    0900 000 906   delivered, and no webhook tells of it
    0900 000 907   as 901, but the calls about it may go wrong like those about any other
    0900 000 908   the first two calls of the order are answered 429 with Retry-After; then it is taken
    0900 000 909   the first three calls of the order are answered 500 or 503, and nothing is taken; then it is
    0900 000 910   every webhook comes twice
    0900 000 911   webhooks come in the wrong order: three by three, the newest first
    0900 000 912   every webhook comes hours late
    0900 000 913   no webhook comes at all
    0900 000 914   at the pickup somebody else says in the carrier's name that it is delivered
    0900 000 915   at the pickup one more webhook comes, with a code that nobody knows
    0900 000 916   the postman lies: said to be delivered, and a working day later it is on its way back
    0900 000 917   silence after the pickup: no scan, no webhook, no other answer to a question, ever

Calls about a magic envelope go wrong only as said here, but for 907. Webhooks of 901 to 907 fare like any other's;
those of 908 to 917 go astray only as said here.
"""

from dataclasses import dataclass
from enum import StrEnum

from sandbox.journeys import Outcome
from sandbox.lapses import Lapse
from sandbox.scans import Scan
from schemas.postal import ParcelStatus

REFUSED_CALLS, BROKEN_CALLS = 2, 3
"""How many calls of an order are answered 429, and how many 5xx."""


class Fate(StrEnum):
    """What becomes of a webhook; `held` means in the wrong order."""

    STRAIGHT = "straight"
    MISSING = "missing"
    DELAYED = "delayed"
    HELD = "held"
    REPEATED = "repeated"
    UNKNOWN = "unknown"
    FORGED = "forged"
    """It goes straight, and a forgery goes with it."""


@dataclass(frozen=True, slots=True)
class Spell:
    """What one number forces: the journey, how the order's first calls fail, the fate of which webhooks."""

    outcome: Outcome = Outcome.FIRST_TRY
    lapse: Lapse = Lapse.NONE
    calls: int = 0
    fate: Fate | None = Fate.STRAIGHT
    at: ParcelStatus | None = None
    """The step whose webhook alone has this fate; None: all have it."""
    otherwise: Fate | None = Fate.STRAIGHT
    """The fate of the others."""

    def fate_of(self, scan: Scan) -> Fate | None:
        """The fate of a scan's webhook; None if the dice decide."""
        return self.fate if self.at in (None, scan.status) else self.otherwise


ORDINARY = "0900000907"
REFUSED = "0900000904"
SPELLS = {
    "0900000901": Spell(fate=None),
    "0900000902": Spell(Outcome.ABSENT_ONCE, fate=None),
    "0900000903": Spell(Outcome.RETURNED, fate=None),
    REFUSED: Spell(fate=None),
    "0900000905": Spell(lapse=Lapse.TAKEN_HELD, calls=1, fate=None),
    "0900000906": Spell(fate=Fate.MISSING, at=ParcelStatus.DELIVERED, otherwise=None),
    ORDINARY: Spell(fate=None),
    "0900000908": Spell(lapse=Lapse.BUSY, calls=REFUSED_CALLS),
    "0900000909": Spell(lapse=Lapse.ERROR, calls=BROKEN_CALLS),
    "0900000910": Spell(fate=Fate.REPEATED),
    "0900000911": Spell(fate=Fate.HELD),
    "0900000912": Spell(fate=Fate.DELAYED),
    "0900000913": Spell(fate=Fate.MISSING),
    "0900000914": Spell(fate=Fate.FORGED, at=ParcelStatus.PICKED_UP),
    "0900000915": Spell(fate=Fate.UNKNOWN, at=ParcelStatus.PICKED_UP),
    "0900000916": Spell(Outcome.LIED),
    "0900000917": Spell(Outcome.SILENT),
}
"""By telephone number, digits only."""


def lapse_of(phone: str, call: str, nth: int) -> Lapse | None:
    """How the nth call of its kind goes wrong, or does not, for this number; None if the dice decide."""
    spell = SPELLS.get(phone)
    if spell is None or phone == ORDINARY:
        return None
    return spell.lapse if call == "create" and nth <= spell.calls else Lapse.NONE
