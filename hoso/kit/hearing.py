"""The agency's side of a callback, while the kit listens: what is heard, and who is asked to call."""

import queue
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sandbox.ear import Call


class CannotSend(Exception):
    """No test notice can be sent from here; the text says why."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """Where calls come in, and what makes them come.

    `send` has the challenge and the test notice sent, and gives back what went wrong with them as it sees it; it raises
    CannotSend. Without it somebody else sends them, for whom one waits so many seconds (real time).
    """

    calls: "queue.Queue[Call]"
    seconds: float
    send: Callable[[], Sequence[str]] | None = None

    def heard(self) -> Iterator[Call]:
        """The calls as they come, until the time is over; where all was sent already, those that are there."""
        until = time.monotonic() + (0 if self.send else self.seconds)
        while True:
            try:
                yield self.calls.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return
