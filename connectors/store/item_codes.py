"""`item_codes`: the pool of codes that a carrier issued beforehand, each for one leg and never given back.

A code is FREE, then BOUND to a leg, which has one at a time and bears it in every try; SPENT, once its order met an
error. Instants are driven unix seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select, update

from connectors.store.insert import unless_there
from connectors.store.tables import ITEM_CODES, ITEMS
from schemas.instant import clock

FEW = 50
"""With fewer free codes than that a pool is almost empty."""
AT_ONCE = 500


class CodeState(StrEnum):
    """How a code stands."""

    FREE = "FREE"
    BOUND = "BOUND"
    SPENT = "SPENT"


@dataclass(frozen=True, slots=True)
class Bound:
    """The code of a leg, and since when it is."""

    code: str
    at: float


@dataclass(frozen=True, slots=True)
class Pool:
    """How many codes of a carrier are in each state."""

    carrier: str
    free: int = 0
    bound: int = 0
    spent: int = 0

    @property
    def is_set_up(self) -> bool:
        """Whether it ever had a code: without one its carrier's orders go without."""
        return self.free + self.bound + self.spent > 0

    @property
    def is_low(self) -> bool:
        """Whether it is almost empty."""
        return self.is_set_up and self.free < FEW


# ---------------------------------------------------------------- filling it


def known(connection: Connection, carrier: str, codes: Sequence[str]) -> tuple[set[str], set[str]]:
    """Those of these codes that are in the pool already, and those that a parcel of the carrier bears."""
    pooled, borne = set[str](), set[str]()
    for start in range(0, len(codes), AT_ONCE):
        some = codes[start : start + AT_ONCE]
        there = select(ITEM_CODES.c.code).where(ITEM_CODES.c.carrier == carrier, ITEM_CODES.c.code.in_(some))
        items = select(ITEMS.c.item).where(ITEMS.c.carrier == carrier, ITEMS.c.item.in_(some))
        pooled.update(connection.execute(there).scalars())
        borne.update(connection.execute(items).scalars())
    return pooled, borne


def add(connection: Connection, carrier: str, codes: Sequence[str]) -> set[str]:
    """Put codes into the pool, to be taken in this order; which of them are new."""
    new, at = set[str](), clock().seconds()
    for start in range(0, len(codes), AT_ONCE):
        rows = [
            {"carrier": carrier, "code": code, "state": CodeState.FREE, "added_at": at}
            for code in codes[start : start + AT_ONCE]
        ]
        new.update(
            connection.execute(unless_there(connection, ITEM_CODES).values(rows).returning(ITEM_CODES.c.code)).scalars()
        )
    return new


# ---------------------------------------------------------------- using it


def is_set_up(connection: Connection, carrier: str) -> bool:
    """Whether the carrier has a pool, be it empty by now."""
    return bool(connection.execute(select(exists().where(ITEM_CODES.c.carrier == carrier))).scalar())


def bound(connection: Connection, carrier: str, reference: str) -> Bound | None:
    """The code that is this leg's; None where it has none."""
    row = connection.execute(
        select(ITEM_CODES.c.code, ITEM_CODES.c.bound_at).where(*_of_leg(carrier, reference))
    ).one_or_none()
    return Bound(row.code, row.bound_at) if row else None


def bind(connection: Connection, carrier: str, reference: str) -> str | None:
    """Take the next free code for a leg that has none; None if none is left. One that a parcel bears is left alone."""
    borne = exists().where(ITEMS.c.carrier == ITEM_CODES.c.carrier, ITEMS.c.item == ITEM_CODES.c.code)
    free = connection.execute(
        select(ITEM_CODES.c.id, ITEM_CODES.c.code)
        .where(ITEM_CODES.c.carrier == carrier, ITEM_CODES.c.state == CodeState.FREE, ~borne)
        .order_by(ITEM_CODES.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=ITEM_CODES)
    ).one_or_none()
    if free is None:
        return None
    taken = {"state": CodeState.BOUND, "reference": reference, "bound_at": clock().seconds()}
    connection.execute(update(ITEM_CODES).where(ITEM_CODES.c.id == free.id).values(taken))
    return str(free.code)


def spend(connection: Connection, carrier: str, reference: str) -> None:
    """The order of a leg met an error: its code is used up, and a new order of the leg takes another."""
    spent = {"state": CodeState.SPENT, "spent_at": clock().seconds()}
    connection.execute(update(ITEM_CODES).where(*_of_leg(carrier, reference)).values(spent))


# ---------------------------------------------------------------- looking at it


def pools(connection: Connection) -> list[Pool]:
    """Every pool that is set up, by carrier; none where the tables are an earlier release's."""
    if not connection.dialect.has_table(connection, ITEM_CODES.name):
        return []
    columns: list[Any] = [func.count().filter(ITEM_CODES.c.state == one).label(one.lower()) for one in CodeState]
    rows = select(ITEM_CODES.c.carrier, *columns).group_by(ITEM_CODES.c.carrier).order_by(ITEM_CODES.c.carrier)
    return [Pool(**row._mapping) for row in connection.execute(rows)]


def _of_leg(carrier: str, reference: str) -> tuple[ColumnElement[bool], ...]:
    return (
        ITEM_CODES.c.carrier == carrier,
        ITEM_CODES.c.reference == reference,
        ITEM_CODES.c.state == CodeState.BOUND,
    )
