"""How many events a minute each agency may send: a bucket that fills evenly and holds one minute's worth. Real time."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Quotas:
    """One bucket an agency; threads share it."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._buckets, self._lock = seconds, dict[str, _Bucket](), threading.Lock()

    def take(self, agency: str, events: int, a_minute: int) -> float:
        """0 if so many may come now, else the seconds to wait. A batch above a minute's worth passes a full bucket."""
        at = self._seconds()
        with self._lock:
            bucket = self._buckets.setdefault(agency, _Bucket(a_minute, at))
            bucket.left = min(float(a_minute), bucket.left + (at - bucket.at) * a_minute / 60)
            bucket.at = at
            needed = min(events, a_minute)
            if bucket.left >= needed:
                bucket.left -= events
                return 0.0
            return (needed - bucket.left) * 60 / a_minute
