"""What holds and a carrier's day ask of the queue beyond its verbs: what is held, how many orders fell in a span."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, Integer, cast, func, select, update

from connectors.store.queue import Owed, OwedState
from connectors.store.tables import OWED
from schemas.instant import VIETNAM

HELD = "held: "
"""How a `last_error` begins of a row that a hold keeps."""
UNTIL_LIFTED = 4_102_444_800.0
"""When it is due: in 2100, or once its hold is lifted."""
CANCEL, ORDER = -1, 0
"""Urgencies of dispatch's rows: a cancellation overtakes orders, and is not counted among them."""
HOUR_SECONDS, DAY_SECONDS = 3600, 86_400


def held(connection: Connection, queue: str) -> list[Owed]:
    """What holds keep, in the order in which it was owed."""
    columns = [OWED.c[name] for name in Owed.__slots__]
    rows = connection.execute(select(*columns).where(*_held(queue)).order_by(OWED.c.created_at, OWED.c.order_no))
    return [Owed(**{**row._mapping, "state": OwedState(row.state)}) for row in rows]


def free(connection: Connection, queue: str, id: str, next_at: float) -> None:
    """Its hold is lifted: it is due then, with all the tries it had."""
    connection.execute(update(OWED).where(*_held(queue), OWED.c.id == id).values(next_at=next_at, last_error=None))


def orders_on(connection: Connection, queue: str, lane: str, day: date) -> int:
    """How many orders of a lane, ended ones too, are or were due on this day."""
    begins = datetime.combine(day, time(), VIETNAM).timestamp()
    mine = (*_orders(queue, lane), OWED.c.next_at >= begins, OWED.c.next_at < begins + DAY_SECONDS)
    return int(connection.execute(select(func.count()).where(*mine)).scalar_one())


def orders_since(connection: Connection, queue: str, lane: str, since: float) -> int:
    """How many orders of a lane came after this moment (driven unix seconds)."""
    # None is due before it came, and `next_at` has an index.
    mine = (*_orders(queue, lane), OWED.c.next_at >= since, OWED.c.created_at > since)
    return int(connection.execute(select(func.count()).where(*mine)).scalar_one())


def orders_by_hour(connection: Connection, queue: str, lane: str, since: float, until: float) -> list[int]:
    """How many orders of a lane came in each hour of this span that had any, ended ones too."""
    whole: Any = func.floor if connection.dialect.name == "postgresql" else lambda hours: cast(hours, Integer)
    hour = whole(OWED.c.created_at / HOUR_SECONDS)
    mine = (*_orders(queue, lane), OWED.c.next_at >= since, OWED.c.created_at >= since, OWED.c.created_at < until)
    return list(connection.execute(select(func.count()).where(*mine).group_by(hour)).scalars())


def _held(queue: str) -> tuple[Any, ...]:
    return OWED.c.queue == queue, OWED.c.state == OwedState.OWED, OWED.c.last_error.startswith(HELD)


def _orders(queue: str, lane: str) -> tuple[Any, ...]:
    return OWED.c.queue == queue, OWED.c.lane == lane, OWED.c.state.in_(OwedState), OWED.c.urgency == ORDER
