"""Fetched batches become Units; finished Units become committed offsets. This is the commit barrier."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import structlog
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from streams.engine.endings import BeginningGone, Hole, StateGone, Undrained, end
from streams.engine.unit import Unit

if TYPE_CHECKING:
    from streams.engine.table import StateTable

FETCH_WAIT_MS = 20
FETCH_MIN_BYTES = 1 << 16
"""At a low rate records gather at the broker for 20 ms: fewer Units, requests and wake-ups."""

DRAIN_SECONDS = 20.0
"""A revoke or a stop waits so long for running Units; then the process ends without having committed them."""

SEEKS = 3
"""So often a Unit that begins too late is sought back before the worker gives up."""

log = structlog.get_logger(__name__)


class Fetched(NamedTuple):
    """The records of one fetch of one partition."""

    begins: int
    """Where the fetch before it ended, or where a seek went: a compacted log has gaps, a chain of fetches has none."""

    records: Sequence[Any]


class FetchThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread with other fetch settings, and with a memory of where each partition is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reached: dict[TP, int] = {}

    def _create_worker_consumer(self, transport: Any) -> Any:
        """Faust hard-codes 1,500 ms and 1 byte."""
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        consumer._fetch_min_bytes = FETCH_MIN_BYTES
        return consumer

    async def _seek_wait(self, consumer: Any, partitions: Mapping[TP, int]) -> None:
        self.reached.update(partitions)
        await super()._seek_wait(consumer, partitions)

    async def _fetch_records(self, consumer: Any, active_partitions: Any, *args: Any, **kwargs: Any) -> Any:
        """Fetch, and give back at once what nobody may have.

        A fetch that began before a rebalance may end after the seek of the recovery that follows it, and before the
        flow is resumed: dropped later, its records would be missing from the recovered state.
        """
        # Faust passes its live set. Emptied by a pause it would mean all partitions.
        wanted = set(active_partitions)
        fetched = await super()._fetch_records(consumer, wanted, *args, **kwargs) if wanted else {}
        found: dict[TP, Fetched] = {}
        for tp, records in fetched.items():
            if records and self.consumer.flow_active:
                found[tp] = Fetched(self.reached.get(tp, records[0].offset), records)
                self.reached[tp] = records[-1].offset + 1
            elif records:
                consumer.seek(tp, records[0].offset)
        return found


class UnitConsumer(driver.Consumer):
    """Faust's consumer, a Unit at a time, committing from its own ledger and never from Faust's acks.

    The ledger has no holes: offsets of the input are contiguous (no compaction, no transactions on it), so a Unit
    begins where the one before it ended, or earlier when a batch is fetched again.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.next: dict[TP, int] = {}
        self.units: defaultdict[TP, deque[Unit]] = defaultdict(deque)
        self._seeks: defaultdict[TP, int] = defaultdict(int)

    def _new_consumer_thread(self) -> FetchThread:
        return FetchThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def table(self) -> "StateTable":
        """The table whose transport we are part of."""
        return cast("StateTable", self.transport.table)  # type: ignore[attr-defined]  # ours

    # Fetching

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:
        """One message a (partition, batch), of changelogs too."""
        records, active = await self._wait_next_records(timeout)
        # What comes while the flow is stopped is dropped: the recovery that follows seeks again.
        generation = self.app.consumer_generation_id
        if not records or self.should_stop or not self._flows(generation):
            return
        for tp, (begins, batch) in cast("dict[TP, Fetched]", records).items():
            if not self._flows(generation):
                break
            # Pressure takes a partition out of the active ones; what is fetched already is welcome.
            if tp not in (active or ()) and tp not in self._buffered_partitions:
                continue
            unit = Unit(tp, batch, begins)
            if self._is_changelog_tp(tp) or await self._admit(unit):
                # Faust must not drop a batch that is fetched again; the ledger and the watermarks see to it.
                self._read_offset[tp] = None
                yield tp, self._message(unit, batch[-1].timestamp, generation)

    def reached(self, tp: TP) -> int:
        """The offset after the last record fetched of this partition; 0 if none was."""
        return cast(FetchThread, self._thread).reached.get(tp, 0)

    def _flows(self, generation: int) -> bool:
        return self.flow_active and self.app.consumer_generation_id == generation

    def _message(self, unit: Unit, timestamp_ms: int, generation: int) -> ConsumerMessage:
        tp = unit.tp
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            unit.end - 1,
            timestamp_ms / 1e3,
            0,
            None,
            None,
            unit,  # type: ignore[arg-type]  # a Unit travels where Faust carries a value
            None,
            0,
            0,
            tp,
            generation_id=generation,
        )

    async def _admit(self, unit: Unit) -> bool:
        """Enter the Unit into the ledger, unless it must be fetched again."""
        expected = self.next.get(unit.tp)
        if expected is None:  # fetched before the seek that follows recovery: it comes again
            return False
        if unit.start > expected:
            await self._seek_back(unit.tp, unit.start, expected)
            return False
        self.next[unit.tp] = max(unit.end, expected)
        self._seeks.pop(unit.tp, None)
        queue = self.units[unit.tp]
        while queue and queue[-1].task is None and queue[-1].start >= unit.start:
            queue.pop().revoked = True  # fetched again after a seek: the older copy may be lost
        queue.append(unit)
        return True

    async def _seek_back(self, tp: TP, start: int, expected: int) -> None:
        self._seeks[tp] += 1
        self.table.counters.holes += 1
        log.error("engine.hole", partition=tp.partition, start=start, expected=expected, tries=self._seeks[tp])
        if self._seeks[tp] > SEEKS:
            end(Hole(f"{tp.topic}[{tp.partition}] begins at {start}, the fold is at {expected}"))
        await self.seek_wait({tp: expected})

    async def perform_seek(self) -> None:
        """Begin at the committed offsets, and at the log's start where nothing is committed yet.

        aiokafka leaves the position where it is in that case, and what a rebalance dropped would be skipped for ever.
        """
        await super().perform_seek()
        tps = [tp for tp in self.assignment() if not self._is_changelog_tp(tp)]
        committed = {tp: offset for tp in tps if (offset := self._committed_offset.get(tp))}
        self._refuse_lost_state(committed)
        fresh = [tp for tp in tps if tp not in committed]
        first = dict(await self.earliest_offsets(*fresh)) if fresh else {}
        self._refuse_lost_beginning(first)
        ends = await self.highwaters(*tps) if tps else {}
        self.next = {tp: committed[tp] if tp in committed else first[tp] for tp in tps}
        for tp in tps:
            await self.table.name_log(tp.partition)
            part = self.table.held[tp.partition]
            part.folded, part.target, part.end = self.next[tp], ends[tp], ends[tp]
            part.committed = committed.get(tp, first.get(tp))
        await self.seek_wait(self.next)

    def _refuse_lost_state(self, committed: Mapping[TP, int]) -> None:
        gone = sorted(tp.partition for tp in committed if self.table.held[tp.partition].fresh)
        if gone:
            end(StateGone(f"offsets are committed for partitions {gone}, their changelog was empty: `hoso adopt-log`"))

    def _refuse_lost_beginning(self, first: Mapping[TP, int]) -> None:
        gone = {tp.partition: at for tp, at in first.items() if at > 0 and at > self.table.held[tp.partition].reached}
        if gone:
            end(
                BeginningGone(
                    f"{self.table.input_topic} begins at offsets {gone} (by partition), and nothing is remembered of "
                    "what was before: `hoso archive restore` puts the whole log onto a cluster that has nothing yet, "
                    "then `hoso adopt-log`"
                )
            )

    # Committing

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Any:
        return list(self.units)

    def _new_offset(self, tp: TP) -> int | None:
        """The end of the longest finished prefix of Units."""
        queue, offset = self.units[tp], None
        while queue and queue[0].done:
            offset = max(offset or 0, queue.popleft().end)
        return offset

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        done = await super()._commit(offsets)
        if done:
            self.table.counters.commits += 1
            for tp, offset in offsets.items():
                self.table.held[tp.partition].committed = offset
        return done

    async def wait_empty(self) -> None:
        """Before a revoke and a stop: start nothing, await what runs, commit it."""
        units = [unit for queue in self.units.values() for unit in queue]
        for unit in units:
            unit.revoked = unit.task is None
        running = [unit.task for unit in units if unit.task is not None] + list(self.table.burials)
        if running:
            _, pending = await asyncio.wait(running, timeout=DRAIN_SECONDS)
            if pending:  # without a quorum a send is retried for ever
                end(Undrained(f"{len(pending)} Units not acknowledged in {DRAIN_SECONDS} s"))
        await self.commit_and_end_transactions()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Nothing is ours from the first moment of a rebalance."""
        self.table.revoke()
        await super().on_partitions_revoked(revoked)
        self.units.clear()
        self.next.clear()
