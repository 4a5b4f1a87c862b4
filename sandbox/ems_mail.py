"""EMS's webhooks: one for each status, unsigned, each with a name of its own that the answer must say again."""

import hashlib
from collections.abc import Sequence

import msgspec

from sandbox.ems_api import FEE, OFFICE
from sandbox.mail import WRONG_SECRET, Mail, Record, Sealed
from sandbox.parcels import Parcel
from sandbox.scans import Scan
from sandbox.transport import Reply
from schemas.instant import aware

TRANSACTION = "ems-transaction"
NAMELESS = 0.1
"""How often a webhook names no order code."""


class EmsMail(Mail):
    """Nothing in it proves anything: all that a forger lacks is the last part of the address."""

    name = "ems"
    strange = {"status_code": 9199, "status_name": "Trạng thái thử nghiệm"}
    delivered = {"status_code": 9101, "status_name": "Phát thành công"}

    def record(self, parcel: Parcel, scan: Scan) -> Record:
        """One status of one item."""
        return {
            "tracking_code": parcel.item,
            "order_code": parcel.reference,
            "status_code": parcel.code(scan).code,
            "status_name": parcel.code(scan).words,
            "note": scan.cause,
            "locate": OFFICE,
            "datetime": aware(scan.at).strftime("%d/%m/%Y %H:%M:%S"),
            "total_weight": parcel.said.get("total_weight"),
            "money_collect": parcel.order.cash,
            "total_fee": FEE,
        }

    def varied(self, record: Record, parcel: Parcel, scan: Scan, roll: float) -> Record:
        """Now and then without the order code."""
        return {name: value for name, value in record.items() if name != "order_code" or roll >= NAMELESS}

    def sealed(self, records: Sequence[Record], driven: float, *, forged: bool = False) -> Sealed:
        """The name follows from the body, so that the same status comes under the same name."""
        body = msgspec.json.encode(records[0])
        headers = {"content-type": "application/json", TRANSACTION: hashlib.sha256(body).hexdigest()[:32]}
        return Sealed(f"{self.address}/{WRONG_SECRET if forged else self.secret}", body, headers)

    def taken(self, reply: Reply, sealed: Sealed) -> bool:
        """HTTP 200, `success`, and the name said again; `error` asks for another try."""
        try:
            said = msgspec.json.decode(reply.body)
        except msgspec.DecodeError:
            return False
        wanted = {"code": "success", "transaction": sealed.headers[TRANSACTION]}
        return reply.status == 200 and isinstance(said, dict) and wanted.items() <= said.items()
