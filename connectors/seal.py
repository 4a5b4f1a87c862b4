"""A citizen's details under lock: plain values in, boxes out. Whoever holds the public key seals; only an opener opens.

Every value has a fresh AES-256-GCM key, bound to its dossier's code. That key is wrapped to the openers' X25519 key and
kept in SQL before the fact is published; destroying a dossier's wrapped keys erases what they lock, on every topic.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any, TypeVar, get_args

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import BaseModel

from connectors.metrics import counter
from connectors.store import Store, sealed_keys
from connectors.store.sealed_keys import WrappedKey
from schemas.event import Event
from schemas.sealed import Box, PlainContact, SealedContact, SealedText

NONCE, PUBLIC = 12, 32
NO_NONCE = bytes(NONCE)
"""For keys that lock one value only."""
LASTING = "evidence-"
"""How the name of a lasting key begins."""

E = TypeVar("E", bound=Event)


class CannotOpen(ValueError):
    """A box that does not open: another key, another dossier, or bytes that were changed."""


class Erased(CannotOpen):
    """The key of this value is destroyed, or was never here: nothing can give the value back."""


class ComesSealed(ValueError):
    """A sealed value where only plain ones may come in."""


# ---------------------------------------------------------------- wrapping to the openers


def _wrapping_key(shared: bytes, ephemeral: bytes, about: bytes) -> AESGCM:
    """The key that wraps one value's key, drawn from what both sides can compute."""
    return AESGCM(HKDF(SHA256(), 32, salt=sha256(about).digest(), info=b"hoso seal v1" + ephemeral).derive(shared))


class Wrapper:
    """Wraps for the openers under an ephemeral key of its own. `about` must not repeat: it makes the wrapping key."""

    def __init__(self, public_key: X25519PublicKey) -> None:
        ephemeral = X25519PrivateKey.generate()
        self._shared = ephemeral.exchange(public_key)
        self._ephemeral = ephemeral.public_key().public_bytes_raw()

    def wrap(self, secret: bytes, about: str) -> bytes:
        """The secret as only the openers can read it, bound to what it is about."""
        key = _wrapping_key(self._shared, self._ephemeral, about.encode())
        return self._ephemeral + key.encrypt(NO_NONCE, secret, about.encode())


def about(key_id: str, dossier: str) -> str:
    """What a value's key is bound to."""
    return f"{key_id} {dossier}"


def unwrap(private_key: X25519PrivateKey, wrapped: bytes, about: str) -> bytes:
    """A wrapped secret, by who may open. Raises CannotOpen."""
    ephemeral, box = wrapped[:PUBLIC], wrapped[PUBLIC:]
    try:
        shared = private_key.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        return _wrapping_key(shared, ephemeral, about.encode()).decrypt(NO_NONCE, box, about.encode())
    except (InvalidTag, ValueError) as error:
        raise CannotOpen("the wrapped key does not open: it belongs to another openers' key or is damaged") from error


@dataclass(frozen=True, slots=True)
class Openers:
    """The openers' private keys: the one in use and, while a rotation lasts, the next one and the one before."""

    keys: tuple[X25519PrivateKey, ...]

    def unwrap(self, wrapped: bytes, about: str) -> bytes:
        """A wrapped secret, by whichever of them it is wrapped for. Raises CannotOpen."""
        *others, last = self.keys
        for key in others:
            with suppress(CannotOpen):
                return unwrap(key, wrapped, about)
        return unwrap(last, wrapped, about)


# ---------------------------------------------------------------- sealing


class Sealer:
    """Seals the values of one batch of facts. `keep()` must have returned before any of them is published."""

    def __init__(self, public_key: X25519PublicKey, store: Store) -> None:
        self._wrapper, self._store = Wrapper(public_key), store
        self.pending: list[WrappedKey] = []

    def _box(self, dossier: str, value: bytes) -> Box:
        key, key_id = secrets.token_bytes(32), secrets.token_hex(16)
        sealed = AESGCM(key).encrypt(NO_NONCE, value, dossier.encode())
        self.pending.append(WrappedKey(key_id, dossier, self._wrapper.wrap(key, about(key_id, dossier))))
        return Box(key_id=key_id, box=urlsafe_b64encode(sealed).decode())

    def seal_text(self, dossier: str, text: str) -> SealedText:
        """Free text in a box."""
        return SealedText(sealed=self._box(dossier, text.encode()))

    def seal_contact(self, dossier: str, contact: PlainContact) -> SealedContact:
        """A contact in a box; where it lies stays readable."""
        box = self._box(dossier, contact.model_dump_json(exclude_none=True).encode())
        place = contact.address
        return SealedContact(ward_code=place.ward_code, province_code=place.province_code, sealed=box)

    def seal(self, fact: E) -> E:
        """The fact with everything that is to be sealed in boxes. Raises ComesSealed."""
        return sealable(fact, self)

    def keep(self) -> None:
        """Store the wrapped keys of this batch, in one transaction."""
        if self.pending:
            with self._store.begin() as transaction:
                sealed_keys.keep(transaction, self.pending)
            counter("hoso_sealed_keys_total").labels("kept").inc(len(self.pending))
            self.pending = []


def sealable(fact: E, sealer: Sealer) -> E:
    """A copy of a fact with every contact and free text sealed, found by type. Raises ComesSealed."""
    sealed = _sealed(fact.data, type(fact).model_fields["data"].annotation, fact.subject, sealer)
    return fact if sealed is fact.data else fact.model_copy(update={"data": sealed})


def _sealed(value: Any, annotation: Any, dossier: str, sealer: Sealer) -> Any:
    """A value sealed if it is of the kind, its parts sealed if it has some, itself if nothing in it is."""
    match value:
        case SealedText() | SealedContact():
            raise ComesSealed("a sealed value comes from outside; values come in plain and are sealed here")
        case PlainContact():
            return sealer.seal_contact(dossier, value)
        case str() if _may_be_sealed(annotation):
            return sealer.seal_text(dossier, value)
        case BaseModel():
            parts = {
                name: _sealed(getattr(value, name), field.annotation, dossier, sealer)
                for name, field in type(value).model_fields.items()
            }
            changed = {name: part for name, part in parts.items() if part is not getattr(value, name)}
            return value.model_copy(update=changed) if changed else value
        case tuple():
            items = tuple(_sealed(one, annotation, dossier, sealer) for one in value)
            return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    return value


@cache
def _may_be_sealed(annotation: Any) -> bool:
    """Whether a text in a field so typed is free text: the type says that it may come in a box."""
    return annotation is SealedText or any(
        _may_be_sealed(one) for one in get_args(annotation) if not isinstance(one, str)
    )


# ---------------------------------------------------------------- opening


class Opener:
    """Opens what the gate sealed: for dispatch, notify and the audited reveal. Raises Erased or CannotOpen."""

    def __init__(self, store: Store, openers: Openers) -> None:
        self._store, self._openers = store, openers
        # There from the start, at 0: an alert sees the first one.
        for operation in ("opened", "erased", "damaged"):
            counter("hoso_sealed_keys_total").labels(operation)

    def _value(self, dossier: str, box: Box) -> bytes:
        with self._store.read() as connection:
            wrapped = sealed_keys.find(connection, box.key_id)
        if wrapped is None:
            counter("hoso_sealed_keys_total").labels("erased").inc()
            raise Erased(f"the key of this value of {dossier} is destroyed: nothing can give it back")
        try:
            key = self._openers.unwrap(wrapped, about(box.key_id, dossier))
            value = AESGCM(key).decrypt(NO_NONCE, urlsafe_b64decode(box.box), dossier.encode())
        except CannotOpen:
            counter("hoso_sealed_keys_total").labels("damaged").inc()
            raise
        except (InvalidTag, ValueError) as error:
            counter("hoso_sealed_keys_total").labels("damaged").inc()
            raise CannotOpen(f"a box of {dossier} does not open: it is another dossier's or damaged") from error
        counter("hoso_sealed_keys_total").labels("opened").inc()
        return value

    def open_text(self, dossier: str, text: SealedText | str) -> str:
        """Free text, plain again. What is plain stays so."""
        return text if isinstance(text, str) else self._value(dossier, text.sealed).decode()

    def open_contact(self, dossier: str, contact: SealedContact | PlainContact) -> PlainContact:
        """A contact, plain again. What is plain stays so."""
        if isinstance(contact, PlainContact):
            return contact
        return PlainContact.model_validate_json(self._value(dossier, contact.sealed))


# ---------------------------------------------------------------- carriers' bytes


class Evidence:
    """Locks bytes under a key of 32 bytes that its holders share. The box names its key.

    Of several keys the first locks and all unlock. Without a `key_id` they are lasting keys, each named after itself;
    with one it is a day's (connectors/day_keys.py).
    """

    def __init__(self, keys: bytes | tuple[bytes, ...], key_id: str | None = None) -> None:
        all_keys = (keys,) if isinstance(keys, bytes) else keys
        self._keys = {key_id or lasting_name(one): AESGCM(one) for one in all_keys}
        self.key_id = next(iter(self._keys))

    @property
    def _key(self) -> AESGCM:
        return self._keys[self.key_id]

    def seal(self, raw: bytes) -> Box:
        """Bytes in a box. Raises TryLater where the key of this day is to be had from a database that is away."""
        return Box(key_id=self.key_id, box=urlsafe_b64encode(locked(self._key, raw, self.key_id)).decode())

    def open(self, box: Box) -> bytes:
        """The bytes again. Raises CannotOpen; Erased where a day's key is destroyed; TryLater as `seal` does."""
        try:
            return unlocked(self._keys.get(box.key_id, self._key), urlsafe_b64decode(box.box), box.key_id)
        except (InvalidTag, ValueError) as error:
            raise CannotOpen(f"evidence under {box.key_id} does not open with {self.key_id}") from error


def lasting_name(key: bytes) -> str:
    """What a box calls a lasting key: it says which, and gives nothing of it away."""
    return f"{LASTING}{sha256(key).hexdigest()[:8]}"


def locked(key: AESGCM, raw: bytes, about: str) -> bytes:
    """Bytes under a key that locks many values, bound to what they are about."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + key.encrypt(nonce, raw, about.encode())


def unlocked(key: AESGCM, sealed: bytes, about: str) -> bytes:
    """Such bytes again. Raises InvalidTag or ValueError."""
    return key.decrypt(sealed[:NONCE], sealed[NONCE:], about.encode())
