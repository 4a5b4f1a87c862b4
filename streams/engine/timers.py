"""Timers: due times out of the states, facts onto the input topic. Nothing about them is stored but the due time.

A firing changes no state. It writes a fact, and the step that reads the fact back moves the due time. So a firing may
be repeated (a worker died after it sent, or waited too long for its fact to come back), and the step must ignore a
fact whose due time is no longer the state's.
"""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import NamedTuple

import structlog

from streams.engine.counters import Counters
from streams.engine.endings import TooLarge
from streams.engine.partition import Partition
from streams.engine.step import Clock, Fire
from streams.engine.stored import due_of, state_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Timers:
    """How timers fire.

    `fire(key, state, now)` gives the facts; `now` is the `clock`'s. All seconds here are real ones: the clock may be a
    driven one that runs far faster, so nothing is ever slept by its differences.
    """

    fire: Fire
    clock: Clock = time.time
    every_seconds: float = 0.1
    """Between two looks at what is due."""
    again_seconds: float = 30.0
    """A firing whose state has not moved by then is repeated."""
    chunk: int = 100
    """So many keys at once, nearest first; live events go on between two chunks."""
    unread: int = 1_000
    """So many firings, of all partitions, may be on their way back before the next ones wait: a live event that comes
    behind them waits as long as folding them takes.
    """


class Sent(NamedTuple):
    """A firing on its way back."""

    again_at: float
    due: float
    key: bytes


@dataclass(slots=True)
class Wheel:
    """The timers of one partition."""

    heap: list[tuple[float, bytes]] = field(default_factory=list)
    sent: dict[bytes, float] = field(default_factory=dict)
    """Facts on their way back: key -> the due time they were sent for."""
    silent: dict[bytes, float] = field(default_factory=dict)
    """Due, and the fire function had nothing to say: held, or not yet."""
    waiting: deque[Sent] = field(default_factory=deque)
    pushed: int = 0

    def arm(self, key: bytes, due: float | None) -> None:
        """This key is now due then; whatever was sent for it is settled."""
        self.sent.pop(key, None)
        self.silent.pop(key, None)
        if due is not None:
            heappush(self.heap, (due, key))
            self.pushed += 1

    def rebuild(self, states: dict[bytes, bytes]) -> None:
        """Only what the states say, nothing outdated."""
        dues = ((due_of(stored), key) for key, stored in states.items())
        self.heap = [(due, key) for due, key in dues if due is not None]
        heapify(self.heap)
        self.pushed = 0

    def repeat(self, real_now: float) -> None:
        """Back into the heap with what was sent long ago and has not moved."""
        while self.waiting and self.waiting[0].again_at <= real_now:
            _, due, key = self.waiting.popleft()
            for asked in (self.sent, self.silent):
                if asked.get(key) == due:
                    del asked[key]
                    heappush(self.heap, (due, key))

    def settled(self, key: bytes, due: float) -> bool:
        """Nothing has been asked for this key and time."""
        return self.sent.get(key) != due and self.silent.get(key) != due


class Firing:
    """The running timers of one engine, a wheel a partition."""

    def __init__(self, timers: Timers, counters: Counters, max_record_bytes: int) -> None:
        self.timers = timers
        self.counters = counters
        self.max_record_bytes = max_record_bytes
        self.wheels: dict[int, Wheel] = {}

    def own(self, number: int, part: Partition) -> None:
        """Recovery is complete: arm everything again. What was sent before is sent again, once."""
        wheel = self.wheels[number] = Wheel()
        wheel.rebuild(part.states)

    def revoke(self, number: int) -> None:
        """The partition is gone."""
        self.wheels.pop(number, None)

    def changed(self, number: int, key: bytes, old_due: float | None, new_due: float | None) -> None:
        """A step has stored a state."""
        wheel = self.wheels.get(number)
        if wheel is not None and old_due != new_due:
            wheel.arm(key, new_due)

    def take(self, number: int, part: Partition, real_now: float) -> list[tuple[bytes, bytes]]:
        """The facts of the next chunk of what is due, nearest first."""
        wheel, now = self.wheels[number], self.timers.clock()
        if wheel.pushed > 2 * len(part.states) + 10_000:
            wheel.rebuild(part.states)
        wheel.repeat(real_now)
        rows: list[tuple[bytes, bytes]] = []
        for due, key in self._due(wheel, part, now):
            facts = self._facts(key, state_of(part.states[key]), now)
            asked = wheel.sent if facts else wheel.silent
            asked[key] = due
            wheel.waiting.append(Sent(real_now + self.timers.again_seconds, due, key))
            rows += ((key, fact) for fact in facts)
        return rows

    def _due(self, wheel: Wheel, part: Partition, now: float) -> Iterable[tuple[float, bytes]]:
        taken, others = 0, sum(len(one.sent) for one in self.wheels.values() if one is not wheel)
        while wheel.heap and wheel.heap[0][0] <= now:
            if taken >= self.timers.chunk or others + len(wheel.sent) >= self.timers.unread:
                return
            due, key = heappop(wheel.heap)
            stored = part.states.get(key)
            if stored is not None and due_of(stored) == due and wheel.settled(key, due):
                taken += 1
                yield due, key

    def _facts(self, key: bytes, state: bytes, now: float) -> Sequence[bytes]:
        try:
            facts = self.timers.fire(key, state, now)
        except Exception as error:  # one dossier's rule fails; it is asked again later, the others go on
            self.counters.fire_failures += 1
            log.error("engine.fire_failed", key=key, error=type(error).__name__)
            return ()
        if any(len(key) + len(fact) > self.max_record_bytes for fact in facts):
            self.counters.fire_failures += 1
            log.error("engine.fire_failed", key=key, error=TooLarge.__name__)
            return ()
        return facts
