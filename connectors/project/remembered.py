"""A dossier's log by the read model's knowledge of where it stands: a few records fetched instead of a partition read.

What the read model was not told yet is read from there on, so that it is as new as the log.
"""

from sqlalchemy import func, select

from connectors.broker import Message
from connectors.broker.known import read_known
from connectors.project import sets
from connectors.project.found import place_in
from connectors.store import Store
from connectors.verdicts import TryLater
from schemas.dossier import LOG


def first_of(read: Store | None, code: str) -> int:
    """The offset of a dossier's first fact in its partition of the log; 0 where the read model does not know it."""
    if read is None:
        return 0
    try:
        with sets.looking(read) as (connection, tables):
            facts = tables.facts
            place = connection.scalar(select(func.min(facts.c.place)).where(facts.c.dossier == code))
    except TryLater:
        return 0
    return 0 if place is None else place_in(place)[1]


def remembered(bootstrap: str, read: Store, code: str) -> list[Message] | None:
    """The records of a dossier's facts, without the timers that fired; None where the read model does not know them.

    It does not where it has none of its rows yet, or where records stand no more where they stood: read the log then.
    Raises TryLater while the broker, the database or the read model is away.
    """
    with sets.looking(read) as (connection, tables):
        facts, projected = tables.facts, tables.projected
        rows = connection.execute(facts.select().with_only_columns(facts.c.place).where(facts.c.dossier == code))
        places = [place_in(row.place) for row in rows]
        if not places:
            return None
        partition = places[0][0]
        mine = (projected.c.topic == LOG) & (projected.c.partition == partition)
        beyond = connection.scalar(projected.select().with_only_columns(projected.c.next).where(mine))
    offsets = {offset for _, offset in places}
    found = read_known(bootstrap, LOG, code.encode(), partition, offsets, beyond or 0)
    there = {one.offset for one in found}
    return found if offsets <= there else None
