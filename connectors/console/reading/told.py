"""What agencies were told of a dossier, when, and what became of telling them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select

from connectors.console.desk import Look
from connectors.store import digests
from schemas.instant import aware

MOST = 200


class Became(StrEnum):
    """What became of telling: not called yet (the feed has it at once, a digest gathers it or tells it), owed again,
    taken, or tried no more.
    """

    IN_FEED = "in_feed"
    GATHERED = "gathered"
    IN_DIGEST = "in_digest"
    OWED = "attempt_failed"
    DELIVERED = "delivered"
    ASIDE = "stepped_aside"
    GAVE_UP = "gave_up"


KNOWN = frozenset(Became)


@dataclass(frozen=True, slots=True)
class Told:
    """A notice: the n-th to this agency of this dossier. `tries` counts the calls, `became_at` is the last one's time,
    `next_at` when it is tried again, `answer` the HTTP status: of the digest's where `by_digest`.
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
    by_digest: bool = False


def told(look: Look, code: str) -> tuple[Told, ...]:
    """The notices of a dossier, the newest first. Raises TryLater."""
    table = look.tables.notices
    asked = select(table).where(table.c.dossier == code).order_by(table.c.at.desc(), table.c.id).limit(MOST)
    rows = look.connection.execute(asked).all()
    if not rows:
        return ()
    with look.doors.read() as connection:
        digest_of = digests.telling(connection, [row.id for row in rows])
    last = _answers(look, [*(row.id for row in rows), *filter(None, digest_of.values())])
    found = []
    for row in rows:
        answer, digest = last.get(row.id), digest_of.get(row.id)
        if answer is None and row.id in digest_of:
            not_called = Became.GATHERED if digest is None else Became.IN_DIGEST
            found.append(_told(row, last.get(digest or ""), not_called, by_digest=digest is not None))
        else:
            found.append(_told(row, answer))
    return tuple(found)


def _answers(look: Look, notices: Sequence[str]) -> dict[str, Row[Any]]:
    """The last receipt of each of these notices and digests that has some."""
    receipts = look.tables.receipts
    last: dict[str, Row[Any]] = {}
    asked = select(receipts).where(receipts.c.notice.in_(notices)).order_by(receipts.c.place)
    for one in look.connection.execute(asked):
        # Taken once, it is told, whatever a repetition met.
        if one.notice not in last or last[one.notice].kind != Became.DELIVERED:
            last[one.notice] = one
    return last


def _told(
    row: Row[Any], last: Row[Any] | None, not_called: Became = Became.IN_FEED, *, by_digest: bool = False
) -> Told:
    at = aware(row.at)
    if last is None or last.kind not in KNOWN:
        return Told(at, row.agency, row.sequence, row.kind, not_called, by_digest=by_digest)
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
        by_digest=by_digest,
    )
