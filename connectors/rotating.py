"""The openers' key pair changed for another, without a moment in which something does not open.

Three steps, each safe to repeat after a crash. *Prepare* makes the next key beside the one in use: whoever opens knows
it before anything is sealed for it. *Switch* has everything sealed for it from now on; the one before still opens what
it did. *Finish* wraps anew, for the new key, all that was wrapped for the one before, and retires that: a file that no
process reads, for its owner to destroy. Boxes on topics are not touched: their keys, which lie in SQL, are.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Column, Connection, Row, Table, select, update

from connectors import agencies, seal
from connectors.letter_boxes import LETTERS
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
PORTION = 500


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


@dataclass(frozen=True, slots=True)
class Wrapped:
    """What came of wrapping anew: how many keys were, were for the new key already, and open for neither."""

    anew: int = 0
    already: int = 0
    shut: int = 0

    def plus(self, other: "Wrapped") -> "Wrapped":
        """Both together."""
        return Wrapped(self.anew + other.anew, self.already + other.already, self.shut + other.shut)


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
    _publish(folder)


def finish(folder: Path, store: Store, progress: Callable[[int], None] = lambda _count: None) -> Wrapped:
    """Wrap anew what is wrapped for the key before, and retire it if nothing is left of it.

    `progress` hears of every portion. Raises CannotRotate where there is none before, or where somebody sealed for it
    meanwhile; TryLater while the database is away.
    """
    if stage(folder) is not Stage.SWITCHED:
        raise CannotRotate("nothing was switched: `hoso keys rotate`, then `--switch`, come first")
    _publish(folder)
    pair = _Pair(private_key(folder / OPENERS), private_key(folder / OPENERS_BEFORE))
    done = _all_anew(store, pair, progress)
    late = _all_anew(store, pair, lambda _count: None)
    if late.anew:
        raise CannotRotate(
            f"{late.anew} values were sealed for the key before while this ran, and are wrapped anew: restart "
            "every process but the workers, then finish again"
        )
    (folder / OPENERS_BEFORE).replace(folder / OPENERS_RETIRED)
    return done


def _publish(folder: Path) -> None:
    """The public half of the key in use stands in its file."""
    value = private_key(folder / OPENERS).public_key().public_bytes_raw()
    draft = folder / f"{OPENERS_PUBLIC}.next"
    draft.unlink(missing_ok=True)
    keep(draft, value)
    draft.replace(folder / OPENERS_PUBLIC)


# ---------------------------------------------------------------- wrapping anew


@dataclass(frozen=True, slots=True)
class _Place:
    """Where wrapped keys lie, and what each is bound to."""

    table: Table
    id: Column[Any]
    wrapped: Column[Any]
    about: Callable[[Row[Any]], str]
    only: Any = True


PLACES = (
    _Place(SEALED_KEYS, SEALED_KEYS.c.key_id, SEALED_KEYS.c.wrapped, lambda row: seal.about(row.key_id, row.dossier)),
    _Place(DAY_KEYS, DAY_KEYS.c.id, DAY_KEYS.c.wrapped, lambda row: str(row.id), DAY_KEYS.c.purpose == LETTERS),
    _Place(AGENCY_SECRETS, AGENCY_SECRETS.c.id, AGENCY_SECRETS.c.sealed, lambda row: agencies.about(str(row.agency))),
)


@dataclass(frozen=True, slots=True)
class _Pair:
    """The key in use, and the one before."""

    new: X25519PrivateKey
    before: X25519PrivateKey


def _all_anew(store: Store, pair: _Pair, progress: Callable[[int], None]) -> Wrapped:
    done = Wrapped()
    for place in PLACES:
        for rows in _portions(store, place):
            with store.begin() as connection:
                for row in rows:
                    done = done.plus(_anew(connection, place, row, pair))
            progress(len(rows))
    return done


def _portions(store: Store, place: _Place) -> Iterator[list[Row[Any]]]:
    """The rows of a place, in the order of their ids; those that were destroyed have nothing to wrap."""
    after: Any = None
    while True:
        found = select(place.table).where(place.wrapped.is_not(None), place.only).order_by(place.id).limit(PORTION)
        with store.read() as connection:
            rows = list(connection.execute(found if after is None else found.where(place.id > after)))
        if not rows:
            return
        yield rows
        after = rows[-1]._mapping[place.id]


def _anew(connection: Connection, place: _Place, row: Row[Any], pair: _Pair) -> Wrapped:
    """One key. If it was destroyed meanwhile it stays destroyed."""
    was, about = bytes(row._mapping[place.wrapped]), place.about(row)
    if _opens(pair.new, was, about):
        return Wrapped(already=1)
    try:
        secret = Openers((pair.before,)).unwrap(was, about)
    except CannotOpen:
        return Wrapped(shut=1)
    # A wrapper of its own for each: two secrets of one agency are bound to the same words.
    wrapped = Wrapper(pair.new.public_key()).wrap(secret, about)
    same = (place.id == row._mapping[place.id], place.wrapped == was)
    connection.execute(update(place.table).where(*same).values({place.wrapped: wrapped}))
    return Wrapped(anew=1)


def _opens(key: X25519PrivateKey, wrapped: bytes, about: str) -> bool:
    try:
        seal.unwrap(key, wrapped, about)
    except CannotOpen:
        return False
    return True
