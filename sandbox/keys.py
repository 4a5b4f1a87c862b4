"""The post's pair of keys: made once, kept, the public half in a file for whoever verifies its webhooks."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

BITS = 2048


def ensure(public: Path) -> RSAPrivateKey:
    """The private key whose public half lies in this file; both are made if they are not there."""
    private = public.with_suffix(".key")
    if not private.is_file():
        _make(private)
    key = serialization.load_pem_private_key(private.read_bytes(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError(f"{private} holds no RSA key")
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    if not public.is_file() or public.read_bytes() != pem:
        public.write_bytes(pem)
    return key


def _make(private: Path) -> None:
    private.parent.mkdir(parents=True, exist_ok=True)
    pem = generate_private_key(public_exponent=65537, key_size=BITS).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    private.touch(mode=0o600)
    private.write_bytes(pem)
