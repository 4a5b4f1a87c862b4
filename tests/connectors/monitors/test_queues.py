"""What the doors owe, as the monitor shows it, on every database it runs on."""

import time
from dataclasses import replace
from typing import Any

import pytest

from connectors.monitors.queues import Queues
from connectors.store import Store, callbacks, held, item_codes
from connectors.store.breaker import Breaker, BreakerPolicy
from connectors.store.queue import Owed, Queue
from schemas import instant
from tests.connectors.monitors.seen import shown, value

NOW = 1_793_000_000.0
HOUR = 3600.0


@pytest.fixture(autouse=True)
def _standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is NOW, and hardly moves."""
    it_is(monkeypatch, NOW)


def it_is(monkeypatch: pytest.MonkeyPatch, now: float) -> None:
    monkeypatch.setattr(instant, "_clock", instant.Clock((instant.Segment(now, 1e-9, time.time()),)))


def a_word(id: str, **given: Any) -> Owed:
    word = Owed(id, "H29.12", id, 1, b"word", next_at=NOW - HOUR, created_at=NOW - 2 * HOUR)
    return replace(word, **given)


def owe(store: Store, *rows: Owed, queue: str = callbacks.QUEUE) -> Queue:
    found = Queue(store, queue)
    with store.begin() as connection:
        found.put(connection, rows)
    return found


def test_nothing_is_shown_before_somebody_has_made_the_tables(bare: Store) -> None:
    assert Queues(bare).look() == []


def test_a_lane_shows_how_much_it_owes_and_how_long_the_oldest_has_waited(store: Store) -> None:
    owe(store, a_word("a"), a_word("b", created_at=NOW - 5 * HOUR), a_word("c", lane="H29.07"))

    seen = Queues(store).look()

    assert shown(seen, "hoso_owed") == {("callbacks", "H29.12"): 2, ("callbacks", "H29.07"): 1}
    assert value(seen, "hoso_owed_oldest_seconds", "callbacks", "H29.12") == pytest.approx(5 * HOUR)
    assert value(seen, "hoso_owed_overdue_seconds", "callbacks", "H29.12") == pytest.approx(HOUR)
    assert value(seen, "hoso_breaker", "callbacks", "H29.12") == 0


def test_what_waits_for_its_first_turn_is_not_late(store: Store) -> None:
    """An order of the evening goes with the next opening."""
    owe(store, a_word("a", lane="myvnpost", next_at=NOW + HOUR), queue="dispatch")

    seen = Queues(store).look()

    assert value(seen, "hoso_owed", "dispatch", "myvnpost") == 1
    assert value(seen, "hoso_owed_oldest_seconds", "dispatch", "myvnpost") == 0
    assert value(seen, "hoso_owed_overdue_seconds", "dispatch", "myvnpost") == 0


def test_what_was_tried_in_vain_is_old_although_its_next_try_is_to_come(store: Store) -> None:
    queue = owe(store, a_word("a"))
    queue.claim("H29.12", NOW, 1)

    queue.later("a", NOW + HOUR, "status 500")

    seen = Queues(store).look()
    assert value(seen, "hoso_owed_oldest_seconds", "callbacks", "H29.12") == pytest.approx(2 * HOUR)
    assert value(seen, "hoso_owed_overdue_seconds", "callbacks", "H29.12") == 0


def overdue(store: Store) -> Any:
    return value(Queues(store).look(), "hoso_owed_overdue_seconds", "callbacks", "H29.12")


def two_of_a_dossier(store: Store) -> Queue:
    """The first flies; the second is an hour past its time."""
    queue = owe(store, a_word("1", sequence_key="d", order_no=1), a_word("2", sequence_key="d", order_no=2))
    queue.claim("H29.12", NOW, 1)
    return queue


def test_a_word_behind_another_of_its_dossier_is_overdue_from_when_it_may_go(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = two_of_a_dossier(store)
    queue.later("1", NOW + HOUR, "status 500")

    blocked = overdue(store)
    queue.done("1")
    freed = overdue(store)
    it_is(monkeypatch, NOW + 90)

    assert (blocked, freed) == (0, pytest.approx(0, abs=1e-3))
    assert overdue(store) == pytest.approx(90)


@pytest.mark.parametrize("ends", ["done", "gave_up", "aside"])
def test_however_the_one_before_it_ends_what_waited_behind_it_was_not_late(store: Store, ends: str) -> None:
    queue = two_of_a_dossier(store)

    queue.done("1") if ends == "done" else getattr(queue, ends)("1", "status 400")

    assert overdue(store) == pytest.approx(0, abs=1e-3)


def test_a_word_behind_one_that_a_hold_keeps_is_not_overdue(store: Store) -> None:
    queue = two_of_a_dossier(store)

    queue.later("1", held.UNTIL_LIFTED, f"{held.HELD}the sentence is wrong", counts=False)

    assert overdue(store) == 0


def test_a_word_whose_time_came_after_the_end_of_the_one_before_it_is_overdue_from_its_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = owe(store, a_word("1", sequence_key="d"), a_word("2", sequence_key="d", order_no=2, next_at=NOW + 60))
    queue.claim("H29.12", NOW, 1)
    queue.done("1")

    it_is(monkeypatch, NOW + 90)

    assert overdue(store) == pytest.approx(30)


def test_what_a_hold_keeps_is_shown_as_held_and_is_not_late(store: Store) -> None:
    queue = owe(store, a_word("a"))
    queue.claim("H29.12", NOW, 1)

    queue.later("a", held.UNTIL_LIFTED, f"{held.HELD}the sentence is wrong", counts=False)

    seen = Queues(store).look()
    assert value(seen, "hoso_owed", "callbacks", "H29.12") == 1
    assert value(seen, "hoso_held", "callbacks", "H29.12") == 1
    assert value(seen, "hoso_owed_oldest_seconds", "callbacks", "H29.12") == 0
    assert value(seen, "hoso_owed_overdue_seconds", "callbacks", "H29.12") == 0


def test_a_call_under_way_is_in_doubt_and_not_among_the_oldest(store: Store) -> None:
    queue = owe(store, a_word("a", lane="myvnpost"), queue="dispatch")
    queue.claim("myvnpost", NOW, 1)

    queue.began("a")

    seen = Queues(store).look()
    assert value(seen, "hoso_in_doubt", "dispatch", "myvnpost") == 1
    assert value(seen, "hoso_owed_oldest_seconds", "dispatch", "myvnpost") == 0


def test_what_is_tried_no_more_is_shown_by_how_it_ended(store: Store) -> None:
    queue = owe(store, a_word("a"), a_word("b"), a_word("c"), a_word("d"))
    queue.claim("H29.12", NOW, 4)
    queue.gave_up("a", "no answer")
    queue.gave_up("b", "no answer")
    queue.aside("c", "status 400")
    queue.done("d")

    seen = Queues(store).look()

    assert value(seen, "hoso_not_taken", "callbacks", "H29.12", "gave_up") == 2
    assert value(seen, "hoso_not_taken", "callbacks", "H29.12", "aside") == 1
    assert value(seen, "hoso_owed", "callbacks", "H29.12") == 0


@pytest.mark.parametrize(("failures", "answers", "level"), [(0, 0, 0), (4, 0, 0), (5, 0, 2), (5, 1, 1), (5, 7, 0)])
def test_a_breaker_is_whole_broken_until_its_probe_is_answered_or_on_its_way_back(
    store: Store, failures: int, answers: int, level: int
) -> None:
    queue, breaker, policy = Queue(store, "dispatch"), Breaker(), BreakerPolicy()
    queue.lanes.lease("ems", "dispatch-0", 10)
    for _ in range(failures):
        breaker = breaker.failed(NOW, policy)
    for _ in range(answers):
        breaker = breaker.answered(policy)

    queue.lanes.stands("ems", breaker)

    assert value(Queues(store).look(), "hoso_breaker", "dispatch", "ems") == level


def test_a_pool_of_item_codes_shows_what_is_left_and_a_carrier_without_one_nothing(store: Store) -> None:
    with store.begin() as connection:
        item_codes.add(connection, "vnpost_hcc", ["RX000000014VN", "RX000000028VN", "RX000000031VN"])
        item_codes.bind(connection, "vnpost_hcc", "H29.12-261102-0001/D1")

    seen = shown(Queues(store).look(), "hoso_item_codes")

    assert seen == {("vnpost_hcc", "free"): 2, ("vnpost_hcc", "bound"): 1, ("vnpost_hcc", "spent"): 0}
