"""One thread that does things when their time comes: on the driven clock, or after a real span."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable

import structlog

from schemas.instant import Clock

Job = Callable[[], None]
LONGEST_WAIT = 0.2
"""Real seconds; whoever drives the clock may change its speed while we wait."""
SHORTEST_WAIT = 0.001

log = structlog.get_logger()


class Timers:
    """Jobs run one after another on one thread, in the order of their times; a job that waits belongs elsewhere.

    A job whose time has passed runs at once. A job that fails is said and the next one runs.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._count = itertools.count()
        self._driven: list[tuple[float, int, Job]] = []
        self._real: list[tuple[float, int, Job]] = []
        self._changed = threading.Condition()
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="timers", daemon=True)

    def at(self, driven: float, job: Job) -> None:
        """Do this when the driven clock shows this unix second."""
        with self._changed:
            heapq.heappush(self._driven, (driven, next(self._count), job))
            self._changed.notify()

    def later(self, seconds: float, job: Job) -> None:
        """Do this after this many real seconds."""
        with self._changed:
            heapq.heappush(self._real, (time.monotonic() + seconds, next(self._count), job))
            self._changed.notify()

    def waiting(self) -> int:
        """How many jobs lie ahead."""
        with self._changed:
            return len(self._driven) + len(self._real)

    def start(self) -> None:
        """Begin; jobs may have been handed in before."""
        self._thread.start()

    def stop(self) -> None:
        """End after the job under way; what lies ahead is dropped."""
        with self._changed:
            self._ends = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except Exception:
                log.exception("sandbox.job_failed", job=getattr(job, "__qualname__", repr(job)))

    def _next(self) -> Job | None:
        """The next job that is due, after waiting for it; None when it is time to end."""
        with self._changed:
            while not self._ends:
                for heap, now in ((self._real, time.monotonic()), (self._driven, self.clock.seconds())):
                    if heap and heap[0][0] <= now:
                        return heapq.heappop(heap)[2]
                self._changed.wait(self._span())
        return None

    def _span(self) -> float:
        """Real seconds until the next job, at today's speed, capped."""
        spans = [LONGEST_WAIT]
        if self._driven:
            spans.append((self._driven[0][0] - self.clock.seconds()) / self.clock.speed)
        if self._real:
            spans.append(self._real[0][0] - time.monotonic())
        return max(min(spans), SHORTEST_WAIT)
