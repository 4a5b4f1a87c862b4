"""A sweep looks at every state once an occasion, a chunk at a time, and waits until what it wrote is folded."""

from typing import Any

from streams.engine import Sweep
from streams.engine.partition import Partition
from streams.engine.stored import pack
from streams.engine.sweep import Sweeping


class Outside:
    """What a sweep depends on: an occasion, and what it looked at."""

    def __init__(self) -> None:
        self.occasion = "v1"
        self.looked: list[bytes] = []

    def look(self, key: bytes, state: bytes, now: float) -> list[bytes]:
        self.looked.append(key)
        return [b"moved " + key] if state == b"old" else []


def a_sweep(keys: int, old: int = 0, **settings: Any) -> tuple[Outside, Sweeping, Partition]:
    """A partition with so many states, the first of them old."""
    outside, part = Outside(), Partition(owned=True, folded=100)
    for number in range(keys):
        part.states[b"%03d" % number] = pack(1, None, b"old" if number < old else b"new")
    sweep = Sweep(outside.look, lambda: outside.occasion, **settings)
    return outside, Sweeping(sweep, lambda: 0.0), part


def test_every_state_is_looked_at_once_an_occasion() -> None:
    outside, sweeping, part = a_sweep(5, old=1)

    rows = [sweeping.take(0, part, 0.0) for _ in range(3)]
    outside.occasion = "v2"
    again = sweeping.take(0, part, 1.0)

    assert rows == [[(b"000", b"moved 000")], [], []]
    assert (again, len(outside.looked)) == ([(b"000", b"moved 000")], 10)


def test_no_chunk_begins_before_what_the_last_one_wrote_is_folded() -> None:
    outside, sweeping, part = a_sweep(5, old=5, chunk=2)

    first = sweeping.take(0, part, 0.0)
    sweeping.wrote(0, 102, 2)
    waits = sweeping.take(0, part, 0.1)
    part.folded = 102
    second = sweeping.take(0, part, 0.2)

    assert ([key for key, _ in first], waits, [key for key, _ in second]) == ([b"000", b"001"], [], [b"002", b"003"])
    assert outside.looked == [b"000", b"001", b"002", b"003"]


def test_it_comes_again_after_a_while_for_states_that_came_to_be_meanwhile() -> None:
    _, sweeping, part = a_sweep(1, every_seconds=60.0)

    sweeping.take(0, part, 0.0)
    part.states[b"late"] = pack(1, None, b"old")
    soon, later = sweeping.take(0, part, 59.0), sweeping.take(0, part, 60.0)

    assert (soon, later) == ([], [(b"late", b"moved late")])


def test_a_partition_that_comes_back_is_looked_at_anew() -> None:
    outside, sweeping, part = a_sweep(3)

    sweeping.take(0, part, 0.0)
    sweeping.revoke(0)
    sweeping.take(0, part, 1.0)

    assert len(outside.looked) == 6


def test_a_state_that_went_away_during_a_round_is_passed_over() -> None:
    _, sweeping, part = a_sweep(4, old=4, chunk=2)

    sweeping.take(0, part, 0.0)
    del part.states[b"002"]

    assert sweeping.take(0, part, 0.1) == [(b"003", b"moved 003")]


def test_the_partitions_together_have_no_more_on_the_way_than_live_events_can_bear() -> None:
    outside, sweeping, part = a_sweep(4, old=4, chunk=2, unread=2)
    other = Partition(states=dict(part.states), owned=True, folded=100)

    first = sweeping.take(0, part, 0.0)
    sweeping.wrote(0, 102, 2)
    waits = sweeping.take(1, other, 0.1)
    part.folded = 102
    sweeping.take(0, part, 0.2)
    sweeping.wrote(0, 104, 0)

    assert (len(first), waits, len(sweeping.take(1, other, 0.3))) == (2, [], 2)
    assert len(outside.looked) == 6
