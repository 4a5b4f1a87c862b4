"""The ledger behind the commits, without a broker."""

import asyncio
from pathlib import Path
from typing import cast

import pytest
from faust.types import TP

from streams.engine import Stepped
from streams.engine.consumer import UnitConsumer
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
