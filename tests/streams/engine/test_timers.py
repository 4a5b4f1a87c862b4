"""What fires when, without a broker."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from streams.engine import Stepped, Timers
from streams.engine.counters import Counters
from streams.engine.partition import Partition
from streams.engine.stored import pack
from streams.engine.timers import Firing
from tests.streams.engine.doubles import Raw, bare, unit_of


def a_partition(dues: Mapping[bytes, float | None]) -> Partition:
    """Keys and when they are due."""
    part = Partition(owned=True, folded=0)
    for key, due in dues.items():
        part.put(key, pack(1, due, b"state of " + key))
    return part


def fact(key: bytes, state: bytes, now: float) -> Sequence[bytes]:
    """One fact."""
    return [b"fired " + state]


def armed(part: Partition, now: Callable[[], float], **policy: float) -> Firing:
    """Firing that owns this partition."""
    firing = Firing(Timers(fact, now, **policy), Counters(), 1000)  # type: ignore[arg-type]  # ints and floats
    firing.own(0, part)
    return firing


def test_due_timers_fire_nearest_first_and_the_others_wait() -> None:
    part = a_partition({b"late": 30.0, b"b": 12.0, b"a": 11.0, b"none": None})
    firing = armed(part, lambda: 20.0)

    rows = firing.take(0, part, real_now=0.0)

    assert rows == [(b"a", b"fired state of a"), (b"b", b"fired state of b")]


def test_no_more_than_a_chunk_fires_at_once() -> None:
    part = a_partition({b"%d" % number: float(number) for number in range(1, 8)})
    firing = armed(part, lambda: 100.0, chunk=3)

    chunks = [len(firing.take(0, part, 0.0)) for _ in range(4)]

    assert chunks == [3, 3, 1, 0]


def test_firings_that_nobody_has_read_back_hold_up_the_next() -> None:
    part = a_partition({b"%d" % number: float(number) for number in range(1, 8)})
    firing = armed(part, lambda: 100.0, unread=5)
    firing.take(0, part, 0.0)

    waiting = firing.take(0, part, 0.0)
    firing.changed(0, b"1", 1.0, None)

    assert waiting == []
    assert [key for key, _ in firing.take(0, part, 0.0)] == [b"6"]


def test_a_firing_is_repeated_only_when_its_state_has_not_moved_for_long() -> None:
    part = a_partition({b"k": 5.0})
    firing = armed(part, lambda: 10.0, again_seconds=30.0)

    counts = [len(firing.take(0, part, real_now)) for real_now in (0.0, 29.9, 30.0, 59.0, 60.1)]

    assert counts == [1, 0, 1, 0, 1]


def test_a_moved_due_time_is_armed_anew_and_the_old_one_forgotten() -> None:
    part = a_partition({b"k": 5.0})
    now = [10.0]
    firing = armed(part, lambda: now[0])
    firing.take(0, part, 0.0)

    part.put(b"k", pack(2, 20.0, b"moved"))
    firing.changed(0, b"k", 5.0, 20.0)
    early = firing.take(0, part, 100.0)
    now[0] = 20.0

    assert early == []
    assert firing.take(0, part, 100.0) == [(b"k", b"fired moved")]


def test_a_fire_function_that_raises_leaves_the_others_firing_and_is_asked_again() -> None:
    part = a_partition({b"bad": 1.0, b"good": 2.0})
    fails = [True]

    def fire(key: bytes, state: bytes, now: float) -> Sequence[bytes]:
        if key == b"bad" and fails[0]:
            raise ValueError
        return [b"f"]

    firing = Firing(Timers(fire, lambda: 10.0), Counters(), 1000)
    firing.own(0, part)

    first = firing.take(0, part, 0.0)
    fails[0] = False

    assert first == [(b"good", b"f")]
    assert firing.counters.fire_failures == 1
    assert (b"bad", b"f") in firing.take(0, part, 31.0)


def test_outdated_entries_do_not_pile_up() -> None:
    part = a_partition({b"k": 1.0})
    firing = armed(part, lambda: 0.0)
    for due in range(2, 30_002):
        firing.changed(0, b"k", float(due - 1), float(due))
    part.put(b"k", pack(2, 30_001.0, b""))

    firing.take(0, part, 0.0)

    assert len(firing.wheels[0].heap) == 1


def test_a_stored_state_arms_its_timer(tmp_path: Path) -> None:
    now = [0.0]
    engine, _ = bare(tmp_path, lambda state, record: Stepped(b"s", 7.0), timers=Timers(fact, lambda: now[0]))
    part = engine.table.held[0]
    for callback in engine.on_owned:
        callback(0)
    engine.fold.apply(unit_of(Raw(b"k", b"a", 0)))
    assert engine.firing is not None

    early = engine.firing.take(0, part, 0.0)
    now[0] = 7.0

    assert early == []
    assert engine.firing.take(0, part, 0.0) == [(b"k", b"fired s")]


def test_timers_wait_until_what_was_in_the_log_is_folded() -> None:
    part = Partition(owned=True, folded=3, target=5)

    before = part.caught_up
    part.folded = 5

    assert (before, part.caught_up) == (False, True)


def test_keys_that_are_held_do_not_hold_up_the_others() -> None:
    part = a_partition({b"held%d" % number: 1.0 for number in range(20)} | {b"free": 2.0})
    firing = Firing(
        Timers(lambda key, state, now: [b"f"] if key == b"free" else [], lambda: 9.0, unread=5), Counters(), 99
    )
    firing.own(0, part)

    rows = firing.take(0, part, 0.0)

    assert rows == [(b"free", b"f")]
