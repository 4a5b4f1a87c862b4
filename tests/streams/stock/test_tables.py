"""What stock tables keep, miss and swallow, and what ours do: defects F, H, K, L, P, W."""

import asyncio
import gc
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from faust.stores.memory import Store
from faust.stores.rocksdb import Store as RocksStore
from faust.tables.recovery import Recovery
from faust.types import TP

from schemas.topics import CHANGELOG, TOPICS
from streams.engine import Record, Stepped, build_app
from streams.engine.recovery import LOOKS, _finish
from tests.streams.endings import Ended
from tests.streams.engine.doubles import Raw, bare, unit_of
from tests.streams.stock.stock import nothing

ROOT = Path(__file__).parents[3]
HOLDER = """import sys
from rocksdict import Options, Rdict
kept = Rdict(sys.argv[1], Options(raw_mode=True))
print("held", flush=True)
sys.stdin.read()
"""
PIPES: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}


def keep(state: bytes | None, record: Record) -> Stepped:
    """Remember the record."""
    return Stepped(record.value)


@pytest.mark.anyio
async def test_stock_memory_keeps_the_keys_of_a_partition_that_went_away_and_ours_drops_them(
    stock: faust.App, tmp_path: Path
) -> None:
    """Defect F: a key that this worker itself wrote has no partition in stock memory."""
    table = stock.Table("t", partitions=2)
    store: Any = Store("memory://", stock, table)
    store["written here"] = "a state of partition 0"
    engine, _ = bare(tmp_path / "ours", keep)
    engine.fold.apply(unit_of(Raw(b"written here", b"a state of partition 0", 0)))
    gone, kept = (TP(engine.table.changelog_topic_name, number) for number in (0, 1))

    await store.on_rebalance({kept}, {gone}, set(), 2)
    await store.on_recovery_completed({kept}, set())
    await engine.table.on_rebalance({kept}, {gone}, set(), 2)

    assert list(store) == ["written here"]
    assert engine.table.held[0].states == {}


@pytest.mark.anyio
async def test_stock_joins_are_not_implemented_and_windows_close_without_their_aggregate_and_ours_has_neither(
    stock: faust.App,
) -> None:
    """Defect H: two ranges of a hopping window hold a list each; what comes is each list, never the two together."""
    closed: list[object] = []
    table: Any = stock.Table("w", default=list, partitions=1, on_window_close=lambda key, value: closed.append(value))
    table.hopping(10.0, 5.0, expires=1.0)
    for window, value in (((0.0, 9.9), [1]), ((5.0, 14.9), [2])):
        table.data.data["k", window] = value
        table._partition_timestamps[0].append(window[1])
        table._partition_timestamp_keys[0, window[1]] = {("k", window)}

    await table._del_old_keys()

    assert [1, 2] not in closed
    assert closed == [[2]]
    for join in (table.join, table.left_join, table.inner_join, table.outer_join, table.combine):
        with pytest.raises(NotImplementedError):
            join()
    ours = "".join(path.read_text() for path in (ROOT / "streams").rglob("*.py"))
    assert not any(word in ours for word in (".tumbling(", ".hopping(", "_join(", "on_window_close"))


@pytest.mark.anyio
async def test_stock_waits_for_ever_for_a_record_that_is_not_there_and_ours_ends_by_position(stock: faust.App) -> None:
    """Defect K: the changelog ends at 5, its last record is 3, the rest was removed."""
    tp = TP("changelog", 0)
    recovery: Any = Recovery(stock, stock.tables)
    recovery.in_recovery = True
    recovery.active_highwaters[tp], recovery.active_offsets[tp] = 5, 3
    waits = recovery.need_recovery()

    _finish(recovery, tp, 5)

    assert waits
    assert LOOKS > 1
    assert not recovery.need_recovery()
    assert recovery.signal_recovery_end.is_set()


@pytest.mark.anyio
async def test_stock_cannot_open_the_rocksdb_folder_of_a_worker_that_still_lives_and_ours_has_no_folder(
    stock: faust.App, tmp_path: Path
) -> None:
    """Defect L: the worker that goes and the one that comes share a `datadir`, as in a rolling restart."""
    app = build_app("ours", "127.0.0.1:1", instance_id=None, data_dir=tmp_path / "ours", partitions=1)
    store = RocksStore("rocksdb://", stock, stock.Table("t", partitions=1))

    with subprocess.Popen([sys.executable, "-c", HOLDER, store.partition_path(0)], **PIPES) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Exception, match="LOCK: Resource temporarily unavailable"):
            await store._try_open_db_for_partition(0, max_retries=2, retry_delay=0.0)
        holder.communicate(b"go")

    assert await store._try_open_db_for_partition(0) is not None
    assert str(app.conf.store) == "memory:"
    assert not any("rocks" in name for name in metadata.requires("hoso") or () if "extra ==" not in name)


def test_stock_changelogs_have_eight_partitions_and_one_replica_and_ours_come_from_the_list(
    stock: faust.App, tmp_path: Path
) -> None:
    """Defect P."""
    changelog = stock.Table("t").changelog_topic
    app = build_app("ours", "127.0.0.1:1", instance_id=None, data_dir=tmp_path, partitions=3)

    assert (stock.conf.topic_partitions, stock.conf.topic_replication_factor) == (8, 1)
    assert (changelog.replicas or stock.conf.topic_replication_factor, stock.conf.topic_allow_declare) == (1, True)
    assert app.conf.topic_allow_declare is False
    assert CHANGELOG in {topic.name for topic in TOPICS}


@pytest.mark.anyio
async def test_stock_swallows_what_a_table_raises_at_the_end_of_its_recovery_and_ours_ends(
    stock: faust.App, tmp_path: Path, ending: None
) -> None:
    """Defect W."""

    async def broken(*args: object) -> None:
        raise LookupError("half a state")

    recovery: Any = _recovery_of(stock, broken)
    engine, _ = bare(tmp_path / "ours", keep)
    engine.table.before_owning.append(broken)
    loop, said = asyncio.get_running_loop(), list[str]()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda loop, context: said.append(context["message"]))

    await recovery.on_recovery_completed(1)
    gc.collect()
    loop.set_exception_handler(before)

    assert recovery.completed.is_set()
    assert said == ["Task exception was never retrieved"]
    with pytest.raises(Ended, match="half a state"):
        await engine.table.on_recovery_completed(set(), set())


def _recovery_of(stock: Any, broken: Any) -> Recovery:
    """A recovery that has read everything, of one table that cannot take it."""
    table = stock.Table("t")
    table.on_recovery_completed = broken
    stock.consumer_generation_id = 1
    stock._consumer = SimpleNamespace(assignment=set, resume_partitions=lambda tps: None, resume_flow=lambda: None)
    stock._fetcher = SimpleNamespace(maybe_start=nothing)
    stock.assignor = SimpleNamespace(assigned_standbys=set)
    return Recovery(stock, stock.tables, beacon=stock.beacon, loop=asyncio.get_running_loop())
