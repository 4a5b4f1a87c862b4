"""What a storm does, all from one seed: who is struck, how, in which situation, how soon; and what else goes wrong.

Every cell (whom, how, in which situation) has its turn: the next blow at a target is the one it has had least, by
weight, in all the storms of the book.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import TypeVar

BROKER = "broker"
"""One node of three."""
TARGETS = ("worker", "edge", "intake", "dispatch", "translate", "poll", "notify", "project")
FIRST_GAP, LAST_GAP = 0.9, 1.7
"""Real seconds between two strikes, at least and at most."""
SESSION_SECONDS = 6.0
"""How long the doors' groups wait for them in a storm; the worker's waits for ten."""
FROZEN_SECONDS = {"worker": 12.0, "edge": 5.0, BROKER: 7.0}
USUALLY_FROZEN_SECONDS = 8.0
"""How long a frozen process stands still: longer than its session; the edge has none, a node has one of four."""
BLOWS_A_TROUBLE = 6
"""After so many blows something else goes wrong."""


class How(StrEnum):
    """What is done to a process."""

    KILL = "SIGKILL"
    FREEZE = "SIGSTOP"
    TERM = "SIGTERM"


class Situation(StrEnum):
    """What goes on when the blow falls."""

    QUIET = "quiet"
    """The clock crawls: next to nothing happens in the city."""
    BURST = "burst"
    """The agencies have just sent a heap of events at once, through both doors."""
    RECOVERY = "recovery"
    """It was killed a moment ago, runs again and is not ready yet."""
    REBALANCE = "rebalance"
    """Another of its kind has just joined its group (for the edge and a node: another worker the workers')."""


class Trouble(StrEnum):
    """What goes wrong beside the blows."""

    FULL_DISK = "a connector's files cannot grow"
    """For a while RLIMIT_FSIZE lets one process, never a worker or a broker, write to no file: a SQLite database and
    its own log among them.
    """
    CLOCK_AHEAD = "clock ahead"
    """The clock jumps some hours ahead."""
    CLOCK_BACK = "clock back"
    """The clock jumps some minutes back."""
    DATABASE_AWAY = "database away"
    """PostgreSQL is stopped, killed or frozen for a while; SQLite is held by somebody who does not let go."""


SHARES = {How.KILL: 3, How.FREEZE: 1, How.TERM: 2}
T = TypeVar("T")
Cell = tuple[str, How, Situation]


@dataclass(frozen=True, slots=True)
class Strike:
    """One blow: how long after the one before, how, at whom (of `broker`, at which node), in which situation.

    `roll`, from 0 to 1, decides what is left to decide on the spot.
    """

    after_seconds: float
    how: How
    whom: str
    situation: Situation = Situation.BURST
    node: int = 1
    roll: float = 0.5

    @property
    def frozen_seconds(self) -> float:
        """How long it stands still."""
        return FROZEN_SECONDS.get(self.whom, USUALLY_FROZEN_SECONDS) if self.how is How.FREEZE else 0.0

    @property
    def cell(self) -> Cell:
        """What is counted."""
        return self.whom, self.how, self.situation


@dataclass(frozen=True, slots=True)
class Mischief:
    """One trouble after so many blows: to which process (if to one), and the roll that decides the rest."""

    after_blows: int
    trouble: Trouble
    whom: str
    roll: float


def targets(nodes: int) -> list[str]:
    """Who is struck; a node only where others have its data."""
    return [*TARGETS, *([BROKER] if nodes > 1 else [])]


def cells(nodes: int) -> list[Cell]:
    """Every combination that there is."""
    return [(whom, how, situation) for whom in targets(nodes) for how in How for situation in Situation]


def strikes(seed: int, count: int, nodes: int = 1, before: Mapping[Cell, int] | None = None) -> list[Strike]:
    """So many blows: every process in turn, in an order that the seed shuffles anew each time round.

    `before` is how often each cell had its turn in earlier storms.
    """
    dice, had = Random(f"storm {seed}"), Counter(dict(before or {}))
    found = []
    for _, whom in zip(range(count), _rounds(targets(nodes), dice), strict=False):
        how, situation = _next(whom, had, dice)
        had[whom, how, situation] += 1
        gap = round(dice.uniform(FIRST_GAP, LAST_GAP), 3)
        found.append(Strike(gap, how, whom, situation, dice.randint(1, nodes), dice.random()))
    return found


def mischiefs(seed: int, count: int) -> list[Mischief]:
    """The troubles of a storm of so many blows: all of them in turn."""
    dice = Random(f"mischief {seed}")
    kinds = _rounds(list(Trouble), dice)
    # Who keeps something on the disk.
    writers = [whom for whom in TARGETS if whom != "worker"]
    return [
        Mischief(after, next(kinds), dice.choice(writers), dice.random())
        for after in range(BLOWS_A_TROUBLE // 2, count, BLOWS_A_TROUBLE)
    ]


def _next(whom: str, had: Mapping[Cell, int], dice: Random) -> tuple[How, Situation]:
    """Of this target's cells the one that had its turn least, by weight; the dice decide between equals."""
    possible = [(how, situation) for how in How for situation in Situation]
    dice.shuffle(possible)
    weighed = {one: (had.get((whom, *one), 0) + dice.random()) / SHARES[one[0]] for one in possible}
    return min(possible, key=weighed.__getitem__)


def _rounds(items: Sequence[T], dice: Random) -> Iterator[T]:
    while True:
        yield from dice.sample(items, len(items))
