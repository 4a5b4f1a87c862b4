"""How far groups are behind, partition by partition: in records, and in the age of the first one not yet handled."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from connectors.broker.admin import admin
from connectors.broker.consumer import reading
from connectors.broker.record import answering
from schemas.instant import clock

LOOK_BYTES = 64 * 1024
"""So much of a partition is fetched at once: one record is looked for."""
RECORD_SECONDS = 5.0
"""How long (real time) the first records are waited for; what did not come is as old as it is known to be: 0 s."""


@dataclass(frozen=True, slots=True)
class Lag:
    """A group in one partition: how many records wait, and how long (driven seconds) the first of them has waited.

    `committed` is the offset that comes next.
    """

    group: str
    topic: str
    partition: int
    records: int
    seconds: float
    committed: int = 0


def lags(bootstrap: str, groups: Sequence[str]) -> list[Lag]:
    """Every partition of every topic that these groups have committed something of, in order. Raises TryLater.

    A partition without a commit counts from its beginning. A group that never committed has no row.
    """
    with admin(bootstrap) as client, answering("no commits"):
        committed = client.list_group_offsets(dict.fromkeys(groups))
    if not any(at.offset >= 0 for places in committed.values() for at in places.values()):
        return []
    with answering("no offsets"):
        consumer = KafkaConsumer(**reading(bootstrap, LOOK_BYTES))
        try:
            return _measured(consumer, _positions(consumer, committed))
        finally:
            consumer.close(autocommit=False, timeout_ms=2000)


Positions = Mapping[tuple[str, TopicPartition], int]
"""By group and partition: the offset that comes next; -1 where nothing was ever committed."""


def _positions(consumer: Any, committed: Mapping[str, Mapping[TopicPartition, Any]]) -> Positions:
    found: dict[tuple[str, TopicPartition], int] = {}
    for group, places in committed.items():
        said = {place: at.offset for place, at in places.items() if at.offset >= 0}
        for topic in {place.topic for place in said}:
            # A topic that is no more has no partitions: its commits stay for a while.
            for partition in consumer.partitions_for_topic(topic) or ():
                place = TopicPartition(topic, partition)
                found[group, place] = said.get(place, -1)
    return found


def _measured(consumer: Any, positions: Positions) -> list[Lag]:
    places = sorted({place for _, place in positions})
    firsts, ends = consumer.beginning_offsets(places), consumer.end_offsets(places)
    # What retention took away is not waited for.
    stands = {(group, place): max(at, firsts[place]) for (group, place), at in positions.items()}
    behind = {(place, at) for (_, place), at in stands.items() if at < ends[place]}
    ages = _ages(consumer, behind)
    return [
        Lag(group, place.topic, place.partition, max(0, ends[place] - at), ages.get((place, at), 0.0), at)
        for (group, place), at in sorted(stands.items())
    ]


def _ages(consumer: Any, wanted: set[tuple[TopicPartition, int]]) -> dict[tuple[TopicPartition, int], float]:
    """How old the record at each of these offsets is, or the next one that compaction left."""
    ages: dict[tuple[TopicPartition, int], float] = {}
    for together in _rounds(wanted):
        for place, timestamp_ms in _first_records(consumer, together).items():
            ages[place, together[place]] = age_seconds(timestamp_ms)
    return ages


def _rounds(wanted: set[tuple[TopicPartition, int]]) -> Iterator[dict[TopicPartition, int]]:
    """Offsets to look at together: one of a partition at a time."""
    left = sorted(wanted)
    while left:
        together = dict(reversed(left))
        yield together
        left = [(place, at) for place, at in left if together[place] != at]


def _first_records(consumer: Any, starts: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
    """The timestamp of the first record of each partition from its offset on, in unix milliseconds."""
    consumer.assign(list(starts))
    for place, at in starts.items():
        consumer.seek(place, at)
    found: dict[TopicPartition, int] = {}
    until = time.monotonic() + RECORD_SECONDS
    while len(found) < len(starts) and time.monotonic() < until:
        for place, records in consumer.poll(timeout_ms=500).items():
            if records and place not in found:
                found[place] = records[0].timestamp
                consumer.pause(place)
    return found


def age_seconds(timestamp_ms: int) -> float:
    """How long ago (driven seconds) a record was written: brokers and clients stamp them with the real time."""
    written = timestamp_ms / 1000
    return max(0.0, clock().seconds() - clock().segment(written).at(written))
