"""What goes on beside the Units, as long as the table does: timers, sweeps, deletions, a look at the log's id."""

import asyncio
import time
from typing import cast

import structlog

from streams.engine.endings import OtherLog, end
from streams.engine.flush import Flush
from streams.engine.producer import BatchProducer
from streams.engine.step import LogId
from streams.engine.sweep import Sweeping
from streams.engine.table import StateTable
from streams.engine.timers import Firing

BURY_SECONDS = 2.0
SWEEP_SECONDS = 0.05

log = structlog.get_logger(__name__)


async def fire_timers(table: StateTable, firing: Firing) -> None:
    """Write what is due to the input topic: a chunk of each partition in turn, live events between two chunks."""
    while not table.should_stop:
        await asyncio.sleep(firing.timers.every_seconds)
        busy = True
        while busy:
            busy = any([await _fire_chunk(table, firing, number) for number in table.owned])


async def _fire_chunk(table: StateTable, firing: Firing, number: int) -> bool:
    part = table.held[number]
    if not part.caught_up or number not in firing.wheels:
        return False
    rows = firing.take(number, part, time.monotonic())
    if rows:
        await _write(table, number, rows)
        firing.counters.fired += len(rows)
    return bool(rows)


async def sweep_states(table: StateTable, sweeping: Sweeping) -> None:
    """Write what a look at the states gives rise to: a chunk of each partition in turn."""
    while not table.should_stop:
        await asyncio.sleep(SWEEP_SECONDS)
        for number in table.owned:
            part = table.held[number]
            rows = sweeping.take(number, part, time.monotonic()) if part.caught_up else []
            if rows:
                sweeping.wrote(number, await _write(table, number, rows), len(rows))


async def _write(table: StateTable, number: int, rows: list[tuple[bytes, bytes]]) -> int:
    """Facts onto the input topic; the offset after the last of them. Ends the process where they cannot be sent."""
    try:
        written = await cast(BatchProducer, table.app.producer).send_rows(table.input_topic, number, rows)
    except Exception as error:
        end(error)
    last = written[-1]
    return last.first_offset + last.records


async def bury_finished_keys(table: StateTable, flush: Flush) -> None:
    """Delete what is closed and committed."""
    while not table.should_stop:
        await asyncio.sleep(BURY_SECONDS)
        for number in table.owned:
            flush.bury(number)


async def watch_log_id(table: StateTable, log_id: LogId, every_seconds: float) -> None:
    """End the process if the input topic has become another one under us."""
    while not table.should_stop:
        await asyncio.sleep(every_seconds)
        try:
            current = await log_id()
        except Exception as error:  # no broker, or the topic is gone for the moment
            log.warning("engine.log_id_unread", error=repr(error))
            continue
        if (known := table.stranger(current)) is not None:
            end(OtherLog(f"{table.input_topic} is now {current!r}, the states belong to {known!r}"))
