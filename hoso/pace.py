"""Drives the demo's clock: quick by night, slower by day, and slow while the pipeline lags, so that speed makes
nothing late.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from schemas.instant import Clock, Segment

AHEAD_SECONDS = 0.25
"""A new speed is written so much before it is in force: every process has read it by then."""
LOOK_SECONDS = 0.25


class ClockFile:
    """The file that HOSO_CLOCK names: one segment a line, each in force from its anchor on. One process writes it."""

    def __init__(self, path: Path, start: datetime, speed: float) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._last, self._lock = Segment(start.timestamp(), speed, time.time()), threading.Lock()
        path.write_text(self._last.line() + "\n")
        self.clock = Clock(file=path)

    @property
    def setting(self) -> str:
        """What HOSO_CLOCK is for the processes that live by it."""
        return f"file={self._path.resolve()}"

    def run_at(self, speed: float) -> None:
        """From a quarter of a second on, run this many times as fast."""
        with self._lock:
            if self._last.speed != speed:
                self._from_now_on(speed, 0.0)

    def jump(self, seconds: float) -> None:
        """From a quarter of a second on, be so many driven seconds further, or back."""
        with self._lock:
            self._from_now_on(self._last.speed, seconds)

    def _from_now_on(self, speed: float, further: float) -> None:
        anchor = time.time() + AHEAD_SECONDS
        self._last = Segment(self._last.at(anchor) + further, speed, anchor)
        with self._path.open("a") as file:
            file.write(self._last.line() + "\n")


class Pacer(threading.Thread):
    """Sets the speed that `speed_of(now, lag)` gives, and looks again every quarter of a second until it is stopped."""

    def __init__(self, file: ClockFile, speed_of: Callable[[datetime, float], float], lag: Callable[[], float]) -> None:
        super().__init__(name="pacer", daemon=True)
        self._file, self._speed_of, self._lag = file, speed_of, lag
        self._over = threading.Event()
        self.slowed_seconds = 0.0
        """How long (in real seconds) the clock ran slowly because the pipeline lagged."""

    def run(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            now, lag = self._file.clock.now(), self._lag()
            speed, unhindered = self._speed_of(now, lag), self._speed_of(now, 0.0)
            self.slowed_seconds += LOOK_SECONDS if speed < unhindered else 0.0
            self._file.run_at(speed)

    def stop(self) -> None:
        """Leave the clock at the speed it has."""
        self._over.set()
        if self.ident is not None:
            self.join()


DAY_SPEED = 4_000.0
NIGHT_SPEED = 30_000.0
EVENING_SPEED = 6_000.0
CRAWL_SPEED = 60.0


def city_speed(now: datetime, lag_seconds: float) -> float:
    """Two weeks in some two minutes; a crawl while the pipeline is behind, above all before a midnight.

    At midnight the timers say what was missed: whatever was stated by day must be folded by then.
    """
    if lag_seconds > 2.0 or (now.hour >= 17 and lag_seconds > 0.3):
        return CRAWL_SPEED
    if lag_seconds > 0.7:
        return DAY_SPEED / 8
    if now.weekday() < 5 and 7 <= now.hour < 17:
        return DAY_SPEED
    return EVENING_SPEED if now.hour in (17, 23) else NIGHT_SPEED
