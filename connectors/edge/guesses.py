"""How often a tracking code may be wrong: a budget for each address, and one for all of them together. Real time.

A code has 50 bits; who guesses codes of a city's dossiers must try 100 million for one. The budgets fill evenly and
hold one minute's worth. They are this process's own.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

SLACK = 1e-6
"""What adding up parts of a guess may lose."""
MOST_ADDRESSES = 10_000
"""How many addresses are remembered; whose budget is forgotten begins with a full one, but the common one has not."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float
    a_minute: int

    def fill(self, at: float) -> None:
        """Up to now."""
        self.left = min(float(self.a_minute), self.left + (at - self.at) * self.a_minute / 60)
        self.at = at

    def wait(self) -> float:
        """The seconds until it holds one."""
        return (1 - self.left) * 60 / self.a_minute if self.left < 1 - SLACK else 0.0


class Guesses:
    """The budgets of one door; threads share it."""

    def __init__(
        self, an_address: int = 10, everybody: int = 60, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._an_address, self._seconds, self._lock = an_address, seconds, threading.Lock()
        self._together = _Bucket(everybody, seconds(), everybody)
        self._addresses: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, address: str, *, together: bool = True) -> float:
        """0 where one more guess may be made, which is taken at once; else the seconds to wait. `give_back` if it hits.

        Not `together`: of the address's budget alone.
        """
        with self._lock:
            buckets = [self._bucket(address), *([self._together] if together else [])]
            for bucket in buckets:
                bucket.fill(self._seconds())
            if (wait := max(bucket.wait() for bucket in buckets)) > 0:
                return wait
            for bucket in buckets:
                bucket.left -= 1
            return 0.0

    def give_back(self, address: str) -> None:
        """It was no guess: the code is one."""
        with self._lock:
            for bucket in (self._bucket(address), self._together):
                bucket.left = min(float(bucket.a_minute), bucket.left + 1)

    def _bucket(self, address: str) -> _Bucket:
        found = self._addresses.setdefault(address, _Bucket(self._an_address, self._seconds(), self._an_address))
        self._addresses.move_to_end(address)
        while len(self._addresses) > MOST_ADDRESSES:
            self._addresses.popitem(last=False)
        return found
