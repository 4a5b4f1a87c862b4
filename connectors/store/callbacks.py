"""What callbacks ask of the queue beyond its verbs: results drag along what is before them, a healed lane hurries."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, or_, select, update

from connectors.store.queue import OwedState
from connectors.store.tables import GATHERED, OWED

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


@dataclass(frozen=True, slots=True)
class Asked:
    """Which callbacks somebody asks for; what is None asks for nothing. When it was owed is in driven seconds.

    A dossier's are its own and the digests that count one of its notices.
    """

    states: Collection[OwedState]
    agency: str | None = None
    dossier: str | None = None
    since: float | None = None
    until: float | None = None
    failure: str | None = None
    """A part of why it was not taken, capitals or not."""
    id: str | None = None
    """The beginning of its id."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A callback as it stands. `told`: how it ended is on its topic, or it has not ended."""

    id: str
    agency: str
    sequence_key: str
    order_no: int
    urgency: int
    body: bytes
    state: OwedState
    attempts: int
    next_at: float
    created_at: float
    done_at: float | None
    last_error: str | None
    told: bool


def find(connection: Connection, asked: Asked) -> list[Kept]:
    """The callbacks that are asked for, agency by agency, a dossier's in their order."""
    rows = (
        select(OWED).where(*_conditions(asked)).order_by(OWED.c.lane, OWED.c.sequence_key, OWED.c.order_no, OWED.c.id)
    )
    return [
        Kept(
            row.id, row.lane, row.sequence_key, row.order_no, row.urgency, row.body, OwedState(row.state), row.attempts,
            row.next_at, row.created_at, row.done_at, row.last_error,
            row.answer is None or row.published_at is not None,
        )
        for row in connection.execute(rows)
    ]  # fmt: skip


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    found = [OWED.c.queue == QUEUE, OWED.c.state.in_(asked.states)]
    if asked.agency is not None:
        found.append(OWED.c.lane == asked.agency)
    if asked.dossier is not None:
        digests = select(GATHERED.c.digest).where(GATHERED.c.dossier == asked.dossier, GATHERED.c.digest.is_not(None))
        own = OWED.c.sequence_key.endswith(f"|{asked.dossier}", autoescape=True)
        found.append(or_(own, OWED.c.id.in_(digests)))
    if asked.since is not None:
        found.append(OWED.c.created_at >= asked.since)
    if asked.until is not None:
        found.append(OWED.c.created_at < asked.until)
    if asked.failure is not None:
        found.append(OWED.c.last_error.icontains(asked.failure, autoescape=True))
    if asked.id is not None:
        found.append(or_(OWED.c.id == asked.id, OWED.c.id.startswith(asked.id, autoescape=True)))
    return found
