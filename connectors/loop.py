"""The one consuming loop: a batch comes in, its effects are durable, and some time after that it is committed.

A batch may come again, whole or in part, after a crash, a rebalance or a TryLater: `handle` says the same thing twice
without harm. An error that is no verdict ends the process, and the supervisor starts it again from the last commit.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog

from connectors.broker import Consumer, Message
from connectors.letters import keep, readable
from connectors.metrics import counter, gauge
from connectors.process import Service, serve
from connectors.verdicts import TryLater

__all__ = ["Handle", "Service", "keep", "readable", "run", "serve"]

log = structlog.get_logger()
Handle = Callable[[Sequence[Message]], None]
T = TypeVar("T")

FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 10.0
KEEP_PLACE_SECONDS = 20.0
"""After how long of waiting a loop shows its group, at each try, that it lives."""
GATHER_SECONDS = 0.05
"""How far apart (real time) a loop that is busy takes its batches: a transaction and a commit cost what they cost,
for one record or a hundred. The first record after a rest never waits."""
COMMIT_SECONDS = 0.25
"""How far apart (real time) a busy loop's commits are; one that rests commits at its next look.
So much a crash repeats."""


def run(
    consumer: Consumer,
    handle: Handle,
    stop: threading.Event,
    *,
    process: str,
    most: int = 500,
    timeout_ms: int = 500,
    gather_seconds: float = GATHER_SECONDS,
    between: Callable[[], None] | None = None,
) -> None:
    """Handle batches until `stop` is set; the last one is finished and committed. Closes the consumer.

    What comes within `gather_seconds` (real time) of the last batch is taken as one.
    `between` is called after each poll, whether or not it brought anything: for what must happen in between. A TryLater
    of either, or of a poll, is waited out with growing pauses, and the same batch is handled again. A commit that is
    put off is made up for by a later one; at the stop there is one try.
    """
    committed_at, uncommitted, tried_last = time.monotonic(), False, False
    try:
        while not stop.is_set():
            batch = _insist(lambda: consumer.poll(most, timeout_ms), stop, consumer)
            polled_at = time.monotonic()
            if batch:
                if not _handled(consumer, handle, batch, stop, process):
                    # It has to come again, and with it what was not committed before it.
                    return
                uncommitted = True
            if uncommitted and (not batch or stop.is_set() or polled_at - committed_at > COMMIT_SECONDS):
                committed_at, uncommitted = polled_at, not _committed(consumer, process)
                tried_last = stop.is_set()
            if between is not None:
                _insist(between, stop, consumer)
            if batch and (left := polled_at + gather_seconds - time.monotonic()) > 0:
                stop.wait(left)
        if uncommitted and not tried_last:
            _committed(consumer, process)
    finally:
        consumer.close()


def _handled(consumer: Consumer, handle: Handle, batch: Sequence[Message], stop: threading.Event, process: str) -> bool:
    """Whether a batch's effects are durable; not if we were told to stop before they could be."""

    def step() -> bool:
        handle(batch)
        return True

    if not _insist(step, stop, consumer):
        return False
    for message in batch:
        counter("hoso_events_total").labels(process, message.topic).inc()
    return True


def _committed(consumer: Consumer, process: str) -> bool:
    """Whether what was handled is committed now.

    Nobody insists on it: without a poll between, a rebalance that waits for us would never end, and no commit succeed.
    """
    try:
        consumer.commit()
    except TryLater as later:
        log.warning("broker.away", consumer=consumer.name, why=later.why)
        return False
    for topic, records in consumer.lag().items():
        gauge("hoso_lag_records").labels(process, topic).set(records)
    return True


def _insist(do: Callable[[], T], stop: threading.Event, consumer: Consumer) -> T | None:
    """Do it, again after each TryLater with a growing pause. None once we are told to stop while it waits."""
    wait_seconds, waited = FIRST_WAIT_SECONDS, 0.0
    while True:
        try:
            result = do()
        except TryLater as later:
            if not waited:
                log.warning("broker.away", consumer=consumer.name, why=later.why)
        else:
            if waited:
                log.info("broker.back", consumer=consumer.name, waited_seconds=round(waited, 1))
            return result
        if stop.wait(wait_seconds):
            return None
        waited += wait_seconds
        wait_seconds = min(wait_seconds * 2, LONGEST_WAIT_SECONDS)
        if waited > KEEP_PLACE_SECONDS:
            _keep_place(consumer)


def _keep_place(consumer: Consumer) -> None:
    try:
        consumer.keep_place()
    except TryLater as later:
        log.debug("broker.away", consumer=consumer.name, why=later.why)
