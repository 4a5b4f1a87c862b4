"""Plain numbers about a running engine, for others to export."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(slots=True)
class Counters:
    """Only ever growing, for the life of the process."""

    events: int = 0
    """Records folded."""
    skipped: int = 0
    """Records at or below their key's watermark: seen before."""
    poisoned: int = 0
    """Records whose step raised and whose fate the poison callback decided."""
    units: int = 0
    """Units finished: outputs and changelog acknowledged."""
    outputs: int = 0
    """Records acknowledged on output topics, letters included."""
    changes: int = 0
    """Records acknowledged on the changelog."""
    commits: int = 0
    """Commits the broker accepted."""
    fired: int = 0
    """Facts that timers wrote to the input topic."""
    fire_failures: int = 0
    """Times the fire function raised, or made a fact that is too large."""
    closed: int = 0
    """Finished keys deleted."""
    repaired: int = 0
    """Keys written again because a zombie's late write came after them."""
    holes: int = 0
    """Units that began after the expected offset and were sought back."""


class Position(NamedTuple):
    """Where one owned partition stands."""

    folded: int | None
    committed: int | None
    end: int | None
    lag: int
