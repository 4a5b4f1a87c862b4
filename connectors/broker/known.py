"""All records under a key, for whoever knows where most of them stand: those are fetched, what lies beyond is read."""

from collections.abc import Collection

from kafka import KafkaConsumer, TopicPartition

from connectors.broker.consumer import reading
from connectors.broker.places import MOST_BYTES, records_at
from connectors.broker.record import Message, answering, message_of


def read_known(
    bootstrap: str, topic: str, key: bytes, partition: int, offsets: Collection[int], beyond: int
) -> list[Message]:
    """The records of a key in the log's order: those at these offsets of its partition, and every one from `beyond` on.

    What stands there no more, or is of another key, is left out. Raises TryLater while the broker is away.
    """
    place = TopicPartition(topic, partition)
    with answering("no records"):
        consumer = KafkaConsumer(**reading(bootstrap, MOST_BYTES))
        try:
            found = list(records_at(consumer, place, set(offsets)))
            consumer.assign([place])
            end = consumer.end_offsets([place])[place]
            consumer.seek(place, max(beyond, consumer.beginning_offsets([place])[place]))
            while consumer.position(place) < end:
                found += consumer.poll(timeout_ms=1000).get(place, [])
        finally:
            consumer.close(autocommit=False, timeout_ms=2000)
    return [message_of(record) for record in found if record.key == key]
