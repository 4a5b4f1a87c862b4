"""A Unit sent: outputs, then the changelog, each acknowledged before the next, in the order of the log."""

import asyncio
from collections.abc import Sequence
from typing import cast

from streams.engine.counters import Counters
from streams.engine.endings import end
from streams.engine.producer import BatchProducer
from streams.engine.step import Letter
from streams.engine.table import StateTable
from streams.engine.unit import Unit

Task = asyncio.Task[None]


class Flush:
    """Everything that is written to the changelog goes through one chain of tasks a partition. A failure ends us."""

    def __init__(self, table: StateTable, counters: Counters) -> None:
        self.table = table
        self.counters = counters
        self._tail: dict[int, Task] = {}

    def start(self, unit: Unit) -> Task:
        """Send what an applied Unit has caused; the Unit is done when the task is."""
        return self._chain(unit.tp.partition, unit=unit)

    def bury(self, number: int) -> Task | None:
        """Delete the finished keys of a partition, behind whatever is being written to its changelog."""
        part = self.table.held[number]
        keys = part.finished()
        for key in keys:
            part.drop(key)
        if not keys:
            return None
        task = self._chain(number, keys=keys)
        self.table.burials.add(task)
        task.add_done_callback(self.table.burials.discard)
        return task

    def _chain(self, number: int, *, unit: Unit | None = None, keys: Sequence[bytes] = ()) -> Task:
        before = self._tail.get(number)
        sending = self._send_unit(unit, before) if unit is not None else self._delete(number, keys, before)
        task = self._tail[number] = asyncio.ensure_future(sending)
        task.add_done_callback(_end_if_failed)
        return task

    async def _send_unit(self, unit: Unit, before: Task | None) -> None:
        number = unit.tp.partition
        sends = [self._send(topic, number, rows) for topic, rows in unit.outputs.items()]
        posts = [self._post(letter) for letter in unit.letters]
        if sends or posts:  # outputs first: a state that says "applied" must imply that they exist
            await asyncio.gather(*sends, *posts)
        if before is not None:
            await before
        if unit.changes:
            await self.table.write(number, unit.changes)
        self.counters.units += 1

    async def _delete(self, number: int, keys: Sequence[bytes], before: Task | None) -> None:
        if before is not None:
            await before
        await self.table.write(number, dict.fromkeys(keys))
        self.counters.closed += len(keys)

    async def _post(self, letter: Letter) -> None:
        number = await self._producer.place(letter.topic, letter.key)
        await self._send(letter.topic, number, [(letter.key, letter.value)])

    async def _send(self, topic: str, number: int, rows: Sequence[tuple[bytes, bytes]]) -> None:
        await self._producer.send_rows(topic, number, rows)
        self.counters.outputs += len(rows)

    @property
    def _producer(self) -> BatchProducer:
        return cast(BatchProducer, self.table.app.producer)


def _end_if_failed(task: Task) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        end(error)
