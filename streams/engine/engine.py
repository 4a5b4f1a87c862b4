"""The engine: Units in; outputs, then states, then commits out. It decides the order of effects and nothing else."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

import faust

from streams.engine.counters import Counters, Position
from streams.engine.endings import end
from streams.engine.flush import Flush
from streams.engine.fold import Fold
from streams.engine.jobs import bury_finished_keys, fire_timers, sweep_states, watch_log_id
from streams.engine.producer import MAX_BATCH_BYTES
from streams.engine.step import LogId, Poison, Step
from streams.engine.stored import state_of
from streams.engine.sweep import Sweep, Sweeping
from streams.engine.table import StateTable
from streams.engine.timers import Firing, Timers
from streams.engine.transport import install
from streams.engine.unit import UnitSchema
from streams.engine.watchdog import LOOK_SECONDS, Watchdog

MAX_RECORD_BYTES = 800_000


class Engine:
    """Runs a pure step over the input topic and keeps one state a key.

    What a caller may rely on: a record's outputs are acknowledged before the state that contains it, that state before
    its offset is committed. After any crash every state is the fold of the log; an output or letter may appear twice,
    none is missing. `step`, `poison`, `timers.fire` and `sweep.look` are called in the event loop and must not wait.

    `poison` decides what becomes of a record whose step raises or makes something larger than `max_record_bytes`;
    without it, or when it fails too, the process ends (70) before anything of that Unit is sent or committed.
    `log_id` reads the identity of the input topic, looked at on each recovery and every `log_id_seconds` after it: a
    topic can be made again under a running worker. `before_owning` is awaited after each recovery, before any Unit.
    `fence` says, a partition, below which offset records change states and have no effects: that is how a log is
    folded again from its start. An adoption in the changelog (`stored.adoption`) says the same, and lasts over a crash.
    `effects` names the topics that a fence keeps silent; without it, all of them.
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
        sweep: Sweep | None = None,
        log_id: LogId | None = None,
        poison: Poison | None = None,
        before_owning: Callable[[], Awaitable[None]] | None = None,
        max_record_bytes: int = MAX_RECORD_BYTES,
        max_running: int = 8,
        watchdog_seconds: float = 90.0,
        log_id_seconds: float = 10.0,
        memory_budget_bytes: int | None = None,
        fence: Mapping[int, int] | None = None,
        effects: Collection[str] | None = None,
    ) -> None:
        if max_record_bytes > MAX_BATCH_BYTES - 1_000:
            raise ValueError(f"max_record_bytes must leave room in a batch of {MAX_BATCH_BYTES}")
        self.app = app
        self.memory_budget_bytes = memory_budget_bytes
        self.counters = Counters()
        self.table = StateTable(
            app, table, input_topic=input_topic, partitions=partitions, log_id=log_id, counters=self.counters
        )
        self.firing = Firing(timers, self.counters, max_record_bytes) if timers is not None else None
        self.sweeping = Sweeping(sweep, timers.clock if timers else time.time) if sweep is not None else None
        self.fold = Fold(
            self.table,
            step,
            poison=poison,
            max_record_bytes=max_record_bytes,
            fence=fence or {},
            effects=effects,
            firing=self.firing,
            counters=self.counters,
        )
        self.flush = Flush(self.table, self.counters)
        self._running = asyncio.Semaphore(max_running)
        install(app, self.table)
        app.tables.add(self.table)
        if before_owning is not None:
            self.table.before_owning.append(before_owning)
        self._add_jobs(watchdog_seconds, log_id_seconds)
        topic = app.topic(input_topic, schema=UnitSchema(), partitions=partitions, acks=False)

        @app.agent(topic, name=f"{app.conf.id}.fold")
        async def fold(stream: Any) -> None:
            await self._run(stream)

    def _add_jobs(self, watchdog_seconds: float, log_id_seconds: float) -> None:
        table = self.table
        self.watchdog = Watchdog(table, watchdog_seconds, min(LOOK_SECONDS, watchdog_seconds / 3))
        table.jobs.append(self.watchdog.watch)
        table.jobs.append(lambda: bury_finished_keys(table, self.flush))
        if (log_id := table.log_id) is not None:
            table.jobs.append(lambda: watch_log_id(table, log_id, log_id_seconds))
        if (firing := self.firing) is not None:
            table.on_owned.append(lambda number: firing.own(number, table.held[number]))
            table.on_revoked.append(firing.revoke)
            table.jobs.append(lambda: fire_timers(table, firing))
        if (sweeping := self.sweeping) is not None:
            table.on_revoked.append(sweeping.revoke)
            table.jobs.append(lambda: sweep_states(table, sweeping))

    # What others may look at

    @property
    def ready(self) -> bool:
        """Assigned, recovered, consuming, moving, and within the memory budget. Without partitions it is ready too."""
        tables: Any = self.app.tables
        moving = not self.app.should_stop and not self.watchdog.worried
        return bool(tables.actives_ready) and moving and self.is_within_memory

    @property
    def is_within_memory(self) -> bool:
        """Whether the states it holds are within the memory budget; it folds on above it."""
        return self.memory_budget_bytes is None or self.table.bytes_held <= self.memory_budget_bytes

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

    async def _run(self, stream: Any) -> None:
        async for unit in stream:
            await self._running.acquire()
            if unit.revoked:
                self._running.release()
                continue
            try:  # no await from here: applied and flushing are one step
                self.fold.apply(unit)
            except BaseException as error:
                end(error)
            unit.task = self.flush.start(unit)
            unit.task.add_done_callback(lambda _: self._running.release())
