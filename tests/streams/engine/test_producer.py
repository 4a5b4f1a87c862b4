"""What sets out together goes in one request: at a low rate requests are what it costs."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from aiokafka.conn import AIOKafkaConnection
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from streams.engine.producer import BatchProducer, Written
from tests.streams.stock.test_sends import our_producer

PARTITIONS = 6


@pytest.fixture
def anyio_backend() -> str:
    """Faust knows asyncio only."""
    return "asyncio"


@pytest.fixture
async def producer(kafka: str, tmp_path: Path) -> AsyncIterator[BatchProducer]:
    """Ours, started in the loop of its test."""
    async with our_producer(kafka, tmp_path) as made:
        yield cast(BatchProducer, made)


@pytest.fixture
def topic(kafka: str) -> str:
    """A topic of the test's own."""
    name = f"in-company-{uuid.uuid4().hex[:8]}"
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics([NewTopic(name, PARTITIONS, 1)])
    admin.close()
    return name


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many requests of each kind went to the broker."""
    seen, send = Counter[str](), AIOKafkaConnection.send

    def counted(connection: AIOKafkaConnection, request: Any, *args: Any, **kwargs: Any) -> Any:
        seen[type(request).__name__] += 1
        return send(connection, request, *args, **kwargs)

    monkeypatch.setattr(AIOKafkaConnection, "send", counted)
    return seen


@pytest.mark.anyio
async def test_who_comes_while_the_first_one_waits_goes_in_its_request(
    producer: BatchProducer, topic: str, requests: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiokafka's own linger is one of each batch: they set out one by one, as they came."""
    monkeypatch.setattr("streams.engine.producer.LINGER_SECONDS", 0.5)

    async def comes(number: int) -> list[Written]:
        await asyncio.sleep(number * 0.03)
        return await producer.send_rows(topic, number, [(b"k", b"v%d" % number)])

    written = await asyncio.gather(*map(comes, range(PARTITIONS)))

    assert requests["ProduceRequest"] == 1
    assert [[tuple(one) for one in batches] for batches in written] == [[(0, 1)]] * PARTITIONS


@pytest.mark.anyio
async def test_a_large_batch_waits_for_nobody(
    producer: BatchProducer, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.engine.producer.LINGER_SECONDS", 3600.0)
    large = random.Random(1).randbytes(50_000)

    written = await asyncio.wait_for(producer.send_rows(topic, 0, [(b"k", large)]), 30)

    assert written[0].records == 1


@pytest.mark.anyio
async def test_sends_to_one_partition_keep_their_order_though_only_the_small_ones_wait(
    producer: BatchProducer, topic: str
) -> None:
    values = (b"1", random.Random(1).randbytes(50_000), b"3")
    written = await asyncio.gather(*(producer.send_rows(topic, 0, [(b"k", value)]) for value in values))

    assert [one[0].first_offset for one in written] == [0, 1, 2]


@pytest.mark.anyio
async def test_one_who_is_told_to_stop_while_it_waits_takes_nobody_with_it(producer: BatchProducer, topic: str) -> None:
    leaves = asyncio.ensure_future(producer.send_rows(topic, 1, [(b"k", b"never")]))
    stays = asyncio.ensure_future(producer.send_rows(topic, 2, [(b"k", b"v")]))
    await asyncio.sleep(0)
    leaves.cancel()
    written = await stays

    assert (leaves.cancelled(), written[0].first_offset) == (True, 0)
