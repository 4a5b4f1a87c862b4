"""A small topic read from its start and then followed: what a worker must know before it folds its first fact.

kafka-python serves here and not Faust: the look-up must block, and a Faust table would live among the Units.
"""

import threading
from collections.abc import Callable

from kafka import KafkaConsumer, TopicPartition

Take = Callable[[bytes], None]
POLL_MS = 1000


def follow(bootstrap: str, topic: str, take: Take, enough: Callable[[], bool] = lambda: True) -> None:
    """Give every record's value to `take`, up to the end as it is now and until it is enough; then in a thread."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap.split(","), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    place = TopicPartition(topic, 0)
    consumer.assign([place])
    consumer.seek_to_beginning(place)
    end = consumer.end_offsets([place])[place]

    def turn() -> None:
        for records in consumer.poll(timeout_ms=POLL_MS).values():
            for record in records:
                take(record.value or b"")

    def go_on() -> None:
        while True:
            turn()

    while consumer.position(place) < end or not enough():
        turn()
    threading.Thread(target=go_on, name=topic, daemon=True).start()
