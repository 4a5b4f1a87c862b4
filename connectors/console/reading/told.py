"""What agencies were told of a dossier, when, and what became of telling them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select

from connectors.console.desk import Look
from schemas.instant import aware

MOST = 200


class Became(StrEnum):
    """What became of telling: not called yet (the feed has it at once), owed again, taken, or tried no more."""

    IN_FEED = "in_feed"
    OWED = "attempt_failed"
    DELIVERED = "delivered"
    ASIDE = "stepped_aside"
    GAVE_UP = "gave_up"


KNOWN = frozenset(Became)


@dataclass(frozen=True, slots=True)
class Told:
    """A notice: the n-th to this agency of this dossier. `tries` counts the calls, `became_at` is the last one's time,
    `next_at` when it is tried again, `answer` the HTTP status.
    """

    at: datetime
    agency: str
    sequence: int
    kind: str
    became: Became
    tries: int = 0
    became_at: datetime | None = None
    next_at: datetime | None = None
    answer: int | None = None


def told(look: Look, code: str) -> tuple[Told, ...]:
    """The notices of a dossier, the newest first."""
    table, receipts = look.tables.notices, look.tables.receipts
    asked = select(table).where(table.c.dossier == code).order_by(table.c.at.desc(), table.c.id).limit(MOST)
    rows = look.connection.execute(asked).all()
    if not rows:
        return ()
    answers = select(receipts).where(receipts.c.notice.in_([row.id for row in rows])).order_by(receipts.c.place)
    last: dict[str, Row[Any]] = {}
    for one in look.connection.execute(answers):
        # Taken once, it is told, whatever a repetition met.
        if one.notice not in last or last[one.notice].kind != Became.DELIVERED:
            last[one.notice] = one
    return tuple(_told(row, last.get(row.id)) for row in rows)


def _told(row: Row[Any], last: Row[Any] | None) -> Told:
    at = aware(row.at)
    if last is None or last.kind not in KNOWN:
        return Told(at, row.agency, row.sequence, row.kind, Became.IN_FEED)
    return Told(
        at=at,
        agency=row.agency,
        sequence=row.sequence,
        kind=row.kind,
        became=Became(last.kind),
        tries=last.attempt,
        became_at=aware(last.at),
        next_at=aware(last.next_at) if last.next_at is not None else None,
        answer=last.status,
    )
