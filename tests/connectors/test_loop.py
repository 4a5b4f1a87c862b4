"""The consuming loop where the broker puts it off."""

import threading
from collections.abc import Sequence
from typing import Any, cast

from connectors.broker import Message
from connectors.loop import run
from connectors.verdicts import TryLater


class InARebalance:
    """A member of a group that waits for it: no commit is taken before it has polled again."""

    name = "test/one"

    def __init__(self, batch: Sequence[Message], stop: threading.Event) -> None:
        self._batches, self._stop = [list(batch)], stop
        self.polls = self.polled_at_commit = 0
        self.committed = False

    def poll(self, most: int, timeout_ms: int) -> list[Message]:
        """The batch, then nothing."""
        self.polls += 1
        return self._batches.pop() if self._batches else []

    def commit(self) -> None:
        """Put off until there was a poll since the first attempt."""
        self.polled_at_commit = self.polled_at_commit or self.polls
        if self.polls == self.polled_at_commit:
            raise TryLater("not committed: RebalanceInProgressError")
        self.committed = True
        self._stop.set()

    def lag(self) -> dict[str, int]:
        """None."""
        return {}

    def keep_place(self) -> None:
        """A look without a place for what it waits for."""

    def close(self) -> None:
        """End."""


def test_a_commit_that_is_put_off_does_not_keep_the_loop_from_polling() -> None:
    """Seen: one stood there insisting while the rebalance that it was put off for waited for its poll."""
    stop, handled = threading.Event(), list[Message]()
    message = Message("t", 0, 0, b"k", b"v")
    consumer = InARebalance([message], stop)

    def live() -> None:
        run(cast(Any, consumer), handled.extend, stop, process="test", timeout_ms=1)

    loop = threading.Thread(target=live, daemon=True)
    loop.start()
    loop.join(20)
    stop.set()

    assert (consumer.committed, handled) == (True, [message])


class WithoutACoordinator(InARebalance):
    """Nobody takes its commits; it is told to stop while the first one waits."""

    commits = 0

    def commit(self) -> None:
        """Never taken."""
        self.commits += 1
        self._stop.set()
        raise TryLater("not committed: CoordinatorNotAvailableError")


def test_a_loop_that_is_told_to_stop_waits_for_one_commit_and_no_second() -> None:
    """Each waits 10 s for an answer, and lanes have to land after it."""
    stop = threading.Event()
    consumer = WithoutACoordinator([Message("t", 0, 0, b"k", b"v")], stop)

    run(cast(Any, consumer), lambda batch: None, stop, process="test", timeout_ms=1)

    assert consumer.commits == 1
