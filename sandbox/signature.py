"""Whether a call is ours, by Standard Webhooks: v1 and the time by a library nobody here wrote, v1a beside it."""

from base64 import b64decode
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

V1, V1A = "v1", "v1a"


class Forged(Exception):
    """None of ours signed this call, or not within the last five minutes; the text says which."""


class Verifier:
    """Verifies calls with what an agency holds of ours.

    Of its secrets one good one is enough, so that it misses nothing while one is rotated. A public key asks for more:
    then v1a must be there and hold as well.
    """

    def __init__(self, secrets: Sequence[str], public_key: Ed25519PublicKey | None = None) -> None:
        """Raises ValueError for a secret that is none."""
        try:
            self._webhooks = [Webhook(one) for one in secrets]
        except EmptyWebhookSecretError as error:
            raise ValueError("a secret is empty") from error
        self._public_key = public_key

    def verify(self, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        """The forms of signature that hold. Header names are in lower case. Raises Forged."""
        why = "there is no secret to verify it with"
        for webhook in self._webhooks:
            try:
                webhook.verify(body, dict(headers), json_parse=False)
            except WebhookVerificationError as error:
                why = str(error)
            except ValueError:
                why = "webhook-signature cannot be read"
            else:
                return (V1,) if self._public_key is None else (V1, self._second(self._public_key, body, headers))
        raise Forged(why)

    def _second(self, public_key: Ed25519PublicKey, body: bytes, headers: Mapping[str, str]) -> str:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        found = [one.partition(",") for one in headers["webhook-signature"].split()]
        seconds = [signature for version, _, signature in found if version == V1A]
        if not seconds:
            raise Forged("v1 holds, but there is no v1a: it comes where the agency's file says ed25519 = true")
        if not any(_holds(public_key, one, signed) for one in seconds):
            raise Forged("v1 holds, but v1a is not of this public key")
        return V1A


def public_key_of(pem: bytes) -> Ed25519PublicKey:
    """The key that v1a is verified with, as `hoso certificate key` prints it. Raises ValueError."""
    found = load_pem_public_key(pem)
    if not isinstance(found, Ed25519PublicKey):
        raise ValueError("it is no Ed25519 key")
    return found


def _holds(public_key: Ed25519PublicKey, signature: str, signed: bytes) -> bool:
    try:
        public_key.verify(b64decode(signature), signed)
    except (InvalidSignature, ValueError):
        return False
    return True
