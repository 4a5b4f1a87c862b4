"""The openers' key pair changed for another, without a moment in which something does not open.

Three steps, each safe to repeat after a crash. *Prepare* makes the next key beside the one in use: whoever opens knows
it before anything is sealed for it. *Switch* has everything sealed for it from now on; the one before still opens what
it did. *Finish* wraps anew, for the new key, all that was wrapped for the one before, and retires that: a file that no
process reads, for its owner to destroy. Boxes on topics are not touched: their keys, which lie in SQL, are.
"""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Column, Row

from connectors import agencies, seal
from connectors.letter_boxes import LETTERS
from connectors.rewrapping import Place, Wrapped, wrap_anew
from connectors.seal import CannotOpen, Openers, Wrapper
from connectors.secrets import (
    OPENERS,
    OPENERS_BEFORE,
    OPENERS_NEXT,
    OPENERS_PUBLIC,
    keep,
    private_key,
)
from connectors.store import Store
from connectors.store.tables import AGENCY_SECRETS, DAY_KEYS, SEALED_KEYS

OPENERS_RETIRED = "openers.retired.key"


class Stage(StrEnum):
    """How far a rotation is."""

    SETTLED = "settled"
    """None is under way."""
    PREPARED = "prepared"
    """The next key is there, and nothing is sealed for it yet."""
    SWITCHED = "switched"
    """Everything is sealed for the new key; the one before still opens what it did."""


class CannotRotate(ValueError):
    """A step that is not the next one; the text says which is."""


def stage(folder: Path) -> Stage:
    """How far the rotation of the keys in this folder is."""
    if (folder / OPENERS_NEXT).exists():
        return Stage.PREPARED
    return Stage.SWITCHED if (folder / OPENERS_BEFORE).exists() else Stage.SETTLED


def prepare(folder: Path) -> None:
    """Make the next key. Raises CannotRotate where a rotation is to be finished first."""
    if stage(folder) is Stage.SWITCHED:
        raise CannotRotate("the last rotation is not finished: `hoso keys rotate --finish`")
    keep(folder / OPENERS_NEXT, X25519PrivateKey.generate().private_bytes_raw())


def switch(folder: Path) -> None:
    """Seal for the next key from now on. Raises CannotRotate where there is none."""
    if stage(folder) is Stage.SETTLED:
        raise CannotRotate("there is no next key: `hoso keys rotate` makes it")
    if (folder / OPENERS_NEXT).exists():
        if not (folder / OPENERS_BEFORE).exists():
            (folder / OPENERS_BEFORE).hardlink_to(folder / OPENERS)
        (folder / OPENERS_NEXT).replace(folder / OPENERS)
    _publish(folder, private_key(folder / OPENERS))


def finish(folder: Path, store: Store, progress: Callable[[int], None] = lambda _count: None) -> Wrapped:
    """Wrap anew what is wrapped for the key before, and retire it if nothing is left of it.

    `progress` hears of every portion. Raises CannotRotate where there is none before, or where somebody sealed for it
    meanwhile; TryLater while the database is away.
    """
    if stage(folder) is not Stage.SWITCHED:
        raise CannotRotate("nothing was switched: `hoso keys rotate`, then `--switch`, come first")
    new, before = private_key(folder / OPENERS), private_key(folder / OPENERS_BEFORE)
    _publish(folder, new)
    done = wrap_anew(store, _places(new, before), progress)
    refuse_late(done, "every process but the workers")
    (folder / OPENERS_BEFORE).replace(folder / OPENERS_RETIRED)
    return done


def refuse_late(done: Wrapped, who: str) -> None:
    """Raises CannotRotate where somebody wrote under the key before meanwhile: it says who is to be started again."""
    if done.late:
        values = "1 value was" if done.late == 1 else f"{done.late} values were"
        raise CannotRotate(
            f"{values} put under the key before while this ran, and brought over: restart {who}, then finish again"
        )


def _publish(folder: Path, key: X25519PrivateKey) -> None:
    """The public half of the key in use stands in its file."""
    draft = folder / f"{OPENERS_PUBLIC}.next"
    draft.unlink(missing_ok=True)
    keep(draft, key.public_key().public_bytes_raw())
    draft.replace(folder / OPENERS_PUBLIC)


# ---------------------------------------------------------------- wrapping anew


def _places(new: X25519PrivateKey, before: X25519PrivateKey) -> tuple[Place, ...]:
    """Where keys lie that are wrapped for the openers, and what each is bound to."""

    def anew(wrapped: Column[Any], about: Callable[[Row[Any]], str]) -> Callable[[Row[Any]], bytes | None]:
        return lambda row: _anew(new, before, bytes(row._mapping[wrapped]), about(row))

    keys, days, secrets = SEALED_KEYS.c, DAY_KEYS.c, AGENCY_SECRETS.c
    of_value = anew(keys.wrapped, lambda row: seal.about(row.key_id, row.dossier))
    of_day = anew(days.wrapped, lambda row: str(row.id))
    of_agency = anew(secrets.sealed, lambda row: agencies.about(str(row.agency)))
    return (
        Place(SEALED_KEYS, keys.key_id, keys.wrapped, keys.at, of_value),
        Place(DAY_KEYS, days.id, days.wrapped, days.at, of_day, days.purpose == LETTERS),
        Place(AGENCY_SECRETS, secrets.id, secrets.sealed, secrets.created_at, of_agency),
    )


def _anew(new: X25519PrivateKey, before: X25519PrivateKey, was: bytes, about: str) -> bytes | None:
    if _opens(new, was, about):
        return None
    # A wrapper of its own for each: two secrets of one agency are bound to the same words.
    return Wrapper(new.public_key()).wrap(Openers((before,)).unwrap(was, about), about)


def _opens(key: X25519PrivateKey, wrapped: bytes, about: str) -> bool:
    try:
        seal.unwrap(key, wrapped, about)
    except CannotOpen:
        return False
    return True
