"""A deadline certificate under this installation's signature, and the public key that others check it with."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from rules.deadlines.certificate import to_sign

ALGORITHM = "Ed25519"
PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)


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


def public_pem(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """The public half, for whoever checks our signatures."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def fingerprint(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """The public half's short name."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return sha256(public.public_bytes_raw()).hexdigest()


def public_keys(pem: bytes) -> tuple[Ed25519PublicKey, ...]:
    """The public halves of a file that may hold several, in its order. Raises ValueError where it holds another key."""
    found = [load_pem_public_key(one) for one in PEM.findall(pem)]
    keys = tuple(one for one in found if isinstance(one, Ed25519PublicKey))
    if not keys or len(keys) < len(found):
        raise ValueError("it holds no Ed25519 key, or another kind as well")
    return keys
