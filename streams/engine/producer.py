"""Rows in, acknowledged batches out. A failed send is raised, never logged away."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from aiokafka.partitioner import DefaultPartitioner
from faust.transport.drivers import aiokafka as driver

from streams.engine.endings import TooLarge

MAX_BATCH_BYTES = 900_000
"""Our batches end here: below the broker's usual limit of 1,048,588."""

LINGER_SECONDS = 0.004
"""Small batches wait so long for company, and then all go in one request: requests are what a low rate costs.
The client's own linger is one of each partition's batch by itself, and a request for each of them."""
LINGERS_BELOW_BYTES = 1 << 15


class Written(NamedTuple):
    """A batch the broker has acknowledged."""

    first_offset: int
    records: int


class BatchProducer(driver.Producer):
    """Faust's producer, made idempotent, with explicit batches whose acknowledgements are awaited by the caller."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turns: defaultdict[tuple[str, int], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._place = DefaultPartitioner()
        self._departure: asyncio.Event | None = None

    def _settings_extra(self) -> Mapping[str, Any]:
        """Faust leaves both off unless exactly-once is on."""
        return {"acks": "all", "enable_idempotence": True}

    async def flush(self) -> None:
        """Nothing to do: whoever commits has awaited the acknowledgements themselves."""

    async def send_rows(self, topic: str, partition: int, rows: Iterable[tuple[bytes, bytes | None]]) -> list[Written]:
        """Write rows of (key, value) in order and await their acknowledgement; raise if any failed.

        Calls for one partition are written in the order in which they were made.
        """
        async with self._turns[topic, partition]:
            pending = [(await self._submit(batch, topic, partition), batch) for batch in self._batches(topic, rows)]
        acknowledged = await asyncio.gather(*(ack for ack, _ in pending))
        return [
            Written(meta.offset, batch.record_count()) for meta, (_, batch) in zip(acknowledged, pending, strict=True)
        ]

    async def place(self, topic: str, key: bytes) -> int:
        """The partition this key belongs to on that topic."""
        partitions = sorted(await self._ensure_producer().partitions_for(topic))
        return int(self._place(key, partitions, partitions))

    async def partition_count(self, topic: str) -> int:
        """How many partitions the topic has; raises if there is no such topic."""
        return len(await self._ensure_producer().partitions_for(topic))

    def _batches(self, topic: str, rows: Iterable[tuple[bytes, bytes | None]]) -> Iterable[Any]:
        producer, batch = self._ensure_producer(), None
        for key, value in rows:
            if batch is None or batch.append(key=key, value=value, timestamp=None) is None:
                if batch is not None:
                    yield batch
                batch = producer.create_batch()
                if batch.append(key=key, value=value, timestamp=None) is None:
                    raise TooLarge(f"{topic}: {key!r} is larger than a batch of {MAX_BATCH_BYTES} bytes")
        if batch is not None:
            yield batch

    async def _submit(self, batch: Any, topic: str, partition: int) -> asyncio.Future[Any]:
        if batch.size() < LINGERS_BELOW_BYTES:
            await self._in_company()
        ack: asyncio.Future[Any] = await self._ensure_producer().send_batch(batch, topic, partition=partition)
        return ack

    async def _in_company(self) -> None:
        """Wait for the next departure. The first who waits sets its time."""
        if self._departure is None:
            self._departure = asyncio.Event()
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self._depart, self._departure)
        await self._departure.wait()

    def _depart(self, departure: asyncio.Event) -> None:
        self._departure = None
        departure.set()
