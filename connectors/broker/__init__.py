"""The one door to kafka-python. Every function raises TryLater when the broker is away."""

from connectors.broker.admin import Made, Place, Short, admin, make_topics, topic_id
from connectors.broker.consumer import Consumer
from connectors.broker.producer import Producer
from connectors.broker.reader import FOLLOWERS_FETCH_MS, Reader, partition_of, read_all, read_key
from connectors.broker.record import STRUCTURED, Headers, Message

__all__ = [
    "FOLLOWERS_FETCH_MS",
    "STRUCTURED",
    "Consumer",
    "Headers",
    "Made",
    "Message",
    "Place",
    "Producer",
    "Reader",
    "Short",
    "admin",
    "make_topics",
    "partition_of",
    "read_all",
    "read_key",
    "topic_id",
]
