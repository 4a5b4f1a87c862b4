"""A topic from its start, in no group: for what every process must know, and for looking one dossier up."""

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Self

from kafka import KafkaConsumer, TopicPartition
from kafka.partitioner import murmur2

from connectors.broker.consumer import FETCH_MS, reading
from connectors.broker.record import Message, answering, message_of
from connectors.verdicts import TryLater

FOLLOWERS_FETCH_MS = 5_000
"""How long it may for who follows a topic where there hardly ever is a record, and asks nothing else: every other
question of the same reader, as where the end is, waits behind one that is held."""


class Reader:
    """Reads one topic from its start, in no group: all of its partitions, or the one that a key lives in.

    `starts` names other partitions, and the offset that each is read from; `fetch_ms` is how long (real time) the
    broker may hold the question while there is no record.
    """

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        key: bytes | None = None,
        starts: Mapping[int, int] | None = None,
        fetch_ms: int = FETCH_MS,
    ) -> None:
        with answering("no broker"):
            self._consumer = KafkaConsumer(**reading(bootstrap) | {"fetch_max_wait_ms": fetch_ms})
            partitions = self._consumer.partitions_for_topic(topic)
        if not partitions:
            self._consumer.close()
            raise TryLater(f"there is no topic {topic}: `hoso topics apply` makes it")
        chosen = partitions if key is None else {partition_of(key, len(partitions))}
        if starts is not None:
            chosen = set(starts)
        self._places = [TopicPartition(topic, partition) for partition in sorted(chosen)]
        self._consumer.assign(self._places)
        self._consumer.seek_to_beginning(*self._places)
        for partition, offset in (starts or {}).items():
            self._consumer.seek(TopicPartition(topic, partition), offset)

    def bounds(self) -> dict[int, tuple[int, int]]:
        """Of each partition the offset of its first record and the one after its last, as it is now."""
        with answering("no offsets"):
            firsts, ends = (
                self._consumer.beginning_offsets(self._places),
                self._consumer.end_offsets(self._places),
            )
        return {place.partition: (firsts[place], ends[place]) for place in self._places}

    def has_beginning(self) -> bool:
        """Whether every partition still begins at offset 0: nothing of it was ever deleted."""
        return all(first == 0 for first, _ in self.bounds().values())

    def first_since(self, timestamp_ms: int) -> dict[int, int]:
        """The offset of each partition's first record of this time or later; its end where there is none."""
        with answering("no offsets"):
            ends = self._consumer.end_offsets(self._places)
            found = self._consumer.offsets_for_times(dict.fromkeys(self._places, timestamp_ms))
        return {place.partition: at.offset if at else ends[place] for place, at in found.items()}

    def to_end(self) -> Iterator[Message]:
        """Every record up to the end as it was when asked."""
        with answering("no records"):
            ends = {place: end for place, end in self._consumer.end_offsets(self._places).items() if end > 0}
            while any(self._position(place) < end for place, end in ends.items()):
                yield from self.poll(1000)

    def poll(self, timeout_ms: int = 1000) -> list[Message]:
        """What is new, as soon as there is some."""
        with answering("no records"):
            batches = self._consumer.poll(timeout_ms=timeout_ms, max_records=2000)
        return [message_of(record) for records in batches.values() for record in records]

    def _position(self, place: TopicPartition) -> int:
        at: int | None = self._consumer.position(place)
        if at is None:
            # Its leader went away after it had said where the end is.
            raise TryLater(f"no records: {place.topic} has no leader")
        return at

    def close(self) -> None:
        """End."""
        self._consumer.close(autocommit=False, timeout_ms=2000)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_all(bootstrap: str, topic: str) -> list[Message]:
    """A small topic from its start to its end."""
    with Reader(bootstrap, topic) as reader:
        return list(reader.to_end())


def read_key(bootstrap: str, topic: str, key: bytes) -> list[Message]:
    """All records under a key that the topic still has, in order; reads no other partition than the one it lives in.

    For a dossier's history that is too little: `connectors.archive.whole_key` misses none.
    """
    with Reader(bootstrap, topic, key) as reader:
        return [message for message in reader.to_end() if message.key == key]


def partition_of(key: bytes, partitions: int) -> int:
    """Where every Kafka client puts a key."""
    place = (murmur2(key) & 0x7FFFFFFF) % partitions
    assert isinstance(place, int)
    return place
