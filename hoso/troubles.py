"""What goes wrong in a storm beside the blows: files that cannot grow, a clock that jumps, a database that is away."""

import resource
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Protocol

from hoso.child import Pid
from hoso.pace import ClockFile
from hoso.strikes import Mischief, Trouble

FULL_SECONDS = 2.0, 5.0
"""How long a disk is full, at least and at most."""
HELD_SECONDS = 2.0, 5.0
"""How long a SQLite database is usually held by somebody else."""
HELD_LONG_SECONDS, HELD_LONG = 16.5, 0.85
"""Longer than a process waits for it; and from which roll on."""
PATIENCE_SECONDS = 60.0
"""How long we wait for our turn at it: a process that was frozen while it wrote has it for some seconds."""
FULL_TRIES = 5
AHEAD_SECONDS = 1800.0, 3 * 3600.0
"""Driven seconds by which a clock jumps ahead."""
BACK_SECONDS = 30.0, 240.0
"""And back: within the five minutes by which a sender's clock may be ahead of ours. Beyond, the gate rejects what was
said before the jump and tells its sender, who sends it again."""


class Database(Protocol):
    """The pipeline's database, which can be away."""

    @property
    def url(self) -> str:
        """Its address."""

    def away(self, roll: float, over: threading.Event) -> None:
        """Be away for a while, in a way that the roll decides, and be back."""


class SqliteFile:
    """A database in a file: somebody else writes, and does not end."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def url(self) -> str:
        """Its address."""
        return f"sqlite:///{self._file}"

    def away(self, roll: float, over: threading.Event) -> None:
        """Hold it."""
        seconds = HELD_LONG_SECONDS if roll > HELD_LONG else _between(HELD_SECONDS, roll)
        with closing(sqlite3.connect(self._file, timeout=PATIENCE_SECONDS, isolation_level=None)) as session:
            session.execute("BEGIN IMMEDIATE")
            over.wait(seconds)
            session.execute("ROLLBACK")


class Troubles:
    """Brings them about, and counts them. Threads share it. `process` finds the one to hit."""

    def __init__(
        self, database: Database, clock: ClockFile, process: Callable[[str], Pid | None], over: threading.Event
    ) -> None:
        self._database, self._clock, self._process, self._over = database, clock, process, over
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()

    def happens(self, mischief: Mischief) -> None:
        """One trouble, from its beginning to its end."""
        match mischief.trouble:
            case Trouble.FULL_DISK:
                if not self._fill_disk(mischief):
                    return
            case Trouble.CLOCK_AHEAD:
                self._clock.jump(_between(AHEAD_SECONDS, mischief.roll))
            case Trouble.CLOCK_BACK:
                self._clock.jump(-_between(BACK_SECONDS, mischief.roll))
            case Trouble.DATABASE_AWAY:
                self._database.away(mischief.roll, self._over)
        with self._lock:
            self.counts[str(mischief.trouble)] += 1

    def _fill_disk(self, mischief: Mischief) -> bool:
        """Whether it was there to be hit. Every write to a file fails, as it does where there is no room."""
        for _ in range(FULL_TRIES):
            pid = self._process(mischief.whom)
            if pid is not None and _limit(pid, full=True):
                self._over.wait(_between(FULL_SECONDS, mischief.roll))
                _limit(pid, full=False)
                return True
        return False


def _limit(pid: Pid, *, full: bool) -> bool:
    """Let no file of this process grow, or let them grow again; whether it lived to see it."""
    try:
        _, most = resource.prlimit(pid.number, resource.RLIMIT_FSIZE)
        if not pid.is_alive():
            return False
        resource.prlimit(pid.number, resource.RLIMIT_FSIZE, (0 if full else most, most))
    except ProcessLookupError:
        return False
    return True


def _between(span: tuple[float, float], roll: float) -> float:
    return span[0] + (span[1] - span[0]) * roll
