"""`feed`: what an agency was told, in order, for those who pull. The cursor counts over all agencies and only grows."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, text, update

from connectors.store.insert import unless_there
from connectors.store.tables import FEED
from schemas.instant import clock

LOCK = 0x66656564
"""The number of PostgreSQL's advisory lock that whoever feeds holds ("feed")."""


@dataclass(frozen=True, slots=True)
class Told:
    """A row to be fed: whose it is, what it says, where it stood on its topic, which dossier it tells of, and which
    change of the reference data it follows from.
    """

    agency: str
    notice_id: str
    topic: str
    partition: int
    offset: int
    body: bytes
    dossier: str | None = None
    change: str | None = None


@dataclass(frozen=True, slots=True)
class Fed:
    """A row of the feed."""

    cursor: int
    body: bytes


def put(connection: Connection, rows: Sequence[Told]) -> None:
    """Feed these, in this order; what was fed before changes nothing. Others feed once the transaction has ended."""
    at = clock().seconds()
    values = [{name: getattr(row, name) for name in Told.__slots__} | {"at": at} for row in rows]
    if values:
        if connection.dialect.name == "postgresql":
            # PostgreSQL counts before it commits: a reader would pass a cursor whose row is not to be seen yet.
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        connection.execute(unless_there(connection, FEED), values)


def after(connection: Connection, agency: str, cursor: int, limit: int, change: str | None = None) -> list[Fed]:
    """What follows a cursor for one agency, in order; with `change` only what that one brought."""
    rows = select(FEED.c.cursor, FEED.c.body).where(FEED.c.agency == agency, FEED.c.cursor > cursor)
    if change is not None:
        rows = rows.where(FEED.c.change == change)
    return [Fed(row.cursor, row.body) for row in connection.execute(rows.order_by(FEED.c.cursor).limit(limit))]


def of_dossier(connection: Connection, dossier: str) -> list[Fed]:
    """The rows that tell of a dossier; those of a release that did not say so are among `of_nobody`."""
    rows = select(FEED.c.cursor, FEED.c.body).where(FEED.c.dossier == dossier).order_by(FEED.c.cursor)
    return [Fed(row.cursor, row.body) for row in connection.execute(rows)]


def of_nobody(connection: Connection, after: int, limit: int) -> list[Fed]:
    """Rows that do not say of which dossier they tell, in order from a cursor on."""
    rows = select(FEED.c.cursor, FEED.c.body).where(FEED.c.dossier.is_(None), FEED.c.cursor > after)
    return [Fed(row.cursor, row.body) for row in connection.execute(rows.order_by(FEED.c.cursor).limit(limit))]


def rewrite(connection: Connection, row: Fed) -> None:
    """From here on a row says this."""
    connection.execute(update(FEED).where(FEED.c.cursor == row.cursor).values(body=row.body))
