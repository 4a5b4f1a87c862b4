"""`digests` and `gathered`: what one change of the reference data brought an agency, and which digest tells of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import Connection, Row, Table, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from connectors.store.tables import DIGESTS, FEED, GATHERED
from rules.digests import Change, Gathered, Gathering, Span
from schemas.instant import clock

_COLUMNS = tuple(GATHERED.c[name] for name in Gathered.__struct_fields__)


@dataclass(frozen=True, slots=True)
class Came:
    """A notice for an agency that a change brought, and the reason that it gives."""

    agency: str
    change: Change
    notice: Gathered
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What one digest tells: the `sequence`-th of its agency. `before` is the feed's cursor before the first of it."""

    of: Gathering
    sequence: int
    told: Sequence[Gathered]
    before: int


def gather(connection: Connection, rows: Sequence[Came]) -> None:
    """Gather these, each once, whether or not a digest has told of it since."""
    if not rows:
        return
    now = clock().seconds()
    values = [_row(one, now) for one in rows]
    statement = _insert(connection, GATHERED).values(values).on_conflict_do_nothing()
    new = set(connection.execute(statement.returning(GATHERED.c.notice_id)).scalars())
    fresh = [one for one in rows if one.notice.notice_id in new]
    # In one order, for others lock the same rows.
    for agency, change in sorted({(one.agency, one.change.id) for one in fresh}):
        _grow(connection, [one for one in fresh if (one.agency, one.change.id) == (agency, change)], now)


def due(connection: Connection, span: Span, reads_since: float) -> list[tuple[str, str]]:
    """The agencies and changes of which a digest is due."""
    rows = connection.execute(select(DIGESTS).where(DIGESTS.c.since.is_not(None)))
    return [(row.agency, row.change) for row in rows if _is_due(row, span, reads_since)]


def close(connection: Connection, agency: str, change: str, span: Span, reads_since: float) -> Part | None:
    """What the next digest tells an agency of a change, taken for it; None where another took it, or more came."""
    mine = (DIGESTS.c.agency == agency, DIGESTS.c.change == change)
    # All of the agency's, so that two of its digests at once get two numbers.
    rows = connection.execute(
        select(DIGESTS).where(DIGESTS.c.agency == agency).order_by(DIGESTS.c.change).with_for_update()
    ).all()
    row = next((one for one in rows if one.change == change), None)
    if row is None or not _is_due(row, span, reads_since):
        return None
    of = Gathering(agency, change, row.version, row.in_force_at, row.why, row.parts + 1)
    told = _taken(connection, of)
    connection.execute(update(DIGESTS).where(*mine).values(parts=row.parts + 1, since=None, last_at=None))
    return Part(of, sum(one.parts for one in rows) + 1, told, _before(connection, of.id))


def _is_due(row: Row[Any], span: Span, reads_since: float) -> bool:
    return row.since is not None and span.is_over(row.since, row.last_at, reads_since, clock().seconds())


def _taken(connection: Connection, of: Gathering) -> list[Gathered]:
    """Marked first and then read: another may gather more meanwhile."""
    open_ = (GATHERED.c.agency == of.agency, GATHERED.c.change == of.change, GATHERED.c.digest.is_(None))
    connection.execute(update(GATHERED).where(*open_).values(digest=of.id))
    rows = select(*_COLUMNS).where(GATHERED.c.agency == of.agency, GATHERED.c.change == of.change)
    found = connection.execute(rows.where(GATHERED.c.digest == of.id).order_by(GATHERED.c.dossier, GATHERED.c.sequence))
    return [Gathered(**row._mapping) for row in found]


def telling(connection: Connection, notices: Collection[str]) -> dict[str, str | None]:
    """Of these notices those that a digest tells, with its id; None while they are gathered for one."""
    asked = select(GATHERED.c.notice_id, GATHERED.c.digest).where(GATHERED.c.notice_id.in_(notices))
    return {row.notice_id: row.digest for row in connection.execute(asked)}


def _before(connection: Connection, digest: str) -> int:
    rows = select(func.min(FEED.c.cursor)).join(GATHERED, GATHERED.c.notice_id == FEED.c.notice_id)
    first = connection.execute(rows.where(GATHERED.c.digest == digest)).scalar()
    return first - 1 if first else 0


def _grow(connection: Connection, fresh: Sequence[Came], now: float) -> None:
    """One agency and change: it grows from now on, if it did not already."""
    one, why = fresh[0], max((one.why or "" for one in fresh), key=len) or None
    values = {
        "agency": one.agency,
        "change": one.change.id,
        "version": one.change.version,
        "in_force_at": one.change.at.isoformat(),
        "why": why,
        "since": now,
        "last_at": now,
    }
    statement = _insert(connection, DIGESTS).values(values)
    longer = func.length(func.coalesce(statement.excluded.why, "")) > func.length(func.coalesce(DIGESTS.c.why, ""))
    set_ = {
        "since": func.coalesce(DIGESTS.c.since, now),
        "last_at": now,
        "why": case((longer, statement.excluded.why), else_=DIGESTS.c.why),
    }
    connection.execute(statement.on_conflict_do_update(index_elements=["agency", "change"], set_=set_))


def _row(one: Came, now: float) -> dict[str, Any]:
    return {"agency": one.agency, "change": one.change.id, "at": now} | asdict(one.notice)


def _insert(connection: Connection, table: Table) -> Any:
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
