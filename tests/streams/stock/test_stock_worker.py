"""A stock worker on the real broker: what it does with a handler's bug, a repetition, and a port."""

from pathlib import Path

from streams.engine import Record, Stepped
from tests.streams.engine.doubles import Raw, bare, unit_of
from tests.streams.stock.stock import handled, handled_again, told

# Defect B's other half, an ended worker and nothing committed, is on the broker in engine/test_workers.py.


def count(state: bytes | None, record: Record) -> Stepped:
    """The same job as a step."""
    return Stepped(b"%d" % (int(state or 0) + 1))


def test_stock_commits_an_event_whose_handler_raised_and_opens_a_port_that_the_app_had_closed(
    kafka: str, tmp_path: Path
) -> None:
    """Defects B and O. Ours: test_a_failing_step_without_a_poison_callback_ends..., test_no_port_is_opened."""
    usual = told(handled, kafka, tmp_path)

    assert (usual.committed, usual.counted) == (3, ["one=1", "two=2"])
    assert usual.listens


def test_stock_loses_an_event_where_exactly_once_is_promised_too(kafka: str, tmp_path: Path) -> None:
    """Defect G, from its nearest side: a transaction commits the offset of what no transaction has counted."""
    careful = told(handled, kafka, tmp_path, guarantee="exactly_once")

    assert (careful.committed, careful.counted) == (3, ["one=1", "two=2"])


def test_stock_counts_a_repeated_event_twice_and_ours_once(kafka: str, tmp_path: Path) -> None:
    """Defect J."""
    engine, _ = bare(tmp_path, count)
    for _ in range(2):
        engine.fold.apply(unit_of(Raw(b"k", b"one", 0), Raw(b"k", b"two", 2)))

    assert told(handled_again, kafka, tmp_path) == ["one=3", "two=4"]
    assert engine.state(0, b"k") == b"2"
