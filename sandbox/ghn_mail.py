"""GHN's webhooks: one for each change, unsigned, also for changes of money; ten more tries, then nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from sandbox.ghn_api import FEE, utc
from sandbox.mail import WRONG_SECRET, Mail, Record, Retrying, Sealed
from sandbox.parcels import Parcel
from sandbox.scans import Scan
from schemas.postal import FailureReason, ParcelStatus

TRIES, PAUSE_SECONDS = 11, 5.0
NAMELESS = 0.1
"""How often a webhook names no client order code."""
PICKUP_REASONS = {FailureReason.ABSENT: "GHN-PFA2A3"}
DELIVERY_REASONS = {
    FailureReason.ABSENT: "GHN-DFC1A4",
    FailureReason.ADDRESS_WRONG: "GHN-DCD0A1",
    FailureReason.NOT_FOUND: "GHN-DCD0A1",
    FailureReason.MOVED: "GHN-DFC1A1",
    FailureReason.CARRIER_FAULT: "GHN-DFC1A6",
    FailureReason.REFUSED: "GHN-DCD0A8",
}
"""It has no code for bad weather, and none of its own for nobody being found."""


class GhnMail(Mail):
    """Nothing in it proves anything: all that a forger lacks is the last part of the address."""

    name = "ghn"
    strange = {"Status": "partner_hold", "Type": "switch_status"}
    delivered = {"Status": "delivered", "Type": "switch_status", "Reason": "", "ReasonCode": ""}

    @property
    def retrying(self) -> Retrying:
        """As its document says."""
        return Retrying(TRIES, PAUSE_SECONDS * self.settings.sandbox_patience)

    def record(self, parcel: Parcel, scan: Scan) -> Record:
        """One change. Of money it tells under the status of the moment."""
        pays = scan.status is ParcelStatus.FEE_SETTLED
        reasons = PICKUP_REASONS if scan.status is ParcelStatus.PICKUP_FAILED else DELIVERY_REASONS
        kind = "create" if scan == parcel.plan[0] else "switch_status"
        return {
            "CODAmount": parcel.order.cash,
            "CODTransferDate": utc(scan.at) if pays else None,
            "ClientOrderCode": parcel.reference,
            "ConvertedWeight": parcel.said.get("weight"),
            "Description": "",
            "Fee": {"MainService": FEE, "Return": 0},
            "Height": parcel.said.get("height"),
            "IsPartialReturn": False,
            "Length": parcel.said.get("length"),
            "OrderCode": parcel.item,
            "PartialReturnCode": "",
            "PaymentType": parcel.said.get("payment_type_id"),
            "Reason": scan.cause,
            "ReasonCode": reasons.get(scan.reason, "") if scan.reason else "",
            "ShopID": 1,
            "Status": parcel.code(parcel.last if pays else scan).code,
            "Time": utc(scan.at),
            "TotalFee": FEE,
            "Type": str(parcel.code(scan).code) if pays else kind,
            "Warehouse": "Bưu cục Mẫu",
            "Weight": parcel.said.get("weight"),
            "Width": parcel.said.get("width"),
        }

    def varied(self, record: Record, parcel: Parcel, scan: Scan, roll: float) -> Record:
        """Now and then without the client's code, its kind with a capital, or with fractions of the second."""
        if roll < NAMELESS:
            return {**record, "ClientOrderCode": ""}
        if roll < 0.3:
            return {**record, "Type": record["Type"].capitalize()}
        exact = datetime.fromtimestamp(scan.at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
        return {**record, "Time": f"{exact[:23]}Z"} if roll < 0.7 else record

    def sealed(self, records: Sequence[Record], driven: float, *, forged: bool = False) -> Sealed:
        """One record is one body, sent where the customer said."""
        address = f"{self.address}/{WRONG_SECRET if forged else self.secret}"
        return Sealed(address, msgspec.json.encode(records[0]), {"content-type": "application/json"})
