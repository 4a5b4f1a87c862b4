"""What the load run looks at from outside: CPU of every process by the kernel's count, lag of every group, spreads."""

import os
import platform
import statistics
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from connectors.store import Store
from connectors.store.queue import WAITING
from connectors.store.tables import OWED
from hoso.watching import LagWatch

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
FLAT_SECONDS = 2.0
"""Lag is flat if its last minute lies no more than this much of the load above its first."""


def cpu_of(pid: int) -> float:
    """CPU seconds a process and its ended children have used; 0 if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11:15])) / TICK


def rss_of(pid: int) -> int:
    """Bytes of memory a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p99 and the worst, in ms."""
    if not seconds:
        return {"count": 0}
    ranked = sorted(seconds)
    worst = ranked[-1]
    p99 = ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))]
    return {"count": len(ranked)} | {
        name: round(value * 1e3, 1)
        for name, value in (("p50_ms", statistics.median(ranked)), ("p99_ms", p99), ("worst_ms", worst))
    }


def machine() -> dict[str, Any]:
    """What it ran on, and who else was there."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    load = round(os.getloadavg()[0], 2)
    return {"cpu": model, "cores": os.cpu_count(), "python": platform.python_version(), "load_at_start": load}


def due(store: Store) -> dict[str, int]:
    """How many calls of each queue are due by now and not done: what a group has read it may still owe."""
    late = select(OWED.c.queue, func.count().label("calls")).where(
        OWED.c.state.in_(WAITING), OWED.c.next_at <= time.time()
    )
    with store.read() as connection:
        return {f"calls of {row.queue}": row.calls for row in connection.execute(late.group_by(OWED.c.queue))}


class LagBook(threading.Thread):
    """Writes down every group's lag once a second, and what is due in SQL, from `start` to `stop`."""

    def __init__(self, bootstrap: str, store: Store) -> None:
        super().__init__(name="lag-book", daemon=True)
        self._watch, self._over, self._store = LagWatch(bootstrap, every_seconds=0.5), threading.Event(), store
        self.rows: list[tuple[float, Mapping[str, int]]] = []
        """Unix seconds; records behind by group, and calls due by queue."""

    def run(self) -> None:
        self._watch.start()
        while not self._over.wait(1.0):
            self.rows.append((time.time(), dict(self._watch.records) | due(self._store)))
        self._watch.stop()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self.join()

    def total(self) -> int:
        """What nobody has handled yet, over all groups and queues, at the last look."""
        return sum(self.rows[-1][1].values()) if self.rows else 0

    def between(self, since: float, until: float) -> list[Mapping[str, int]]:
        """The looks of a span of unix seconds."""
        return [records for at, records in self.rows if since <= at <= until]


def lag_figures(book: LagBook, since: float, until: float, rate: float) -> dict[str, Any]:
    """Each group's mean lag in the first and the last minute (or half of a shorter run), its peak, and whether flat."""
    edge = min(60.0, (until - since) / 2)
    first, last = book.between(since, since + edge), book.between(until - edge, until)
    every = book.between(since, until)
    groups = sorted({group for records in every for group in records})
    found = {
        group: {
            "first": round(_mean(first, group), 1),
            "last": round(_mean(last, group), 1),
            "peak": max(records.get(group, 0) for records in every),
        }
        for group in groups
    }
    rising = [group for group, one in found.items() if one["last"] > one["first"] + FLAT_SECONDS * rate]
    return {"groups": found, "looks": len(every), "rising": rising, "flat": bool(found) and not rising}


def _mean(looks: Sequence[Mapping[str, int]], group: str) -> float:
    return statistics.fmean(records.get(group, 0) for records in looks) if looks else 0.0
