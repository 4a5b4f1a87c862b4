"""`gate_seen`: which events came in lately, so that a conflict is answered at once where it can be."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from connectors.store.insert import unless_there
from connectors.store.tables import GATE_SEEN
from schemas.event import Event
from schemas.instant import aware, clock

EXPECTED = ""
"""Stands for the digest of an event that came in, and that its source is asked to send again: the log may lack it."""
_DIGESTS = select(GATE_SEEN.c.id, GATE_SEEN.c.digest).where(
    GATE_SEEN.c.source == bindparam("of_source"), GATE_SEEN.c.id.in_(bindparam("these", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Last:
    """The event of a source that came in last."""

    source: str
    id: str
    recordedtime: datetime


def digests(connection: Connection, refs: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The digests under which these (source, id) are known."""
    found: dict[tuple[str, str], str] = {}
    for source in {source for source, _ in refs}:
        ids = [id for one, id in refs if one == source]
        rows = connection.execute(_DIGESTS, {"of_source": source, "these": ids})
        found |= {(source, id): digest for id, digest in rows if digest != EXPECTED}
    return found


def remember(connection: Connection, facts: Sequence[Event]) -> None:
    """These are on the log; what is known already stays as it is, what was expected again is there."""
    at = clock().seconds()
    rows = [{"source": fact.source, "id": fact.id, "digest": fact.digest, "at": at} for fact in facts]
    connection.execute(_remembering(connection.dialect.name), rows)


@cache
def _remembering(dialect: str) -> Any:
    statement: Any = (postgresql if dialect == "postgresql" else sqlite).insert(GATE_SEEN)
    return statement.on_conflict_do_update(
        index_elements=["source", "id"],
        set_={"digest": statement.excluded.digest, "at": statement.excluded.at},
        where=GATE_SEEN.c.digest == EXPECTED,
    )


@dataclass(frozen=True, slots=True)
class Came:
    """An event that came in: `at` in driven unix seconds."""

    source: str
    id: str
    digest: str
    at: float


def since(connection: Connection, at: float) -> list[Came]:
    """What came in at this moment or later."""
    columns = [GATE_SEEN.c[name] for name in Came.__slots__]
    return [Came(**row._mapping) for row in connection.execute(select(*columns).where(GATE_SEEN.c.at >= at))]


def expect_again(connection: Connection, source: str, at: float) -> int:
    """Of this source, expect once more what came in at this moment or later, and name nothing behind it until then."""
    mine = (GATE_SEEN.c.source == source, GATE_SEEN.c.at >= at)
    return connection.execute(update(GATE_SEEN).where(*mine).values(digest=EXPECTED)).rowcount


def learn(connection: Connection, events: Sequence[Came]) -> None:
    """Know these as well; what is known already stays as it is."""
    if events:
        rows = [{name: getattr(one, name) for name in Came.__slots__} for one in events]
        connection.execute(unless_there(connection, GATE_SEEN), rows)


def last(connection: Connection, sources: Collection[str]) -> list[Last]:
    """What came in last of each of these sources before the first expected again: nothing is missing by then."""
    found = []
    for source in sorted(sources):
        mine = GATE_SEEN.c.source == source
        first = connection.scalar(select(func.min(GATE_SEEN.c.at)).where(mine, GATE_SEEN.c.digest == EXPECTED))
        row = select(GATE_SEEN.c.id, GATE_SEEN.c.at).where(
            mine, GATE_SEEN.c.at < first if first is not None else true()
        )
        for id, at in connection.execute(row.order_by(GATE_SEEN.c.at.desc(), GATE_SEEN.c.id.desc()).limit(1)):
            found.append(Last(source, id, aware(at)))
    return found
