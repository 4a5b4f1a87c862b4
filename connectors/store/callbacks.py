"""What callbacks ask of the queue beyond its verbs: results drag along what is before them, a healed lane hurries."""

from collections.abc import Collection

from sqlalchemy import Connection, update

from connectors.store.queue import OwedState
from connectors.store.tables import OWED

QUEUE = "callbacks"
THROTTLED = "no answer: "
"""How a `last_error` begins when it was the lane that failed and not the notice."""


def hurry(connection: Connection, sequence_keys: Collection[str], urgency: int) -> None:
    """What waits under these keys goes as early as what came behind it: order within a dossier is kept."""
    mine = (OWED.c.queue == QUEUE, OWED.c.sequence_key.in_(sequence_keys), OWED.c.state == OwedState.OWED)
    connection.execute(update(OWED).where(*mine, OWED.c.urgency > urgency).values(urgency=urgency))


def healed(connection: Connection, lane: str, now: float) -> None:
    """The lane flows again: what only waited for it is due."""
    mine = (OWED.c.queue == QUEUE, OWED.c.lane == lane, OWED.c.state == OwedState.OWED, OWED.c.next_at > now)
    connection.execute(update(OWED).where(*mine, OWED.c.last_error.startswith(THROTTLED)).values(next_at=now))
