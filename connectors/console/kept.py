"""What is costly to make is kept for a while: a page that many open at once is made once."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from connectors.verdicts import TryLater

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

CHEAP_SECONDS = 0.5
"""What takes less (real time) is made anew each time."""
TIMES = 20
"""All else is kept this many times as long as it took: making it takes a twentieth of one core at most."""
WAIT_SECONDS = 10.0
"""So long (real time) somebody waits while something is made for somebody else."""


class Kept(Generic[Key, Value]):
    """The last few values, by key. One is made at a time; threads share it."""

    def __init__(self, most: int = 4) -> None:
        self._most = most
        self._values: OrderedDict[Key, tuple[float, Value]] = OrderedDict()
        self._making = threading.Lock()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of a key, kept or made now; an old one while somebody else makes one.

        Raises what making it does, and TryLater where others take too long and nothing is kept.
        """
        if (found := self._fresh(key)) is not None:
            return found[1]
        old = self._values.get(key)
        if not self._making.acquire(timeout=0 if old is not None else WAIT_SECONDS):
            if old is None:
                raise TryLater("another report is being made")
            return old[1]
        try:
            found = self._fresh(key)
            return found[1] if found is not None else self._made(key, make)
        finally:
            self._making.release()

    def _fresh(self, key: Key) -> tuple[float, Value] | None:
        found = self._values.get(key)
        return found if found is not None and found[0] > time.monotonic() else None

    def _made(self, key: Key, make: Callable[[], Value]) -> Value:
        began = time.monotonic()
        value = make()
        took = time.monotonic() - began
        if took >= CHEAP_SECONDS:
            self._values[key] = (time.monotonic() + took * TIMES, value)
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value
