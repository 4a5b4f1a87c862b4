"""The one place the time comes from: real by default, driven when `HOSO_CLOCK` says so.

`HOSO_CLOCK=start=<ISO instant>,speed=<factor>,anchor=<unix seconds>` makes every process live the same faster time:
at real time `anchor` it is `start`, and from there the time runs `speed` times as fast. `HOSO_CLOCK=file=<path>` names
a file of such lines, each in force from its anchor on, so that whoever drives the clock can change its speed while
others read it. Signature timestamps and HTTP time-outs never come from here: the other side lives in real time.
"""

import os
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

VIETNAM = timezone(timedelta(hours=7))
"""The zone of every date in the product: UTC+7, no summer time."""

SECONDS_BETWEEN_LOOKS = 0.05


class WrongClock(ValueError):
    """HOSO_CLOCK cannot be read; the text says which part and why."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of driven time: at real `anchor` (unix seconds) it is `start` (unix seconds), running `speed` times
    as fast.
    """

    start: float
    speed: float
    anchor: float

    def at(self, real: float) -> float:
        """The driven unix seconds at this real unix second."""
        return self.start + (real - self.anchor) * self.speed

    def line(self) -> str:
        """This segment as HOSO_CLOCK writes it."""
        return f"start={aware(self.start).isoformat()},speed={self.speed!r},anchor={self.anchor!r}"


REAL = Segment(0.0, 1.0, 0.0)


def parse_segment(text: str) -> Segment:
    """A segment from `start=...,speed=...,anchor=...`; WrongClock says which part is wrong."""
    parts = dict(part.split("=", 1) for part in text.strip().split(",") if "=" in part)
    try:
        start = datetime.fromisoformat(parts["start"])
        speed, anchor = float(parts["speed"]), float(parts["anchor"])
    except KeyError as missing:
        raise WrongClock(f"HOSO_CLOCK has no {missing.args[0]}: {text!r}") from missing
    except ValueError as error:
        raise WrongClock(f"HOSO_CLOCK cannot be read: {error}") from error
    if start.tzinfo is None:
        raise WrongClock(f"HOSO_CLOCK: start has no zone: {parts['start']!r}")
    if speed <= 0:
        raise WrongClock(f"HOSO_CLOCK: speed must be above 0, it is {speed}")
    return Segment(start.timestamp(), speed, anchor)


class Clock:
    """Tells the time of the segments it follows. Cheap to ask; it looks at its file at most every 50 ms."""

    def __init__(self, segments: tuple[Segment, ...] = (REAL,), file: Path | None = None) -> None:
        self.segments, self.file = segments, file
        self._looked_at, self._seen = 0.0, (0, 0)
        if file is not None:
            self._look()

    def _look(self) -> None:
        """Read the file again if it has changed.

        The look counts once it is over: a thread that finds one under way looks itself, however long that one takes.
        """
        assert self.file is not None
        began, status = time.monotonic(), self.file.stat()
        if (status.st_mtime_ns, status.st_size) != self._seen:
            self._read(status)
        self._looked_at = began

    def _read(self, status: os.stat_result) -> None:
        assert self.file is not None
        lines = self.file.read_text().splitlines(keepends=True)
        whole = [line for line in lines if line.endswith("\n") and line.strip()]
        self.segments = tuple(parse_segment(line) for line in whole) or (REAL,)
        self._seen = (status.st_mtime_ns, status.st_size)

    def segment(self, real: float) -> Segment:
        """The segment in force at this real unix second."""
        if self.file is not None and time.monotonic() - self._looked_at > SECONDS_BETWEEN_LOOKS:
            self._look()
        for segment in reversed(self.segments):
            if segment.anchor <= real:
                return segment
        return self.segments[0]

    def seconds(self) -> float:
        """Now, in driven unix seconds."""
        real = time.time()
        return self.segment(real).at(real)

    def now(self) -> datetime:
        """Now, in Viet Nam's zone."""
        return aware(self.seconds())

    @property
    def speed(self) -> float:
        """How many driven seconds pass in a real one, at this moment."""
        return self.segment(time.time()).speed

    def real_seconds(self, driven: float) -> float:
        """How long a driven span of seconds takes in real seconds, at today's speed."""
        return driven / self.speed


def clock_from(setting: str | None) -> Clock:
    """The clock that HOSO_CLOCK describes; the real one for None or an empty text. Raises WrongClock."""
    if not setting:
        return Clock()
    if not setting.startswith("file="):
        return Clock((parse_segment(setting),))
    file = Path(setting.removeprefix("file="))
    if not file.is_file():
        raise WrongClock(f"HOSO_CLOCK names a file that is not there: {file}")
    return Clock(file=file)


_clock: Clock | None = None


def clock() -> Clock:
    """This process's clock, from HOSO_CLOCK at the first call."""
    global _clock
    if _clock is None:
        _clock = clock_from(os.environ.get("HOSO_CLOCK"))
    return _clock


def now() -> datetime:
    """Now, on this process's clock, in Viet Nam's zone."""
    return clock().now()


def aware(seconds: float) -> datetime:
    """Unix seconds as an instant in Viet Nam's zone."""
    return datetime.fromtimestamp(seconds, VIETNAM)


def date_of(instant: datetime) -> date:
    """The date of an instant in Viet Nam's zone."""
    return instant.astimezone(VIETNAM).date()


def utc(instant: datetime) -> datetime:
    """The same instant in UTC."""
    return instant.astimezone(UTC)
