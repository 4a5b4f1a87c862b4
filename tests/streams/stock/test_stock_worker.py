"""A stock worker on the real broker: what it does with a handler's bug, a repetition, and a port."""

from pathlib import Path

import pytest

from streams.engine import Record, Stepped
from tests.streams.engine.doubles import Raw, bare, unit_of
from tests.streams.engine.rig import wait_until
from tests.streams.stock.stock import StockWorkers

pytestmark = pytest.mark.stock

# Defect B's other half, an ended worker and nothing committed, is on the broker in engine/test_workers.py.


def count(state: bytes | None, record: Record) -> Stepped:
    """The same job as a step."""
    return Stepped(b"%d" % (int(state or 0) + 1))


def test_stock_commits_an_event_whose_handler_raised_and_opens_a_port_that_the_app_had_closed(
    workers: StockWorkers,
) -> None:
    """Defects B and O. Ours: test_a_failing_step_without_a_poison_callback_ends..., test_no_port_is_opened."""
    workers.say(b"one", b"boom", b"two")

    workers.start()
    wait_until(lambda: workers.committed() == 3, "all committed", say=workers.last_words)

    assert workers.counted() == ["one=1", "two=2"]
    assert workers.port in workers.opened()


def test_stock_counts_a_repeated_event_twice_and_ours_once(workers: StockWorkers, tmp_path: Path) -> None:
    """Defect J, on the log that the test above has written."""
    workers.kill()
    workers.rewind()
    engine, _ = bare(tmp_path, count)

    workers.start()
    wait_until(lambda: len(workers.counted()) == 4, "counted again", say=workers.last_words)
    for _ in range(2):
        engine.fold.apply(unit_of(Raw(b"k", b"one", 0), Raw(b"k", b"two", 2)))

    assert workers.counted()[2:] == ["one=3", "two=4"]
    assert engine.state(0, b"k") == b"2"
