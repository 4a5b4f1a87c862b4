"""What is owed to partners, in SQL: one queue module for orders, questions and callbacks.

A row is put once, by its id, in the transaction of whatever owes it. The holder of a lane's lease claims what is due,
one of a sequence key at a time and in order, and says how it ended. What was claimed when its holder died is owed again
at once, `in_doubt` still set if a call had begun. `next_at` is on the driven clock, `sent_at` on the real.
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from connectors.metrics import counter
from connectors.store.lanes import Lanes
from connectors.store.store import Store
from connectors.store.tables import OWED
from schemas.content import as_read_now, content_of
from schemas.instant import clock

log = structlog.get_logger()


class OwedState(StrEnum):
    """How a row stands. ASIDE: it lets those behind it pass and is tried no more until somebody says so."""

    OWED = "OWED"
    IN_FLIGHT = "IN_FLIGHT"
    DONE = "DONE"
    GAVE_UP = "GAVE_UP"
    ASIDE = "ASIDE"


WAITING = (OwedState.OWED, OwedState.IN_FLIGHT)


@dataclass(frozen=True, slots=True)
class Owed:
    """One thing owed. Whoever puts it says the first seven; the rest is how it fares."""

    id: str
    lane: str
    sequence_key: str
    order_no: int
    body: bytes
    next_at: float = 0.0
    urgency: int = 0
    state: OwedState = OwedState.OWED
    attempts: int = 0
    in_doubt: bool = False
    sent_at: float | None = None
    last_error: str | None = None
    created_at: float = 0.0
    day: str | None = None


_COLUMNS = tuple(OWED.c[name] for name in Owed.__slots__)


def _owed(row: Row[Any]) -> Owed:
    return Owed(**{**row._mapping, "state": OwedState(row.state)})


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is in flight from now, and when (driven seconds) the first of what is left is due, though it may wait for
    one before it under its key; None if nothing is left.
    """

    rows: list[Owed]
    first_at: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """How a row ended, not yet on its topic."""

    id: str
    body: bytes


@cache
def earlier() -> tuple[Any, ColumnElement[bool]]:
    """What stands before a row under its key: the table once more, and when that is so."""
    other = OWED.alias("earlier")
    before = or_(other.c.order_no < OWED.c.order_no, and_(other.c.order_no == OWED.c.order_no, other.c.id < OWED.c.id))
    same = and_(other.c.queue == OWED.c.queue, other.c.sequence_key == OWED.c.sequence_key)
    return other, and_(same, before)


@cache
def blocked() -> ColumnElement[bool]:
    """Whether something before a row under its key still waits: it has to wait too."""
    other, before = earlier()
    return exists().where(before, other.c.state.in_(WAITING))


# What every turn of a lane says is made once: to make a statement costs several times what its answer does.

_MINE = OWED.c.queue == bindparam("of_queue")
_THIS = and_(_MINE, OWED.c.id == bindparam("this"))
_THESE = and_(_MINE, OWED.c.id.in_(bindparam("these", expanding=True)))
_DUE = and_(_MINE, OWED.c.lane == bindparam("of_lane"), OWED.c.state == OwedState.OWED, ~blocked())
_CLAIM = (
    select(*_COLUMNS)
    # As a sum no index is searched for it: rows come in their turn, and the first few are all that is read.
    .where(_DUE, OWED.c.next_at + 0 <= bindparam("moment"))
    .order_by(OWED.c.urgency, OWED.c.next_at, OWED.c.order_no)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_FLIES = update(OWED).where(_THESE).values(state=OwedState.IN_FLIGHT)
# Not the least of all: in order, so that a backlog is not read at every turn.
_NEXT = select(OWED.c.next_at).where(_DUE).order_by(OWED.c.next_at).limit(1)
_FIRST = (
    select(OWED.c.next_at)
    .where(_MINE, OWED.c.lane == bindparam("of_lane"), OWED.c.state == OwedState.OWED)
    .order_by(OWED.c.next_at)
    .limit(1)
)
_WAITING = (
    select(*_COLUMNS)
    .where(_MINE, OWED.c.sequence_key == bindparam("of_key"), OWED.c.state.in_(WAITING))
    .order_by(OWED.c.order_no)
    .with_for_update()
)
_UNDER = (
    select(*_COLUMNS)
    .where(_MINE, OWED.c.sequence_key.in_(bindparam("of_keys", expanding=True)), OWED.c.state.in_(WAITING))
    .order_by(OWED.c.order_no)
)
_DONE_UNDER = select(OWED.c.id).where(_MINE, OWED.c.sequence_key == bindparam("of_key"), OWED.c.state == OwedState.DONE)
_END = (
    update(OWED)
    .where(_THIS, OWED.c.state.in_(WAITING))
    .values(
        state=bindparam("as_state"),
        done_at=bindparam("moment"),
        answer=bindparam("said"),
        last_error=bindparam("why"),
        in_doubt=False,
    )
)
_LATER = (
    update(OWED)
    .where(_THIS, OWED.c.state.in_(WAITING))
    .values(
        state=OwedState.OWED,
        next_at=bindparam("moment"),
        last_error=bindparam("why"),
        in_doubt=bindparam("doubts"),
        attempts=OWED.c.attempts + bindparam("tries"),
    )
)
_PUBLISHED = update(OWED).where(_THESE).values(published_at=bindparam("moment"))
_UNPUBLISHED = (
    select(OWED.c.id, OWED.c.answer)
    .where(_MINE, OWED.c.answer.is_not(None), OWED.c.published_at.is_(None))
    .order_by(OWED.c.done_at, OWED.c.order_no)
    .limit(bindparam("most"))
)


class Queue:
    """One queue by its name. Methods that take a connection join its transaction; the others have their own."""

    def __init__(self, store: Store, name: str) -> None:
        self.store, self.name = store, name
        # There from the start, at 0: an alert sees the first one.
        counter("hoso_content_differs_total").labels(name)
        self.lanes = Lanes(store, name, self._owed_again)
        self.put_off: list[Callable[[], None]] = []
        """Called when a row in flight is owed again."""
        dialect: Any = postgresql if store.on_postgres else sqlite
        unless_known = dialect.insert(OWED).on_conflict_do_nothing(index_elements=["queue", "id"])
        self._put = unless_known.returning(OWED.c.id)

    # ------------------------------------------------------------ owing

    def put(self, conn: Connection, rows: Sequence[Owed]) -> int:
        """Owe these; how many are new. Ids known already change nothing, whatever became of them.

        An event that is known under its id with another content is an alarm; the first stands.
        """
        if not rows:
            return 0
        # Counted by what comes back: not every driver counts the rows of one statement with many.
        new = len(conn.execute(self._put, [self._values(row) for row in rows]).all())
        if new < len(rows):
            self._compare(conn, rows)
        return new

    def waiting(self, conn: Connection, sequence_key: str) -> list[Owed]:
        """What is owed or in flight under a sequence key, in order; locked until the transaction ends."""
        return [_owed(row) for row in conn.execute(_WAITING, {"of_queue": self.name, "of_key": sequence_key})]

    def under(self, sequence_keys: Collection[str]) -> dict[str, list[Owed]]:
        """What is owed or in flight under each of these, in order, as it is now: what a batch need not lock."""
        found: dict[str, list[Owed]] = {}
        if sequence_keys:
            with self.store.read() as conn:
                for row in conn.execute(_UNDER, {"of_queue": self.name, "of_keys": list(sequence_keys)}):
                    found.setdefault(row.sequence_key, []).append(_owed(row))
        return found

    def done_under(self, conn: Connection, sequence_key: str) -> list[str]:
        """What ended well under a sequence key, as far as it is kept."""
        return list(conn.execute(_DONE_UNDER, {"of_queue": self.name, "of_key": sequence_key}).scalars())

    # ------------------------------------------------------------ claiming

    def claim(self, lane: str, now: float, limit: int) -> Claimed:
        """What is due, the urgent first, one of a sequence key at most; in flight from now.

        Nothing if the lane went to another meanwhile: it would fly in the other's term, and nobody would bring it home.
        """

        def take(conn: Connection) -> Claimed:
            if not self.lanes.is_ours(conn, lane):
                return Claimed([], None)
            of = {"of_queue": self.name, "of_lane": lane}
            found = [_owed(row) for row in conn.execute(_CLAIM, of | {"moment": now, "most": limit}).all()]
            if found:
                conn.execute(_FLIES, {"of_queue": self.name, "these": [row.id for row in found]})
            return Claimed(found, conn.scalar(_FIRST, of))

        return self.store.together(take)

    def next_at(self, lane: str) -> float | None:
        """When (driven seconds) the next of a lane is due; None if nothing waits for its time."""
        with self.store.read() as conn:
            found: float | None = conn.scalar(_NEXT, {"of_queue": self.name, "of_lane": lane})
            return found

    def first_at(self, lane: str) -> float | None:
        """When (driven seconds) the first of a lane is due, though it may wait for one before it under its key."""
        with self.store.read() as conn:
            found: float | None = conn.scalar(_FIRST, {"of_queue": self.name, "of_lane": lane})
            return found

    def counts(self) -> dict[str, int]:
        """How much each lane owes."""
        with self.store.read() as conn:
            rows = conn.execute(
                select(OWED.c.lane, func.count().label("owed"))
                .where(self._mine(), OWED.c.state.in_(WAITING))
                .group_by(OWED.c.lane)
            )
            return {row.lane: row.owed for row in rows}

    # ------------------------------------------------------------ what became of it

    def began(self, id: str, day: date | None = None) -> float | None:
        """A call begins that the partner may take whatever we hear: in doubt from here on; since when (real time).

        `day` is one that it asks for: the row keeps the first. None, and nothing may be sent, if the lane went to
        another meanwhile: we stood still beyond our lease.
        """
        now = time.time()
        asks = {"day": func.coalesce(OWED.c.day, day.isoformat())} if day else {}
        with self.store.begin() as conn:
            if not self.is_ours(conn, id):
                return None
            flies = (self._mine(), OWED.c.id == id, OWED.c.state == OwedState.IN_FLIGHT)
            begun = conn.execute(update(OWED).where(*flies).values(in_doubt=True, sent_at=now, **asks)).rowcount > 0
            return now if begun else None

    def is_ours(self, conn: Connection, id: str) -> bool:
        """Whether this row's lane is still ours; nobody takes it until the transaction ends. Who never held one may."""
        return self.lanes.is_ours(conn, select(OWED.c.lane).where(self._mine(), OWED.c.id == id).scalar_subquery())

    def done(self, id: str, answer: bytes | None = None) -> bool:
        """It ended well. An `answer` stays to be published. False if it had ended before: then nothing changes."""
        return self.store.together(lambda conn: self.end(conn, id, OwedState.DONE, answer))

    def gave_up(self, id: str, why: str, answer: bytes | None = None) -> bool:
        """Every try is used up; kept, with why."""
        with self.store.begin() as conn:
            return self.end(conn, id, OwedState.GAVE_UP, answer, why)

    def aside(self, id: str, why: str, answer: bytes | None = None) -> bool:
        """It lets those behind it pass."""
        with self.store.begin() as conn:
            return self.end(conn, id, OwedState.ASIDE, answer, why)

    def end(
        self, conn: Connection, id: str, state: OwedState, answer: bytes | None = None, why: str | None = None
    ) -> bool:
        """End a row within a transaction; whether it had not ended before."""
        ends = {"as_state": state, "moment": clock().seconds(), "said": answer, "why": why}
        return conn.execute(_END, {"of_queue": self.name, "this": id} | ends).rowcount > 0

    def later(self, id: str, next_at: float, why: str, *, in_doubt: bool = False, counts: bool = True) -> None:
        """It stays owed until then (driven seconds). `counts`: this was a try.

        Nothing changes if the lane went to another meanwhile: its call may be under way.
        """

        def put(conn: Connection) -> None:
            if self.is_ours(conn, id):
                stands = {"moment": next_at, "why": why[:2000], "doubts": in_doubt, "tries": 1 if counts else 0}
                conn.execute(_LATER, {"of_queue": self.name, "this": id} | stands)

        self.store.together(put)
        for hear in self.put_off:
            hear()

    def back(self, lane: str, ids: Sequence[str]) -> None:
        """What is in flight and lost its way is owed again as it was.

        Nothing changes if the lane went to another meanwhile: what flies there is the other's.
        """
        with self.store.begin(lasting=False) as conn:
            if self.lanes.is_ours(conn, lane):
                conn.execute(
                    update(OWED)
                    .where(self._mine(), OWED.c.id.in_(ids), OWED.c.state == OwedState.IN_FLIGHT)
                    .values(state=OwedState.OWED)
                )

    def again(
        self,
        conn: Connection,
        ids: Sequence[str],
        next_at: float,
        ended: Sequence[OwedState] = (OwedState.GAVE_UP, OwedState.ASIDE),
    ) -> int:
        """Owe what ended so once more, with all its tries."""
        statement = (
            update(OWED)
            .where(self._mine(), OWED.c.id.in_(ids), OWED.c.state.in_(ended))
            .values(state=OwedState.OWED, attempts=0, next_at=next_at, done_at=None, answer=None, published_at=None)
        )
        return conn.execute(statement).rowcount

    # ------------------------------------------------------------ answers on their way to a topic

    def unpublished(self, limit: int = 200) -> list[Answer]:
        """Answers that are stored and not known to be on their topic, the oldest first."""
        with self.store.read() as conn:
            rows = conn.execute(_UNPUBLISHED, {"of_queue": self.name, "most": limit})
            return [Answer(row.id, row.answer) for row in rows]

    def published(self, ids: Sequence[str]) -> None:
        """These answers are on their topic."""
        if ids:
            said = {"of_queue": self.name, "these": list(ids), "moment": clock().seconds()}
            self.store.together(lambda conn: conn.execute(_PUBLISHED, said))

    # ------------------------------------------------------------ inside

    def _values(self, row: Owed) -> dict[str, Any]:
        return {
            "queue": self.name,
            "id": row.id,
            "lane": row.lane,
            "sequence_key": row.sequence_key,
            "order_no": row.order_no,
            "urgency": row.urgency,
            "body": row.body,
            "state": row.state,
            "next_at": row.next_at,
            "created_at": row.created_at or clock().seconds(),
        }

    def _compare(self, conn: Connection, rows: Sequence[Owed]) -> None:
        """Some of these came before: whether they said then what they say now."""
        known = select(OWED.c.id, OWED.c.body).where(self._mine(), OWED.c.id.in_([row.id for row in rows]))
        first = {row.id: row.body for row in conn.execute(known)}
        for row in rows:
            before, now = (content_of(as_read_now(body)) for body in (first.get(row.id, row.body), row.body))
            if before and now and before.differs(now):
                said_by = {"first": before.said_by, "second": now.said_by}
                log.critical("content.differs", queue=self.name, lane=row.lane, id=row.id, type=now.type, **said_by)
                counter("hoso_content_differs_total").labels(self.name).inc()

    def _mine(self) -> Any:
        return OWED.c.queue == self.name

    def _owed_again(self, conn: Connection, lane: str) -> None:
        """The lane is taken: what is in flight there is another's, or of another life."""
        conn.execute(
            update(OWED)
            .where(self._mine(), OWED.c.lane == lane, OWED.c.state == OwedState.IN_FLIGHT)
            .values(state=OwedState.OWED)
        )
