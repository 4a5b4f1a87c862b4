"""A lane far above its usual hour: it holds itself, and asks. An operator's `hoso hold release` lets it go on."""

from collections.abc import Mapping

import structlog

from connectors.broker import Producer
from connectors.holds import Holds
from connectors.store import held
from connectors.store.held import DAY_SECONDS, HOUR_SECONDS
from connectors.store.queue import Queue
from rules.usual import far_above, usual
from schemas.event import derived_id
from schemas.instant import clock, now
from schemas.ops import Brake, HoldSet, Scope

log = structlog.get_logger()

PAST_SECONDS = 14 * DAY_SECONDS
"""So far back the hours are looked at."""


class Watch:
    """Counts the orders of each lane by the hour. `floors` says from how many orders a lane's hour is looked at.

    What an operator has let go counts no more: after a hold is lifted, this hour's orders are counted anew.
    """

    def __init__(self, queue: Queue, holds: Holds, producer: Producer, floors: Mapping[str, int]) -> None:
        self._queue, self._holds, self._producer, self._floors = queue, holds, producer, floors
        self._grown: set[str] = set()
        self._past: dict[str, tuple[int, list[int]]] = {}

    def saw(self, lane: str) -> None:
        """One more order is owed to this lane."""
        if self._floors.get(lane, 0):
            self._grown.add(lane)

    def look(self) -> None:
        """Hold each lane that has grown far above its usual hour. Raises TryLater; then the same is looked at again."""
        for lane in sorted(self._grown):
            self._look_at(lane)
            self._grown.discard(lane)

    def _look_at(self, lane: str) -> None:
        if self._holds.why_held(Brake.POST, carrier=lane):
            return
        hour = int(clock().seconds()) // HOUR_SECONDS
        since = self._counted_since(lane, hour)
        with self._queue.store.read() as connection:
            orders = held.orders_since(connection, self._queue.name, lane, since)
        if orders >= self._floors[lane] and far_above(past := self._hours(lane, hour), orders, self._floors[lane]):
            self._hold(lane, since, orders, usual(past) or 0)

    def _counted_since(self, lane: str, hour: int) -> float:
        lifted = self._holds.lifted_at(Brake.POST, carrier=lane)
        return max(float(hour * HOUR_SECONDS), lifted.timestamp() if lifted else 0.0)

    def _hours(self, lane: str, hour: int) -> list[int]:
        """The hours before this one that had orders; read once an hour."""
        read_in, past = self._past.get(lane, (None, []))
        if read_in != hour:
            until = float(hour * HOUR_SECONDS)
            with self._queue.store.read() as connection:
                past = held.orders_by_hour(connection, self._queue.name, lane, until - PAST_SECONDS, until)
            self._past[lane] = (hour, past)
        return past

    def _hold(self, lane: str, since: float, orders: int, often: float) -> None:
        scope = Scope(what=Brake.POST, carrier=lane)
        why = f"{orders} orders in one hour, and usually {often:g}: is this right?"
        hold = HoldSet(
            id=derived_id(scope.text, "unusual hour", since),
            source="/hoso/dispatch",
            subject=scope.text,
            time=now(),
            data=HoldSet.Data(scope=scope, why=why, by=self._queue.name, asks=True),
        )
        self._producer.publish([hold])
        log.warning("lane.held", lane=lane, orders=orders, usual=often)
