"""A deadline certificate under this installation's signature, and the public key that others check it with."""

import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from rules.deadlines.certificate import to_sign

ALGORITHM = "Ed25519"


def signed(unsigned: dict[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    """The certificate with its signature, which names the key by the SHA-256 of its 32 public bytes."""
    signature = {
        "algorithm": ALGORITHM,
        "key": fingerprint(key),
        "value": b64encode(key.sign(to_sign(unsigned))).decode(),
    }
    return unsigned | {"signature": signature}


def written(document: dict[str, Any]) -> str:
    """A document as a file holds it: one member a line, in UTF-8. Its layout means nothing."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def public_pem(key: Ed25519PrivateKey) -> str:
    """The public half, for whoever checks our signatures."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def fingerprint(key: Ed25519PrivateKey) -> str:
    """The public half's short name."""
    return sha256(key.public_key().public_bytes_raw()).hexdigest()
