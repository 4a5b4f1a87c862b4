"""Single records of a topic, fetched by where they stand: for whoever knows their partition and offset."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from connectors.broker.consumer import reading
from connectors.broker.record import Message, answering, message_of
from connectors.verdicts import TryLater

MOST_BYTES = 256 * 1024
"""Of one answer of the broker: a record and a few of those behind it."""
PATIENCE_SECONDS = 10.0
"""For how long (real time) nothing may come."""


def read_at(bootstrap: str, topic: str, places: Iterable[tuple[int, int]]) -> list[Message]:
    """The records at these places, partition and offset, in their order; one that the topic has no more is left out.

    Raises TryLater while the broker is away.
    """
    wanted: dict[int, set[int]] = {}
    for partition, offset in places:
        wanted.setdefault(partition, set()).add(offset)
    if not wanted:
        return []
    with answering("no records"):
        consumer = KafkaConsumer(**reading(bootstrap, MOST_BYTES))
        try:
            return [
                message_of(record)
                for partition, offsets in sorted(wanted.items())
                for record in records_at(consumer, TopicPartition(topic, partition), offsets)
            ]
        finally:
            consumer.close(autocommit=False, timeout_ms=2000)


def records_at(consumer: Any, place: TopicPartition, offsets: set[int]) -> Iterator[Any]:
    """The library's records at these offsets of a partition, by a consumer that is turned to it."""
    consumer.assign([place])
    first, end = consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place]
    left = sorted(offset for offset in offsets if first <= offset < end)
    until = time.monotonic() + PATIENCE_SECONDS
    at = None
    while left:
        if at != left[0]:
            consumer.seek(place, left[0])
            at = left[0]
        records = consumer.poll(timeout_ms=1000).get(place, [])
        if not records and time.monotonic() > until:
            raise TryLater(f"{place.topic}/{place.partition}/{left[0]} did not come")
        for record in records:
            at, until = record.offset + 1, time.monotonic() + PATIENCE_SECONDS
            if record.offset in offsets:
                yield record
        left = [offset for offset in left if offset >= at]
