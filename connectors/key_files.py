"""A key's file: a line a key, in base64. The first line writes, every line reads; behind a key may stand a word.

`next`: it is known already, and writes nothing yet. `from 2026-12-01`: it is for the dossiers of that day on. A file is
made once, changed whole, and is its owner's alone to read (0600).
"""

import os
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

BYTES = 32
LINE = re.compile(rb"([A-Za-z0-9+/]{43}=)(?: (next)| from ([0-9]{4}-[0-9]{2}-[0-9]{2}))?")


class NoSuchSecret(ValueError):
    """A key file is missing or cannot be read; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """A key, and what is said of it."""

    key: bytes
    next: bool = False
    from_on: date | None = None

    def __repr__(self) -> str:
        """Without the key: what is printed by mistake tells nobody."""
        return f"Line(next={self.next}, from_on={self.from_on})"

    def plain(self) -> "Line":
        """The key, and nothing said of it."""
        return replace(self, next=False, from_on=None)

    def written(self) -> bytes:
        """As it stands in the file."""
        word = b" next" if self.next else f" from {self.from_on}".encode() if self.from_on else b""
        return b64encode(self.key) + word + b"\n"


def read(file: Path) -> tuple[Line, ...]:
    """The keys of a file, as they stand in it; at least one. Raises NoSuchSecret."""
    try:
        lines = parsed(file.read_bytes())
    except OSError as error:
        raise NoSuchSecret(f"the key {file} cannot be read ({error}); `hoso up` makes the missing ones") from error
    if not lines:
        raise NoSuchSecret(f"the key {file} is damaged; restore it from its backup")
    return lines


def parsed(raw: bytes) -> tuple[Line, ...]:
    """The keys of a file's bytes; none where a line is no key: half of a file is not read."""
    found = [LINE.fullmatch(one.strip()) for one in raw.splitlines() if one.strip()]
    try:
        return tuple(_line(*one.groups()) for one in found if one is not None) if all(found) else ()
    except ValueError:
        return ()


def _line(key: bytes, next: bytes | None, from_on: bytes | None) -> Line:
    return Line(b64decode(key), next is not None, date.fromisoformat(from_on.decode()) if from_on else None)


def keep(file: Path, value: bytes) -> None:
    """Write a key once: whoever comes second finds the first one's file, whole."""
    if file.exists():
        return
    draft = _draft(file, Line(value).written())
    try:
        # A link never replaces: of several processes starting at once the first one's key stays.
        os.link(draft, file)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)


def write(file: Path, lines: Sequence[Line]) -> None:
    """Change a file for these keys. Whoever reads, and whoever comes after a crash, finds the old file or the new."""
    replaced(file, b"".join(one.written() for one in lines))


def replaced(file: Path, raw: bytes) -> None:
    """Change a file for these bytes: whole, on disk when this returns, its owner's alone to read."""
    draft = _draft(file, raw)
    try:
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _draft(file: Path, raw: bytes) -> Path:
    """The bytes beside the file, on disk."""
    draft = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(raw)
        out.flush()
        os.fsync(out.fileno())
    return draft
