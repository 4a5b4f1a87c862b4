"""The queue's contract, on every database it runs on."""

import threading
import time
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event

from connectors.store import Store
from connectors.store.breaker import Breaker
from connectors.store.queue import Claimed, Owed, OwedState, Queue

ME, YOU = "process-1", "process-2"


def a_row(id: str, **given: Any) -> Owed:
    return replace(Owed(id, "post", id, 1, b"body", next_at=100.0), **given)


@pytest.fixture
def queue(store: Store) -> Queue:
    return Queue(store, "dispatch")


def put(queue: Queue, *rows: Owed) -> int:
    with queue.store.begin() as conn:
        return queue.put(conn, rows)


def claimed(queue: Queue, now: float = 200.0, limit: int = 10) -> list[str]:
    return [row.id for row in queue.claim("post", now, limit).rows]


def test_what_is_put_twice_is_owed_once(queue: Queue) -> None:
    assert put(queue, a_row("a"), a_row("b")) == 2
    assert put(queue, a_row("a", body=b"other"), a_row("c")) == 1

    assert claimed(queue) == ["a", "b", "c"]


def test_what_is_done_is_not_owed_again_by_being_put_again(queue: Queue) -> None:
    put(queue, a_row("a"))
    claimed(queue)
    queue.done("a")

    assert put(queue, a_row("a")) == 0
    assert claimed(queue) == []


def test_two_queues_do_not_know_each_other(queue: Queue, store: Store) -> None:
    put(queue, a_row("a"))

    assert claimed(Queue(store, "notify")) == []


def test_the_first_of_a_lane_counts_though_it_waits_for_one_before_it(queue: Queue) -> None:
    put(queue, a_row("a", sequence_key="k", next_at=300.0), a_row("b", sequence_key="k", order_no=2, next_at=150.0))

    assert (queue.first_at("post"), queue.next_at("post")) == (150.0, 300.0)
    assert queue.claim("post", 200.0, 1) == Claimed([], 150.0)
    assert queue.claim("post", 400.0, 1).first_at == 150.0
    assert Queue(queue.store, "notify").first_at("post") is None


def test_what_waits_is_seen_by_its_keys_in_order_and_what_ended_is_not(queue: Queue) -> None:
    put(queue, a_row("b", sequence_key="k", order_no=2), a_row("a", sequence_key="k"), a_row("c", sequence_key="l"))
    claimed(queue)
    queue.done("c")

    assert {key: [row.id for row in rows] for key, rows in queue.under(["k", "l", "m"]).items()} == {"k": ["a", "b"]}
    assert queue.under([]) == {}
    with queue.store.read() as conn:
        assert queue.done_under(conn, "l") == ["c"]


def test_who_listens_hears_of_a_row_that_is_put_off(queue: Queue) -> None:
    heard = list[str]()
    queue.put_off.append(lambda: heard.append("again"))
    put(queue, a_row("a"))
    claimed(queue)

    queue.later("a", 300.0, "not now")

    assert heard == ["again"]


def test_what_is_not_due_waits_for_its_time(queue: Queue) -> None:
    put(queue, a_row("later", next_at=300.0), a_row("now", next_at=150.0))

    assert claimed(queue, now=200.0) == ["now"]
    assert queue.next_at("post") == 300.0
    assert claimed(queue, now=300.0) == ["later"]


def test_a_turn_reads_the_first_of_an_index_however_much_is_owed(queue: Queue) -> None:
    if queue.store.on_postgres:
        pytest.skip("PostgreSQL plans by what it has counted")
    asked: list[tuple[str, Any]] = []
    event.listen(queue.store.engine, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
    put(queue, a_row("a"), a_row("b"))

    queue.next_at("post")
    claimed(queue)

    selects = [(statement, values) for statement, values in asked if statement.startswith("SELECT")]
    with queue.store.read() as conn:
        plans = [
            [str(row.detail) for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
            for statement, values in selects
        ]
    assert ["ix_owed_when" in plans[0][0], "ix_owed_turn" in plans[1][0]] == [True, True]
    assert not any("TEMP B-TREE" in step for plan in plans for step in plan)


def test_what_is_in_flight_is_claimed_by_nobody_else(queue: Queue) -> None:
    put(queue, a_row("a"))

    assert (claimed(queue), claimed(queue)) == (["a"], [])


def test_rows_of_one_key_go_one_by_one_and_in_order(queue: Queue) -> None:
    put(queue, a_row("2", sequence_key="d", order_no=2), a_row("1", sequence_key="d", order_no=1), a_row("x"))

    first = claimed(queue)
    queue.later("1", 150.0, "not now")
    again = claimed(queue)
    queue.done("1")
    last = claimed(queue)

    assert (first, again, last) == (["1", "x"], ["1"], ["2"])


def test_a_row_that_stands_aside_lets_those_behind_it_pass(queue: Queue) -> None:
    put(queue, a_row("1", sequence_key="d", order_no=1), a_row("2", sequence_key="d", order_no=2))
    claimed(queue)

    queue.aside("1", "refused three times")

    assert claimed(queue) == ["2"]


def test_the_urgent_goes_first(queue: Queue) -> None:
    put(queue, a_row("slow", next_at=1.0, urgency=1), a_row("quick", next_at=2.0))

    assert claimed(queue, limit=1) == ["quick"]


def test_putting_off_keeps_the_doubt_and_counts_the_try(queue: Queue) -> None:
    put(queue, a_row("a"))
    claimed(queue)
    queue.began("a")

    queue.later("a", 150.0, "no answer", in_doubt=True)

    (row,) = queue.claim("post", 200.0, 1).rows
    assert (row.in_doubt, row.attempts, row.last_error) == (True, 1, "no answer")
    assert row.sent_at == pytest.approx(time.time(), abs=10)


def test_a_row_ends_once(queue: Queue) -> None:
    put(queue, a_row("a"))
    claimed(queue)

    ends = [queue.done("a", b"first"), queue.gave_up("a", "why", b"second")]

    assert ends == [True, False]
    assert [answer.body for answer in queue.unpublished()] == [b"first"]


def test_an_answer_stays_until_it_is_published(queue: Queue) -> None:
    put(queue, a_row("a"), a_row("b"))
    claimed(queue)
    queue.done("a", b"answer")
    queue.done("b")

    before = [answer.id for answer in queue.unpublished()]
    queue.published(["a"])

    assert (before, queue.unpublished()) == (["a"], [])


def test_what_gave_up_can_be_owed_once_more(queue: Queue, store: Store) -> None:
    put(queue, a_row("a"))
    claimed(queue)
    queue.gave_up("a", "no answer", b"gave up")

    with store.begin() as conn:
        assert queue.again(conn, ["a", "b"], 150.0) == 1

    (row,) = queue.claim("post", 200.0, 1).rows
    assert (row.attempts, queue.unpublished()) == (0, [])


def test_a_lane_has_one_holder(queue: Queue, store: Store) -> None:
    other = Queue(store, "dispatch")

    assert queue.lanes.lease("post", ME, 60)
    assert not other.lanes.lease("post", YOU, 60)
    assert queue.lanes.lease("post", ME, 60)
    queue.lanes.release("post", YOU)
    assert not other.lanes.lease("post", YOU, 60)
    queue.lanes.release("post", ME)
    assert other.lanes.lease("post", YOU, 60)


def test_a_lease_that_ran_out_is_anybodys_and_its_flights_are_owed_again(queue: Queue, store: Store) -> None:
    queue.lanes.lease("post", ME, -1)
    put(queue, a_row("a"))
    claimed(queue)
    queue.began("a")

    other = Queue(store, "dispatch")
    assert other.lanes.lease("post", YOU, 60)

    (row,) = other.claim("post", 200.0, 1).rows
    assert (row.id, row.in_doubt) == ("a", True)


def test_calls_under_way_stay_ours_when_our_own_lease_ran_out_and_nobody_took_it(queue: Queue) -> None:
    """Another process was frozen while it held the database: the lane came too late to its lease, its calls went on."""
    queue.lanes.lease("post", ME, -1)
    put(queue, a_row("a"))
    first = claimed(queue)

    assert queue.lanes.lease("post", ME, 60)

    assert (first, claimed(queue)) == (["a"], [])


def test_who_comes_back_under_its_name_finds_its_flights_owed_again(queue: Queue, store: Store) -> None:
    queue.lanes.lease("post", ME, 60)
    put(queue, a_row("a"))
    claimed(queue)

    assert queue.lanes.lease("post", ME, 60)
    still = claimed(queue)
    assert Queue(store, "dispatch").lanes.lease("post", ME, 60)

    assert (still, claimed(queue)) == ([], ["a"])


def test_a_lane_remembers_how_it_stands(queue: Queue) -> None:
    queue.lanes.lease("post", ME, 60)

    queue.lanes.stands("post", Breaker(3, 500.0, 1))

    assert queue.lanes.breaker("post") == Breaker(3, 500.0, 1)
    assert queue.lanes.breaker("never seen") == Breaker()


def test_many_threads_claim_each_row_once(queue: Queue) -> None:
    put(queue, *(a_row(f"{number:03d}") for number in range(60)))
    found: list[str] = []

    def work() -> None:
        while rows := claimed(queue, limit=7):
            found.extend(rows)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(found) == [f"{number:03d}" for number in range(60)]


def test_it_counts_what_it_owes(queue: Queue) -> None:
    put(queue, a_row("a"), a_row("b"), a_row("c", lane="other"))
    claimed(queue, limit=1)
    queue.done("a")

    assert queue.counts() == {"post": 1, "other": 1}


def test_rows_of_a_key_are_seen_while_they_wait(queue: Queue, store: Store) -> None:
    put(queue, a_row("1", sequence_key="d"), a_row("2", sequence_key="d", order_no=2), a_row("x"))
    claimed(queue, limit=1)

    with store.begin() as conn:
        waiting = queue.waiting(conn, "d")

    assert [(row.id, row.state) for row in waiting] == [("1", OwedState.IN_FLIGHT), ("2", OwedState.OWED)]


def test_who_stood_still_beyond_its_lease_may_neither_call_nor_put_off(queue: Queue, store: Store) -> None:
    queue.lanes.lease("post", ME, -1)
    put(queue, a_row("a"))
    claimed(queue)
    other = Queue(store, "dispatch")
    other.lanes.lease("post", YOU, 60)
    flies = claimed(other)

    begins = queue.began("a")
    queue.later("a", 150.0, "the line was cut before the call")

    assert (flies, begins) == (["a"], None)
    assert claimed(other) == []
    assert other.began("a") is not None


def test_who_lost_its_lane_claims_nothing_of_it(queue: Queue, store: Store) -> None:
    queue.lanes.lease("post", ME, -1)
    put(queue, a_row("a"))
    other = Queue(store, "dispatch")
    other.lanes.lease("post", YOU, 60)

    found = queue.claim("post", 200.0, 10)

    assert found == Claimed([], None)
    assert claimed(other) == ["a"]


def test_who_lost_its_lane_gives_back_nothing_that_flies_in_anothers_term(queue: Queue, store: Store) -> None:
    queue.lanes.lease("post", ME, -1)
    put(queue, a_row("a"))
    claimed(queue)
    other = Queue(store, "dispatch")
    other.lanes.lease("post", YOU, 60)
    flies = claimed(other)

    queue.back("post", ["a"])

    assert (flies, claimed(other)) == (["a"], [])


def test_what_lost_its_way_is_owed_again(queue: Queue) -> None:
    queue.lanes.lease("post", ME, 60)
    put(queue, a_row("a"))
    claimed(queue)

    queue.back("post", ["a"])

    assert claimed(queue) == ["a"]


def test_who_came_too_late_to_its_lease_goes_on_where_nobody_took_it(queue: Queue) -> None:
    queue.lanes.lease("post", ME, -1)
    put(queue, a_row("a"))
    claimed(queue)

    assert queue.began("a") is not None


def test_a_row_keeps_the_day_for_which_its_first_call_asked(queue: Queue) -> None:
    put(queue, a_row("a"))
    days = []
    for asked in (None, date(2026, 10, 27), date(2026, 10, 28), None):
        (row,) = queue.claim("post", 200.0, 1).rows
        days.append(row.day)
        queue.began("a", asked)
        queue.later("a", 150.0, "no answer")

    assert days == [None, None, "2026-10-27", "2026-10-27"]


def test_each_time_a_lane_is_taken_anew_is_another_term(queue: Queue, store: Store) -> None:
    queue.lanes.lease("post", ME, -1)
    queue.lanes.lease("post", ME, -1)
    before = queue.lanes.term("post")
    Queue(store, "dispatch").lanes.lease("post", YOU, -1)
    queue.lanes.lease("post", ME, 60)

    assert (before, queue.lanes.term("post")) == (1, 2)
