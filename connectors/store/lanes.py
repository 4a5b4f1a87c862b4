"""Who holds each lane of a queue, and how its partner stands, in SQL.

A lane is held by a lease, on the real clock; what a breaker remembers is on the driven one.
"""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Row, and_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from connectors.store.breaker import Breaker
from connectors.store.store import Store
from connectors.store.tables import LANES

Taken = Callable[[Connection, str], None]
"""Told of a lane that is taken from another or anew, in the transaction that takes it."""


class Lanes:
    """The lanes of one queue, by its name, as one process holds them."""

    def __init__(self, store: Store, queue: str, taken: Taken) -> None:
        self._store, self._queue, self._taken = store, queue, taken
        self._held: set[str] = set()
        self._owner: str | None = None
        self._terms: Counter[str] = Counter()

    def lease(self, lane: str, owner: str, seconds: float) -> bool:
        """Hold a lane for so long (real time), or longer; False while another does.

        Whoever gets it from another, or for the first time since this object was made (its process may have died with
        calls under way and come back under its name), takes it: what was in flight is owed again. A lease of our own
        that ran out while nobody took it is none of these: our calls are still under way.
        """
        now = time.time()
        with self._store.begin(lasting=False) as conn:
            dialect: Any = postgresql if self._store.on_postgres else sqlite
            fresh = dialect.insert(LANES).values(queue=self._queue, lane=lane).on_conflict_do_nothing()
            conn.execute(fresh)
            row = self._locked(conn, lane)
            assert row is not None
            if row.owner is not None and row.owner != owner and row.leased_until > now:
                return False
            if row.owner != owner or lane not in self._held:
                self._taken(conn, lane)
                self._held.add(lane)
                self._terms[lane] += 1
            self._owner = owner
            conn.execute(update(LANES).where(self._at(lane)).values(owner=owner, leased_until=now + seconds))
            return True

    def term(self, lane: str) -> int:
        """How often this object took the lane from another, or anew: what was under way in an earlier term is stale."""
        return self._terms[lane]

    def release(self, lane: str, owner: str) -> None:
        """Let a lane go, if it is ours."""
        with self._store.begin(lasting=False) as conn:
            conn.execute(update(LANES).where(self._at(lane), LANES.c.owner == owner).values(owner=None, leased_until=0))

    def is_ours(self, conn: Connection, lane: Any) -> bool:
        """Whether a lane, by name or as a query finds it, is still ours; nobody takes it until the transaction ends.

        Who never held one may do as if it were.
        """
        if self._owner is None:
            return True
        row = self._locked(conn, lane)
        return row is not None and row.owner == self._owner

    def breaker(self, lane: str) -> Breaker:
        """How a lane stands."""
        with self._store.read() as conn:
            row = conn.execute(select(LANES).where(self._at(lane))).one_or_none()
            return Breaker(row.failures, row.opens_at, row.allowed) if row else Breaker()

    def stands(self, lane: str, breaker: Breaker) -> None:
        """Remember how a lane stands."""
        with self._store.begin(lasting=False) as conn:
            conn.execute(
                update(LANES)
                .where(self._at(lane))
                .values(failures=breaker.failures, opens_at=breaker.opens_at, allowed=breaker.allowed)
            )

    # ------------------------------------------------------------ inside

    def _locked(self, conn: Connection, lane: Any) -> Row[Any] | None:
        return conn.execute(select(LANES).where(self._at(lane)).with_for_update()).one_or_none()

    def _at(self, lane: Any) -> Any:
        return and_(LANES.c.queue == self._queue, LANES.c.lane == lane)
