"""Our documents under this installation's signature: a receipt, a day's root."""

from base64 import b64encode
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connectors.certificates import ALGORITHM, fingerprint
from rules.receipts.statement import to_sign


def signed(unsigned: dict[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    """The document with its signature; signed again, it is the same."""
    value = b64encode(key.sign(to_sign(unsigned))).decode()
    return unsigned | {"signature": {"algorithm": ALGORITHM, "key": fingerprint(key), "value": value}}
