"""Chance without chance: every draw follows from the seed and what it is about, so two runs fall alike."""

import hashlib
from random import Random


def share(seed: int, *about: object) -> float:
    """A number from 0 to 1, the same for ever for this seed and subject."""
    digest = hashlib.blake2b("|".join(map(str, (seed, *about))).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def dice(seed: int, *about: object) -> Random:
    """A source of draws, the same for ever for this seed and subject."""
    return Random("|".join(map(str, (seed, *about))))
