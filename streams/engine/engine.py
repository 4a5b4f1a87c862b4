"""The engine: Units in; outputs, then states, then commits out. It decides the order of effects and nothing else."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

import faust
import structlog
from faust.types import TP

from streams.engine.counters import Counters, Position
from streams.engine.endings import OtherLog, TooLarge, Unfit, end
from streams.engine.partition import Partition
from streams.engine.producer import MAX_BATCH_BYTES, BatchProducer
from streams.engine.step import Letter, LogId, Poison, Record, Step, Stepped
from streams.engine.stored import HEADER, LOG_ID, MARK, due_of, moved, pack, state_of
from streams.engine.table import StateTable
from streams.engine.timers import Firing, Timers, sleep_until_next_look
from streams.engine.transport import install
from streams.engine.unit import Unit, UnitSchema
from streams.engine.watchdog import Watchdog

MAX_RECORD_BYTES = 800_000

log = structlog.get_logger(__name__)


class Engine:
    """Runs a pure step over the input topic and keeps one state a key.

    What a caller may rely on: a record's outputs are acknowledged before the state that contains it, that state before
    its offset is committed. After any crash every state is the fold of the log; an output or letter may appear twice,
    none is missing. `step`, `poison` and `timers.fire` are called in the event loop and must not wait.

    `poison` decides what becomes of a record whose step raises or makes something larger than `max_record_bytes`;
    without it, or when it fails too, the process ends (70) before anything of that Unit is sent or committed.
    `log_id` reads the identity of the input topic, looked at on each recovery and every `log_id_seconds` after it: a
    topic can be made again under a running worker. `before_owning` is awaited after each recovery, before any Unit.
    `fence` says, a partition, below which offset records change states and cause nothing else: that is how a log is
    folded again from its start.
    """

    def __init__(
        self,
        app: faust.App,
        *,
        input_topic: str,
        table: str,
        partitions: int,
        step: Step,
        timers: Timers | None = None,
        log_id: LogId | None = None,
        poison: Poison | None = None,
        before_owning: Callable[[], Awaitable[None]] | None = None,
        max_record_bytes: int = MAX_RECORD_BYTES,
        max_running: int = 8,
        watchdog_seconds: float = 90.0,
        log_id_seconds: float = 10.0,
        memory_budget_bytes: int | None = None,
        fence: Mapping[int, int] | None = None,
    ) -> None:
        if max_record_bytes > MAX_BATCH_BYTES - 1_000:
            raise ValueError(f"max_record_bytes must leave room in a batch of {MAX_BATCH_BYTES}")
        self.app = app
        self.step = step
        self.poison = poison
        self.max_record_bytes = max_record_bytes
        self.log_id_seconds = log_id_seconds
        self.memory_budget_bytes = memory_budget_bytes
        self.fence = dict(fence or {})
        self.counters = Counters()
        self.table = StateTable(
            app, table, input_topic=input_topic, partitions=partitions, log_id=log_id, counters=self.counters
        )
        self.input_topic = input_topic
        self._firing = Firing(timers, self.counters, max_record_bytes) if timers is not None else None
        self._running = asyncio.Semaphore(max_running)
        self._tail: dict[TP, asyncio.Task[None]] = {}
        install(app, self.table)
        app.tables.add(self.table)
        self._set_up(before_owning, watchdog_seconds)
        topic = app.topic(input_topic, schema=UnitSchema(), partitions=partitions, acks=False)

        @app.agent(topic, name=f"{app.conf.id}.fold")
        async def fold(stream: Any) -> None:
            await self._fold(stream)

    def _set_up(self, before_owning: Callable[[], Awaitable[None]] | None, watchdog_seconds: float) -> None:
        jobs = self.table.jobs
        jobs.append(Watchdog(self.table, watchdog_seconds).watch)
        if before_owning is not None:
            self.table.before_owning.append(before_owning)
        if self.table.log_id is not None:
            jobs.append(self._watch_log)
        if (firing := self._firing) is not None:
            self.table.on_owned.append(lambda number: firing.own(number, self.table.held[number]))
            self.table.on_revoked.append(firing.revoke)
            jobs.append(self._fire)

    # What others may look at

    @property
    def ready(self) -> bool:
        """Assigned, recovered, consuming, and within the memory budget. A worker without partitions is ready too."""
        tables: Any = self.app.tables
        within = self.memory_budget_bytes is None or self.table.bytes_held <= self.memory_budget_bytes
        return bool(tables.actives_ready) and not self.app.should_stop and within

    @property
    def lag(self) -> int:
        """Records of owned partitions that are not committed, as far as known."""
        return sum(self.table.held[number].lag for number in self.table.owned)

    @property
    def on_owned(self) -> list[Callable[[int], None]]:
        """Called with the number of a partition once it is recovered and ours."""
        return self.table.on_owned

    @property
    def on_revoked(self) -> list[Callable[[int], None]]:
        """Called with the number of a partition at the first moment of a rebalance."""
        return self.table.on_revoked

    def positions(self) -> dict[int, Position]:
        """Where each owned partition stands."""
        parts = ((number, self.table.held[number]) for number in self.table.owned)
        return {number: Position(part.folded, part.committed, part.end, part.lag) for number, part in parts}

    def state(self, partition: int, key: bytes) -> bytes | None:
        """The state of a key in an owned partition."""
        stored = self.table.held[partition].states.get(key) if partition in self.table.owned else None
        return state_of(stored) if stored is not None else None

    # Units

    async def _fold(self, stream: Any) -> None:
        async for unit in stream:
            await self._running.acquire()
            if unit.revoked:
                self._running.release()
                continue
            try:  # no await from here: applied and flushing are one step
                self._apply(unit)
            except BaseException as error:
                end(error)
            unit.task = asyncio.ensure_future(self._flush(unit, self._tail.get(unit.tp)))
            self._tail[unit.tp] = unit.task
            unit.task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            end(error)

    def _apply(self, unit: Unit) -> None:
        part = self.table.held[unit.tp.partition]
        for raw in unit.records:
            record = Record(raw.key or b"", raw.value or b"", raw.offset, raw.partition, raw.timestamp, raw.headers)
            stored = part.states.get(record.key)
            if stored is not None and stored[: MARK.size] >= MARK.pack(raw.offset + 1):
                self.counters.skipped += 1
                continue
            self._keep(unit, part, record, stored, self._decide(record, stored))
            self.counters.events += 1
        part.folded = max(part.folded or 0, unit.end)
        unit.records = ()

    def _decide(self, record: Record, stored: bytes | None) -> Stepped:
        state = state_of(stored) if stored is not None else None
        try:
            if not record.key or not record.value or record.key == LOG_ID:
                raise Unfit(f"offset {record.offset} of {record.partition}: key {record.key!r}")
            return self._measured(record, self.step(state, record))
        except MemoryError:
            raise
        except Exception as error:
            if self.poison is None:
                raise
            self.counters.poisoned += 1
            name = type(error).__name__  # its message may quote the record
            log.warning("engine.poisoned", partition=record.partition, offset=record.offset, error=name)
            return self._measured(record, self.poison(record, error, state))

    def _measured(self, record: Record, stepped: Stepped) -> Stepped:
        """What the broker would refuse for ever is refused here, before anything is sent."""
        key = len(record.key)
        sizes = [key + HEADER.size + len(stepped.state or b"")]
        sizes += [key + len(value) for _, value in stepped.outputs]
        sizes += [len(letter.key) + len(letter.value) for letter in stepped.letters]
        if max(sizes) > self.max_record_bytes:
            raise TooLarge(f"{record.key!r} at offset {record.offset}: {max(sizes)} > {self.max_record_bytes} bytes")
        return stepped

    def _keep(self, unit: Unit, part: Partition, record: Record, stored: bytes | None, stepped: Stepped) -> None:
        key = record.key
        if record.offset >= self.fence.get(record.partition, 0):
            for topic, value in stepped.outputs:
                unit.outputs[topic].append((key, value))
            unit.letters += stepped.letters
        if stepped.state is not None:
            if not key or key == LOG_ID:
                raise Unfit(f"offset {record.offset}: a state for the key {key!r}")
            unit.changes[key] = new = pack(record.offset + 1, stepped.next_due, stepped.state)
            part.put(key, new)
            if self._firing is not None:
                old_due = due_of(stored) if stored is not None else None
                self._firing.changed(unit.tp.partition, key, old_due, due_of(new))
        elif stored is not None:
            part.put(key, new := moved(stored, record.offset + 1))
            # Nothing to tell: a repetition after a crash finds the same state and has the same nothing to say.
            if stepped.outputs or stepped.letters or key in unit.changes:
                unit.changes[key] = new

    async def _flush(self, unit: Unit, before: asyncio.Task[None] | None) -> None:
        number = unit.tp.partition
        sends = [self._send(topic, number, rows) for topic, rows in unit.outputs.items()]
        if sends or unit.letters:  # outputs first: a state that says "applied" must imply that they exist
            await asyncio.gather(*sends, *self._letters(unit.letters))
        if before is not None:
            await before
        if unit.changes:
            await self.table.write(number, unit.changes)
        self.counters.units += 1

    def _letters(self, letters: Sequence[Letter]) -> Sequence[Awaitable[None]]:
        return [self._post(letter) for letter in letters]

    async def _post(self, letter: Letter) -> None:
        number = await self._producer.place(letter.topic, letter.key)
        await self._send(letter.topic, number, [(letter.key, letter.value)])

    async def _send(self, topic: str, number: int, rows: Sequence[tuple[bytes, bytes]]) -> None:
        await self._producer.send_rows(topic, number, rows)
        self.counters.outputs += len(rows)

    @property
    def _producer(self) -> BatchProducer:
        return cast(BatchProducer, self.app.producer)

    # Jobs

    async def _fire(self) -> None:
        firing = self._firing
        assert firing is not None
        while not self.app.should_stop:
            await sleep_until_next_look(firing.timers)
            busy = True
            while busy:  # a chunk of each partition in turn, and live events between two chunks
                busy = False
                for number in self.table.owned:
                    busy = await self._fire_chunk(firing, number) or busy

    async def _fire_chunk(self, firing: Firing, number: int) -> bool:
        part = self.table.held[number]
        if not part.caught_up or number not in firing.wheels:
            return False
        rows = firing.take(number, part, time.monotonic())
        if rows:
            try:
                await self._producer.send_rows(self.input_topic, number, rows)
            except Exception as error:
                end(error)
            self.counters.fired += len(rows)
        return bool(rows)

    async def _watch_log(self) -> None:
        assert self.table.log_id is not None
        while not self.app.should_stop:
            await asyncio.sleep(self.log_id_seconds)
            try:
                current = await self.table.log_id()
            except Exception as error:  # no broker, or the topic is gone for the moment
                log.warning("engine.log_id_unread", error=repr(error))
                continue
            if (known := self.table.stranger(current)) is not None:
                end(OtherLog(f"{self.input_topic} is now {current.hex()}, the states belong to {known.hex()}"))
