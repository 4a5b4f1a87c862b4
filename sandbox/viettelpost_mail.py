"""Viettel Post's webhooks: one scan in an envelope with the customer's secret, one after another, in a hurry."""

from collections.abc import Sequence

import msgspec

from sandbox.mail import FIRST_PAUSE, WRONG_SECRET, Mail, Record, Retrying, Sealed
from sandbox.parcels import Parcel
from sandbox.scans import Scan
from schemas.instant import aware
from schemas.postal import FailureReason, ParcelStatus

REASONS = {FailureReason.ABSENT: 36, FailureReason.REFUSED: 30}
"""Its numbers for why an attempt failed, one source's; for other reasons it has none that we know."""
BACK = (ParcelStatus.RETURNING, ParcelStatus.RETURN_FAILED, ParcelStatus.RETURNED_TO_SENDER)
TRIES = 6
"""The first, and up to five more; how far apart is not said."""
OFFICE = "Bưu cục Mẫu"


class ViettelPostMail(Mail):
    """The whole account waits until one is taken: HTTP 200 within a second."""

    name = "viettelpost"
    in_order = True
    timeout_seconds = 1.0
    strange = {"ORDER_STATUS": 510, "STATUS_NAME": "Hủy phân công phát"}
    delivered = {"ORDER_STATUS": 501, "STATUS_NAME": "Phát thành công", "IS_RETURNING": False}

    @property
    def retrying(self) -> Retrying:
        """As its document says."""
        return Retrying(TRIES, FIRST_PAUSE * self.settings.sandbox_patience)

    def record(self, parcel: Parcel, scan: Scan) -> Record:
        """`DATA`."""
        return {
            "ORDER_NUMBER": parcel.item,
            "ORDER_REFERENCE": parcel.reference,
            "ORDER_STATUSDATE": aware(scan.at).strftime("%d/%m/%Y %H:%M:%S"),
            "ORDER_STATUS": parcel.code(scan).code,
            "STATUS_NAME": parcel.code(scan).words,
            "LOCALION_CURRENTLY": OFFICE,
            "LOCATION_CURRENTLY": OFFICE,
            "NOTE": scan.cause,
            "MONEY_COLLECTION": parcel.order.cash,
            "MONEY_FEECOD": 0,
            "MONEY_TOTALFEE": 28_000,
            "MONEY_TOTAL": 33_000,
            "EXPECTED_DELIVERY": "",
            "PRODUCT_WEIGHT": parcel.said.get("PRODUCT_WEIGHT"),
            "ORDER_SERVICE": parcel.said.get("ORDER_SERVICE"),
            "EMPLOYEE_NAME": "Bưu tá Mẫu",
            "EMPLOYEE_PHONE": "0900000009",
            "IS_RETURNING": scan.status in BACK,
            "REASON_CODE": REASONS.get(scan.reason) if scan.reason else None,
        }

    def varied(self, record: Record, parcel: Parcel, scan: Scan, roll: float) -> Record:
        """The code as number or text, the hour with one digit or two."""
        if roll < 0.2:
            return {**record, "ORDER_STATUS": str(record["ORDER_STATUS"])}
        return {**record, "ORDER_STATUSDATE": record["ORDER_STATUSDATE"].replace(" 0", " ")} if roll < 0.4 else record

    def sealed(self, records: Sequence[Record], driven: float, *, forged: bool = False) -> Sealed:
        """The scan, and the secret beside it."""
        body = {"DATA": records[0], "TOKEN": WRONG_SECRET if forged else self.secret}
        return Sealed(self.address, msgspec.json.encode(body), {"content-type": "application/json"})
