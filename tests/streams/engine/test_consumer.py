"""The ledger behind the commits, without a broker."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faust.types import TP

from streams.engine import Stepped
from streams.engine.consumer import UnitConsumer
from streams.engine.stored import pack
from streams.engine.unit import Unit
from tests.streams.endings import Ended
from tests.streams.engine.doubles import Raw, bare, unit_of

pytestmark = pytest.mark.anyio
INPUT = TP("in", 0)


@pytest.fixture
async def consumer(tmp_path: Path) -> UnitConsumer:
    """A consumer that was never started; the next offset it expects is 0."""
    engine, _ = bare(tmp_path, lambda state, record: Stepped(b""))
    made = cast(UnitConsumer, engine.app.transport.create_consumer(_no_message, **_no_rebalance()))
    made.next[INPUT] = 0
    return made


async def _no_message(message: object) -> None:
    """Never called."""


def _no_rebalance() -> dict[str, object]:
    return {"on_partitions_revoked": _no_message, "on_partitions_assigned": _no_message}


async def _done() -> None:
    """A flush that has succeeded."""


async def _failed() -> None:
    raise ConnectionError


async def test_only_the_finished_prefix_of_units_is_committed(consumer: UnitConsumer) -> None:
    units = [unit_of(Raw(b"k", b"v", first), Raw(b"k", b"v", first + 1)) for first in (0, 2, 4)]
    for unit in units:
        assert await consumer._admit(unit)
    never = asyncio.get_running_loop().create_future()
    slow = asyncio.ensure_future(asyncio.wait_for(never, 60))
    units[0].task = asyncio.ensure_future(_done())
    units[1].task = slow
    units[2].task = asyncio.ensure_future(_done())
    await asyncio.sleep(0.01)

    first = consumer._new_offset(INPUT)
    stuck = consumer._new_offset(INPUT)
    never.set_result(None)
    await slow

    assert (first, stuck, consumer._new_offset(INPUT)) == (2, None, 6)


async def test_a_unit_whose_send_failed_is_never_committed(consumer: UnitConsumer) -> None:
    unit = unit_of(Raw(b"k", b"v", 0))
    await consumer._admit(unit)
    unit.task = asyncio.ensure_future(_failed())
    await asyncio.sleep(0.01)

    assert consumer._new_offset(INPUT) is None
    assert isinstance(unit.task.exception(), ConnectionError)


async def test_a_unit_that_nobody_has_started_is_replaced_when_it_is_fetched_again(consumer: UnitConsumer) -> None:
    lost, again = unit_of(Raw(b"k", b"v", 0)), unit_of(Raw(b"k", b"v", 0), Raw(b"k", b"v", 1))

    await consumer._admit(lost)
    await consumer._admit(again)

    assert lost.revoked
    assert list(consumer.units[INPUT]) == [again]


async def test_a_unit_that_begins_too_late_is_sought_back(
    consumer: UnitConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sought: list[dict[TP, int]] = []

    async def seek(where: dict[TP, int]) -> None:
        sought.append(where)

    monkeypatch.setattr(consumer, "seek_wait", seek)

    admitted = await consumer._admit(unit_of(Raw(b"k", b"v", 5)))

    assert not admitted
    assert sought == [{INPUT: 0}]
    assert consumer.table.counters.holes == 1


async def test_what_is_fetched_before_the_seek_is_not_taken(consumer: UnitConsumer) -> None:
    consumer.next.clear()

    assert not await consumer._admit(unit_of(Raw(b"k", b"v", 0)))


async def test_a_revoke_withdraws_what_has_not_started(consumer: UnitConsumer, monkeypatch: pytest.MonkeyPatch) -> None:
    committed: list[int | None] = []

    async def commit() -> None:
        committed.append(consumer._new_offset(INPUT))

    monkeypatch.setattr(consumer, "commit_and_end_transactions", commit)
    started, waiting = unit_of(Raw(b"k", b"v", 0)), unit_of(Raw(b"k", b"v", 1))
    for unit in (started, waiting):
        await consumer._admit(unit)
    started.task = asyncio.ensure_future(_done())

    await consumer.wait_empty()

    assert (started.revoked, waiting.revoked) == (False, True)
    assert committed == [1]


CHANGELOG = TP("bare-state-changelog", 0)


class Partitions:
    """aiokafka's consumer, as far as a fetch sees it: a position that a fetch and a seek move."""

    _closed = False

    def __init__(self, records: int) -> None:
        self.position = 0
        self.log = [Raw(b"k", b"v", offset) for offset in range(records)]
        self._fetcher = SimpleNamespace(
            _closed=False, _subscriptions=SimpleNamespace(fetch_context=nullcontext), fetched_records=self.fetched
        )
        self.asked: list[object] = []
        self.meanwhile: Callable[[], object] = list

    async def fetched(self, partitions: object, **_: object) -> dict[TP, list[Raw]]:
        self.asked.append(partitions)
        self.meanwhile()
        taken, self.position = self.log[self.position : self.position + 10], self.position + 10
        return {CHANGELOG: taken}

    def seek(self, partition: TP, offset: int) -> None:
        self.position = offset


async def test_a_fetch_that_ends_while_the_flow_is_stopped_is_given_back_at_once(consumer: UnitConsumer) -> None:
    thread: Any = consumer._new_consumer_thread()
    log = Partitions(20)
    log.meanwhile = consumer.stop_flow

    dropped = await thread._fetch_records(log, {CHANGELOG})
    position = log.position
    log.meanwhile = consumer.resume_flow
    consumer.resume_flow()
    kept = await thread._fetch_records(log, {CHANGELOG})

    assert (dropped, position) == ({}, 0)
    assert [record.offset for record in kept[CHANGELOG].records] == list(range(10))


async def test_a_fetch_for_no_partition_is_no_fetch_for_every_partition(consumer: UnitConsumer) -> None:
    thread: Any = consumer._new_consumer_thread()
    log = Partitions(20)

    assert await thread._fetch_records(log, set()) == {}
    assert log.asked == []


async def test_fetches_are_a_chain_although_the_log_between_them_was_compacted_away(consumer: UnitConsumer) -> None:
    thread: Any = consumer._new_consumer_thread()
    log = Partitions(10)
    log.log += [Raw(b"k", b"v", offset) for offset in (57, 58)]

    thread.reached[CHANGELOG] = 0
    first = (await thread._fetch_records(log, {CHANGELOG}))[CHANGELOG]
    second = (await thread._fetch_records(log, {CHANGELOG}))[CHANGELOG]

    assert (first.begins, second.begins, second.records[0].offset) == (0, 10, 57)
    assert thread.reached[CHANGELOG] == 59


async def test_a_recovery_with_a_fetch_missing_ends_the_process(consumer: UnitConsumer, ending: None) -> None:
    table = consumer.table
    table.apply_changelog_batch([_recovered(0, 9), _recovered(10, 19, begins=10)])
    with pytest.raises(Ended, match=r"recovered up to 20, then 30"):
        table.apply_changelog_batch([_recovered(30, 39, begins=30)])


def _recovered(first: int, last: int, begins: int = 0) -> Any:
    record = Raw(b"k", pack(first, None, b"state"), first)
    return SimpleNamespace(value=Unit(CHANGELOG, [record, record._replace(offset=last)], begins))
