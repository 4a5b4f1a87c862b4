"""One look, again and again, on a thread of its own: what cannot be seen for a while blinds no other look."""

import threading
import time
from collections.abc import Callable, Sequence

import structlog

from connectors.monitors.board import Board, Sample
from connectors.verdicts import TryLater

log = structlog.get_logger()

Look = Callable[[], Sequence[Sample]]
"""What is to be seen now. Raises TryLater where that cannot be looked at."""
A_TWENTIETH = 19.0
"""A look that rests so many times as long as it took has a twentieth of the time at most: for large databases."""


class Looker:
    """Looks every so often (real time) until told to stop. What it saw last stands while it cannot look.

    An error that is no verdict goes to `broken`, and the process with it.
    """

    def __init__(
        self,
        name: str,
        look: Look,
        every_seconds: float,
        board: Board,
        stop: threading.Event,
        broken: Callable[[BaseException], None],
        rests: float = 0.0,
    ) -> None:
        """`rests`: so many times as long as a look took it waits at least."""
        self.name, self._look, self._every_seconds, self._rests = name, look, every_seconds, rests
        self._board, self._stop, self._broken = board, stop, broken
        # Before its first look it has seen nothing, and is as old as the monitor.
        board.shows(name, ())
        self._failing = False
        self.has_looked = False
        """Whether it ever saw what it is for."""
        self._thread = threading.Thread(target=self._run, name=f"look-{name}", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def join(self, timeout_seconds: float) -> None:
        """Wait for the look under way to end."""
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                began = time.monotonic()
                self.look()
                took = time.monotonic() - began if not self._failing else 0.0
                self._stop.wait(max(self._every_seconds, self._rests * took))
        except BaseException as error:
            self._broken(error)
            raise

    def look(self) -> None:
        """Look once, and show what is seen."""
        try:
            self._board.shows(self.name, self._look())
        except TryLater as later:
            if not self._failing:
                log.warning("look.failed", look=self.name, why=later.why)
            self._failing = True
            return
        if self._failing:
            log.info("look.works", look=self.name)
        self._failing, self.has_looked = False, True
