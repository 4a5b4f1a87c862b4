"""`result_receipts` and `receipt_days`: signed receipts of results handed over, and the days that are closed."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, insert, select, text, update

from connectors.store.tables import RECEIPT_DAYS, RESULT_RECEIPTS
from schemas.instant import clock

LOCK = 0x72637074
"""The number of PostgreSQL's advisory lock that whoever makes a receipt or closes a day holds ("rcpt")."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A receipt as it is kept. `body` is its canonical JSON, signature included; `leaf` that of its day's tree."""

    dossier: str
    number: int
    id: str
    sequence: int
    receiving_agency: str | None
    competent_agency: str | None
    day: str
    leaf: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """A day to which nothing is added any more; `body` is what its topic is told."""

    day: date
    chain: str
    body: bytes


def alone(connection: Connection) -> None:
    """From here to the transaction's end nobody else makes a receipt or closes a day. On SQLite nobody else writes."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def keep(connection: Connection, rows: Sequence[Kept]) -> None:
    """Keep new receipts."""
    at = clock().seconds()
    connection.execute(insert(RESULT_RECEIPTS), [asdict(row) | {"at": at} for row in rows])


def last_of(connection: Connection, dossiers: Collection[str]) -> dict[str, Kept]:
    """The last receipt of each of these dossiers that has any."""
    rows = _rows().where(RESULT_RECEIPTS.c.dossier.in_(sorted(dossiers))).order_by(RESULT_RECEIPTS.c.number)
    return {row.dossier: Kept(**row._mapping) for row in connection.execute(rows)}


def find(connection: Connection, dossier: str, number: int) -> Kept | None:
    """The n-th receipt of a dossier."""
    rows = _rows().where(RESULT_RECEIPTS.c.dossier == dossier, RESULT_RECEIPTS.c.number == number)
    row = connection.execute(rows).one_or_none()
    return Kept(**row._mapping) if row is not None else None


def leaves(connection: Connection, day: date) -> list[tuple[str, bytes]]:
    """The id and the leaf of every receipt of a day, in the order of its tree: by id."""
    columns = select(RESULT_RECEIPTS.c.id, RESULT_RECEIPTS.c.leaf)
    rows = connection.execute(columns.where(RESULT_RECEIPTS.c.day == day.isoformat()))
    # Sorted here: how a database sorts text depends on where it was made.
    return sorted((row.id, row.leaf) for row in rows)


def open_days(connection: Connection, before: date) -> list[date]:
    """The days before this one that have receipts and are not closed, the first one first."""
    closed = select(RECEIPT_DAYS.c.day)
    days = select(RESULT_RECEIPTS.c.day).distinct()
    rows = connection.execute(
        days.where(RESULT_RECEIPTS.c.day < before.isoformat(), RESULT_RECEIPTS.c.day.not_in(closed))
    )
    return sorted(date.fromisoformat(day) for day in rows.scalars())


def last_closed(connection: Connection) -> Closed | None:
    """The last day that is closed."""
    row = connection.execute(select(RECEIPT_DAYS).order_by(RECEIPT_DAYS.c.day.desc()).limit(1)).one_or_none()
    return Closed(date.fromisoformat(row.day), row.chain, row.body) if row is not None else None


def closed(connection: Connection, day: date) -> Closed | None:
    """A day, if it is closed."""
    row = connection.execute(select(RECEIPT_DAYS).where(RECEIPT_DAYS.c.day == day.isoformat())).one_or_none()
    return Closed(day, row.chain, row.body) if row is not None else None


def close(connection: Connection, one: Closed) -> None:
    """Close a day, once."""
    row = {"day": one.day.isoformat(), "chain": one.chain, "body": one.body}
    connection.execute(insert(RECEIPT_DAYS), row)


def unpublished(connection: Connection) -> list[Closed]:
    """Closed days that may not be on their topic yet, the first one first."""
    rows = select(RECEIPT_DAYS).where(RECEIPT_DAYS.c.published_at.is_(None)).order_by(RECEIPT_DAYS.c.day)
    return [Closed(date.fromisoformat(row.day), row.chain, row.body) for row in connection.execute(rows)]


def published(connection: Connection, days: Collection[date]) -> None:
    """These are on their topic."""
    names = [day.isoformat() for day in days]
    mine = update(RECEIPT_DAYS).where(RECEIPT_DAYS.c.day.in_(names))
    connection.execute(mine.values(published_at=clock().seconds()))


def _rows() -> Select[Any]:
    return select(*(RESULT_RECEIPTS.c[name] for name in Kept.__slots__))
