"""What agencies are let in by and told with: bearer keys, kept as hashes, and callback secrets, sealed."""

import json
import os
import secrets as random
import time
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import TypedDict
from weakref import WeakKeyDictionary

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from connectors.seal import Openers, Wrapper
from connectors.store import Store, credentials
from schemas.instant import now

KEY_PREFIX, SECRET_PREFIX = "hoso_", "whsec_"
CALLBACK = "callback"
OVERLAP = timedelta(days=1)
"""How long an old callback secret still signs beside its successor (driven time)."""
CACHED_SECONDS = 5.0
"""How long (real time) a key that was good is taken for good: a revocation takes so long to be felt."""


@dataclass(frozen=True, slots=True)
class _Known:
    agency: str
    until: float


_known: WeakKeyDictionary[Store, dict[str, _Known]] = WeakKeyDictionary()


def hash_of(bearer: str) -> str:
    """What is kept of a key."""
    return sha256(bearer.encode("utf-8", "replace")).hexdigest()


def new_key(store: Store, agency: str) -> str:
    """A new bearer key of an agency. It cannot be shown again: only its hash is kept."""
    key = KEY_PREFIX + random.token_urlsafe(32)
    with store.begin() as transaction:
        credentials.add_key(transaction, agency, hash_of(key))
    return key


def verify_key(store: Store, bearer: str) -> str | None:
    """The agency whose key this is, or None. Remembered for a few seconds. TryLater if the database is away."""
    known, hashed, at = _known.setdefault(store, {}), hash_of(bearer), time.monotonic()
    if (found := known.get(hashed)) is not None and found.until > at:
        return found.agency
    with store.read() as connection:
        agency = credentials.agency_of(connection, hashed)
    if agency is None:
        known.pop(hashed, None)
        return None
    known[hashed] = _Known(agency, at + CACHED_SECONDS)
    return agency


def new_secret(store: Store, public_key: X25519PublicKey, agency: str) -> str:
    """A new callback secret of an agency. Those before it sign for another day, so that nothing is missed meanwhile."""
    secret = SECRET_PREFIX + b64encode(random.token_bytes(32)).decode()
    with store.begin() as transaction:
        credentials.retire_secrets(transaction, agency, CALLBACK, now() + OVERLAP)
        credentials.add_secret(transaction, agency, CALLBACK, _sealed(public_key, agency, secret))
    return secret


class Rotating(ValueError):
    """A rotation that cannot begin or end; the text says what to do."""


def rotate_secret(store: Store, public_key: X25519PublicKey, agency: str) -> str:
    """A second callback secret beside the one in force: both sign, however long it takes, until `finish_rotation`.

    Raises Rotating: there is none yet, or there are two already.
    """
    secret = SECRET_PREFIX + b64encode(random.token_bytes(32)).decode()
    sealed = _sealed(public_key, agency, secret)
    with store.begin() as transaction:
        in_force = len(credentials.secrets(transaction, agency, CALLBACK))
        if in_force == 0:
            raise Rotating(f"{agency} has no callback secret yet: `hoso agency secret {agency}` makes the first")
        if in_force > 1:
            raise Rotating(f"{agency} has {in_force} callback secrets already: `hoso agency rotate {agency} --finish`")
        credentials.add_secret(transaction, agency, CALLBACK, sealed)
    return secret


def finish_rotation(store: Store, agency: str) -> int:
    """Only the newest secret signs from now; how many ended. Raises Rotating where there is only one."""
    with store.begin() as transaction:
        ended = credentials.keep_newest(transaction, agency, CALLBACK)
    if ended == 0:
        raise Rotating(f"{agency} has no older callback secret to end: `hoso agency rotate {agency}` begins")
    return ended


def revoke_key(store: Store, agency: str, name: str) -> None:
    """Let a key in no longer, named as `hoso agency list` shows it. Doors feel it within CACHED_SECONDS."""
    if len(name) < credentials.NAME:
        raise LookupError(f"name the key by the {credentials.NAME} letters that `hoso agency list` shows")
    with store.begin() as transaction:
        if credentials.revoke_key(transaction, agency, name) == 0:
            raise LookupError(f"{agency} has no good key {name}: `hoso agency list` shows them")


def secrets_of(store: Store, openers: Openers, agency: str) -> list[bytes]:
    """The bytes that sign an agency's callbacks at this moment, the newest first; for notify alone."""
    with store.read() as connection:
        sealed = credentials.secrets(connection, agency, CALLBACK)
    return [openers.unwrap(one, about(agency)) for one in sealed]


def about(agency: str) -> str:
    """What a callback secret is bound to."""
    return f"callback {agency}"


def _sealed(public_key: X25519PublicKey, agency: str, secret: str) -> bytes:
    return Wrapper(public_key).wrap(b64decode(secret.removeprefix(SECRET_PREFIX)), about(agency))


# ---------------------------------------------------------------- the rehearsal


class Credentials(TypedDict):
    """What one agency of the rehearsal needs."""

    key: str
    secret: str


def ensure_sandbox_credentials(
    store: Store, public_key: X25519PublicKey, agencies: Iterable[str], file: Path
) -> dict[str, Credentials]:
    """Keys and callback secrets for the rehearsal's agencies, in a file (mode 0600) as `{code: {key, secret}}`.

    What the file holds already stays and is made known to the database again, so that either may be thrown away.
    """
    found = _read(file)
    for agency in agencies:
        found.setdefault(agency, _fresh())
    with store.begin() as transaction:
        have = credentials.held(transaction)
        for agency, one in found.items():
            credentials.add_key(transaction, agency, hash_of(one["key"]))
            if agency not in have or not have[agency].secrets:
                credentials.add_secret(transaction, agency, CALLBACK, _sealed(public_key, agency, one["secret"]))
    _write(file, found)
    return found


def _fresh() -> Credentials:
    secret = SECRET_PREFIX + b64encode(random.token_bytes(32)).decode()
    return Credentials(key=KEY_PREFIX + random.token_urlsafe(32), secret=secret)


def _read(file: Path) -> dict[str, Credentials]:
    if not file.is_file():
        return {}
    said = json.loads(file.read_bytes())
    return {str(code): Credentials(key=str(one["key"]), secret=str(one["secret"])) for code, one in said.items()}


def _write(file: Path, found: dict[str, Credentials]) -> None:
    """Replace the file whole: a reader finds the old one or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(found, out, indent=2, sort_keys=True)
    draft.replace(file)


@dataclass(frozen=True, slots=True)
class Good:
    """What an agency has that is good now, the oldest first."""

    keys: tuple[credentials.Since, ...] = ()
    secrets: tuple[credentials.Since, ...] = ()


def good_of(store: Store) -> dict[str, Good]:
    """Every agency's keys and callback secrets, by its code, with their ages."""
    with store.read() as connection:
        keys, secrets = credentials.keys_since(connection), credentials.secrets_since(connection, CALLBACK)
    codes = {one.agency for one in (*keys, *secrets)}
    return {
        code: Good(*(tuple(one for one in rows if one.agency == code) for rows in (keys, secrets))) for code in codes
    }
