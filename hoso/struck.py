"""The storm's book of blows: each that fell, in which situation, and how soon the one it hit was ready again."""

import threading
import time
from collections import Counter
from dataclasses import dataclass

from hoso.strikes import How, Strike
from hoso.supervised import Row, State


@dataclass(slots=True)
class Struck:
    """A blow that fell, and what became of the one it hit."""

    strike: Strike
    ended_at: float
    """Unix seconds: of a frozen process when it was thawed, of the others when they were struck."""
    was_down: bool = False
    recovered_seconds: float | None = None
    struck_again: bool = False
    """Before it was ready: how soon it would have been is not known."""


class Book:
    """Learns from the supervisor's rows when what was struck is ready again. Threads share it."""

    def __init__(self) -> None:
        self.struck: list[Struck] = []
        self._lock = threading.Lock()

    def fell(self, strike: Strike, was_ready: bool = True) -> int:
        """A blow fell now; which one it was."""
        with self._lock:
            for one in self._open(strike.whom):
                one.struck_again = True
            self.struck.append(Struck(strike, time.time() + strike.frozen_seconds, not was_ready))
            return len(self.struck)

    def back(self, whom: str, at: float) -> None:
        """Somebody who keeps no rows says that it is ready again."""
        with self._lock:
            for one in self._open(whom):
                one.recovered_seconds = max(0.0, at - one.ended_at)

    def heard(self, row: Row) -> None:
        """The supervisor's hook: a process changed its state."""
        with self._lock:
            for one in self._open(row.name):
                if row.state is not State.READY:
                    one.was_down = True
                elif one.was_down and row.since >= one.ended_at:
                    one.recovered_seconds = row.since - one.ended_at

    def settled(self) -> None:
        """All are ready: who was frozen and never missed had nothing to recover from."""
        with self._lock:
            for one in self.struck:
                if self._waits(one) and not one.was_down and one.strike.how is How.FREEZE:
                    one.recovered_seconds = 0.0

    def recoveries(self) -> list[float]:
        """How long each took, in real seconds."""
        return [round(one.recovered_seconds, 2) for one in self.struck if one.recovered_seconds is not None]

    def never_back(self) -> list[str]:
        """Blows from which nobody rose."""
        return [f"{one.strike.whom} {one.strike.how}" for one in self.struck if self._waits(one)]

    def struck_again(self) -> int:
        """How many were struck again before they were ready."""
        return sum(one.struck_again for one in self.struck)

    def counted(self) -> dict[str, dict[str, dict[str, int]]]:
        """The blows by target, then by signal, then by situation."""
        found: dict[str, dict[str, dict[str, int]]] = {}
        for (whom, how, situation), count in sorted(Counter(one.strike.cell for one in self.struck).items()):
            found.setdefault(whom, {}).setdefault(str(how), {})[str(situation)] = count
        return found

    def _open(self, whom: str) -> list[Struck]:
        return [one for one in self.struck if one.strike.whom == whom and self._waits(one)]

    @staticmethod
    def _waits(one: Struck) -> bool:
        return one.recovered_seconds is None and not one.struck_again
