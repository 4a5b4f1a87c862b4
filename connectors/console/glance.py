"""What takes seconds to look at is looked at beside the pages, one look at a time; pages show the last, and its age."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from connectors.verdicts import TryLater

log = structlog.get_logger()
Value = TypeVar("Value")

FRESH_SECONDS = 12.0
"""So old (real time) what was seen may be before it is looked at again."""
STALE_SECONDS = 60.0
"""What is older is waited for, where somebody asks."""


@dataclass(frozen=True, slots=True)
class Seen(Generic[Value]):
    """What was seen last; None if it could not be looked at, and why. `age_seconds` (real time) counts from its end."""

    value: Value | None
    why: str
    age_seconds: float


class Glance(Generic[Value]):
    """Looks in a thread of its own when somebody asks and the last look is old. Threads share it.

    `look` may raise anything: TryLater is a reason in words, all else is logged too. Nobody closes it: what it looks at
    may be closed while it looks.
    """

    def __init__(self, name: str, look: Callable[[], Value]) -> None:
        self._name, self._look = name, look
        self._changed = threading.Condition()
        self._looking = False
        self._value: Value | None = None
        self._why, self._ended_at = "", float("-inf")

    def begin(self) -> None:
        """Let it be looked at if that is due; nobody waits."""
        with self._changed:
            if self._age() < FRESH_SECONDS or self._looking:
                return
            self._looking = True
        threading.Thread(target=self._run, name=f"glance-{self._name}", daemon=True).start()

    def get(self, wait_seconds: float) -> Seen[Value] | None:
        """What was seen last, waited for a while if that is stale; None while nothing was seen yet."""
        self.begin()
        with self._changed:
            if self._age() >= STALE_SECONDS:
                self._changed.wait_for(lambda: not self._looking, wait_seconds)
            age = self._age()
            return Seen(self._value, self._why, age) if age != float("inf") else None

    def _age(self) -> float:
        return time.monotonic() - self._ended_at

    def _run(self) -> None:
        value, why = None, ""
        try:
            value = self._look()
        except TryLater as later:
            why = later.why
        except Exception as error:
            # A page for the night says what it cannot see; the log has the rest.
            why = type(error).__name__
            log.exception("console.not_seen", what=self._name)
        with self._changed:
            self._value, self._why, self._ended_at, self._looking = value, why, time.monotonic(), False
            self._changed.notify_all()
