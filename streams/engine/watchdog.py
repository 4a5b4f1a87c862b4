"""A worker that lives and does nothing ends: lag without a commit, a start or recovery that does not move, or
rebalances without end.
"""

import asyncio
from typing import Any, NoReturn

import structlog
from aiokafka.errors import KafkaError
from faust.types import TP

from streams.engine.endings import Stalled, end
from streams.engine.fruitless import Fruitless
from streams.engine.standing import loops, standing
from streams.engine.table import StateTable

LOOK_SECONDS = 5.0
FRUITLESS_SECONDS = 600.0
"""Rebalances clear what is counted towards the shorter limit, not what is counted towards this one."""
WORRIED_LOOKS = 2
"""After so many idle looks in a row the worker says that it is not ready, long before it ends."""

log = structlog.get_logger(__name__)


class Watchdog:
    """Counts looks, not seconds: a process that was frozen has not been idle.

    An end of the log that cannot be read counts as lag: the cause may be our own client.
    """

    def __init__(
        self,
        table: StateTable,
        limit_seconds: float,
        look_seconds: float = LOOK_SECONDS,
        fruitless_seconds: float = FRUITLESS_SECONDS,
    ) -> None:
        self.table = table
        self.look_seconds = look_seconds
        self.limit = max(1, round(limit_seconds / look_seconds))
        self.idle: dict[int, tuple[int | None, int]] = {}
        self.recovering: tuple[object, int] = (None, 0)
        self.fruitless = Fruitless(table, max(1, round(fruitless_seconds / look_seconds)))

    async def watch(self) -> None:
        """Runs as long as the table does."""
        clock, asked_seconds = asyncio.get_running_loop().time, 0.0
        while not self.table.should_stop:
            await asyncio.sleep(max(0.0, self.look_seconds - asked_seconds))
            asked_at = clock()
            await self.look()
            asked_seconds = clock() - asked_at

    async def look(self) -> None:
        """One look at what should move."""
        if self.table.app.rebalancing or not self._began:
            self.look_at_recovery()
        else:
            self.look_at_lag(await self._ends())

    @property
    def worried(self) -> bool:
        """Whether a partition stood still, or the log's end could not be read, at two looks or more in a row."""
        return any(looks >= WORRIED_LOOKS for _, looks in self.idle.values())

    def look_at_lag(self, ends: dict[int, int] | None) -> None:
        """End the process if an owned partition has lag and its commit has not moved for too long."""
        self.recovering = (None, 0)
        owned = self.table.owned
        self.idle = {number: idle for number, idle in self.idle.items() if number in owned}
        for number in owned:
            part = self.table.held[number]
            if ends is not None:
                part.end = ends.get(number, part.end)
            was, looks = self.idle.get(number, (part.committed, 0))
            still = part.committed == was and (ends is None or part.lag > 0)
            self.idle[number] = (part.committed, looks + 1 if still else 0)
            if self.idle[number][1] >= self.limit:
                known = f"lag {part.lag}" if ends is not None else "the log's end cannot be read"
                seconds = self.limit * self.look_seconds
                self._end(f"partition {number}: {known}, committed {part.committed} for {seconds:.0f} s")
        self.fruitless.look_at_lag(ends is not None)
        self._look_at_both()

    def look_at_recovery(self) -> None:
        """End the process if a rebalance or recovery has not moved for too long."""
        self.idle.clear()
        seen = {number: part.changelog_offset for number, part in self.table.held.items()}
        was, looks = self.recovering
        self.recovering = (seen, looks + 1 if seen == was else 0)
        if self.recovering[1] >= self.limit:
            seconds = self.limit * self.look_seconds
            self._end(f"no progress in a rebalance or recovery for {seconds:.0f} s: {seen}")
        self.fruitless.look_at_recovery()
        self._look_at_both()

    def _look_at_both(self) -> None:
        """End the process if one rebalance after another has kept it from getting anywhere."""
        if self.fruitless.too_long:
            seconds = self.fruitless.looks * self.look_seconds
            self._end(f"no commit and no recovery that came farther for {seconds:.0f} s, {self.fruitless}")

    @property
    def _began(self) -> bool:
        """Whether the group ever gave us our share, none included; joining it can stand still like a recovery."""
        tables: Any = self.table.app.tables
        return bool(tables.actives_ready)

    def _end(self, why: str) -> NoReturn:
        log.critical("engine.standing", where=standing(loops(self.table.app)))
        end(Stalled(why))

    async def _ends(self) -> dict[int, int] | None:
        tps = [TP(self.table.input_topic, number) for number in self.table.owned]
        if not tps:
            return {}
        consumer: Any = self.table.app.consumer
        try:
            ends = await asyncio.wait_for(consumer.highwaters(*tps), self.look_seconds)
        except (TimeoutError, KafkaError) as error:
            log.warning("engine.end_unknown", error=repr(error))
            return None
        return {tp.partition: offset for tp, offset in ends.items()}
