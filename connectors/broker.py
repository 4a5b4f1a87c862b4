"""The one door to kafka-python: records go out and come in, and what is said to be durable is on the replicas.

Every function raises TryLater when the broker is away; nothing of kafka-python's own leaves this file.
"""

import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import CommitFailedError, FencedInstanceIdError, KafkaError
from kafka.partitioner import murmur2
from kafka.structs import OffsetAndMetadata

from connectors.verdicts import Refused, TryLater
from schemas.event import CONTENT_TYPE, MOST_BYTES, Event

Headers = Sequence[tuple[str, bytes]]
STRUCTURED: Headers = (("content-type", CONTENT_TYPE),)
PLACE_NEW_TOPICS_SECONDS = 10
"""How soon a consumer by pattern finds a topic that is new."""


@dataclass(frozen=True, slots=True)
class Message:
    """A record as it stands on its topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None = field(repr=False)
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp_ms: int = 0


def _message(record: Any) -> Message:
    return Message(
        record.topic,
        record.partition,
        record.offset,
        record.key,
        record.value,
        tuple((name, value or b"") for name, value in record.headers or ()),
        record.timestamp,
    )


@contextmanager
def _answering(what: str) -> Iterator[None]:
    """Turn the library's errors into TryLater."""
    try:
        yield
    except (KafkaError, OSError) as error:
        raise TryLater(f"{what}: {type(error).__name__}") from error


class Producer:
    """Publishes, and returns only once every record is on its replicas. Threads may share one.

    It connects at its first use, so a door can open, and answer 503, while the broker is away. What was not acknowledged in
    `timeout_seconds` is TryLater and may still have been written: saying it again is saying it once, since ids are derived.
    """

    def __init__(self, bootstrap: str, client: str = "hoso", timeout_seconds: float = 10) -> None:
        self._bootstrap, self._client, self._timeout_seconds = bootstrap, client, timeout_seconds
        self._producer: Any = None
        self._lock = threading.Lock()

    def publish(self, events: Sequence[Event], topic: str | None = None) -> None:
        """Put events on their topics (or all on `topic`) under their subjects. An event too long is Refused before any is sent."""
        rows = [(topic or type(event).topic, event.subject.encode(), event.encode()) for event in events]
        for event, (_, _, value) in zip(events, rows, strict=True):
            if len(value) > MOST_BYTES:
                raise Refused(f"{event.ref} has {len(value)} bytes, the most is {MOST_BYTES}", code="too_large")
        self._deliver([(to, key, value, STRUCTURED) for to, key, value in rows])

    def publish_to(self, topic: str, key: bytes, value: bytes, headers: Headers = STRUCTURED) -> None:
        """Put bytes on a topic."""
        self._deliver([(topic, key, value, headers)])

    def connect(self) -> None:
        """Reach the broker now; TryLater if it is away."""
        self._connected()

    def close(self) -> None:
        """End; what was published is durable already."""
        with self._lock:
            if self._producer is not None:
                self._producer.close(timeout=2)
                self._producer = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _deliver(self, rows: Iterable[tuple[str, bytes, bytes, Headers]]) -> None:
        until = time.monotonic() + self._timeout_seconds
        producer = self._connected()
        with _answering("not durable"):
            sent = [producer.send(topic, value, key, list(headers)) for topic, key, value, headers in rows]
            for record in sent:
                # A moment more than the delivery time-out, so that the library's own answer comes first.
                record.get(timeout=max(0.0, until - time.monotonic()) + 1)

    def _connected(self) -> Any:
        with self._lock:
            if self._producer is None:
                with _answering("no broker"):
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
        }


class Consumer:
    """Reads topics as one of a group and says itself how far it came. One thread uses it.

    Each record comes at least once, in order within its partition; after a crash or a rebalance those not committed come
    again. `commit` covers exactly what `poll` handed out. It keeps its place for 45 s when it restarts under its name.
    """

    def __init__(
        self,
        topics: Sequence[str] | str,
        group: str,
        instance_id: str,
        bootstrap: str,
        *,
        most_bytes: int = 4 * 1024 * 1024,
    ) -> None:
        """`topics` is a list of names, or a pattern."""
        self._topics, self._group, self._instance, self._bootstrap = topics, group, instance_id, bootstrap
        self._most_bytes = most_bytes
        self._consumer: Any = None
        self._handed: dict[Any, int] = {}
        self._held: list[Message] = []

    @property
    def name(self) -> str:
        """What it reads and as whom, for the log."""
        return f"{self._group}/{self._instance}"

    def poll(self, max_records: int = 500, timeout_ms: int = 1000) -> list[Message]:
        """The next records, as soon as there are some; none after `timeout_ms`."""
        if self._held:
            found, self._held = self._held[:max_records], self._held[max_records:]
        else:
            with _answering("no records"):
                found = self._fetch(max_records, timeout_ms)
        for message in found:
            self._handed[TopicPartition(message.topic, message.partition)] = message.offset + 1
        return found

    def commit(self) -> None:
        """All that was handed out is done. A group that moved on meanwhile gives it to somebody again: no error."""
        if not self._handed:
            return
        mine = self._connected().assignment()
        offsets = {place: OffsetAndMetadata(offset, "", -1) for place, offset in self._handed.items() if place in mine}
        try:
            if offsets:
                with _answering("not committed"):
                    self._connected().commit(offsets, timeout_ms=10_000)
        except TryLater as error:
            if isinstance(error.__cause__, FencedInstanceIdError):
                raise RuntimeError(f"another process calls itself {self._instance}: set HOSO_INSTANCE") from error
            if not isinstance(error.__cause__, CommitFailedError):
                raise
        self._handed.clear()

    def keep_place(self) -> None:
        """Stay in the group while the work waits. What comes meanwhile is kept for the next `poll`."""
        consumer = self._connected()
        with _answering("no broker"):
            waiting = consumer.assignment()
            consumer.pause(*waiting)
            self._held += [message for message in self._fetch(500, 0) if message not in self._held]
            consumer.resume(*(waiting & consumer.assignment()))

    def seek(self, topic: str, partition: int, offset: int) -> None:
        """Read on from here; the partition must be assigned."""
        self._connected().seek(TopicPartition(topic, partition), offset)

    def assigned(self) -> list[tuple[str, int]]:
        """Which partitions are ours at this moment."""
        return sorted((place.topic, place.partition) for place in self._connected().assignment())

    def lag(self) -> Mapping[str, int]:
        """How many records of each topic wait for us, as far as the last fetch knows."""
        found: dict[str, int] = {}
        if self._consumer is None:
            return found
        for place in self._consumer.assignment():
            highest = self._consumer.highwater(place)
            if highest is not None:
                behind = highest - self._handed.get(place, self._consumer.position(place, timeout_ms=1000))
                found[place.topic] = found.get(place.topic, 0) + max(0, behind)
        return found

    def close(self) -> None:
        """End without committing; the place stays ours for a restart."""
        if self._consumer is not None:
            self._consumer.close(autocommit=False, timeout_ms=3000)
            self._consumer = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _fetch(self, most: int, timeout_ms: int) -> list[Message]:
        batches = self._connected().poll(timeout_ms=timeout_ms, max_records=most)
        return [_message(record) for records in batches.values() for record in records]

    def _connected(self) -> Any:
        if self._consumer is None:
            with _answering("no broker"):
                self._consumer = KafkaConsumer(**self._settings())
            match self._topics:
                case str() as pattern:
                    self._consumer.subscribe(pattern=pattern)
                case names:
                    self._consumer.subscribe(topics=list(names))
        return self._consumer

    def _settings(self) -> dict[str, Any]:
        return _reading(self._bootstrap, self._most_bytes) | {
            "client_id": self._instance,
            "group_id": self._group,
            "group_instance_id": re.sub(r"[^A-Za-z0-9._-]", "_", self._instance),
            "partition_assignment_strategy": (CooperativeStickyAssignor,),
            "max_poll_interval_ms": 600_000,
            "metadata_max_age_ms": PLACE_NEW_TOPICS_SECONDS * 1000 if isinstance(self._topics, str) else 60_000,
        }


def _reading(bootstrap: str, most_bytes: int = 4 * 1024 * 1024) -> dict[str, Any]:
    return {
        "bootstrap_servers": bootstrap.split(","),
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        # The broker answers as soon as there is a record and otherwise holds the question: quick, and quiet when idle.
        "fetch_max_wait_ms": 500,
        "fetch_min_bytes": 1,
        "fetch_max_bytes": most_bytes,
        "max_partition_fetch_bytes": min(most_bytes, 1_100_000),
        "bootstrap_timeout_ms": 10_000,
        "reconnect_backoff_max_ms": 1000,
        "allow_auto_create_topics": False,
        "metrics_enabled": False,
    }


class Reader:
    """Reads one topic from its start, in no group: all of its partitions, or the one that a key lives in."""

    def __init__(self, bootstrap: str, topic: str, key: bytes | None = None) -> None:
        with _answering("no broker"):
            self._consumer = KafkaConsumer(**_reading(bootstrap))
            partitions = self._consumer.partitions_for_topic(topic)
        if not partitions:
            self._consumer.close()
            raise TryLater(f"there is no topic {topic}: `hoso topics apply` makes it")
        chosen = partitions if key is None else {partition_of(key, len(partitions))}
        self._places = [TopicPartition(topic, partition) for partition in sorted(chosen)]
        self._consumer.assign(self._places)
        self._consumer.seek_to_beginning(*self._places)

    def to_end(self) -> Iterator[Message]:
        """Every record up to the end as it was when asked."""
        with _answering("no records"):
            ends = {place: end for place, end in self._consumer.end_offsets(self._places).items() if end > 0}
            while any(self._consumer.position(place) < end for place, end in ends.items()):
                yield from self.poll(1000)

    def poll(self, timeout_ms: int = 1000) -> list[Message]:
        """What is new, as soon as there is some."""
        with _answering("no records"):
            batches = self._consumer.poll(timeout_ms=timeout_ms, max_records=2000)
        return [_message(record) for records in batches.values() for record in records]

    def close(self) -> None:
        """End."""
        self._consumer.close(autocommit=False, timeout_ms=2000)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def read_all(bootstrap: str, topic: str) -> list[Message]:
    """A small topic from its start to its end."""
    with Reader(bootstrap, topic) as reader:
        return list(reader.to_end())


def read_key(bootstrap: str, topic: str, key: bytes) -> list[Message]:
    """All records under a key, in order; reads no other partition than the one the key lives in."""
    with Reader(bootstrap, topic, key) as reader:
        return [message for message in reader.to_end() if message.key == key]


def partition_of(key: bytes, partitions: int) -> int:
    """Where every Kafka client puts a key."""
    place = (murmur2(key) & 0x7FFFFFFF) % partitions
    assert isinstance(place, int)
    return place


@contextmanager
def admin(bootstrap: str, timeout_ms: int = 10_000) -> Iterator[Any]:
    """kafka-python's admin client for the length of a block; its errors come out as TryLater."""
    with _answering("no broker"):
        client = KafkaAdminClient(bootstrap_servers=bootstrap.split(","), client_id="hoso", bootstrap_timeout_ms=timeout_ms)
        try:
            yield client
        finally:
            client.close()
