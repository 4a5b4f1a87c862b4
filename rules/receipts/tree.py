"""The hash tree over a day's receipts, and the chain of days: SHA-256, as RFC 6962 section 2.1 has it.

A leaf is hashed behind a byte 0x00 and a node behind 0x01, so that neither can be taken for the other; a tree of n
leaves splits at the largest power of two below n.
"""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256

from schemas.receipts import ROOT_FORM

GENESIS = sha256(ROOT_FORM.encode()).hexdigest()
"""What the first day is chained to."""


def leaf_of(receipt: bytes) -> bytes:
    """A receipt's leaf; `receipt` is its canonical JSON, signature included."""
    return sha256(b"\x00" + receipt).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaves, in their order."""
    match len(leaves):
        case 0:
            return sha256().digest()
        case 1:
            return leaves[0]
        case count:
            half = _half(count)
            return _node(root_of(leaves[:half]), root_of(leaves[half:]))


def path_to(leaves: Sequence[bytes], place: int) -> list[bytes]:
    """What leads from the leaf at this place to the root, the nearest first."""
    if not 0 <= place < len(leaves):
        raise IndexError(f"there is no leaf {place} among {len(leaves)}")
    if len(leaves) == 1:
        return []
    half = _half(len(leaves))
    if place < half:
        return [*path_to(leaves[:half], place), root_of(leaves[half:])]
    return [*path_to(leaves[half:], place - half), root_of(leaves[:half])]


def chained(previous: str, day: date, count: int, root: str) -> str:
    """The chain of all days up to this one."""
    return sha256(f"{previous} {day.isoformat()} {count} {root}".encode()).hexdigest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _half(count: int) -> int:
    """The largest power of two below a count of two or more."""
    return 1 << (count - 1).bit_length() - 1
