"""The nodes of a storm's broker: one is down at a time, and comes back with its data."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path

from hoso import broker
from hoso.child import Pid
from hoso.java import CannotStart

LOOK_SECONDS = 0.05
RISES_SECONDS = 10.0
"""How long it may take until a new process of a node is seen."""


class Nodes:
    """`start` starts what died; it is called in the keeper's thread, with which the nodes live."""

    def __init__(self, home: Path, keeper: Executor, start: Callable[[], broker.Broker]) -> None:
        self._home, self._keeper, self._start = home, keeper, start
        self._turn = threading.Lock()

    @contextmanager
    def one(self, node: int) -> Iterator[Pid]:
        """A node of which all others stand, for the length of a block."""
        with self._turn:
            yield self._pid(node)

    def rises(self) -> "Future[broker.Broker]":
        """Start what died: done when it answers."""
        return self._keeper.submit(self._start)

    def rising(self, node: int, before: Pid) -> Pid | None:
        """The new process of a node that is being started; None if none is seen."""
        until = time.monotonic() + RISES_SECONDS
        while time.monotonic() < until:
            pid = self._pid(node)
            if pid != before and pid.is_alive():
                return pid
            time.sleep(LOOK_SECONDS)
        return None

    def stand(self) -> bool:
        """Whether all nodes run."""
        found = broker.status(self._home)
        return found is not None and not found.missing()

    def _pid(self, node: int) -> Pid:
        found = broker.status(self._home)
        if found is None:
            raise CannotStart("no node of the broker stands")
        return found.pids[node - 1]
