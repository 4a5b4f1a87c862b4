"""Since when what is owed waits, lane by lane, for whoever only looks: `standing` says how much it is.

Instants are driven unix seconds.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from connectors.store.held import HELD
from connectors.store.queue import WAITING, OwedState, blocked, earlier
from connectors.store.tables import OWED


@dataclass(frozen=True, slots=True)
class Since:
    """Since when the oldest of a lane has been owed that had its turn; since when one could have gone and did not."""

    queue: str
    lane: str
    owed_at: float | None
    due_at: float | None


def since(connection: Connection, now: float) -> list[Since]:
    """Every lane that owes something. What a hold keeps does not count, nor what is in doubt among the oldest.

    What could go is late from its own time on, or from the end of the last before it under its key: until then it had
    to wait, however long that took.
    """
    held = OWED.c.last_error.is_not(None) & OWED.c.last_error.startswith(HELD)
    free = ~held
    # One that waits for its first turn (a carrier's next opening) is not late.
    had_its_turn = free & ~OWED.c.in_doubt & or_(OWED.c.attempts > 0, OWED.c.next_at <= now)
    is_due = free & (OWED.c.state == OwedState.OWED) & (OWED.c.next_at <= now) & ~blocked()
    rows = (
        select(
            OWED.c.queue,
            OWED.c.lane,
            func.min(case((had_its_turn, OWED.c.created_at))).label("owed_at"),
            func.min(case((is_due, _could_go_at()))).label("due_at"),
        )
        .where(OWED.c.state.in_(WAITING))
        .group_by(OWED.c.queue, OWED.c.lane)
    )
    return [Since(row.queue, row.lane, row.owed_at, row.due_at) for row in connection.execute(rows)]


def _could_go_at() -> ColumnElement[float]:
    """When a row that is not blocked became due, or free."""
    other, before = earlier()
    freed_at = select(func.max(other.c.done_at)).where(before, other.c.state.not_in(WAITING)).scalar_subquery()
    return case((freed_at > OWED.c.next_at, freed_at), else_=OWED.c.next_at)
