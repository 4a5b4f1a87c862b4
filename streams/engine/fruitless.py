"""What no rebalance clears: for how long a worker has had work and come no farther, however often it began anew."""

from streams.engine.table import StateTable

FIGHT = 2
"""After one rebalance a large recovery may have to come all the way again, for as long as it takes; two are a fight."""


class Fruitless:
    """Counts the looks since a commit moved, nothing was owed, or a recovery came farther than those before it."""

    def __init__(self, table: StateTable, limit: int) -> None:
        self.table = table
        self.limit = limit
        self.looks = 0
        self.beginnings = 0
        self.committed: dict[int, int] = {}
        self.farthest: dict[int, int] = {}
        self.recovering: dict[int, int] | None = None

    @property
    def too_long(self) -> bool:
        """Whether it is to end: so many looks for nothing, through rebalances that cleared the shorter counts."""
        return self.looks >= self.limit and self.beginnings >= FIGHT

    def look_at_lag(self, end_known: bool) -> None:
        """One look between two rebalances."""
        self.recovering = None
        if self._commits() or (end_known and self._nothing_owed()):
            self._forget()
        elif self.table.owned:
            self.looks += 1

    def look_at_recovery(self) -> None:
        """One look during a rebalance or recovery."""
        was, seen = self.recovering, self._recovered()
        self.recovering = seen
        anew = was is None or any(seen.get(number, -1) < offset for number, offset in was.items())
        farther = any(offset > self.farthest.get(number, -1) for number, offset in seen.items())
        self.farthest |= {number: max(offset, self.farthest.get(number, -1)) for number, offset in seen.items()}
        if self._commits():
            self._forget()
        elif farther and not anew:
            self.looks = self.beginnings = 0
        else:
            self.looks += 1
            self.beginnings += anew

    def __str__(self) -> str:
        return f"through {self.beginnings} rebalances, committed {self.committed}, recovered {self.farthest}"

    def _forget(self) -> None:
        self.looks = self.beginnings = 0
        self.farthest.clear()

    def _commits(self) -> bool:
        """Whether a partition's commit is beyond the last one seen; the first that is seen may be an old one."""
        found = {number: part.committed for number, part in self.table.held.items() if part.committed is not None}
        moved = any(offset > self.committed.get(number, offset) for number, offset in found.items())
        self.committed |= found
        return moved

    def _nothing_owed(self) -> bool:
        """Whether every record of what we have is committed; what is recovered and not ours yet may owe something."""
        held = self.table.held.values()
        return all(part.lag == 0 if part.owned else part.changelog_offset is None for part in held)

    def _recovered(self) -> dict[int, int]:
        held = self.table.held.items()
        return {number: part.changelog_offset for number, part in held if part.changelog_offset is not None}
