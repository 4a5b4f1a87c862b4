"""A Unit applied: watermarks, the step, what is kept and what is to be sent. Synchronous from end to end."""

from collections.abc import Collection, Mapping

import structlog

from streams.engine.counters import Counters
from streams.engine.endings import Hole, TooLarge, Unfit
from streams.engine.partition import Partition
from streams.engine.step import Poison, Record, Step, Stepped
from streams.engine.stored import CLOSED, HEADER, LOG_ID, MARK, due_of, moved, pack, state_of
from streams.engine.table import StateTable
from streams.engine.timers import Firing
from streams.engine.unit import Unit

log = structlog.get_logger(__name__)


class Fold:
    """Applies Units to the states in memory. What it raises must end the process: a Unit is applied wholly or not."""

    def __init__(
        self,
        table: StateTable,
        step: Step,
        *,
        poison: Poison | None,
        max_record_bytes: int,
        fence: Mapping[int, int],
        effects: Collection[str] | None,
        firing: Firing | None,
        counters: Counters,
    ) -> None:
        self.table = table
        self.step = step
        self.poison = poison
        self.max_record_bytes = max_record_bytes
        self.fence = dict(fence)
        self.effects = effects
        self.firing = firing
        self.counters = counters

    def apply(self, unit: Unit) -> None:
        """Fold its records in order; leave in the Unit what must be sent."""
        part = self.table.held[unit.tp.partition]
        if part.folded is not None and unit.start > part.folded:
            # A queue that was cleared in a recovery: what stands in the ledger may never have come to us.
            raise Hole(f"{unit.tp.topic}[{unit.tp.partition}] goes on at {unit.start}, folded up to {part.folded}")
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
        largest = key + HEADER.size + len(stepped.state or b"")
        for _, value in stepped.outputs:
            largest = max(largest, key + len(value))
        for letter in stepped.letters:
            largest = max(largest, len(letter.key) + len(letter.value))
        if largest > self.max_record_bytes:
            raise TooLarge(f"{record.key!r} at offset {record.offset}: {largest} > {self.max_record_bytes} bytes")
        return stepped

    def _keep(self, unit: Unit, part: Partition, record: Record, stored: bytes | None, stepped: Stepped) -> None:
        if stepped.outputs or stepped.letters:
            self._say(unit, part, record, stepped)
        if stepped.state is not None:
            self._change(unit, part, record, stored, stepped, stepped.state)
        elif stored is not None:
            self._move(unit, part, record, stored, stepped)

    def _say(self, unit: Unit, part: Partition, record: Record, stepped: Stepped) -> None:
        fenced = record.offset < max(self.fence.get(record.partition, 0), part.fence)
        for topic, value in stepped.outputs:
            if not (fenced and self._is_effect(topic)):
                unit.outputs[topic].append((record.key, value))
        unit.letters += (letter for letter in stepped.letters if not (fenced and self._is_effect(letter.topic)))

    def _is_effect(self, topic: str) -> bool:
        return self.effects is None or topic in self.effects

    def _change(
        self, unit: Unit, part: Partition, record: Record, stored: bytes | None, stepped: Stepped, state: bytes
    ) -> None:
        key, watermark = record.key, record.offset + 1
        if not key or key == LOG_ID:
            raise Unfit(f"offset {record.offset}: a state for the key {key!r}")
        unit.changes[key] = new = pack(watermark, CLOSED if stepped.closed else stepped.next_due, state)
        part.put(key, new)
        part.closing.pop(key, None)
        if stepped.closed:
            part.closing[key] = watermark
        if self.firing is not None:
            self.firing.changed(record.partition, key, due_of(stored) if stored is not None else None, due_of(new))

    def _move(self, unit: Unit, part: Partition, record: Record, stored: bytes, stepped: Stepped) -> None:
        key, watermark = record.key, record.offset + 1
        part.put(key, new := moved(stored, watermark))
        if key in part.closing:
            part.closing[key] = watermark
        # Nothing said, nothing written: a repetition after a crash finds the same state and has as little to say.
        if stepped.outputs or stepped.letters or key in unit.changes:
            unit.changes[key] = new
