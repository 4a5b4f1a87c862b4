"""A carrier's pool of item codes as dispatch uses it: each leg's order under a code of its own, the same in every try.

The code is bound before anything is sent, so whoever sends the order after a crash finds it bound.
"""

from dataclasses import replace

import structlog

from connectors.carriers import Order
from connectors.lane import Passage
from connectors.store import item_codes
from connectors.store.queue import Owed, Queue
from schemas.instant import clock

log = structlog.get_logger()

EMPTY_SECONDS = 60.0
"""How soon (driven) an order looks again for which no code was left."""


class Pool(Passage):
    """The pool of one queue's lane, and the passage of its rows: what else stops them is the passage's before it.

    Threads share it. A carrier whose pool was never set up gets its orders without codes.
    """

    def __init__(self, queue: Queue, before: Passage) -> None:
        self._queue, self._before = queue, before
        self._is_empty = False

    def supplied(self, row: Owed, order: Order) -> Order | None:
        """The order under its leg's code; as it is where there is no pool, or where it may have gone without a code.

        None if it cannot go now: no code is left, and it is put off, which is no try; or the lane went to another.
        """
        store, leg = self._queue.store, (row.lane, row.sequence_key)
        with store.read() as connection:
            if not item_codes.is_set_up(connection, row.lane):
                return order
        with store.begin() as connection:
            if not self._queue.is_ours(connection, row.id):
                return None
            if (bound := item_codes.bound(connection, *leg)) is not None:
                return replace(order, item_code=bound.code)
            if row.in_doubt:
                return order
            code = item_codes.bind(connection, *leg)
        if code is None:
            self._waits(row)
            return None
        self._is_empty = False
        return replace(order, item_code=code)

    def stops(self, queue: Queue, row: Owed) -> bool:
        """As the passage before says."""
        return self._before.stops(queue, row)

    def open_since(self, row: Owed) -> float:
        """The time without a code was no time in which it was tried."""
        with self._queue.store.read() as connection:
            bound = item_codes.bound(connection, row.lane, row.sequence_key)
        return max(self._before.open_since(row), bound.at if bound else 0.0)

    def _waits(self, row: Owed) -> None:
        if not self._is_empty:
            log.error("pool.empty", carrier=row.lane)
        self._is_empty = True
        why = f"no item code is left: `hoso carrier pool {row.lane} add`"
        self._queue.later(row.id, clock().seconds() + EMPTY_SECONDS, why, counts=False)
