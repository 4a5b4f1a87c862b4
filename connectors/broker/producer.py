"""Events out: what is published is on its replicas."""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from kafka import KafkaProducer
from kafka.errors import KafkaError

from connectors.broker.record import STRUCTURED, Headers, Message, answering
from connectors.broker.selecting import Selector
from connectors.verdicts import Refused, TryLater
from schemas.event import MOST_BYTES, Event
from schemas.login import LoginSettings


class Producer:
    """Publishes, and returns only once every record is on its replicas. Threads may share one.

    It connects at its first use, so a door can open, and answer 503, while the broker is away. What was not
    acknowledged in `timeout_seconds` is TryLater and may be written all the same: ids are derived, so twice is once.
    After that it connects anew: the library's idempotent producer waits for ever for the answer to a request that died
    with its connection (kafka-python 3.0.12, seen when a node of three froze).
    """

    def __init__(self, bootstrap: str, client: str = "hoso", timeout_seconds: float = 10) -> None:
        self._bootstrap, self._client, self._timeout_seconds = bootstrap, client, timeout_seconds
        self._producer: Any = None
        self._lock = threading.Lock()

    def publish(self, events: Sequence[Event], topic: str | None = None) -> None:
        """Put events on their topics (or all on `topic`), keyed by subject. One too long is Refused, and none sent."""
        rows = [(topic or type(event).topic, event.subject.encode(), event.encode()) for event in events]
        for event, (_, _, value) in zip(events, rows, strict=True):
            if len(value) > MOST_BYTES:
                raise Refused(f"{event.ref} has {len(value)} bytes, the most is {MOST_BYTES}", code="too_large")
        self._deliver([(to, key, value, STRUCTURED) for to, key, value in rows])

    def publish_to(self, topic: str, key: bytes, value: bytes, headers: Headers = STRUCTURED) -> None:
        """Put bytes on a topic."""
        self._deliver([(topic, key, value, headers)])

    def publish_at(self, topic: str, partition: int, key: bytes | None, value: bytes, headers: Headers) -> int:
        """Put bytes on one partition of a topic, whatever the key says; the offset at which they stand."""
        with self._connection() as producer:
            if partition not in (producer.partitions_for(topic) or ()):
                raise TryLater(f"there is no partition {partition} of {topic}: `hoso topics apply` makes topics")
            sent = producer.send(topic, value, key, list(headers), partition)
            offset = sent.get(timeout=self._timeout_seconds + 1).offset
        assert isinstance(offset, int)
        return offset

    def copy(self, records: Sequence[Message]) -> None:
        """Put records where they stood once: topic, partition, order, key, value, headers and time are theirs."""
        with self._connection() as producer:
            sent = [
                producer.send(one.topic, one.value, one.key, list(one.headers), one.partition, one.timestamp_ms or None)
                for one in records
            ]
            for record in sent:
                record.get(timeout=self._timeout_seconds + 1)

    def connect(self) -> None:
        """Reach the broker now; TryLater if it is away."""
        self._connected()

    def close(self) -> None:
        """End; what was published is durable already."""
        with self._lock:
            producer, self._producer = self._producer, None
        if producer is not None:
            _end(producer, timeout_seconds=2)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _deliver(self, rows: Iterable[tuple[str, bytes, bytes, Headers]]) -> None:
        until = time.monotonic() + self._timeout_seconds
        with self._connection() as producer:
            sent = [producer.send(topic, value, key, list(headers)) for topic, key, value, headers in rows]
            for record in sent:
                # A moment more than the delivery time-out, so that the library's own answer comes first.
                record.get(timeout=max(0.0, until - time.monotonic()) + 1)

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        """The library's producer; given up for a new one where it fails."""
        producer = self._connected()
        try:
            with answering("not durable"):
                yield producer
        except TryLater:
            with self._lock:
                stale = self._producer is producer
                self._producer = None if stale else self._producer
            if stale:
                _end(producer, timeout_seconds=0)
            raise

    def _connected(self) -> Any:
        with self._lock:
            if self._producer is None:
                with answering("no broker"):
                    self._producer = KafkaProducer(**self._settings())
            return self._producer

    def _settings(self) -> dict[str, Any]:
        wait_ms = int(self._timeout_seconds * 1000)
        return {
            "bootstrap_servers": self._bootstrap.split(","),
            "client_id": self._client,
            "acks": "all",
            "enable_idempotence": True,
            "compression_type": "lz4",
            # Callers side by side share a batch; alone, one waits this long.
            "linger_ms": 2,
            "delivery_timeout_ms": wait_ms,
            "request_timeout_ms": max(1000, wait_ms // 2),
            "max_block_ms": wait_ms,
            "bootstrap_timeout_ms": wait_ms,
            "max_request_size": 1_050_000,
            "reconnect_backoff_max_ms": 1000,
            "allow_auto_create_topics": False,
            "metrics_enabled": False,
            "selector": Selector,
            **LoginSettings().client(),
        }


def _end(producer: Any, timeout_seconds: float) -> None:
    """Close it; what it could not send by then fails."""
    try:
        producer.close(timeout=timeout_seconds)
    except KafkaError:
        # It gives up before it ends its thread, which would send what is left when nobody knows of it any more.
        producer._sender.force_close()
