"""`items` and `unmatched`: which leg a carrier's item belongs to, and the updates that belong to none we know yet."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, delete, or_, select

from connectors.store.insert import unless_there
from connectors.store.tables import ITEMS, UNMATCHED
from schemas.instant import clock

_LEG = select(ITEMS.c.dossier, ITEMS.c.leg).where(ITEMS.c.carrier == bindparam("of_carrier"))
_BY_ITEM = _LEG.where(ITEMS.c.item == bindparam("named"))
_BY_REFERENCE = _LEG.where(ITEMS.c.reference == bindparam("named")).limit(1)


@dataclass(frozen=True, slots=True)
class Item:
    """A carrier's item and its leg. `reference` is the one the carrier was given."""

    carrier: str
    item: str
    reference: str
    dossier: str
    leg: str


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An update that waits for its receipt; `update` is sealed."""

    id: str
    carrier: str
    item: str
    reference: str
    update: bytes
    why: str


def learn(conn: Connection, item: Item) -> None:
    """Remember an item's leg; what is known of it stays."""
    row = {name: getattr(item, name) for name in Item.__slots__}
    conn.execute(unless_there(conn, ITEMS), row | {"at": clock().seconds()})


def leg_of(conn: Connection, carrier: str, item: str) -> tuple[str, str] | None:
    """The dossier and leg of an item; None for one we never heard of."""
    found = conn.execute(_BY_ITEM, {"of_carrier": carrier, "named": item}).one_or_none()
    return (found.dossier, found.leg) if found else None


def leg_by_reference(conn: Connection, carrier: str, reference: str) -> tuple[str, str] | None:
    """The dossier and leg of a reference that a receipt named: a carrier may have been given a shorter one."""
    found = conn.execute(_BY_REFERENCE, {"of_carrier": carrier, "named": reference}).one_or_none()
    return (found.dossier, found.leg) if found else None


def wait(conn: Connection, update: Unmatched) -> None:
    """Keep an update until its receipt comes; twice is once."""
    row = {name: getattr(update, name) for name in Unmatched.__slots__}
    conn.execute(unless_there(conn, UNMATCHED), row | {"at": clock().seconds()})


def waiting(conn: Connection, carrier: str, item: str, reference: str) -> list[Unmatched]:
    """The updates that a receipt of this item and reference may tell the leg of, in the order of their coming."""
    columns = [UNMATCHED.c[name] for name in Unmatched.__slots__]
    matches = or_(UNMATCHED.c.item == item, UNMATCHED.c.reference == reference)
    rows = conn.execute(select(*columns).where(UNMATCHED.c.carrier == carrier, matches).order_by(UNMATCHED.c.at))
    return [Unmatched(**row._mapping) for row in rows]


def found(conn: Connection, ids: Collection[str]) -> None:
    """These wait no longer."""
    if ids:
        conn.execute(delete(UNMATCHED).where(UNMATCHED.c.id.in_(ids)))


def drop_of(conn: Connection, dossier: str) -> int:
    """Delete the updates that wait and can be told to be a dossier's, by reference or item; how many."""
    known = conn.execute(select(ITEMS.c.carrier, ITEMS.c.item, ITEMS.c.reference).where(ITEMS.c.dossier == dossier))
    mine = [UNMATCHED.c.reference.startswith(f"{dossier}/", autoescape=True)]
    for carrier, item, reference in known.all():
        named = or_(UNMATCHED.c.item == item, UNMATCHED.c.reference == reference)
        mine.append(and_(UNMATCHED.c.carrier == carrier, named))
    return conn.execute(delete(UNMATCHED).where(or_(*mine))).rowcount
