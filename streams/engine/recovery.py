"""Ends a recovery by position. Faust waits for a record at the end of the changelog; behind a removed tombstone or a
transaction's marker there is none, and it would wait for ever.
"""

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from streams.engine.table import StateTable

LOOK_SECONDS = 0.5
LOOKS = 4
"""So many looks past the end with nothing queued: whatever was fetched has been applied."""

log = structlog.get_logger(__name__)


async def end_by_position(table: "StateTable") -> None:
    """Runs as long as the table does."""
    tables: Any = table.app.tables
    idle: Counter[Any] = Counter()
    while not table.should_stop:
        await asyncio.sleep(LOOK_SECONDS)
        recovery = tables.recovery
        if not recovery.in_recovery or not recovery.need_recovery():
            idle.clear()
            continue
        for tp, last in list(recovery.active_highwaters.items()):
            if tp.topic == table.changelog_topic_name and await _is_past(table, recovery, tp, last):
                idle[tp] += 1
                if idle[tp] >= LOOKS:
                    _finish(recovery, tp, last)
            else:
                idle.pop(tp, None)


async def _is_past(table: "StateTable", recovery: Any, tp: Any, last: int) -> bool:
    seen = recovery.active_offsets.get(tp)
    if (seen if seen is not None else -1) >= last or tp not in table.app.consumer.assignment():
        return False
    position = await table.app.consumer.position(tp)
    tables: Any = table.app.tables
    return position is not None and position > last and not tables.changelog_queue.qsize()


def _finish(recovery: Any, tp: Any, last: int) -> None:
    log.info("engine.recovery_ended_by_position", partition=tp.partition, last=last)
    recovery.flush_buffers()
    recovery.active_offsets[tp] = last
    if not recovery.need_recovery():
        recovery._set_recovery_ended()
        recovery.signal_recovery_end.set()
