"""When a worker that lives is thought dead."""

import asyncio
from pathlib import Path

import pytest

from streams.engine import Stepped
from streams.engine.watchdog import Watchdog
from tests.streams.endings import Ended
from tests.streams.engine.doubles import bare


@pytest.fixture
def dog(tmp_path: Path, ending: None) -> Watchdog:
    """Three looks are too many, and twenty whatever happens between them; partition 0 has committed 5."""
    engine, _ = bare(tmp_path, lambda state, record: Stepped(b""))
    engine.table.held[0].committed = 5
    return Watchdog(engine.table, limit_seconds=15.0, look_seconds=5.0, fruitless_seconds=100.0)


def test_lag_without_a_commit_ends_the_process_with_a_reason(dog: Watchdog) -> None:
    for _ in range(2):
        dog.look_at_lag({0: 9})

    with pytest.raises(Ended, match=r"partition 0: lag 4, committed 5 for 15 s"):
        dog.look_at_lag({0: 9})


def test_a_commit_that_moves_is_enough(dog: Watchdog) -> None:
    for committed in range(6, 20):
        dog.table.held[0].committed = committed
        dog.look_at_lag({0: 100})

    assert dog.idle[0] == (19, 0)


def test_an_idle_log_is_no_lag(dog: Watchdog) -> None:
    for _ in range(10):
        dog.look_at_lag({0: 5})

    assert dog.idle[0][1] == 0


def test_an_end_that_cannot_be_read_counts_as_lag(dog: Watchdog) -> None:
    for _ in range(2):
        dog.look_at_lag(None)

    with pytest.raises(Ended, match="cannot be read"):
        dog.look_at_lag(None)


def test_a_partition_given_away_is_forgotten(dog: Watchdog) -> None:
    dog.look_at_lag({0: 9})
    dog.table.revoke()

    dog.look_at_lag({0: 9})

    assert dog.idle == {}


def test_a_recovery_that_does_not_move_ends_the_process(dog: Watchdog) -> None:
    for offset in (1, 2, 3, 4):
        dog.table.held[0].changelog_offset = offset
        dog.look_at_recovery()
    for _ in range(2):
        dog.look_at_recovery()

    with pytest.raises(Ended, match="no progress"):
        dog.look_at_recovery()


def test_a_worker_that_the_group_never_gave_anything_ends_too(dog: Watchdog) -> None:
    for _ in range(3):
        asyncio.run(dog.look())

    with pytest.raises(Ended, match="no progress in a rebalance or recovery for 15 s"):
        asyncio.run(dog.look())


def test_rebalances_without_end_and_no_commit_end_the_process(dog: Watchdog) -> None:
    for _ in range(9):
        dog.look_at_lag({0: 9})
        rebalance(dog)
    dog.look_at_lag({0: 9})

    with pytest.raises(Ended, match=r"no commit and no recovery that came farther for 100 s, through 10 rebalances"):
        rebalance(dog)


def test_recoveries_that_begin_again_and_again_end_the_process(dog: Watchdog) -> None:
    def fight() -> None:
        for _ in range(20):
            rebalance(dog)
            for offset in (300, 600, 900):
                recover(dog, offset)

    with pytest.raises(Ended, match=r"came farther for 100 s, .*recovered \{0: 900\}"):
        fight()


def test_a_slow_recovery_that_moves_is_let_be_also_when_a_rebalance_makes_it_come_all_the_way_again(
    dog: Watchdog,
) -> None:
    rebalance(dog)
    for offset in range(50):
        recover(dog, offset)
    rebalance(dog)
    for offset in range(100):
        recover(dog, offset)

    assert dog.fruitless.looks == 0


def test_states_that_are_written_and_never_committed_are_no_recovery(dog: Watchdog) -> None:
    def write_only() -> None:
        for offset in range(100):
            dog.table.held[0].changelog_offset = offset
            dog.look_at_lag({0: 9 + offset})
            dog.look_at_recovery()

    with pytest.raises(Ended, match="no commit and no recovery that came farther for 100 s"):
        write_only()


def test_a_commit_between_two_rebalances_is_enough(dog: Watchdog) -> None:
    for committed in range(6, 60):
        dog.look_at_lag({0: 100})
        rebalance(dog)
        dog.table.held[0].committed = committed

    assert dog.fruitless.looks <= 2


def test_rebalances_of_an_idle_group_are_no_stall(dog: Watchdog) -> None:
    for _ in range(60):
        dog.look_at_lag({0: 5})
        rebalance(dog)

    assert dog.fruitless.looks == 1


def test_rebalances_that_give_a_spare_worker_nothing_are_no_stall(dog: Watchdog) -> None:
    dog.table.held.clear()

    for _ in range(60):
        dog.look_at_lag({})
        dog.look_at_recovery()

    assert dog.fruitless.looks == 1


def rebalance(dog: Watchdog) -> None:
    """One that gives partition 0 away and back, as Faust does it, seen at its first moment."""
    committed = dog.table.held[0].committed
    dog.table.revoke()
    dog.table.held.pop(0)
    dog.table.held[0].committed = committed
    dog.look_at_recovery()
    dog.table.held[0].owned = True


def recover(dog: Watchdog, offset: int) -> None:
    """A look at a recovery that is here."""
    dog.table.held[0].changelog_offset = offset
    dog.look_at_recovery()
