"""The order of effects, watermarks and sizes, without a broker."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from streams.engine import ForeignWriter, Letter, Record, Stepped, TooLarge, Unfit
from streams.engine.endings import Hole
from streams.engine.stored import due_of, state_of, watermark_of
from tests.streams.engine.doubles import CHANGELOG, Raw, bare, unit_of


def keep(state: bytes | None, record: Record) -> Stepped:
    """The state is everything that was said; each word is an output."""
    return Stepped((state or b"") + record.value, None, [("out", record.value)])


def test_a_state_carries_watermark_and_due_time(tmp_path: Path) -> None:
    engine, _ = bare(tmp_path, lambda state, record: Stepped(b"s", 12.5))

    engine.fold.apply(unit := unit_of(Raw(b"k", b"a", 41)))

    stored = unit.changes[b"k"]
    assert (watermark_of(stored), due_of(stored), state_of(stored)) == (42, 12.5, b"s")


def test_what_is_at_or_below_the_watermark_is_skipped(tmp_path: Path) -> None:
    engine, _ = bare(tmp_path, keep)
    engine.fold.apply(unit_of(Raw(b"k", b"a", 0), Raw(b"k", b"b", 1)))

    engine.fold.apply(again := unit_of(Raw(b"k", b"a", 0), Raw(b"k", b"b", 1), Raw(b"k", b"c", 2)))

    assert engine.state(0, b"k") == b"abc"
    assert again.outputs["out"] == [(b"k", b"c")]
    assert engine.counters.skipped == 2


def test_an_unchanged_state_with_nothing_to_say_is_not_written(tmp_path: Path) -> None:
    engine, _ = bare(tmp_path, lambda state, record: Stepped(b"s", 9.0) if state is None else Stepped(None))
    engine.fold.apply(unit_of(Raw(b"k", b"a", 0)))

    engine.fold.apply(quiet := unit_of(Raw(b"k", b"b", 1)))

    stored = engine.table.held[0].states[b"k"]
    assert quiet.changes == {}
    assert (watermark_of(stored), due_of(stored)) == (2, 9.0)


def test_an_unchanged_state_that_said_something_is_written_with_its_watermark(tmp_path: Path) -> None:
    engine, _ = bare(
        tmp_path, lambda state, record: Stepped(b"s") if state is None else Stepped(None, None, [("out", b"o")])
    )
    engine.fold.apply(unit_of(Raw(b"k", b"a", 0)))

    engine.fold.apply(unit := unit_of(Raw(b"k", b"b", 1)))

    assert watermark_of(unit.changes[b"k"]) == 2


def test_a_later_unchanged_record_of_a_unit_does_not_hide_the_change_before_it(tmp_path: Path) -> None:
    engine, _ = bare(tmp_path, lambda state, record: Stepped(record.value) if record.value != b"-" else Stepped(None))

    engine.fold.apply(unit := unit_of(Raw(b"k", b"a", 0), Raw(b"k", b"-", 1)))

    assert (watermark_of(unit.changes[b"k"]), state_of(unit.changes[b"k"])) == (2, b"a")


@pytest.mark.anyio
async def test_outputs_are_acknowledged_before_the_changelog_is_written(tmp_path: Path) -> None:
    engine, producer = bare(tmp_path, keep)
    producer.held["out"] = asyncio.Event()
    engine.fold.apply(unit := unit_of(Raw(b"k", b"a", 0)))

    flushing = engine.flush.start(unit)
    await asyncio.sleep(0.01)
    before = list(producer.topics)
    producer.held["out"].set()
    await flushing

    assert before == ["out"]
    assert producer.topics == ["out", CHANGELOG]


@pytest.mark.anyio
async def test_units_of_a_partition_reach_the_changelog_in_their_order(tmp_path: Path) -> None:
    engine, producer = bare(tmp_path, keep)
    producer.held["out"] = asyncio.Event()
    engine.fold.apply(first := unit_of(Raw(b"k", b"a", 0)))
    flush_first = engine.flush.start(first)
    await asyncio.sleep(0)
    engine.fold.step = lambda state, record: Stepped(b"second")
    engine.fold.apply(second := unit_of(Raw(b"k", b"b", 1)))

    flush_second = engine.flush.start(second)
    await asyncio.sleep(0.01)
    early = CHANGELOG in producer.topics
    producer.held["out"].set()
    await asyncio.gather(flush_first, flush_second)

    written = [state_of(value or b"") for topic, _, rows in producer.sent if topic == CHANGELOG for _, value in rows]
    assert not early
    assert written == [b"a", b"second"]


@pytest.mark.anyio
async def test_letters_go_out_before_the_changelog_too(tmp_path: Path) -> None:
    engine, producer = bare(tmp_path, lambda state, record: Stepped(b"s", None, (), [Letter("letters", b"x", b"y")]))
    engine.fold.apply(unit := unit_of(Raw(b"k", b"a", 0)))

    await engine.flush.start(unit)

    assert producer.topics == ["letters", CHANGELOG]


@pytest.mark.parametrize(
    "stepped",
    [
        Stepped(b"x" * 2000),
        Stepped(b"", None, [("out", b"x" * 2000)]),
        Stepped(b"", None, (), [Letter("letters", b"k", b"x" * 2000)]),
    ],
)
def test_what_the_broker_would_refuse_is_refused_before_anything_is_kept(tmp_path: Path, stepped: Stepped) -> None:
    engine, _ = bare(tmp_path, lambda state, record: stepped, max_record_bytes=1000)
    unit = unit_of(Raw(b"k", b"a", 0))

    with pytest.raises(TooLarge):
        engine.fold.apply(unit)

    assert (unit.changes, dict(unit.outputs), unit.letters) == ({}, {}, [])


def test_the_poison_callback_sees_record_error_and_state_and_decides(tmp_path: Path) -> None:
    seen = []

    def fail(state: bytes | None, record: Record) -> Stepped:
        if record.value == b"bad":
            raise ValueError("bad")
        return Stepped(record.value)

    def park(record: Record, error: Exception, state: bytes | None) -> Stepped:
        seen.append((record.offset, type(error), state))
        return Stepped(b"parked")

    engine, _ = bare(tmp_path, fail, poison=park)

    engine.fold.apply(unit_of(Raw(b"k", b"a", 0), Raw(b"k", b"bad", 1)))

    assert seen == [(1, ValueError, b"a")]
    assert engine.state(0, b"k") == b"parked"


@pytest.mark.parametrize("raw", [Raw(None, b"a", 0), Raw(b"k", None, 0), Raw(b"\x00log", b"a", 0)])
def test_a_record_that_belongs_to_no_key_never_becomes_a_state(tmp_path: Path, raw: Raw) -> None:
    engine, _ = bare(tmp_path, keep)

    with pytest.raises(Unfit):
        engine.fold.apply(unit_of(raw))


def test_below_the_fence_states_change_and_nothing_is_said(tmp_path: Path) -> None:
    engine, _ = bare(tmp_path, keep, fence={0: 2})

    engine.fold.apply(unit := unit_of(Raw(b"k", b"a", 0), Raw(b"k", b"b", 1), Raw(b"k", b"c", 2)))

    assert engine.state(0, b"k") == b"abc"
    assert unit.outputs["out"] == [(b"k", b"c")]


@pytest.mark.anyio
async def test_a_changelog_that_somebody_else_wrote_to_is_noticed(tmp_path: Path) -> None:
    engine, producer = bare(tmp_path, keep)
    engine.table.held[0].changelog_offset = 4
    producer.ends[CHANGELOG, 0] = 6

    with pytest.raises(ForeignWriter):
        await engine.table.write(0, {b"k": b"v"})


def test_what_is_held_in_memory_is_counted(tmp_path: Path) -> None:
    engine, _ = bare(tmp_path, keep)
    engine.fold.apply(unit_of(Raw(b"k", b"a", 0), Raw(b"k", b"b", 1)))
    part = engine.table.held[0]

    held = part.bytes_held
    part.drop(b"k")

    assert held == len(b"k") + 16 + len(b"ab")
    assert part.bytes_held == 0


def test_above_its_memory_budget_a_worker_is_not_ready_and_folds_on(tmp_path: Path) -> None:
    budget = len(b"k") + 16 + len(b"ab")
    engine, _ = bare(tmp_path, keep, memory_budget_bytes=budget)
    tables: Any = engine.app.tables
    tables.actives_ready = True
    engine.fold.apply(unit_of(Raw(b"k", b"ab", 0)))
    within = engine.ready

    engine.fold.apply(unit_of(Raw(b"k", b"c", 1)))

    assert (within, engine.ready, engine.state(0, b"k")) == (True, False, b"abc")
    engine.table.held[0].drop(b"k")
    assert engine.ready


@pytest.mark.anyio
async def test_a_finished_key_stays_until_its_state_is_committed(tmp_path: Path) -> None:
    engine, producer = bare(tmp_path, lambda state, record: Stepped(b"s", closed=record.value == b"last"))
    part = engine.table.held[0]
    engine.fold.apply(unit_of(Raw(b"k", b"last", 0), Raw(b"open", b"a", 1)))

    early = engine.flush.bury(0)
    part.committed = 1
    task = engine.flush.bury(0)
    assert task is not None
    await task

    assert early is None
    assert producer.sent == [(CHANGELOG, 0, [(b"k", None)])]
    assert part.states.keys() == {b"open"}


def test_a_finished_key_that_goes_on_is_not_deleted(tmp_path: Path) -> None:
    engine, _ = bare(tmp_path, lambda state, record: Stepped(b"s", closed=record.value == b"last"))
    part = engine.table.held[0]
    engine.fold.apply(unit_of(Raw(b"k", b"last", 0), Raw(b"k", b"more", 1)))

    part.committed = 2

    assert part.finished() == []


def test_a_finished_key_that_meets_a_late_record_waits_for_its_commit_too(tmp_path: Path) -> None:
    engine, _ = bare(tmp_path, lambda state, record: Stepped(b"s", closed=True) if state is None else Stepped(None))
    part = engine.table.held[0]
    engine.fold.apply(unit_of(Raw(b"k", b"last", 0), Raw(b"k", b"late", 1)))

    part.committed = 1

    assert part.finished() == []


def test_records_that_never_came_are_not_passed_over(tmp_path: Path) -> None:
    """A queue that a recovery cleared: the next Unit would hide the lost one behind its watermarks."""
    engine, _ = bare(tmp_path, keep)
    engine.fold.apply(unit_of(Raw(b"k", b"one", 0)))

    with pytest.raises(Hole, match="goes on at 2, folded up to 1"):
        engine.fold.apply(unit_of(Raw(b"k", b"three", 2)))
