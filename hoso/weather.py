"""A storm's weather: the city keeps quiet for somebody, or somebody pours a heap of events; never both at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from hoso.pace import CRAWL_SPEED, city_speed

QUIET_SECONDS = 0.7
"""So long (real time) the clock crawls before it counts as quiet."""


class Weather:
    """Threads share it. `heap` sends the heap of this number."""

    def __init__(self, heap: Callable[[int], None]) -> None:
        self._heap, self._lock = heap, threading.Lock()
        self._still = False
        self.heaps = 0

    def speed(self, now: datetime, lag_seconds: float) -> float:
        """The city's speed, for the pacer: a crawl while somebody wants quiet."""
        return CRAWL_SPEED if self._still else city_speed(now, lag_seconds)

    @contextmanager
    def still(self, over: threading.Event) -> Iterator[None]:
        """Next to nothing happens in the city during the block."""
        with self._lock:
            self._still = True
            try:
                over.wait(QUIET_SECONDS)
                yield
            finally:
                self._still = False

    @contextmanager
    def pouring(self) -> Iterator[None]:
        """A heap of events is on its way when the block begins."""
        with self._lock:
            self.heaps += 1
            self._heap(self.heaps)
            yield
