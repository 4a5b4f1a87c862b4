"""What holds and a carrier's day read of the queue, on every database it runs on."""

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import pytest

from connectors.store import Store, held
from connectors.store.queue import Owed, OwedState, Queue
from schemas.instant import VIETNAM

MONDAY = date(2026, 11, 2)
MIDNIGHT = datetime.combine(MONDAY, time(), VIETNAM).timestamp()
HOUR = 3600


@pytest.fixture
def queue(store: Store) -> Queue:
    return Queue(store, "dispatch")


def an_order(id: str, at: float, **given: Any) -> Owed:
    return replace(Owed(id, "post", id, 1, b"body", next_at=at, created_at=at), **given)


def put(queue: Queue, *rows: Owed) -> None:
    with queue.store.begin() as conn:
        queue.put(conn, rows)
        for row in rows:
            if row.state is OwedState.DONE:
                queue.end(conn, row.id, OwedState.DONE)


def test_the_orders_of_a_day_are_counted_by_when_they_are_due_in_vietnam(queue: Queue) -> None:
    put(
        queue,
        an_order("the evening before", MIDNIGHT - 1),
        an_order("at midnight", MIDNIGHT),
        an_order("owed long before", MIDNIGHT + HOUR, created_at=MIDNIGHT - 9 * HOUR),
        an_order("ended", MIDNIGHT + HOUR, state=OwedState.DONE),
        an_order("a cancellation", MIDNIGHT + HOUR, urgency=held.CANCEL),
        an_order("another carrier's", MIDNIGHT + HOUR, lane="other"),
        an_order("the next midnight", MIDNIGHT + 24 * HOUR),
    )

    with queue.store.read() as conn:
        assert held.orders_on(conn, "dispatch", "post", MONDAY) == 3


def test_orders_are_counted_by_the_hour_in_which_they_came(queue: Queue) -> None:
    put(
        queue,
        *(an_order(f"first {n}", MIDNIGHT + n) for n in range(3)),
        *(an_order(f"third {n}", MIDNIGHT + 3 * HOUR - 1 - n, state=OwedState.DONE) for n in range(2)),
        an_order("held since", held.UNTIL_LIFTED, created_at=MIDNIGHT + 1),
        an_order("a cancellation", MIDNIGHT, urgency=held.CANCEL),
        an_order("this hour's", MIDNIGHT + 3 * HOUR),
    )

    with queue.store.read() as conn:
        counts = held.orders_by_hour(conn, "dispatch", "post", MIDNIGHT, MIDNIGHT + 3 * HOUR)
        since = held.orders_since(conn, "dispatch", "post", MIDNIGHT + HOUR)

    assert sorted(counts) == [2, 4]
    assert since == 3


def test_what_is_held_waits_until_it_is_free_and_keeps_its_tries(queue: Queue) -> None:
    put(queue, an_order("a", 100.0), an_order("b", 100.0))
    queue.claim("post", 200.0, 10)
    queue.later("a", 150.0, "it failed")
    queue.claim("post", 200.0, 10)
    queue.later("a", held.UNTIL_LIFTED, held.HELD + "the road is flooded", counts=False)
    with queue.store.read() as conn:
        kept = held.held(conn, "dispatch")

    with queue.store.begin() as conn:
        for id in ("a", "b"):
            held.free(conn, "dispatch", id, 300.0)

    assert [(row.id, row.attempts) for row in kept] == [("a", 1)]
    assert [(row.id, row.attempts, row.last_error) for row in queue.claim("post", 300.0, 10).rows] == [("a", 1, None)]
