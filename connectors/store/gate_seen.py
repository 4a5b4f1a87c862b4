"""`gate_seen`: which events came in lately, so that a conflict is answered at once where it can be."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from connectors.store.insert import unless_there
from connectors.store.tables import GATE_SEEN
from schemas.event import Event
from schemas.instant import aware, clock


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
        rows = select(GATE_SEEN.c.id, GATE_SEEN.c.digest).where(GATE_SEEN.c.source == source, GATE_SEEN.c.id.in_(ids))
        found |= {(source, id): digest for id, digest in connection.execute(rows)}
    return found


def remember(connection: Connection, facts: Sequence[Event]) -> None:
    """These are on the log; what is known already stays as it is."""
    at = clock().seconds()
    rows = [{"source": fact.source, "id": fact.id, "digest": fact.digest, "at": at} for fact in facts]
    connection.execute(unless_there(connection, GATE_SEEN), rows)


def last(connection: Connection, sources: Collection[str]) -> list[Last]:
    """What came in last of each of these sources."""
    found = []
    for source in sorted(sources):
        row = select(GATE_SEEN.c.id, GATE_SEEN.c.at).where(GATE_SEEN.c.source == source)
        for id, at in connection.execute(row.order_by(GATE_SEEN.c.at.desc(), GATE_SEEN.c.id.desc()).limit(1)):
            found.append(Last(source, id, aware(at)))
    return found
