"""A rolling restart: processes stop in order and come back, one after another, each under a heap of events."""

import signal
from contextlib import ExitStack

from hoso import child
from hoso.storm import Wishes, _Storm
from hoso.supervised import Row, State

ORDER = ("worker", "dispatch", "translate", "poll", "notify", "project", "intake", "edge")
"""Readers before writers, as docs/upgrading.md has it."""
BACK_SECONDS = 90.0


class Rolling(_Storm):
    """A storm that can also stop each process in order, the next when the one before is ready again."""

    def __init__(self, wishes: Wishes, stack: ExitStack) -> None:
        self.ends: list[tuple[str, int | None]] = []
        """Who ended during the rolling restart, and how, in order."""
        super().__init__(wishes, stack)

    def _roll(self, *order: str) -> None:
        assert self._supervisor.wait_ready(BACK_SECONDS), "all stand before the first is stopped"
        self._supervisor._hooks.append(self._ended)
        for name in order:
            with self._weather.pouring():
                self._restart(name)

    def _restart(self, name: str) -> None:
        before = self._of(name, self._supervisor.state())
        pid = child.find(before.pid) if before.pid is not None else None
        assert pid is not None, f"{name} does not run"
        pid.send(signal.SIGTERM)

        def is_back(rows: list[Row]) -> bool:
            row = self._of(name, rows)
            return row.state is State.READY and row.pid != before.pid

        assert self._supervisor.wait_until(is_back, BACK_SECONDS), f"{name} did not come back"
        self._wishes.say(f"      {self._now()}  {name} is back")

    def _ended(self, row: Row) -> None:
        if row.state is State.DEAD:
            self.ends.append((row.name, row.exit_code))

    @staticmethod
    def _of(name: str, rows: list[Row]) -> Row:
        return next(row for row in rows if row.name == name)
