"""Carriers' bytes under the key of their day: made by whoever seals first, wrapped under the evidence key, kept in SQL.

Once a day's key is destroyed (connectors/retention.py) nothing opens what was sealed on it, on any topic or its copy.
Boxes of releases before this open with the evidence key itself, as long as their topics keep them.
"""

import secrets
import time
from contextlib import suppress
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag

from connectors.metrics import counter
from connectors.seal import LASTING, CannotOpen, Erased, Evidence, locked, unlocked
from connectors.store import Store, day_keys
from connectors.store.day_keys import DayKey
from connectors.verdicts import TryLater
from schemas.instant import date_of, now
from schemas.sealed import Box

WEBHOOKS = "webhooks"
"""The purpose of carriers' bytes."""
KNOWN_SECONDS = 600.0
"""For how long (real) a key is known without asking SQL: so long a destroyed one opens where it was just used."""
KEY_BYTES = 32


def name_of(purpose: str) -> str:
    """The name of today's key (Viet Nam, driven) of a purpose."""
    return f"{purpose}-{date_of(now()).isoformat()}"


def named(id: str, wrapped: bytes, public: bytes | None = None) -> DayKey:
    """A fresh key of that name."""
    purpose, _, day = id.partition("-")
    return DayKey(id, purpose, day, wrapped, public)


def first(store: Store, key: DayKey) -> DayKey:
    """This key, or that of whoever was quicker. Raises TryLater."""
    with store.begin() as connection:
        if day_keys.put(connection, key):
            counter("hoso_day_keys_total").labels(key.purpose, "made").inc()
        found = day_keys.find(connection, key.id)
    assert found is not None
    return found


def gone(id: str) -> Erased:
    """What there is to say of a key that is destroyed, or is of another installation."""
    return Erased(f"the key {id} is destroyed: nothing can give back what it locks")


@dataclass(frozen=True, slots=True)
class _Known:
    box: Evidence
    until: float


class DayEvidence(Evidence):
    """Seals under the key of today, opens by the key that a box names. Threads may share it."""

    def __init__(self, store: Store, keys: bytes | tuple[bytes, ...], purpose: str = WEBHOOKS) -> None:
        super().__init__(keys)
        self._store, self._purpose = store, purpose
        self._known: dict[str, _Known] = {}

    def today(self) -> Evidence:
        """What seals today, and asks no database: for whoever seals within a transaction. Raises TryLater."""
        id = name_of(self._purpose)
        return self._remembered(id) or self._learnt(id, self._made(id))

    def seal(self, raw: bytes) -> Box:
        return self.today().seal(raw)

    def open(self, box: Box) -> bytes:
        if box.key_id.startswith(LASTING):
            return super().open(box)
        return (self._remembered(box.key_id) or self._learnt(box.key_id, self._found(box.key_id))).open(box)

    def _remembered(self, id: str) -> Evidence | None:
        known = self._known.get(id)
        return known.box if known is not None and time.monotonic() < known.until else None

    def _learnt(self, id: str, key: bytes) -> Evidence:
        self._known = {name: one for name, one in self._known.items() if time.monotonic() < one.until}
        self._known[id] = _Known(Evidence(key, id), time.monotonic() + KNOWN_SECONDS)
        return self._known[id].box

    def _made(self, id: str) -> bytes:
        """Today's key. A clock that was set back may find it destroyed: nothing is sealed until it is right."""
        with self._store.read() as connection:
            found = day_keys.find(connection, id)
        found = found or first(self._store, named(id, locked(self._key, secrets.token_bytes(KEY_BYTES), id)))
        if found.wrapped is None:
            raise TryLater(f"the key {id} of today is destroyed already: is the clock right?")
        return self._unwrapped(id, found.wrapped)

    def _found(self, id: str) -> bytes:
        with self._store.read() as connection:
            found = day_keys.find(connection, id)
        if found is None or found.wrapped is None:
            raise gone(id)
        return self._unwrapped(id, found.wrapped)

    def _unwrapped(self, id: str, wrapped: bytes) -> bytes:
        for key in self._keys.values():
            with suppress(InvalidTag, ValueError):
                return unlocked(key, wrapped, id)
        raise CannotOpen(f"the key {id} is not wrapped under the evidence key here")
