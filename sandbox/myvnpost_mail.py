"""MyVNPost's webhooks: batches of records under a signature that covers the first one's item and status only."""

import base64
import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox import keys
from sandbox.mail import Mail, Record, Sealed
from sandbox.myvnpost_api import PATTERN, fees, header_of
from sandbox.parcels import Parcel
from sandbox.scans import Scan
from sandbox.settings import Settings
from sandbox.transport import Reply
from schemas.instant import aware

PATTERNS = (PATTERN, PATTERN, PATTERN, "%Y-%m-%d %H:%M:%S", "%d-%m-%Y %H:%M:%S")
HEADERS = {"content-type": "application/json"}


class MyVNPostMail(Mail):
    """Signed with the post's private key; the public half lies where the settings say."""

    name = "myvnpost"
    batches = True
    strange = {"status": 26}
    delivered = {"status": 14}

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.key = keys.ensure(settings.sandbox_public_key)

    @property
    def address(self) -> str:
        """It has a setting of its own."""
        return self.settings.webhook_url

    def record(self, parcel: Parcel, scan: Scan) -> Record:
        """A record of the batch."""
        body: dict[str, Any] = {
            "orderHdrId": header_of(parcel),
            "originalId": parcel.handle,
            "itemCode": parcel.item,
            "originalItemCode": parcel.item,
            "saleOrderCode": parcel.reference,
            "status": parcel.code(scan).code,
            "senderCode": parcel.said.get("customerCode", ""),
            "serviceCode": parcel.said.get("serviceCode"),
            **fees(parcel),
            "contentNote": parcel.said.get("contentNote"),
            "updatedDate": aware(scan.at).strftime(PATTERN),
        }
        return body | {"causeCode": "99", "causeName": scan.cause} if scan.cause else body

    def varied(self, record: Record, parcel: Parcel, scan: Scan, roll: float) -> Record:
        """The code as number or text, the time in one of several forms."""
        code, written = record["status"], aware(scan.at).strftime(PATTERNS[int(roll * len(PATTERNS))])
        return {**record, "status": str(code) if roll < 0.3 else code, "updatedDate": written}

    def sealed(self, records: Sequence[Record], driven: float, *, forged: bool = False) -> Sealed:
        """The records, the sending time, the signature."""
        sent = aware(driven).strftime(PATTERN)
        signed = f"MYVNP{sent}{records[0]['itemCode']}{records[0]['status']}".encode()
        sign = secrets.token_bytes(self.key.key_size // 8) if forged else self.key.sign(signed, PKCS1v15(), SHA256())
        body = {"data": list(records), "sendDate": sent, "signature": base64.b64encode(sign).decode()}
        return Sealed(self.address, msgspec.json.encode(body), HEADERS)

    def taken(self, reply: Reply, sealed: Sealed) -> bool:
        """Any 2xx."""
        return reply.good
