"""Where topics end: the offset after the last record of each partition."""

from collections.abc import Collection

from kafka import KafkaConsumer, TopicPartition

from connectors.broker.consumer import reading
from connectors.broker.record import answering


def ends(bootstrap: str, topics: Collection[str]) -> dict[tuple[str, int], int]:
    """The end of every partition of these topics; a topic that is not there has none. Raises TryLater."""
    with answering("no ends"):
        consumer = KafkaConsumer(**reading(bootstrap))
        try:
            places = [
                TopicPartition(topic, partition)
                for topic in topics
                for partition in consumer.partitions_for_topic(topic) or ()
            ]
            found = consumer.end_offsets(places) if places else {}
        finally:
            consumer.close(autocommit=False, timeout_ms=2000)
    return {(place.topic, place.partition): end for place, end in found.items()}
