"""What a province's platform relays of an HCC order: one body for each scan, in this project's own convention.

Vietnam Post's own way to tell of these orders is not public; the field names are its older list's.
"""

from collections.abc import Sequence

import msgspec

from sandbox.mail import WRONG_SECRET, Mail, Record, Sealed
from sandbox.parcels import Parcel
from sandbox.scans import Scan
from sandbox.transport import Reply
from sandbox.vnpost_hcc_api import TAKEN
from schemas.instant import aware
from schemas.postal import ParcelStatus

VISITS = (ParcelStatus.DELIVERY_FAILED, ParcelStatus.DELIVERED)
BACK = (ParcelStatus.RETURNING, ParcelStatus.RETURN_FAILED, ParcelStatus.RETURNED_TO_SENDER)


class VNPostHccMail(Mail):
    """A secret in the header `access_token`; nothing is signed."""

    name = "vnpost_hcc"
    strange = {"OrderStatusId": 85, "OrderStatusName": "Mã thử"}
    delivered = {"OrderStatusId": 100, "OrderStatusName": "Phát thành công", "IsReturn": False}

    def record(self, parcel: Parcel, scan: Scan) -> Record:
        """The relay body. An order that came without an item code is known by its number alone."""
        visits = [one for one in parcel.plan if one.status in VISITS and one.at <= scan.at]
        return {
            "ItemCode": parcel.order.item or None,
            "OrderNumber": parcel.reference,
            "OrderStatusId": parcel.code(scan).code,
            "OrderStatusName": parcel.code(scan).words,
            "CauseCode": None,
            "CauseName": scan.cause or None,
            "DeliveryNote": None,
            "DeliveryTimes": max(len(visits), 1),
            "IsReturn": scan.status in BACK,
            "ToPOSCode": "700000",
            "LastUpdateTime": aware(scan.at).strftime("%d/%m/%Y %H:%M:%S"),
        }

    def varied(self, record: Record, parcel: Parcel, scan: Scan, roll: float) -> Record:
        """The code as number or text; the cause under its own name or in the note."""
        found = {**record, "OrderStatusId": str(record["OrderStatusId"])} if roll < 0.3 else record
        return {**found, "CauseName": None, "DeliveryNote": found["CauseName"]} if roll > 0.8 else found

    def sealed(self, records: Sequence[Record], driven: float, *, forged: bool = False) -> Sealed:
        """One record is one body."""
        headers = {"content-type": "application/json", "access_token": WRONG_SECRET if forged else self.secret}
        return Sealed(self.address, msgspec.json.encode(records[0]), headers)

    def taken(self, reply: Reply, sealed: Sealed) -> bool:
        """HTTP 200, and its body says 100."""
        try:
            said = msgspec.json.decode(reply.body)
        except msgspec.DecodeError:
            return False
        return reply.status == 200 and isinstance(said, dict) and said.get("Status") == TAKEN
