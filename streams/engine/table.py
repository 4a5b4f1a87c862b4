"""The states of the partitions we own, recovered by Faust from the changelog and written to it by nobody else."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import faust
import structlog
from faust.types import TP

from streams.engine.counters import Counters
from streams.engine.endings import ForeignWriter, Hole, OtherLog, WrongLayout, end
from streams.engine.partition import Partition
from streams.engine.recovery import end_by_position
from streams.engine.step import LogId
from streams.engine.stored import HEADER, LOG_ID, MARK, is_closed, pack, state_of, watermark_of
from streams.engine.unit import Unit, UnitSchema

CHANGELOG_CONFIG: Mapping[str, str] = {
    "cleanup.policy": "compact",
    # A record a zombie wrote late must not outrun the repair that follows it.
    "min.compaction.lag.ms": "3600000",
    "min.cleanable.dirty.ratio": "0.1",
    "segment.bytes": str(64 << 20),
}
"""What a changelog topic must be. `delete` in its policy would lose states."""

log = structlog.get_logger(__name__)


def changelog_topic(app_id: str, table: str) -> str:
    """The name of a table's changelog topic, for those who create topics."""
    return f"{app_id}-{table}-changelog"


class StateTable(faust.Table):  # type: ignore[type-arg]  # it holds bytes, in dicts of its own
    """One dict a partition beside Faust's stores. Faust assigns and recovers; the engine reads and writes.

    A partition is ours from the end of `on_recovery_completed` until the start of a revoke. `on_owned` is called
    for each partition at the one moment, `on_revoked` at the other.
    """

    def __init__(
        self, app: faust.App, name: str, *, input_topic: str, partitions: int, log_id: LogId | None, counters: Counters
    ) -> None:
        topic = app.topic(
            changelog_topic(app.conf.id, name),
            schema=UnitSchema(),
            partitions=partitions,
            acks=False,
            internal=True,
            allow_empty=True,
            config=dict(CHANGELOG_CONFIG),
        )
        # A buffer of one takes another path through Faust's recovery.
        super().__init__(app, name=name, partitions=partitions, changelog_topic=topic, recovery_buffer_size=2)
        self.input_topic = input_topic
        self.log_id = log_id
        self.counters = counters
        self.held: defaultdict[int, Partition] = defaultdict(Partition)
        self.burials: set[asyncio.Task[None]] = set()
        self.on_owned: list[Callable[[int], None]] = []
        self.on_revoked: list[Callable[[int], None]] = []
        self.before_owning: list[Callable[[], Awaitable[None]]] = []
        self.jobs: list[Callable[[], Awaitable[None]]] = [lambda: end_by_position(self)]

    @property
    def owned(self) -> list[int]:
        """The numbers of the partitions that are recovered and ours."""
        return sorted(number for number, part in self.held.items() if part.owned)

    @property
    def bytes_held(self) -> int:
        """Size of all states in memory."""
        return sum(part.bytes_held for part in self.held.values())

    async def on_start(self) -> None:
        """Called by Faust once, before the first recovery."""
        await self.changelog_topic.maybe_declare()
        for topic in (self.input_topic, self.changelog_topic_name):
            await self._check_layout(topic)
        for job in self.jobs:
            self.add_future(job())

    async def _check_layout(self, topic: str) -> None:
        try:
            count = await asyncio.wait_for(self.app.producer.partition_count(topic), timeout=30)  # type: ignore[attr-defined]  # ours
        except Exception as error:
            end(WrongLayout(f"{topic}: no such topic, or no broker ({error!r})"))
        if count != self.partitions:
            end(WrongLayout(f"{topic} has {count} partitions, the engine was told {self.partitions}"))

    # Recovery, as Faust drives it

    def persisted_offset(self, tp: TP) -> int | None:
        """Where recovery goes on. Never None: Faust would go on where an earlier one was."""
        offset = self.held[tp.partition].changelog_offset
        return -1 if offset is None else offset

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Drop what is no longer ours, and what is ours again after having been another's."""
        for tp in revoked | newly_assigned:
            if tp.topic == self.changelog_topic_name:
                self.held.pop(tp.partition, None)

    def apply_changelog_batch(self, batch: Iterable[Any], *args: Any, **kwargs: Any) -> None:
        """Fold fetched changelog Units into the states."""
        try:  # Faust logs what is raised here and goes on.
            for event in batch:
                self._recover(event.value)
        except Exception as error:
            end(error)

    def _recover(self, unit: Unit) -> None:
        part = self.held[unit.tp.partition]
        if unit.begins > after(part):
            raise Hole(f"{unit.tp.topic}[{unit.tp.partition}]: recovered up to {after(part)}, then {unit.begins}")
        for record in unit.records:
            key, value = record.key, record.value
            if key == LOG_ID:
                self._belongs(part, value)
            elif value is None:
                part.drop(key)
                part.late.discard(key)
            else:
                old = part.states.get(key)
                if old is None or value[: MARK.size] >= old[: MARK.size]:
                    part.put(key, value)
                    part.late.discard(key)
                else:
                    part.late.add(key)
        part.changelog_offset = max(unit.end, after(part)) - 1

    @staticmethod
    def _belongs(part: Partition, value: bytes) -> None:
        if mark := watermark_of(value):
            part.adopt(state_of(value), mark - 1)
        else:
            part.log_id = state_of(value)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """The states are complete: check whose log they belong to, mend, and take the partitions."""
        try:  # Faust swallows what is raised here.
            await self._take({tp.partition: tp for tp in active_tps})
            await self.call_recover_callbacks()
        except Exception as error:
            end(error)

    async def _take(self, tps: Mapping[int, TP]) -> None:
        for prepare in self.before_owning:
            await prepare()
        current = await self.log_id() if self.log_id is not None and tps else None
        highwaters = self.app.tables.recovery.active_highwaters  # type: ignore[attr-defined]  # of the manager, not its type
        for number, tp in tps.items():
            part = self.held[number]
            if (reached := self.app.consumer.reached(tp)) > after(part):  # type: ignore[attr-defined]  # ours
                raise Hole(f"{tp.topic}[{number}]: fetched up to {reached}, recovered up to {after(part)}")
            # After a removed tombstone the last record lies before the end.
            part.changelog_offset = max(after(part) - 1, highwaters[tp])
            if current is not None:
                self._check_log(number, current)
            await self._mend(number)
        for number in tps:
            part = self.held[number]
            part.closing = {key: watermark_of(value) for key, value in part.states.items() if is_closed(value)}
            part.owned = True
            log.info("engine.owned", partition=number, keys=len(self.held[number].states))
            for callback in self.on_owned:
                callback(number)

    def _check_log(self, number: int, current: bytes) -> None:
        part = self.held[number]
        if part.log_id is None and not part.states:
            part.log_id, part.fresh = current, True
        elif part.log_id != current:
            known = repr(part.log_id) if part.log_id is not None else "no log it names"
            raise OtherLog(
                f"{self.changelog_topic_name}[{number}] belongs to {known}, {self.input_topic} is {current!r}: "
                "its offsets mean other records. Stop the pipeline and run `hoso adopt-log`: the new log is folded "
                "from its start, effects fenced"
            )

    async def name_log(self, number: int) -> None:
        """Write into an empty changelog which log its watermarks will belong to."""
        part = self.held[number]
        if part.fresh and part.log_id is not None:
            await self.write(number, {LOG_ID: pack(0, None, part.log_id)})
            part.fresh = False

    async def _mend(self, number: int) -> None:
        part = self.held[number]
        if part.late:
            log.warning("engine.repaired", partition=number, keys=len(part.late))
            await self.write(number, {key: part.states[key] for key in part.late})
            self.counters.repaired += len(part.late)
            part.late.clear()

    # Ours to write

    async def write(self, number: int, changes: Mapping[bytes, bytes | None]) -> None:
        """Write states to the changelog and await them; raise if somebody else wrote since we last did."""
        part = self.held[number]
        for first, count in await self.app.producer.send_rows(  # type: ignore[attr-defined]  # ours
            self.changelog_topic_name, number, changes.items()
        ):
            expected = after(part)
            if first != expected:
                raise ForeignWriter(f"{self.changelog_topic_name}[{number}]: written at {first}, expected {expected}")
            part.changelog_offset = first + count - 1
        self.counters.changes += len(changes)

    def revoke(self) -> None:
        """Nothing is ours from here until the next recovery; every rebalance of Faust's is eager."""
        for number in self.owned:
            self.held[number].owned = False
            self.held[number].folded = None
            log.info("engine.revoked", partition=number)
            for callback in self.on_revoked:
                callback(number)

    def stranger(self, current: bytes) -> bytes | None:
        """The id of a log that an owned partition belongs to and that is not the current one."""
        ids = (self.held[number].log_id for number in self.owned)
        return next((known for known in ids if known is not None and known != current), None)

    def reset_state(self) -> None:
        """Called by Faust to forget everything."""
        self.held.clear()


def after(part: Partition) -> int:
    """The offset after the last changelog record that this state holds."""
    return 0 if part.changelog_offset is None else part.changelog_offset + 1


assert HEADER.size == 16  # `state_of` of a log id record skips as much as that of a state
