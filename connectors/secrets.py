"""The keys of this installation, one file each in one folder: made once, read by whoever needs that one.

`openers.key` opens what is sealed (dispatch, notify, and the console for an officer who says why); `openers.pub` seals
(gate, translate); `evidence.key` is for carriers' bytes (edge, poll, translate); `feed.key` for what the feed holds of
a citizen (notify, edge); `digest.key` and `tracking.key` for HMACs at the gate, the former also at translate, the
latter at the edge, where it opens citizens' pages; `console.key` signs the console's sessions (edge, console);
`signing.key` signs callbacks for agencies that ask for Ed25519, receipts (notify) and certificates (`hoso certificate
issue`). A process reads a key at its first use and no other. `hoso keys` changes them for others, in
connectors/rotating.py and connectors/changing.py; docs/security.md says what each change means.
"""

import secrets
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from connectors import key_files
from connectors.certificates import public_keys
from connectors.dated_keys import DatedKeys
from connectors.key_files import BYTES, NoSuchSecret, keep
from connectors.seal import Openers

__all__ = ["NoSuchSecret", "Secrets", "ensure_secrets", "keep", "load_secrets", "private_key"]

OPENERS, OPENERS_PUBLIC = "openers.key", "openers.pub"
OPENERS_NEXT, OPENERS_BEFORE = "openers.next.key", "openers.before.key"
"""Beside it while a rotation lasts."""
EVIDENCE, FEED, DIGEST, TRACKING, SIGNING = "evidence.key", "feed.key", "digest.key", "tracking.key", "signing.key"
SIGNING_BEFORE = "signing.before.pem"
"""The public halves of the keys that signed before, for ever: what they signed is checked with them."""
CONSOLE = "console.key"


def _one(file: Path) -> bytes:
    """The key of a file that holds one. Raises NoSuchSecret."""
    first, *others = key_files.read(file)
    if others:
        raise NoSuchSecret(f"the key {file} holds {len(others) + 1} keys, not one; restore it from its backup")
    return first.key


def _all(file: Path) -> tuple[bytes, ...]:
    """The keys of a file, the one that writes first. Raises NoSuchSecret."""
    return tuple(one.key for one in key_files.read(file))


def private_key(file: Path) -> X25519PrivateKey:
    """An openers' key. Raises NoSuchSecret."""
    return X25519PrivateKey.from_private_bytes(_one(file))


class Secrets:
    """The keys in a folder, each read when first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def openers_public(self) -> X25519PublicKey:
        """What seals."""
        return X25519PublicKey.from_public_bytes(_one(self.folder / OPENERS_PUBLIC))

    @cached_property
    def openers_private(self) -> Openers:
        """What opens, for dispatch, notify and the audited reveal: every key that a rotation has."""
        beside = (name for name in (OPENERS_NEXT, OPENERS_BEFORE) if (self.folder / name).exists())
        return Openers(tuple(private_key(self.folder / name) for name in (OPENERS, *beside)))

    @cached_property
    def evidence(self) -> tuple[bytes, ...]:
        """The keys of carriers' bytes: the first locks, all unlock."""
        return _all(self.folder / EVIDENCE)

    @cached_property
    def feed(self) -> tuple[bytes, ...]:
        """The keys of the feed's rows that hold something of a citizen: the first locks, all unlock."""
        return _all(self.folder / FEED)

    @cached_property
    def digest(self) -> DatedKeys:
        """The keys of facts' digests."""
        return DatedKeys.of_lines(key_files.read(self.folder / DIGEST))

    @cached_property
    def tracking(self) -> DatedKeys:
        """The keys of tracking codes."""
        return DatedKeys.of_lines(key_files.read(self.folder / TRACKING))

    @cached_property
    def console(self) -> bytes:
        """The key of the console's sessions."""
        return _one(self.folder / CONSOLE)

    @property
    def signing(self) -> Ed25519PrivateKey:
        """What signs receipts and certificates."""
        return self.signing_callbacks[0]

    @cached_property
    def signing_callbacks(self) -> tuple[Ed25519PrivateKey, ...]:
        """What signs callbacks a second time, v1a: while a rotation lasts, each of two."""
        return tuple(Ed25519PrivateKey.from_private_bytes(one) for one in _all(self.folder / SIGNING))

    @cached_property
    def signing_public(self) -> tuple[Ed25519PublicKey, ...]:
        """What checks what this installation signs, or ever signed; the key in use first."""
        before = self.folder / SIGNING_BEFORE
        kept = public_keys(before.read_bytes()) if before.exists() else ()
        return (*(one.public_key() for one in self.signing_callbacks), *kept)


def load_secrets(folder: Path) -> Secrets:
    """The keys in this folder. Nothing is read yet, so a process holds only what it uses."""
    return Secrets(folder)


def ensure_secrets(folder: Path) -> Secrets:
    """The keys in this folder, the missing ones made (mode 0600); any number of processes may do so at once."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in (OPENERS, EVIDENCE, FEED, DIGEST, TRACKING, SIGNING, CONSOLE):
        keep(folder / name, secrets.token_bytes(BYTES))
    if not (folder / OPENERS_PUBLIC).exists():
        private = private_key(folder / OPENERS)
        keep(folder / OPENERS_PUBLIC, private.public_key().public_bytes_raw())
    return Secrets(folder)
