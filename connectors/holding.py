"""What holds keep of one queue: put off without a try when its turn comes, owed again once its hold is lifted."""

import threading
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import Connection

from connectors.holds import Holds
from connectors.lane import Passage
from connectors.store import held
from connectors.store.queue import Owed, Queue
from rules.holds import Concern
from schemas.instant import clock
from schemas.ops import Brake

log = structlog.get_logger()

Concerns = Callable[[Owed], Sequence[Concern]]
"""Whom a row concerns; nobody where no hold may stop it."""
GoesAt = Callable[[Connection, str, float], float]
"""When a row of this lane goes that is free at this moment (driven seconds)."""


def at_once(connection: Connection, lane: str, moment: float) -> float:
    """It waits for nothing else."""
    return moment


class Holding(Passage):
    """The passage of one queue's rows under the holds of one kind. The lanes ask it; one thread calls `let_go`."""

    def __init__(self, queue: Queue, holds: Holds, what: Brake, concerns: Concerns, goes_at: GoesAt = at_once) -> None:
        self._queue, self._holds, self._what = queue, holds, what
        self._concerns, self._goes_at = concerns, goes_at
        self._seen = -1
        self._again = threading.Event()

    def stops(self, queue: Queue, row: Owed) -> bool:
        """Put a held row off until its hold is lifted. Whether it is in doubt stays as it is."""
        changes = self._holds.changes
        if (why := self._why(row)) is None:
            return False
        queue.later(row.id, held.UNTIL_LIFTED, held.HELD + why, in_doubt=row.in_doubt, counts=False)
        log.info("row.held", queue=queue.name, lane=row.lane, id=row.id, why=why)
        if self._holds.changes != changes:
            # It may have been lifted before the row was put off: then nobody has seen it among the held.
            self._again.set()
        return True

    def open_since(self, row: Owed) -> float:
        """The time under a hold was no time in which it was tried."""
        lifted = (self._holds.lifted_at(self._what, **one._asdict()) for one in self._concerns(row))
        return max([row.created_at, *(at.timestamp() for at in lifted if at is not None)])

    def let_go(self) -> set[str]:
        """Owe again what no hold keeps any more; the lanes to wake. It looks only after a change, and at the start."""
        changes = self._holds.changes
        if changes == self._seen and not self._again.is_set():
            return set()
        self._again.clear()
        self._seen = -1
        with self._queue.store.read() as connection:
            kept = held.held(connection, self._queue.name)
        freed = [row for row in kept if self._why(row) is None]
        self._free(freed)
        self._seen = changes
        return {row.lane for row in freed}

    def _free(self, rows: Sequence[Owed]) -> None:
        if not rows:
            return
        with self._queue.store.begin() as connection:
            for row in rows:
                moment = self._goes_at(connection, row.lane, clock().seconds())
                held.free(connection, self._queue.name, row.id, moment)

    def _why(self, row: Owed) -> str | None:
        if not self._holds.on:
            return None
        found = (self._holds.why_held(self._what, **one._asdict()) for one in self._concerns(row))
        return next((why for why in found if why is not None), None)
