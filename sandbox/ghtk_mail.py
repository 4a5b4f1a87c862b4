"""GHTK's webhooks: a form, or the same as JSON, to an address that bears the customer's secret; one more try."""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

import msgspec

from sandbox import chance
from sandbox.ghtk_api import FEE, weight_kg
from sandbox.mail import FIRST_PAUSE, WRONG_SECRET, Mail, Record, Retrying, Sealed
from sandbox.parcels import Parcel
from sandbox.scans import Scan
from schemas.instant import aware
from schemas.postal import FailureReason, ParcelStatus

TRIES = 2
"""The first, and one more, says one document; the other only says that it is sent again."""
PICKUP_REASONS = {FailureReason.ABSENT: "101"}
DELIVERY_REASONS = {
    FailureReason.ABSENT: "122",
    FailureReason.ADDRESS_WRONG: "125",
    FailureReason.NOT_FOUND: "125",
    FailureReason.MOVED: "124",
    FailureReason.CARRIER_FAULT: "120",
    FailureReason.FORCE_MAJEURE: "126",
    FailureReason.REFUSED: "130",
}
"""It has none of its own for nobody being found."""
JSON_SHARE, BARE_PLUS_SHARE = 0.2, 0.2
"""How often a webhook is JSON, and how often a form whose zone has a bare plus sign."""


class GhtkMail(Mail):
    """`hash` in the address is all the proof there is."""

    name = "ghtk"
    strange = {"status_id": 77}
    delivered = {"status_id": 5}

    @property
    def retrying(self) -> Retrying:
        """As its document says."""
        return Retrying(TRIES, FIRST_PAUSE * self.settings.sandbox_patience)

    def record(self, parcel: Parcel, scan: Scan) -> Record:
        """One status of one item."""
        reasons = PICKUP_REASONS if scan.status is ParcelStatus.PICKUP_FAILED else DELIVERY_REASONS
        return {
            "label_id": parcel.item,
            "partner_id": parcel.reference,
            "action_time": aware(scan.at).isoformat(timespec="seconds"),
            "status_id": parcel.code(scan).code,
            "reason_code": reasons.get(scan.reason, "") if scan.reason else "",
            "reason": scan.cause,
            "weight": weight_kg(parcel),
            "fee": FEE,
            "pick_money": parcel.order.cash,
            "return_part_package": 0,
        }

    def sealed(self, records: Sequence[Record], driven: float, *, forged: bool = False) -> Sealed:
        """One record is one body: a form, or JSON."""
        (said,) = records
        roll = chance.share(
            self.settings.sandbox_seed, "clerk", said["label_id"], said["status_id"], said["action_time"]
        )
        address = f"{self.address}?hash={quote(WRONG_SECRET if forged else self.secret, safe='')}"
        if roll < JSON_SHARE:
            return Sealed(address, msgspec.json.encode(said), {"content-type": "application/json"})
        form = urlencode(said, quote_via=quote, safe="+" if roll < JSON_SHARE + BARE_PLUS_SHARE else "")
        return Sealed(address, form.encode(), {"content-type": "application/x-www-form-urlencoded"})
