"""`day_keys`: the key of each day and purpose. Destroying one shuts what was sealed on that day, wherever it lies."""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from connectors.store.insert import unless_there
from connectors.store.tables import DAY_KEYS
from schemas.instant import clock


@dataclass(frozen=True, slots=True)
class DayKey:
    """A day's key, wrapped; no `wrapped` once it is destroyed. `public` seals, where sealing takes another key."""

    id: str
    purpose: str
    day: str
    wrapped: bytes | None
    public: bytes | None = None


def put(connection: Connection, key: DayKey) -> bool:
    """Keep the key of a day, unless somebody was quicker; whether it is this one."""
    row = {name: getattr(key, name) for name in DayKey.__slots__} | {"at": clock().seconds()}
    return connection.execute(unless_there(connection, DAY_KEYS).values(row)).rowcount > 0


def find(connection: Connection, id: str) -> DayKey | None:
    """A day's key; None where there never was one."""
    columns = [DAY_KEYS.c[name] for name in DayKey.__slots__]
    row = connection.execute(select(*columns).where(DAY_KEYS.c.id == id)).one_or_none()
    return DayKey(**row._mapping) if row else None


def days(connection: Connection, purpose: str) -> list[str]:
    """The days whose key of this purpose still opens, the oldest first."""
    alive = (DAY_KEYS.c.purpose == purpose, DAY_KEYS.c.wrapped.is_not(None))
    return list(connection.execute(select(DAY_KEYS.c.day).where(*alive).order_by(DAY_KEYS.c.day)).scalars())


def destroy(connection: Connection, purpose: str, before: str) -> int:
    """Destroy the keys of days before this one; how many there were. Their rows stay and say so."""
    old = (DAY_KEYS.c.purpose == purpose, DAY_KEYS.c.day < before, DAY_KEYS.c.wrapped.is_not(None))
    gone = update(DAY_KEYS).where(*old).values(wrapped=None, public=None, destroyed_at=clock().seconds())
    return connection.execute(gone).rowcount
