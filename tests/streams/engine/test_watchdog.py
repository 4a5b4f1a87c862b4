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
    """Three looks are too many; partition 0 has committed 5."""
    engine, _ = bare(tmp_path, lambda state, record: Stepped(b""))
    engine.table.held[0].committed = 5
    return Watchdog(engine.table, limit_seconds=15.0, look_seconds=5.0)


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
