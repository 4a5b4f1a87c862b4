"""What SQL holds of a log that has since lost some of it: answers to say again, what was asked, what was told."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, or_, select, update

from connectors.store.queue import WAITING, OwedState
from connectors.store.tables import OWED

EXPECTED = "expected:"
"""How the id of a question begins that is asked when something did not come in time."""


WHEN_ASKED = 0.0
"""Stands where an answer was published, of one that is not on its topic and has to wait until its request is, again."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A row whose answer was said: what it was, since when it was owed, and the answer."""

    id: str
    body: bytes
    created_at: float
    answer: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A row, and what it is about."""

    id: str
    body: bytes


def answered(connection: Connection, queue: str, since: float) -> list[Answered]:
    """Answers of a queue that were put on their topic at this moment (driven unix seconds) or later, or wait for it."""
    later = or_(OWED.c.published_at >= since, OWED.c.published_at == WHEN_ASKED)
    said = (OWED.c.queue == queue, OWED.c.answer.is_not(None), later)
    columns = [OWED.c[name] for name in Answered.__slots__]
    return [Answered(**row._mapping) for row in connection.execute(select(*columns).where(*said))]


def unsay(connection: Connection, queue: str, ids: Sequence[str], *, when_asked: bool = False) -> None:
    """These answers are not on their topic: its process says them when it starts, or when it is asked again."""
    for start in range(0, len(ids), 500):
        mine = (OWED.c.queue == queue, OWED.c.id.in_(ids[start : start + 500]))
        connection.execute(update(OWED).where(*mine).values(published_at=WHEN_ASKED if when_asked else None))


def answer_when_asked(connection: Connection, queue: str, id: str) -> bytes | None:
    """The answer of a row that is to be said once its request comes again; None where there is none such."""
    mine = (OWED.c.queue == queue, OWED.c.id == id, OWED.c.published_at == WHEN_ASKED)
    found = connection.execute(select(OWED.c.answer).where(*mine)).scalar()
    return bytes(found) if found is not None else None


def ended(connection: Connection, queue: str, since: float) -> list[Kept]:
    """The rows of a queue that ended well at this moment or later."""
    done = (OWED.c.queue == queue, OWED.c.state == OwedState.DONE, OWED.c.done_at >= since)
    return [Kept(row.id, row.body) for row in connection.execute(select(OWED.c.id, OWED.c.body).where(*done))]


def waiting(connection: Connection, queue: str, since: float) -> list[Kept]:
    """The rows of a queue that are owed or in flight, since this moment or later."""
    mine = (OWED.c.queue == queue, OWED.c.state.in_(WAITING), OWED.c.created_at >= since)
    return [Kept(row.id, row.body) for row in connection.execute(select(OWED.c.id, OWED.c.body).where(*mine))]


def put_aside(connection: Connection, queue: str, ids: Sequence[str]) -> None:
    """Let these wait for somebody's word; whether they are in doubt is kept."""
    for start in range(0, len(ids), 500):
        mine = (OWED.c.queue == queue, OWED.c.id.in_(ids[start : start + 500]))
        connection.execute(update(OWED).where(*mine).values(state=OwedState.ASIDE))


def expected(connection: Connection, queue: str, since: float) -> list[bytes]:
    """What something is expected of, or was until this moment or later, as the questions that would be asked."""
    alive = or_(OWED.c.state.in_(WAITING), OWED.c.done_at >= since)
    mine = (OWED.c.queue == queue, OWED.c.id.startswith(EXPECTED), alive)
    return list(connection.execute(select(OWED.c.body).where(*mine)).scalars())


def aside(connection: Connection, queue: str) -> list[str]:
    """The rows of a queue that wait for somebody's word."""
    mine = (OWED.c.queue == queue, OWED.c.state == OwedState.ASIDE)
    return list(connection.execute(select(OWED.c.id).where(*mine)).scalars())


def drop(connection: Connection, queue: str, ids: Sequence[str]) -> None:
    """Forget these rows, whatever became of them: they are about to be put again."""
    for start in range(0, len(ids), 500):
        mine = (OWED.c.queue == queue, OWED.c.id.in_(ids[start : start + 500]))
        connection.execute(delete(OWED).where(*mine))
