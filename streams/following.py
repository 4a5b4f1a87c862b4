"""A small topic read from its start and then followed: what a worker must know before it folds its first fact.

kafka-python serves here and not Faust: the look-up must block, and a Faust table would live among the Units.
"""

import threading
import time
from collections.abc import Callable

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, RetriableError

from schemas.login import LoginSettings, WrongLogin, refused_since

log = structlog.get_logger(__name__)

Take = Callable[[bytes], None]
POLL_MS = 1000
LONGEST_FETCH_MS = 5_000
"""The broker answers as soon as there is a record, which is rare: how soon it is asked anew where there is none."""
BOOTSTRAP_MS = 10_000
"""How long (real time) the brokers may take to answer; then the worker ends and is started again."""


class Lost(Exception):
    """A topic can be followed no longer: from here on nothing new of it would be known."""


Gone = Callable[[Lost], object]
"""What becomes of a process that can follow a topic no longer: a worker ends. Called in the follower's thread."""


def follow(bootstrap: str, topic: str, take: Take, gone: Gone, enough: Callable[[], bool] = lambda: True) -> None:
    """Give every record's value to `take`, up to the end as it is now and until it is enough; then in a thread.

    Raises WrongLogin where Kafka refuses our password, what kafka-python raises, and what `take` does. In the thread
    none of it can be raised to anybody: `gone` is called, once, and the following is over. Brokers that are away, or
    that refuse our password for a while, are neither: the library tries again by itself.
    """
    consumer = _consumer(bootstrap)
    place = TopicPartition(topic, 0)
    consumer.assign([place])
    consumer.seek_to_beginning(place)
    end = consumer.end_offsets([place])[place]

    def turn() -> None:
        for records in consumer.poll(timeout_ms=POLL_MS).values():
            for record in records:
                take(record.value or b"")

    def go_on() -> None:
        try:
            while True:
                try:
                    turn()
                except RetriableError as error:
                    log.warning("topic.unread", topic=topic, error=repr(error))
                    time.sleep(POLL_MS / 1000)
        except Exception as error:
            lost = Lost(f"{topic} can be followed no longer: {error!r}")
            lost.__cause__ = error
            gone(lost)

    while consumer.position(place) < end or not enough():
        turn()
    threading.Thread(target=go_on, name=topic, daemon=True).start()


def _consumer(bootstrap: str) -> KafkaConsumer:
    login, began = LoginSettings(), time.monotonic()
    try:
        return KafkaConsumer(
            bootstrap_servers=bootstrap.split(","),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            bootstrap_timeout_ms=BOOTSTRAP_MS,
            fetch_max_wait_ms=LONGEST_FETCH_MS,
            reconnect_backoff_max_ms=500,
            **login.client(),
        )
    except KafkaError as error:
        if refused_since(began):
            raise WrongLogin(login.refusal()) from error
        raise
