"""One supervised process through its lives: started, looked at, buried, started again later, stopped."""

import logging
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from hoso import child
from hoso.probe import is_ready
from hoso.supervised import RestartPolicy, Row, Spec, State

log = logging.getLogger(__name__)

LOOK_WHILE_STARTING_SECONDS = 0.25
LOOK_WHEN_READY_SECONDS = 2.0
NEVER = float("inf")


class Slot:
    """A spec's running state. Only the supervisor's thread calls it; the row may be read from any."""

    def __init__(self, spec: Spec, logs: Path, restart: RestartPolicy, changed: Callable[[Row], None]) -> None:
        self.spec = spec
        self.row = Row(spec.name, logs / f"{spec.name}.log", spec.address)
        self.act_at = 0.0
        """When it is started or looked at next, on the monotonic clock."""
        self.fd = -1
        """Readable when the process ends; negative while there is none."""
        self._restart = restart
        self._changed = changed
        self._pid: child.Pid | None = None
        self._deaths = 0
        self._ready_since: float | None = None
        self._look: Future[bool] | None = None

    def is_empty(self) -> bool:
        """Whether it has no process now."""
        return self._pid is None

    def tend(self, looks: Executor, nudge: Callable[[], None]) -> None:
        """Do what is due: bury, learn what a look found, start, look."""
        if self._pid is not None and not self._pid.is_alive():
            self._bury()
        if self._look is not None and self._look.done():
            self._learn(self._look)
        if time.monotonic() < self.act_at:
            return
        if self._pid is None:
            self._launch()
        elif self._look is None:
            self._look, self.act_at = looks.submit(is_ready, self.spec.ready), NEVER
            self._look.add_done_callback(lambda _: nudge())

    def ask_to_stop(self) -> None:
        """Send the signal that stops it in its own way."""
        if self._pid is None:
            self._become(State.STOPPED)
        else:
            self._pid.send(self.spec.stop_signal)
            self._become(State.STOPPING)

    def kill(self) -> None:
        """Send the signal that it cannot refuse."""
        if self._pid is not None and not self.row.killed:
            self._pid.send(signal.SIGKILL)
            self._become(State.STOPPING, killed=True)

    def has_stopped(self) -> bool:
        """Whether it has ended after it was asked to."""
        if self._pid is not None and not self._pid.is_alive():
            self._become(State.STOPPED, exit_code=self._reap(), pid=None)
        return self._pid is None

    def _launch(self) -> None:
        again = self.row.state is State.DEAD
        try:
            self._pid = child.start(
                self.spec.argv,
                self.row.log,
                self.spec.env,
                dies_with_us=signal.SIGKILL,
                niceness=self.spec.niceness,
            )
        except OSError as error:
            log.error("%s cannot be started: %s", self.spec.name, error)
            self._count_death(None)
            return
        self.fd = os.pidfd_open(self._pid.number)
        self.act_at = time.monotonic()
        self._become(State.STARTING, pid=self._pid.number, restarts=self.row.restarts + again)

    def _learn(self, look: "Future[bool]") -> None:
        self._look = None
        if self._pid is None:
            return  # It died meanwhile: what was found is about that one.
        ready = _found(look)
        self._ready_since = (self._ready_since or time.monotonic()) if ready else None
        self.act_at = time.monotonic() + (LOOK_WHEN_READY_SECONDS if ready else LOOK_WHILE_STARTING_SECONDS)
        if ready and self.row.state is not State.READY:
            self._become(State.READY)
        elif not ready and self.row.state is State.READY:
            self._become(State.NOT_READY)

    def _bury(self) -> None:
        """It died by itself: it is started again, later each time."""
        since, self._ready_since = self._ready_since, None
        if since is not None and time.monotonic() - since >= self._restart.forgiven_after_seconds:
            self._deaths = 0
        self._count_death(self._reap())

    def _count_death(self, code: int | None) -> None:
        self._deaths += 1
        self.act_at = time.monotonic() + self._restart.pause(self._deaths)
        self._become(State.DEAD, pid=None, exit_code=code)

    def _reap(self) -> int | None:
        """Let go of a process that has ended; how it ended."""
        os.close(self.fd)
        code = self._pid.exit_code() if self._pid else None
        self._pid, self.fd = None, -1
        return code

    def _become(self, state: State, **news: Any) -> None:
        self.row = replace(self.row, state=state, since=time.time(), **news)
        self._changed(self.row)


def _found(look: "Future[bool]") -> bool:
    try:
        return look.result()
    except Exception:
        log.exception("a readiness predicate failed")
        return False
