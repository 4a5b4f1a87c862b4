"""What a storm does: which process is struck, how and when, all from one seed; and how soon it is back."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from hoso.supervised import Row, State

BROKER = "broker"
"""One node of three."""
TARGETS = ("worker", "edge", "intake", "dispatch", "translate", "poll", "notify")
FIRST_GAP, LAST_GAP = 1.8, 3.2
"""Real seconds between two strikes, at least and at most."""
SESSION_SECONDS = 6.0
"""How long the doors' groups wait for them in a storm; the worker's waits for ten."""
FROZEN_SECONDS = {"worker": 12.0, "edge": 5.0, BROKER: 7.0}
USUALLY_FROZEN_SECONDS = 8.0
"""How long a frozen process stands still: longer than its session; the edge has none, a node has one of four."""


class How(StrEnum):
    """What is done to a process."""

    KILL = "SIGKILL"
    FREEZE = "SIGSTOP"
    TERM = "SIGTERM"


SHARES = {How.KILL: 6, How.FREEZE: 2, How.TERM: 2}


@dataclass(frozen=True, slots=True)
class Strike:
    """One blow: how long after the one before, how, at whom (of `broker`, at which node)."""

    after_seconds: float
    how: How
    whom: str
    node: int = 1

    @property
    def frozen_seconds(self) -> float:
        """How long it stands still."""
        return FROZEN_SECONDS.get(self.whom, USUALLY_FROZEN_SECONDS) if self.how is How.FREEZE else 0.0


def strikes(seed: int, count: int, nodes: int = 1) -> list[Strike]:
    """So many blows: every process is struck in turn, in an order that the seed shuffles anew each time round."""
    dice, targets = Random(f"storm {seed}"), [*TARGETS, *([BROKER] if nodes > 1 else [])]
    return [
        Strike(
            round(dice.uniform(FIRST_GAP, LAST_GAP), 3),
            dice.choices(list(SHARES), list(SHARES.values()))[0],
            whom,
            dice.randint(1, nodes),
        )
        for _, whom in zip(range(count), _rounds(targets, dice), strict=False)
    ]


def _rounds(targets: Sequence[str], dice: Random) -> Iterator[str]:
    while True:
        yield from dice.sample(targets, len(targets))


@dataclass(slots=True)
class Struck:
    """A blow that fell, and what became of the one it hit."""

    strike: Strike
    ended_at: float
    """Unix seconds: of a frozen process when it was thawed, of the others when they were struck."""
    was_down: bool = False
    recovered_seconds: float | None = None


class Book:
    """Learns from the supervisor's rows when what was struck is ready again. Threads share it."""

    def __init__(self) -> None:
        self.struck: list[Struck] = []
        self._lock = threading.Lock()

    def fell(self, strike: Strike, was_ready: bool = True) -> None:
        """A blow fell now."""
        with self._lock:
            self.struck.append(Struck(strike, time.time() + strike.frozen_seconds, not was_ready))

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
                if one.recovered_seconds is None and not one.was_down and one.strike.how is How.FREEZE:
                    one.recovered_seconds = 0.0

    def recoveries(self) -> list[float]:
        """How long each took, in real seconds."""
        return [round(one.recovered_seconds, 2) for one in self.struck if one.recovered_seconds is not None]

    def never_back(self) -> list[str]:
        """Blows from which nobody rose."""
        return [f"{one.strike.whom} {one.strike.how}" for one in self.struck if one.recovered_seconds is None]

    def _open(self, whom: str) -> list[Struck]:
        return [one for one in self.struck if one.strike.whom == whom and one.recovered_seconds is None]
