"""`sealed_keys`: the wrapped key of every sealed value. Destroying a dossier's rows erases what they lock."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from connectors.store.tables import SEALED_KEYS
from schemas.instant import clock


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """What is kept of a sealed value: only an opener can unwrap it."""

    key_id: str
    dossier: str
    wrapped: bytes


def keep(connection: Connection, keys: Sequence[WrappedKey]) -> None:
    """Keep the keys of a batch."""
    at = clock().seconds()
    rows = [{"key_id": key.key_id, "dossier": key.dossier, "wrapped": key.wrapped, "at": at} for key in keys]
    connection.execute(insert(SEALED_KEYS), rows)


def find(connection: Connection, key_id: str) -> bytes | None:
    """A wrapped key; None if it is destroyed or never was."""
    return connection.execute(select(SEALED_KEYS.c.wrapped).where(SEALED_KEYS.c.key_id == key_id)).scalar()


def of(connection: Connection, dossier: str) -> list[WrappedKey]:
    """Every key of a dossier, in the order of their ids; locked until the transaction ends."""
    columns = [SEALED_KEYS.c[name] for name in WrappedKey.__slots__]
    rows = select(*columns).where(SEALED_KEYS.c.dossier == dossier).order_by(SEALED_KEYS.c.key_id).with_for_update()
    return [WrappedKey(**row._mapping) for row in connection.execute(rows)]


def destroy(connection: Connection, keys: Sequence[WrappedKey]) -> None:
    """These open nothing any longer, for anybody."""
    for start in range(0, len(keys), 500):
        ids = [key.key_id for key in keys[start : start + 500]]
        connection.execute(delete(SEALED_KEYS).where(SEALED_KEYS.c.key_id.in_(ids)))
