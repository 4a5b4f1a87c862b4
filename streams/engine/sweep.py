"""A sweep: every state is looked at, because something outside the log has changed that states were made with.

Like a timer's, what it writes are facts on the input topic, and the step that reads one back changes the state. So a
sweep may be repeated, and the step must ignore a fact that says nothing new.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from streams.engine.partition import Partition
from streams.engine.step import Fire
from streams.engine.stored import is_closed, state_of


@dataclass(frozen=True)
class Sweep:
    """What is looked for, and when.

    `look(key, state, now)` gives the facts of one state. All states are looked at when a partition becomes ours, when
    `occasion` gives another answer than it did, and every `every_seconds` (real ones): a state may come to be that
    rests on what was in force before.
    """

    look: Fire
    occasion: Callable[[], str]
    every_seconds: float = 600.0
    chunk: int = 200
    """So many states at once, and no more of a partition before the facts they gave rise to are folded."""
    unread: int = 1_000
    """So many facts, of all partitions, may be on their way back: a live event behind them waits until they are folded.
    """


@dataclass(slots=True)
class Round:
    """How far the sweep of one partition is."""

    occasion: str | None = None
    began: float = 0.0
    keys: Iterator[bytes] = field(default_factory=lambda: iter(()))
    under_way: bool = False
    behind: int = 0
    """The offset up to which the partition must be folded before the next chunk."""
    flying: int = 0
    """So many facts of the last chunk are on their way back."""


class Sweeping:
    """The running sweeps of one engine, one a partition."""

    def __init__(self, sweep: Sweep, clock: Callable[[], float]) -> None:
        self.sweep, self._clock = sweep, clock
        self.rounds: dict[int, Round] = {}

    def revoke(self, number: int) -> None:
        """The partition is gone."""
        self.rounds.pop(number, None)

    def take(self, number: int, part: Partition, real_now: float) -> list[tuple[bytes, bytes]]:
        """The facts of the next states that are to be looked at."""
        turn = self.rounds.setdefault(number, Round())
        if part.folded is None or part.folded < turn.behind:
            return []
        turn.flying = 0
        if self._are_too_many() or not self._is_due(turn, part, real_now):
            return []
        rows: list[tuple[bytes, bytes]] = []
        keys = list(islice(turn.keys, self.sweep.chunk))
        turn.under_way = len(keys) == self.sweep.chunk
        now = self._clock()
        for key in keys:
            stored = part.states.get(key)
            if stored is not None and not is_closed(stored):
                rows += ((key, fact) for fact in self.sweep.look(key, state_of(stored), now))
        return rows

    def wrote(self, number: int, end: int, count: int) -> None:
        """The facts of the last chunk, so many, lie before this offset."""
        if (turn := self.rounds.get(number)) is not None:
            turn.behind, turn.flying = end, count

    def _are_too_many(self) -> bool:
        return sum(turn.flying for turn in self.rounds.values()) >= self.sweep.unread

    def _is_due(self, turn: Round, part: Partition, real_now: float) -> bool:
        occasion = self.sweep.occasion()
        if occasion != turn.occasion or (not turn.under_way and real_now - turn.began >= self.sweep.every_seconds):
            turn.occasion, turn.began, turn.keys, turn.under_way = occasion, real_now, iter(list(part.states)), True
        return turn.under_way
