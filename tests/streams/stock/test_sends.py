"""What stock Faust takes for sent, and what ours does: defects C, D, E."""

import asyncio
import random
import time
from pathlib import Path
from typing import Any, cast

import faust
import pytest
from aiokafka.errors import MessageSizeTooLargeError
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import FutureMessage
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from streams.engine import Engine, Stepped, build_app
from streams.engine.producer import BatchProducer
from tests.streams.engine.doubles import bare
from tests.streams.stock.stock import a_stock_app

SMALL = "stock-small"


def our_producer(bootstrap: str, tmp_path: Path) -> BatchProducer:
    """Our producer, never started."""
    app = build_app("ours", bootstrap, instance_id=None, data_dir=tmp_path, partitions=1)
    Engine(app, input_topic="in", table="state", partitions=1, step=lambda state, record: Stepped(b""))
    return cast(BatchProducer, app.producer)


class Unanswered:
    """An aiokafka producer whose broker does not answer."""

    def __init__(self) -> None:
        self.ack: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def create_batch(self) -> "Unanswered":
        """A batch, it itself."""
        return self

    def append(self, **record: Any) -> object:
        """There is room."""
        return record

    def size(self) -> int:
        """Nearly nothing: it waits for company."""
        return 1

    def close(self) -> None:
        """Full."""

    async def send_batch(self, *args: Any, **kwargs: Any) -> asyncio.Future[Any]:
        """On its way."""
        return self.ack

    async def flush(self) -> None:
        """Nothing of Faust's buffer has reached it."""


@pytest.mark.anyio
async def test_stock_flush_gives_up_after_a_tenth_of_a_second_and_ours_waits_for_the_acknowledgement(
    stock: faust.App, tmp_path: Path
) -> None:
    """Defect C: what follows a flush is the commit."""
    producer = cast(driver.Producer, stock.producer)
    producer._producer = cast(Any, Unanswered())
    producer.buffer._started.set()  # type: ignore[attr-defined]  # of the buffer, not its type
    producer.buffer.put(cast(FutureMessage, object()))
    ours = our_producer("127.0.0.1:1", tmp_path / "ours")
    ours._producer = cast(Any, Unanswered())

    began = time.monotonic()
    await producer.flush()
    waited = time.monotonic() - began
    sending = asyncio.ensure_future(ours.send_rows("t", 0, [(b"k", b"v")]))
    done, _ = await asyncio.wait([sending], timeout=0.5)

    assert (waited < 0.4, producer.buffer.size) == (True, 1)
    assert not done
    sending.cancel()


@pytest.mark.anyio
async def test_stock_takes_a_failed_send_for_a_warning_and_ours_raises(
    kafka: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Defect D: the broker refuses the record, `flush()` says nothing, the offset would be committed."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics([NewTopic(SMALL, 1, 1, topic_configs={"max.message.bytes": "1000"})])
    admin.close()
    stock = a_stock_app(kafka, tmp_path)
    ours = our_producer(kafka, tmp_path / "ours")
    row = (b"k", b"x" * 20_000)

    async with stock.producer, ours:
        sent = await stock.topic(SMALL, value_serializer="raw", key_serializer="raw").send(key=row[0], value=row[1])
        await stock.producer.flush()
        refused = (await asyncio.wait([cast("asyncio.Future[Any]", sent)], timeout=10))[0].pop().exception()
        with pytest.raises(MessageSizeTooLargeError):
            await ours.send_rows(SMALL, 0, [(row[0], _incompressible(20_000))])

    assert isinstance(refused, MessageSizeTooLargeError)
    assert "_on_published error" in caplog.text
    assert not stock.should_stop


def _incompressible(size: int) -> bytes:
    """Bytes that stay as large as they are on the wire."""
    return random.Random(1).randbytes(size)


@pytest.mark.anyio
async def test_stock_producer_is_not_idempotent_and_ours_is(stock: faust.App, tmp_path: Path) -> None:
    """Defect E. In 0.15.3 `acks` is `all` by default (-1) after all, by a setting; idempotence is off."""
    stocks, ours = cast(driver.Producer, stock.producer), our_producer("127.0.0.1:1", tmp_path / "ours")

    plain, safe = stocks._new_producer(), ours._new_producer()

    assert (stocks._settings_extra(), stock.conf.producer_acks) == ({}, -1)
    assert (plain._txn_manager, safe._txn_manager is None) == (None, False)
    assert safe._sender._acks == -1
    await plain.stop()
    await safe.stop()


def test_our_flush_is_no_promise_because_nobody_commits_by_it(tmp_path: Path) -> None:
    """Beside C: the commit barrier knows Units, not Faust's flush."""
    engine, _ = bare(tmp_path, lambda state, record: Stepped(b""))

    assert engine.app.transport.Consumer._new_offset is not driver.Consumer._new_offset  # type: ignore[attr-defined]
