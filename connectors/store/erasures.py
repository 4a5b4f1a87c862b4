"""`erasures`: which dossiers' keys were destroyed, when, and whether the log was told. Nothing is ever removed."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from connectors.store.tables import ERASURES
from schemas.instant import clock


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure. `fact` is what the log is told of it; `at` and `stated_at` are driven unix seconds."""

    dossier: str
    at: float
    keys: int
    digest: str
    feed: int
    unmatched: int
    fact: bytes
    stated_at: float | None = None


def keep(connection: Connection, one: Erasure) -> None:
    """Put it on record, in the transaction that destroys."""
    connection.execute(insert(ERASURES), {name: getattr(one, name) for name in Erasure.__slots__})


def of(connection: Connection, dossier: str) -> list[Erasure]:
    """The erasures of a dossier, the oldest first."""
    columns = [ERASURES.c[name] for name in Erasure.__slots__]
    rows = select(*columns).where(ERASURES.c.dossier == dossier).order_by(ERASURES.c.id)
    return [Erasure(**row._mapping) for row in connection.execute(rows)]


def stated(connection: Connection, dossier: str) -> None:
    """The log was told of all of them."""
    untold = (ERASURES.c.dossier == dossier, ERASURES.c.stated_at.is_(None))
    connection.execute(update(ERASURES).where(*untold).values(stated_at=clock().seconds()))
