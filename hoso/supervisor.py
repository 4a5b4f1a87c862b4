"""Keeps processes running: what dies is started again, a stop goes in order, nothing outlives the supervisor."""

import logging
import os
import select
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Self

from hoso.slot import NEVER, Slot
from hoso.supervised import Hook, RestartPolicy, Row, Spec, State

log = logging.getLogger(__name__)


class Supervisor:
    """Runs every spec from `start` to `stop`, in a thread of its own that starts, watches and ends the processes.

    The kernel kills the processes when that thread ends, however it ends: a killed supervisor leaves nothing behind.
    `state` and the waits may be called from any thread; a hook is called in the supervisor's, and must not stop it.
    """

    def __init__(
        self, specs: Sequence[Spec], logs: Path, restart: RestartPolicy | None = None, hooks: Sequence[Hook] = ()
    ) -> None:
        self._slots = [Slot(spec, logs, restart or RestartPolicy(), self._tell) for spec in specs]
        self._hooks = list(hooks)
        self._changed = threading.Condition()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._looks = ThreadPoolExecutor(max_workers=4, thread_name_prefix="look")
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self._stopping = self._hurried = self._over = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start every process, without waiting for any."""
        self._thread.start()

    def state(self) -> list[Row]:
        """Every process as it stands now, in the specs' order."""
        return [slot.row for slot in self._slots]

    def is_running(self) -> bool:
        """Whether it watches; false after a stop."""
        return self._thread.is_alive()

    def wait_until(self, holds: Callable[[list[Row]], bool], seconds: float | None = None) -> bool:
        """Whether this holds for the rows, after waiting for it at most this long or until all has stopped."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or holds(self.state()), seconds)
            return holds(self.state())

    def wait_ready(self, seconds: float | None = None) -> bool:
        """Whether every process is ready, after waiting for that at most this long."""
        return self.wait_until(lambda rows: all(row.state is State.READY for row in rows), seconds)

    def stop(self) -> None:
        """Stop all in order, and return when they have."""
        self._stopping = True
        self._nudge()
        if self._thread.ident is not None:
            self._thread.join()

    def hurry(self) -> None:
        """Kill what a stop still waits for. It returns at once, so a signal handler may call it."""
        self._hurried = True
        self._nudge()

    def _run(self) -> None:
        try:
            while not self._stopping:
                for slot in self._slots:
                    slot.tend(self._looks, self._nudge)
                self._await(self._slots, min((slot.act_at for slot in self._slots), default=NEVER))
            for _, together in groupby(sorted(self._slots, key=_order), key=_order):
                self._stop_together(list(together))
        finally:
            self._looks.shutdown(wait=False, cancel_futures=True)
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _stop_together(self, slots: list[Slot]) -> None:
        began = time.monotonic()
        for slot in slots:
            slot.ask_to_stop()
        while slots := [slot for slot in slots if not slot.has_stopped()]:
            for slot in slots:
                if self._hurried or time.monotonic() >= began + slot.spec.stop_seconds:
                    slot.kill()
            patient = [began + slot.spec.stop_seconds for slot in slots if not slot.row.killed]
            self._await(slots, min(patient, default=NEVER))

    def _await(self, slots: Sequence[Slot], until: float) -> None:
        """Return when one of these ends, when somebody nudges, or at this time of the monotonic clock."""
        poll = select.poll()
        for fd in (self._wake, *(slot.fd for slot in slots if not slot.is_empty())):
            poll.register(fd, select.POLLIN)
        # A millisecond more: poll rounds down, and an early return would only come back.
        poll.poll(None if until == NEVER else max(0.0, (until - time.monotonic()) * 1000 + 1))
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            return  # Nobody nudged: a process ended, or it is time.

    def _nudge(self) -> None:
        os.eventfd_write(self._wake, 1)

    def _tell(self, row: Row) -> None:
        """Wake who waits, and tell the hooks."""
        with self._changed:
            self._changed.notify_all()
        for hook in self._hooks:
            try:
                hook(row)
            except Exception:
                # The pipeline does not end because somebody who watches it failed.
                log.exception("a hook failed on %s", row)


def _order(slot: Slot) -> int:
    return slot.spec.stop_order
