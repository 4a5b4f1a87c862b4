"""Blows follow from their seed, and every cell has its turn; a recovery is measured from the blow to the next row that
says ready.
"""

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from hoso.strikes import BROKER, TARGETS, How, Situation, Strike, Trouble, cells, mischiefs, strikes
from hoso.struck import Book
from hoso.supervised import Row, State


def test_the_same_seed_gives_the_same_storm() -> None:
    assert strikes(7, 40) == strikes(7, 40)
    assert strikes(7, 40) != strikes(8, 40)
    assert mischiefs(7, 40) == mischiefs(7, 40)


def test_every_process_is_struck_before_one_is_struck_twice() -> None:
    assert {strike.whom for strike in strikes(3, len(TARGETS))} == set(TARGETS)


def test_a_node_of_the_broker_is_struck_only_where_others_have_its_data() -> None:
    assert all(strike.whom != BROKER for strike in strikes(1, 50))
    assert {strike.node for strike in strikes(1, 80, nodes=3) if strike.whom == BROKER} == {1, 2, 3}


def test_in_a_thousand_blows_every_target_is_struck_by_every_signal_in_every_situation() -> None:
    had: Counter[tuple[str, How, Situation]] = Counter()
    for number in range(10):
        had.update(strike.cell for strike in strikes(number, 100, 1 + 2 * (number % 2), had))

    assert sum(had.values()) == 1000
    assert set(had) == set(cells(nodes=3))
    assert min(had.values()) >= 2


def test_even_thirty_blows_know_every_signal_and_every_situation() -> None:
    for seed in range(20):
        blows = strikes(seed, 30)
        assert {strike.how for strike in blows} == set(How)
        assert {strike.situation for strike in blows} == set(Situation)


def test_a_freeze_outlasts_the_session() -> None:
    frozen = [strike for strike in strikes(1, 200) if strike.how is How.FREEZE and strike.whom != "edge"]

    assert min(strike.frozen_seconds for strike in frozen if strike.whom != "worker") > 6
    assert all(strike.frozen_seconds > 10 for strike in frozen if strike.whom == "worker")


def test_every_trouble_comes_in_thirty_blows_and_none_after_the_last() -> None:
    found = mischiefs(5, 30)

    assert {one.trouble for one in found} == set(Trouble)
    assert max(one.after_blows for one in found) < 30


def a_row(state: State, since: float, name: str = "worker") -> Row:
    return replace(Row(name, Path("/dev/null")), state=state, since=since)


def test_a_recovery_ends_with_the_first_ready_row_after_the_death() -> None:
    book, now = Book(), time.time()
    book.fell(Strike(1.0, How.KILL, "worker"))

    book.heard(a_row(State.READY, now + 1))  # A look from before the blow: it is not down yet.
    book.heard(a_row(State.READY, now + 1, "edge"))
    book.heard(a_row(State.DEAD, now + 2))
    assert book.never_back() == ["worker SIGKILL"]
    book.heard(a_row(State.READY, now + 4))

    assert [round(seconds) for seconds in book.recoveries()] == [4]
    assert book.never_back() == []


def test_who_is_struck_again_before_it_is_ready_is_timed_from_the_last_blow_alone() -> None:
    book, now = Book(), time.time()
    book.fell(Strike(1.0, How.KILL, "worker"))
    book.heard(a_row(State.DEAD, now + 1))
    book.fell(Strike(1.0, How.KILL, "worker"), was_ready=False)

    assert book.never_back() == ["worker SIGKILL"]
    book.heard(a_row(State.READY, time.time() + 4))

    assert [round(seconds) for seconds in book.recoveries()] == [4]
    assert (book.never_back(), book.struck_again()) == ([], 1)


def test_who_was_frozen_recovers_from_the_moment_it_is_thawed() -> None:
    book, now = Book(), time.time()
    strike = Strike(1.0, How.FREEZE, "worker")
    book.fell(strike)

    book.heard(a_row(State.NOT_READY, now + 4))
    book.heard(a_row(State.READY, now + strike.frozen_seconds + 3))

    assert [round(seconds) for seconds in book.recoveries()] == [3]


def test_who_was_frozen_and_never_missed_had_nothing_to_recover_from() -> None:
    book = Book()
    book.fell(Strike(1.0, How.FREEZE, "edge"))
    book.fell(Strike(1.0, How.KILL, "poll"))

    book.settled()

    assert book.recoveries() == [0.0]
    assert book.never_back() == ["poll SIGKILL"]


def test_the_book_counts_by_target_signal_and_situation() -> None:
    book = Book()
    for situation in (Situation.QUIET, Situation.QUIET, Situation.BURST):
        book.fell(Strike(1.0, How.KILL, "poll", situation))

    assert book.counted() == {"poll": {"SIGKILL": {"burst": 1, "quiet": 2}}}
