"""Processes by pid: started with a log file in a session of their own, awaited and ended without a busy loop."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TETHER = Path(__file__).with_name("tether.py")
# What this process started, so that it is reaped here; a pid from a state file belongs to another parent.
_OURS: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Pid:
    """A process that another cannot be taken for: a pid is reused, a pid with its time of birth is not."""

    number: int
    born: int
    """Clock ticks between the machine's start and the process's."""

    def is_alive(self) -> bool:
        """Whether it still runs; a zombie does not."""
        return _born(self.number) == self.born

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it has ended, after waiting for that at most this long."""
        if self.is_alive() and (fd := _pidfd(self.number)) is not None:
            try:
                poll = select.poll()
                poll.register(fd, select.POLLIN)
                poll.poll(None if seconds is None else seconds * 1000)
            finally:
                os.close(fd)
        return not self.is_alive()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this process, and to no later one with its pid."""
        fd = _pidfd(self.number)
        if fd is None:
            return
        try:
            if self.is_alive():
                signal.pidfd_send_signal(fd, number)
        except ProcessLookupError:
            return  # It ended on its own between the two lines: what was wanted.
        finally:
            os.close(fd)

    def end(self, seconds: float, number: signal.Signals = signal.SIGTERM) -> bool:
        """Ask it to end, kill it after this long; whether the asking was enough."""
        self.send(number)
        if self.wait(seconds):
            return True
        self.send(signal.SIGKILL)
        self.wait()
        return False

    def exit_code(self) -> int | None:
        """How it ended (minus the signal's number if by one); None while it runs or if another process started it."""
        child = _OURS.get(self.number)
        if child is None or self.is_alive():
            return None
        code = child.wait()
        del _OURS[self.number]
        return code


def start(
    argv: Sequence[str],
    log: Path,
    env: Mapping[str, str] | None = None,
    dies_with_us: signal.Signals | None = None,
    niceness: int = 0,
) -> Pid:
    """Start a command in its own session, its words appended to log.

    With `dies_with_us` the kernel sends it that signal when the thread that called this ends, however it ends.
    `niceness` is added to our own.
    """
    if dies_with_us is not None:
        argv = [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), str(int(dies_with_us)), *argv]
    if niceness:
        argv = ["nice", "-n", str(niceness), *argv]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
    _OURS[child.pid] = child
    return find(child.pid)


def find(number: int) -> Pid:
    """The process that has this pid now; one that has ended if none has."""
    return Pid(number, _born(number) or 0)


def _born(pid: int) -> int | None:
    """The process's time of birth, or None if there is no such process or only its zombie."""
    try:
        # The name in the second field may hold spaces and brackets; what follows the last bracket does not.
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state == "Z" else int(fields[18])


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None
