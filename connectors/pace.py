"""How many calls a second a partner is sent at most (real time)."""

import threading
import time


class Pace:
    """A bucket of tokens that fills at a rate and holds a second's worth. Threads may share one."""

    def __init__(self, rate_per_second: float) -> None:
        self._rate, self._full = rate_per_second, max(1.0, rate_per_second)
        self._tokens, self._at = self._full, time.monotonic()
        self._lock = threading.Lock()

    def take(self, wanted: int) -> int:
        """How many of those wanted may go now."""
        with self._lock:
            now = time.monotonic()
            self._tokens = min(self._full, self._tokens + (now - self._at) * self._rate)
            self._at = now
            granted = min(wanted, int(self._tokens))
            self._tokens -= granted
            return granted

    def give_back(self, count: int) -> None:
        """So many that were granted did not go."""
        with self._lock:
            self._tokens = min(self._full, self._tokens + count)

    @property
    def next_seconds(self) -> float:
        """How long until one more may go."""
        with self._lock:
            return max(0.0, (1 - self._tokens) / self._rate)
