"""What stock Faust commits, and from where it goes on; and ours: defects A, G, I, M, R, T, U."""

import asyncio
import logging
from pathlib import Path
from typing import Any, cast

import aiokafka
import faust
import pytest
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.enums import ProcessingGuarantee
from kafka import KafkaAdminClient, KafkaProducer

from schemas.dossier import LOG
from schemas.topics import TOPICS
from streams.engine import Stepped, build_app
from streams.engine.consumer import UnitConsumer
from streams.engine.watchdog import Watchdog
from tests.streams.endings import Ended
from tests.streams.engine.doubles import Raw, bare, unit_of
from tests.streams.stock.stock import INPUT, a_message, a_stock_app, a_stock_consumer, nothing


@pytest.fixture
def ours(tmp_path: Path) -> UnitConsumer:
    """Our consumer, never started, expecting offset 0."""
    engine, _ = bare(tmp_path / "ours", lambda state, record: Stepped(b""))
    made = engine.app.transport.create_consumer(nothing, on_partitions_revoked=nothing, on_partitions_assigned=nothing)
    made = cast(UnitConsumer, made)
    made.next[INPUT] = 0
    return made


@pytest.mark.anyio
@pytest.mark.parametrize("committed", [None, 31])
async def test_stock_commits_past_a_message_in_flight_and_ours_does_not(
    stock: faust.App, ours: UnitConsumer, committed: int | None
) -> None:
    """Defect A: the message at the committed offset is in flight, the one after it is acked."""
    consumer, in_flight = a_stock_consumer(stock), committed or 0
    consumer._committed_offset[INPUT] = committed
    ours.next[INPUT] = in_flight
    units = [unit_of(Raw(b"k", b"v", in_flight)), unit_of(Raw(b"k", b"v", in_flight + 1))]
    for unit in units:
        await ours._admit(unit)

    consumer.ack(a_message(in_flight + 1))
    units[1].task = asyncio.ensure_future(nothing())
    await units[1].task

    assert consumer._new_offset(INPUT) == in_flight + 2
    assert ours._new_offset(INPUT) is None


def test_ours_does_not_ask_for_exactly_once(tmp_path: Path) -> None:
    """Defect G: that it does not hold is in test_stock_worker.py."""
    careful = a_stock_app("127.0.0.1:1", tmp_path, processing_guarantee="exactly_once")
    app = build_app("ours", "127.0.0.1:1", instance_id=None, data_dir=tmp_path, partitions=1)

    asked: list[Any] = [one.conf.processing_guarantee for one in (careful, app)]
    assert asked == [ProcessingGuarantee.EXACTLY_ONCE, ProcessingGuarantee.AT_LEAST_ONCE]


@pytest.mark.anyio
async def test_stock_only_logs_that_it_commits_no_more_and_ours_ends(
    stock: faust.App, tmp_path: Path, ending: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Defect I: a stall that looks alive. Its causes need broker trouble; what Faust does about it does not."""
    consumer = a_stock_consumer(stock)
    thread = consumer._thread
    thread.time_started = 0.0
    monkeypatch.setattr(thread, "_verify_aiokafka_event_path", lambda now, tp: False)
    monkeypatch.setattr(thread, "_ensure_consumer", _stalled)
    stock.monitor.stream_inbound_time[INPUT] = 99_999.0
    engine, _ = bare(tmp_path / "ours", lambda state, record: Stepped(b""))
    dog = Watchdog(engine.table, limit_seconds=15.0, look_seconds=5.0)
    engine.table.held[0].committed = 5

    with caplog.at_level(logging.ERROR):
        thread.verify_event_path(100_000.0, INPUT)
    for _ in range(2):
        dog.look_at_lag({0: 9})

    assert "Has not committed" in caplog.text
    assert not stock.should_stop
    with pytest.raises(Ended, match="lag 4"):
        dog.look_at_lag({0: 9})


def _stalled() -> Any:
    """An aiokafka consumer at 5 of 9."""

    class Here:
        highwater, position = 9, 5

    class Consumer:
        def __getattr__(self, name: str) -> Any:
            return self

        def state_value(self, tp: object) -> type[Here]:
            return Here

    return Consumer()


@pytest.mark.anyio
async def test_stock_never_commits_the_end_of_a_log_whose_last_records_were_compacted_away_and_our_log_is_not_compacted(
    stock: faust.App,
) -> None:
    """Defect M: 0-4 are there, 5 and 6 are gone, the log's end is 7: lag 2 for ever, for any consumer of records."""
    consumer = a_stock_consumer(stock)
    for offset in range(5):
        consumer.ack(a_message(offset))

    committed = consumer._new_offset(INPUT)

    [log] = [topic for topic in TOPICS if topic.name == LOG]
    assert (committed, consumer._new_offset(INPUT)) == (5, None)
    assert log.config()["cleanup.policy"] == "delete"
    assert log.config()["retention.ms"] == "-1"


def test_stock_has_no_static_member_id_and_ours_has_the_slots(stock: faust.App, tmp_path: Path) -> None:
    """Defect R."""
    app = build_app("ours", "127.0.0.1:1", instance_id="worker-0", data_dir=tmp_path, partitions=1)

    assert not stock.conf.consumer_group_instance_id
    assert app.conf.consumer_group_instance_id == "worker-0"


@pytest.mark.anyio
async def test_stock_does_not_seek_where_nothing_is_committed_and_ours_seeks_to_the_start(
    kafka: str, ours: UnitConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Defect T: what a rebalance dropped before the first commit is never fetched again."""
    _three_records(kafka, "stock-seek")
    consumer = aiokafka.AIOKafkaConsumer(
        "stock-seek", bootstrap_servers=kafka, group_id="stock-seek", auto_offset_reset="earliest"
    )
    sought: list[dict[TP, int]] = []

    async def seek(where: dict[TP, int]) -> None:
        sought.append(where)

    async def at(*tps: TP) -> dict[TP, int]:
        return dict.fromkeys(tps, 0)

    monkeypatch.setattr(driver.Consumer, "perform_seek", lambda self: nothing())
    monkeypatch.setattr(ours, "assignment", lambda: {INPUT})
    monkeypatch.setattr(ours, "seek_wait", seek)
    monkeypatch.setattr(ours, "earliest_offsets", at)
    monkeypatch.setattr(ours, "highwaters", at)

    await consumer.start()
    try:
        dropped = await consumer.getmany(timeout_ms=10_000)
        committed = await consumer.seek_to_committed()
        again = await consumer.getmany(timeout_ms=300)
    finally:
        await consumer.stop()
    await ours.perform_seek()

    assert [len(records) for records in dropped.values()] == [3]
    assert list(committed.values()) == [None]
    assert again == {}
    assert sought == [{INPUT: 0}]


def _three_records(kafka: str, topic: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}})
    admin.close()
    producer = KafkaProducer(bootstrap_servers=kafka)
    for number in range(3):
        producer.send(topic, b"%d" % number, partition=0)
    producer.close()


def test_stock_looks_for_new_leaders_every_five_minutes_and_ours_every_ten_seconds(
    stock: faust.App, tmp_path: Path
) -> None:
    """Defect U: the setting that bounds it; a leader that moves under a position reset needs several brokers."""
    app = build_app("ours", "127.0.0.1:1", instance_id=None, data_dir=tmp_path, partitions=1)

    assert stock.conf.consumer_metadata_max_age_ms == 300_000
    assert app.conf.consumer_metadata_max_age_ms == 10_000
