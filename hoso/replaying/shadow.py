"""The log out to two programs side by side, what they make of it back in; they run under releases of their own."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec

from connectors.broker import Message
from connectors.reference import Published
from hoso.replaying.differing import Pairing
from schemas.instant import now
from schemas.reference import Bundle

OURS = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("side.py")
ENDS_SECONDS = 10
_encode = msgspec.json.Encoder().encode


class CannotReplay(ValueError):
    """A side could not be folded; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Release:
    """Code that folds: a checkout of hoso and the interpreter it runs under."""

    name: str
    path: Path = OURS
    python: Path = Path(sys.executable)


@dataclass(frozen=True, slots=True)
class Window:
    """Facts recorded from the one instant up to the other are compared; all before them are folded for their state."""

    begins: datetime
    ends: datetime


def replaced(history: Sequence[Published], bundle: Bundle) -> list[Published]:
    """As if every version had been this one: the names stay, for facts name them."""
    return [Published(one.at, bundle.model_copy(update={"version": one.bundle.version})) for one in history]


def replay(
    log: Iterable[Message],
    sides: tuple[tuple[Release, Sequence[Published]], tuple[Release, Sequence[Published]]],
    window: Window,
    progress: Callable[[int], None] = lambda _: None,
) -> Pairing:
    """Fold the log twice, as it was and as it would have been, and pair what both say. Raises CannotReplay.

    Both programs get the log's keys and values and nothing else: no broker, no settings, no secrets.
    """
    pairing = Pairing()
    with ExitStack() as going:
        both = [
            going.enter_context(_side(number, release, references, window, pairing))
            for number, (release, references) in enumerate(sides)
        ]
        for count, record in enumerate(log, start=1):
            line = _line(record)
            for one in both:
                one.feed(line)
            progress(count)
        for one in both:
            one.finish()
    return pairing


class _Side:
    """One program that runs."""

    def __init__(self, number: int, release: Release, errors: IO[bytes], pairing: Pairing) -> None:
        self._release, self._errors, self._pairing, self._number = release, errors, pairing, number
        self._last = b""
        self._fault: Exception | None = None
        environment = {"PYTHONPATH": str(release.path), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        # -P: this file's own folder is not looked into for modules.
        self._process = subprocess.Popen(
            [release.python, "-P", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=release.path,
            env=environment | {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ},
        )
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def feed(self, line: bytes) -> None:
        """One line in."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line)
        except OSError as error:
            raise self._broken() from error

    def finish(self) -> None:
        """No more comes; wait for the rest of what it says."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except OSError as error:
            raise self._broken() from error
        self._reading.join()
        if self._fault or self._process.wait() or b'"folded"' not in self._last:
            raise self._broken()

    def end(self) -> None:
        """It runs no longer."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(ENDS_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                _closed(pipe)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if self._last:
                self._take(self._last)
            self._last = line

    def _take(self, line: bytes) -> None:
        if self._fault is None:
            try:
                self._pairing.take(self._number, line)
            except (ValueError, LookupError, TypeError) as error:
                self._fault = error

    def _broken(self) -> CannotReplay:
        self._process.wait(ENDS_SECONDS)
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip().splitlines()
        why = str(self._fault) if self._fault else said[-1] if said else f"status {self._process.returncode}"
        return CannotReplay(f"{self._release.name} at {self._release.path} could not fold the log: {why}")


@contextmanager
def _side(
    number: int, release: Release, references: Sequence[Published], window: Window, pairing: Pairing
) -> Iterator[_Side]:
    head = {
        "from": window.begins.isoformat(),
        "to": window.ends.isoformat(),
        "now": now().isoformat(),
        "bundles": [
            {"time": one.at.isoformat(), "bundle": one.bundle.model_dump(mode="json", exclude_none=True)}
            for one in references
        ],
    }
    with tempfile.TemporaryFile() as errors:
        side = _Side(number, release, errors, pairing)
        try:
            side.feed(json.dumps(head).encode() + b"\n")
            yield side
        finally:
            side.end()


def _line(record: Message) -> bytes:
    key, value = ((raw or b"").decode(errors="replace") for raw in (record.key, record.value))
    return _encode({"key": key, "value": value}) + b"\n"


def _closed(pipe: IO[Any]) -> None:
    try:
        pipe.close()
    except OSError:
        # What was still to be written to a program that has ended.
        return
