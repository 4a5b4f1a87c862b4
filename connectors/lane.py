"""A partner's lane: while its lease is ours what is due goes out, a few at once; what gets no answer slows it.

One lane never delays another, and one bad row none of its lane: it waits by itself while the others pass.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

import structlog

from connectors.metrics import gauge
from connectors.pace import Pace
from connectors.retry import RetryPolicy
from connectors.store.breaker import Breaker, BreakerPolicy
from connectors.store.queue import Owed, Queue
from connectors.verdicts import TryLater
from schemas.instant import clock

log = structlog.get_logger()

SHOWN_SECONDS = 5.0
"""How often (real time) what a lane owes is counted."""
TURN_SECONDS = 0.03
"""How far apart (real time) a busy lane's turns are: what came and what ended meanwhile is seen to in one."""
BUSY_SECONDS = 0.25
"""How often (real time) a lane looks again while the clock is driven: its speed may change meanwhile."""


@dataclass(frozen=True)
class LanePolicy:
    """How a lane behaves: how many calls at once, how long it is ours (real time), how it fails and recovers."""

    workers: int = 4
    lease_seconds: float = 15.0
    rate_per_second: float = 20.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)


class Passage:
    """Whether a lane's rows may go out. This one lets everything pass. Threads share it."""

    def stops(self, queue: Queue, row: Owed) -> bool:
        """True if a row must not go now: then it is put off in its queue already, and that was no try."""
        return False

    def open_since(self, row: Owed) -> float:
        """Since when (driven seconds) a row might go: how long it has been tried counts from there."""
        return row.created_at


OPEN = Passage()


class Lane:
    """Works through one lane of a queue in threads of its own, from `start` to `close`.

    `work` settles a row (done, gave up, later) and returns, or raises TryLater: then the lane puts the row off, in
    doubt if the verdict is. `gives_up` settles one whose tries are used up, never one in doubt. After a crash both may
    be called again for the same row. Any other error goes to `broken`, and the process with it. What `passage` stops
    does not come to `work`, unless it is in doubt: then the partner may have it, and must be asked.
    """

    def __init__(
        self,
        queue: Queue,
        name: str,
        owner: str,
        work: Callable[[Owed], None],
        gives_up: Callable[[Owed, TryLater], None],
        broken: Callable[[BaseException], None],
        policy: LanePolicy | None = None,
        passage: Passage = OPEN,
    ) -> None:
        self._queue, self._name, self._owner, self._passage = queue, name, owner, passage
        self._work, self._gives_up, self._broken = work, gives_up, broken
        self._policy = policy or LanePolicy()
        self._pace, self._dice = Pace(self._policy.rate_per_second), Random()
        self._woken, self._closing, self._lock = threading.Event(), threading.Event(), threading.Lock()
        self._breaker, self._running, self._holds = Breaker(), 0, False
        self._has_news, self._is_awaited = True, True
        self._leased_at = self._shown_at = 0.0
        self._lost: deque[str] = deque()
        self._term, self._stale = 0, False
        self._pool = ThreadPoolExecutor(self._policy.workers, f"lane-{name}")
        self._thread = threading.Thread(target=self._run, name=f"lane-{name}", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._queue.put_off.append(self._woken.set)
        self._thread.start()

    def wake(self) -> None:
        """Something new may be due: look now."""
        self._has_news = True
        self._woken.set()

    def close(self, timeout_seconds: float = 60) -> None:
        """Finish what is under way, let the lane go."""
        self._closing.set()
        self._woken.set()
        self._thread.join(timeout_seconds)

    # ------------------------------------------------------------ inside

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._woken.clear()
                next_turn_at = time.monotonic() + TURN_SECONDS
                pause = self._turn_or_wait()
                if pause > 0 and not self._closing.is_set():
                    self._woken.wait(pause)
                self._closing.wait(max(0.0, next_turn_at - time.monotonic()))
            self._pool.shutdown(wait=True)
            self._queue.lanes.release(self._name, self._owner)
        except BaseException as error:
            self._broken(error)
            raise

    def _turn_or_wait(self) -> float:
        try:
            return self._turn()
        except TryLater as later:
            log.warning("lane.broken", lane=self._name, why=later.why)
            return 1.0

    def _turn(self) -> float:
        """Take what may go now; how long to rest afterwards, in real seconds."""
        lease_seconds = self._policy.lease_seconds
        held, asked_at = self._holds, time.time()
        if not (held and 0 <= asked_at - self._leased_at < lease_seconds / 3):
            # Nobody else can have it before it ends, so most turns need not write.
            self._holds = self._queue.lanes.lease(self._name, self._owner, lease_seconds)
            self._leased_at = asked_at
        if not self._holds:
            self._hide()
            return lease_seconds / 3
        if self._waits_for_its_past():
            return BUSY_SECONDS
        if lost := list(self._lost):
            self._queue.back(self._name, lost)
            for _ in lost:
                self._lost.popleft()
        with self._lock:
            if not held:
                self._breaker = self._queue.lanes.breaker(self._name)
                gauge("hoso_breaker").labels(self._queue.name, self._name).set(self._breaker.level)
            now = clock().seconds()
            free = self._breaker.allows(now, self._policy.workers) - self._running
            opens_at = self._breaker.opens_at
        # From here on a call that ends wakes us, until we know that nothing waits for it.
        self._is_awaited = True
        return self._rest(opens_at if opens_at > now else None, now) if free <= 0 else self._look(free, now)

    def _look(self, free: int, now: float) -> float:
        """Let go what is due, as far as there is room; how long to rest afterwards."""
        if not self._has_news:
            next_at = self._next_at(self._queue.first_at(self._name), now)
            if next_at is None or next_at > now:
                return self._rest(next_at, now)
        if not (granted := self._pace.take(free)):
            return self._pace.next_seconds
        self._has_news = False
        claimed = self._queue.claim(self._name, now, granted)
        self._pace.give_back(granted - len(claimed.rows))
        self._send_off(claimed.rows)
        if len(claimed.rows) == granted:
            self._has_news = True
            return 0.0
        return self._rest(self._next_at(claimed.first_at, now), now)

    def _next_at(self, first_at: float | None, now: float) -> float | None:
        """When the next may go; what is due and may not waits for the end of one that is under way."""
        if first_at is not None and first_at <= now:
            return self._queue.next_at(self._name)
        self._is_awaited = False
        if first_at is None and not self._running:
            gauge("hoso_owed").labels(self._queue.name, self._name).set(0)
        return first_at

    def _waits_for_its_past(self) -> bool:
        """Whether calls are still under way from before another held the lane: first they end, then we claim again.

        What became of them is not written; all that was in flight is owed again already.
        """
        with self._lock:
            if (term := self._queue.lanes.term(self._name)) != self._term:
                self._term, self._stale = term, True
                self._lost.clear()
            self._stale = self._stale and self._running > 0
            return self._stale

    def _send_off(self, rows: list[Owed]) -> None:
        for row in rows:
            with self._lock:
                self._running += 1
            self._pool.submit(self._one, row)
        self._show()

    def _show(self) -> None:
        """Count what is owed, but not at every turn."""
        if time.monotonic() - self._shown_at > SHOWN_SECONDS:
            self._shown_at = time.monotonic()
            gauge("hoso_owed").labels(self._queue.name, self._name).set(self._queue.counts().get(self._name, 0))

    def _hide(self) -> None:
        """Whoever holds the lane now shows it: what we knew of it is of the past."""
        for name in ("hoso_owed", "hoso_breaker"):
            gauge(name).remove(self._queue.name, self._name)

    def _rest(self, next_at: float | None, now: float) -> float:
        """Until the next is due, but never past a third of the lease, and shorter while the clock is driven."""
        most = self._policy.lease_seconds / 3
        if next_at is None:
            return most
        wait = max(0.005, clock().real_seconds(next_at - now))
        return min(wait, most if clock().speed == 1 else BUSY_SECONDS)

    def _one(self, row: Owed) -> None:
        """One row, in a thread of the pool."""
        try:
            if row.in_doubt or not self._passage.stops(self._queue, row):
                self._settle(row)
        except TryLater as later:
            # The database is away: what we know of the row cannot be written, so it is owed again as it stands there.
            log.warning("order.owed", queue=self._queue.name, id=row.id, why=later.why)
            self._lost.append(row.id)
        except BaseException as error:
            self._broken(error)
        finally:
            with self._lock:
                self._running -= 1
            if self._is_awaited or self._stale or self._lost:
                self._woken.set()

    def _settle(self, row: Owed) -> None:
        try:
            self._work(row)
        except TryLater as later:
            now = clock().seconds()
            self._stands(self._breaker.failed(now, self._policy.breaker), later)
            if self._policy.retry.is_over(self._passage.open_since(row), now) and not later.in_doubt:
                self._gives_up(row, later)
                return
            pause = self._policy.retry.pause(row.attempts, self._dice, later.retry_after_seconds)
            self._queue.later(row.id, now + pause, later.why, in_doubt=later.in_doubt)
            log.info("order.owed", queue=self._queue.name, id=row.id, why=later.why, in_doubt=later.in_doubt)
        else:
            self._stands(self._breaker.answered(self._policy.breaker), None)

    def _stands(self, after: Breaker, why: TryLater | None) -> None:
        with self._lock:
            before, self._breaker = self._breaker, after
        if after == before:
            return
        self._queue.lanes.stands(self._name, after)
        gauge("hoso_breaker").labels(self._queue.name, self._name).set(after.level)
        if after.opens_at > before.opens_at and why:
            log.warning("lane.broken", queue=self._queue.name, lane=self._name, why=why.why)
        elif before.opens_at > after.opens_at:
            log.info("lane.opened", queue=self._queue.name, lane=self._name)
