"""What lies in SQL under a key of ours, brought under the one that is in use now: a portion at a time, each value once.

Safe to break off and to call again: what is under the new key already stays as it is, and what was destroyed meanwhile
stays destroyed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Row, Table, func, select, update

from connectors.seal import CannotOpen
from connectors.store import Store

PORTION = 500
SKEW_SECONDS = 3600.0
"""How far (driven) the clocks of two processes that seal may lie apart."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where values lie under a key, and when each came.

    `anew` gives a row's value under the new key, None where it is under it already; it raises CannotOpen where none of
    the keys opens it.
    """

    table: Table
    id: Column[Any]
    value: Column[Any]
    at: Column[Any]
    anew: Callable[[Row[Any]], bytes | None]
    only: Any = True


@dataclass(frozen=True, slots=True)
class Wrapped:
    """What came of it: how many values were brought over, were under the new key already, and open for no key.

    `late`: how many of the first were put there while this ran, by who still seals for the key before.
    """

    anew: int = 0
    already: int = 0
    shut: int = 0
    late: int = 0

    def plus(self, other: "Wrapped") -> "Wrapped":
        """Both together."""
        sums = (self.anew + other.anew, self.already + other.already, self.shut + other.shut)
        return Wrapped(*sums, self.late + other.late)


def wrap_anew(store: Store, places: Sequence[Place], progress: Callable[[int], None]) -> Wrapped:
    """Bring every value under the new key, then those that came meanwhile. `progress` hears of every portion.

    Raises TryLater while the database is away.
    """
    newest = [_newest(store, place) for place in places]
    done = Wrapped()
    for place in places:
        done = done.plus(_walked(store, place, place.only, progress))
    late = 0
    for place, at in zip(places, newest, strict=True):
        # Only what has come since is read again: a city has millions of values, and seals a few while this runs.
        since = place.only if at is None else (place.at >= at - SKEW_SECONDS) & place.only
        late += _walked(store, place, since, lambda _count: None).anew
    return done.plus(Wrapped(anew=late, late=late))


def _newest(store: Store, place: Place) -> float | None:
    """When the last value came, by the clock of those who seal; None where there is none yet."""
    with store.read() as connection:
        found: float | None = connection.execute(select(func.max(place.at))).scalar()
    return found


def _walked(store: Store, place: Place, only: Any, progress: Callable[[int], None]) -> Wrapped:
    done = Wrapped()
    for rows in portions(store, place, only):
        with store.begin() as connection:
            for row in rows:
                done = done.plus(_anew(connection, place, row))
        progress(len(rows))
    return done


def portions(store: Store, place: Place, only: Any) -> Iterator[list[Row[Any]]]:
    """The rows of a place, in the order of their ids; those that were destroyed have nothing to open."""
    after: Any = None
    while True:
        found = select(place.table).where(place.value.is_not(None), only).order_by(place.id).limit(PORTION)
        with store.read() as connection:
            rows = list(connection.execute(found if after is None else found.where(place.id > after)))
        if not rows:
            return
        yield rows
        after = rows[-1]._mapping[place.id]


def _anew(connection: Connection, place: Place, row: Row[Any]) -> Wrapped:
    """One value. If it was destroyed or blanked meanwhile it stays so."""
    try:
        value = place.anew(row)
    except CannotOpen:
        return Wrapped(shut=1)
    if value is None:
        return Wrapped(already=1)
    same = (place.id == row._mapping[place.id], place.value == row._mapping[place.value])
    connection.execute(update(place.table).where(*same).values({place.value: value}))
    return Wrapped(anew=1)
