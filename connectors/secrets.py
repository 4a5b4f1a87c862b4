"""The keys of this installation, one file each in one folder: made once, read by whoever needs that one.

`openers.key` opens what is sealed (dispatch, notify, and the console for an officer who says why); `openers.pub` seals
(gate, translate), and `connectors/rotating.py` changes the two for others; `evidence.key` is for carriers' bytes (edge,
poll, translate); `feed.key` for what the feed holds of a citizen (notify, edge); `digest.key` and `tracking.key` for
HMACs at the gate, the latter also at the edge, where it opens citizens' pages; `console.key` signs the console's
sessions (edge, console); `signing.key` signs callbacks for agencies that ask for Ed25519 (notify) and certificates
(`hoso certificate issue`). A process reads a key at its first use and no other.
"""

import os
import secrets
from base64 import b64decode, b64encode
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from connectors.seal import Openers

OPENERS, OPENERS_PUBLIC = "openers.key", "openers.pub"
OPENERS_NEXT, OPENERS_BEFORE = "openers.next.key", "openers.before.key"
"""Beside it while a rotation lasts."""
EVIDENCE, FEED, DIGEST, TRACKING, SIGNING = "evidence.key", "feed.key", "digest.key", "tracking.key", "signing.key"
CONSOLE = "console.key"
BYTES = 32


class NoSuchSecret(ValueError):
    """A key file is missing or cannot be read; the text says which and what to do."""


def keep(file: Path, value: bytes) -> None:
    """Write a key once: whoever comes second finds the first one's file, whole."""
    if file.exists():
        return
    draft = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(b64encode(value) + b"\n")
            out.flush()
            os.fsync(out.fileno())
        # A link never replaces: of several processes starting at once the first one's key stays.
        os.link(draft, file)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)


def _read(file: Path) -> bytes:
    """A key's bytes. Raises NoSuchSecret."""
    try:
        value = b64decode(file.read_bytes(), validate=False)
    except (OSError, ValueError) as error:
        raise NoSuchSecret(f"the key {file} cannot be read ({error}); `hoso up` makes the missing ones") from error
    if len(value) != BYTES:
        raise NoSuchSecret(f"the key {file} has {len(value)} bytes, not {BYTES}; restore it from its backup")
    return value


def private_key(file: Path) -> X25519PrivateKey:
    """An openers' key. Raises NoSuchSecret."""
    return X25519PrivateKey.from_private_bytes(_read(file))


class Secrets:
    """The keys in a folder, each read when first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def openers_public(self) -> X25519PublicKey:
        """What seals."""
        return X25519PublicKey.from_public_bytes(_read(self.folder / OPENERS_PUBLIC))

    @cached_property
    def openers_private(self) -> Openers:
        """What opens, for dispatch, notify and the audited reveal: every key that a rotation has."""
        beside = (name for name in (OPENERS_NEXT, OPENERS_BEFORE) if (self.folder / name).exists())
        return Openers(tuple(private_key(self.folder / name) for name in (OPENERS, *beside)))

    @cached_property
    def evidence(self) -> bytes:
        """The key of carriers' bytes."""
        return _read(self.folder / EVIDENCE)

    @cached_property
    def feed(self) -> bytes:
        """The key of the feed's rows that hold something of a citizen."""
        return _read(self.folder / FEED)

    @cached_property
    def digest(self) -> bytes:
        """The key of facts' digests."""
        return _read(self.folder / DIGEST)

    @cached_property
    def tracking(self) -> bytes:
        """The key of tracking codes."""
        return _read(self.folder / TRACKING)

    @cached_property
    def console(self) -> bytes:
        """The key of the console's sessions."""
        return _read(self.folder / CONSOLE)

    @cached_property
    def signing(self) -> Ed25519PrivateKey:
        """What signs callbacks a second time, v1a, and certificates."""
        return Ed25519PrivateKey.from_private_bytes(_read(self.folder / SIGNING))


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
