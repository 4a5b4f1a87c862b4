"""How queues and lanes stand, for whoever only looks: what waits, what is held, what was given up, what is broken.

Nothing here changes a row. Instants are driven unix seconds but `leased_until`, which is real.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, text

from connectors.store.breaker import Breaker
from connectors.store.held import HELD
from connectors.store.queue import WAITING, OwedState
from connectors.store.tables import LANES, OWED, UNMATCHED

WELL = Breaker()
COUNTED = ("owed", "held", "in_doubt", "tried", "gave_up", "aside")


@dataclass(frozen=True, slots=True)
class Standing:
    """How one lane of a queue stands."""

    queue: str
    lane: str
    owed: int = 0
    """What waits or flies, the held ones included."""
    held: int = 0
    in_doubt: int = 0
    tried: int = 0
    """Of what waits and is not held: what was tried before, in vain."""
    gave_up: int = 0
    aside: int = 0
    breaker: Breaker = WELL
    leased_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Waits:
    """How many rows wait for something, and since when the first of them does."""

    count: int
    since: float


def lanes(connection: Connection) -> list[Standing]:
    """Every lane that owes something, gave something up or was ever held by somebody, by queue and name."""
    counted = {(row.queue, row.lane): row for row in connection.execute(_counts())}
    told = {(row.queue, row.lane): row for row in connection.execute(select(LANES))}
    return [_standing(*name, counted.get(name), told.get(name)) for name in sorted(counted.keys() | told.keys())]


def why_owed(connection: Connection, queue: str, lane: str) -> str | None:
    """Why what was tried most often in a lane is still owed."""
    mine = (OWED.c.queue == queue, OWED.c.lane == lane, OWED.c.state == OwedState.OWED, _not_held())
    why = select(OWED.c.last_error).where(*mine, OWED.c.last_error.is_not(None)).order_by(OWED.c.attempts.desc())
    return connection.execute(why.limit(1)).scalar()


def unsaid(connection: Connection) -> dict[str, Waits]:
    """Answers that are stored and not known to be on their topic, by queue."""
    rows = (
        select(OWED.c.queue, func.count().label("waiting"), func.min(OWED.c.done_at).label("since"))
        .where(OWED.c.answer.is_not(None), OWED.c.published_at.is_(None))
        .group_by(OWED.c.queue)
    )
    return {row.queue: Waits(row.waiting, row.since or 0.0) for row in connection.execute(rows)}


def unmatched(connection: Connection) -> dict[str, Waits]:
    """Carriers' updates that belong to no leg we know, by carrier."""
    rows = select(UNMATCHED.c.carrier, func.count().label("waiting"), func.min(UNMATCHED.c.at).label("since"))
    return {
        row.carrier: Waits(row.waiting, row.since) for row in connection.execute(rows.group_by(UNMATCHED.c.carrier))
    }


def has_tables(connection: Connection) -> bool:
    """Whether anybody has made the tables yet."""
    return bool(connection.dialect.has_table(connection, OWED.name))


def clock_of(connection: Connection) -> float | None:
    """The database server's own time in real unix seconds; None for SQLite, which has no clock but ours."""
    if connection.dialect.name != "postgresql":
        return None
    return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())


def _counts() -> Any:
    waits = OWED.c.state.in_(WAITING)
    held = and_(OWED.c.state == OwedState.OWED, OWED.c.last_error.startswith(HELD))
    kinds = {
        "owed": waits,
        "held": held,
        "in_doubt": and_(waits, OWED.c.in_doubt),
        "tried": and_(waits, OWED.c.attempts > 0, _not_held()),
        "gave_up": OWED.c.state == OwedState.GAVE_UP,
        "aside": OWED.c.state == OwedState.ASIDE,
    }
    columns = [func.count().filter(those).label(name) for name, those in kinds.items()]
    unfinished = OWED.c.state.in_([state for state in OwedState if state is not OwedState.DONE])
    return select(OWED.c.queue, OWED.c.lane, *columns).where(unfinished).group_by(OWED.c.queue, OWED.c.lane)


def _not_held() -> Any:
    return or_(OWED.c.last_error.is_(None), ~OWED.c.last_error.startswith(HELD))


def _standing(queue: str, lane: str, counted: Any, told: Any) -> Standing:
    counts = {name: getattr(counted, name) for name in COUNTED} if counted is not None else {}
    if told is None:
        return Standing(queue, lane, **counts)
    breaker = Breaker(told.failures, told.opens_at, told.allowed)
    return Standing(queue, lane, **counts, breaker=breaker, leased_until=told.leased_until)
