"""Standard Webhooks: the headers that say a callback is ours. https://www.standardwebhooks.com"""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def headers(
    message_id: str, body: bytes, at_seconds: int, secrets: Sequence[bytes], signing: Sequence[Ed25519PrivateKey] = ()
) -> dict[str, str]:
    """The three headers of a callback. `at_seconds` is real time: the other side looks at its own clock.

    One signature a secret, so that nothing is missed while one is rotated; each key of `signing` adds a v1a.
    """
    signed = f"{message_id}.{at_seconds}.".encode() + body
    signatures = [f"v1,{b64encode(hmac.new(secret, signed, sha256).digest()).decode()}" for secret in secrets]
    signatures += [f"v1a,{b64encode(key.sign(signed)).decode()}" for key in signing]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_seconds),
        "webhook-signature": " ".join(signatures),
    }
