"""Single records by their places, on the real Kafka."""

import uuid

import pytest

from connectors.broker import Place, Producer, make_topics
from connectors.broker.places import MOST_BYTES, read_at
from connectors.verdicts import TryLater


@pytest.fixture(scope="module")
def topic(kafka: str) -> str:
    """A topic of two partitions, with records that need more than one answer of the broker to pass."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    make_topics(kafka, [Place(name, 2, {})])
    with Producer(kafka, "test") as producer:
        for partition in (0, 1):
            for number in range(12):
                value = f"{partition}/{number} ".encode() + b"x" * (MOST_BYTES // 4)
                producer.publish_at(name, partition, b"key", value, ())
    return name


def test_the_records_at_these_places_come_in_their_order(kafka: str, topic: str) -> None:
    found = read_at(kafka, topic, [(1, 11), (0, 3), (1, 0), (0, 3), (0, 4)])

    assert [(one.partition, one.offset) for one in found] == [(0, 3), (0, 4), (1, 0), (1, 11)]
    assert [(one.value or b"").split()[0] for one in found] == [b"0/3", b"0/4", b"1/0", b"1/11"]


def test_a_place_that_the_topic_does_not_reach_is_left_out(kafka: str, topic: str) -> None:
    found = read_at(kafka, topic, [(0, 11), (0, 12), (0, 10**9)])

    assert [one.offset for one in found] == [11]


def test_no_place_asks_nobody() -> None:
    assert read_at("127.0.0.1:1", "nowhere", []) == []


def test_a_broker_that_is_away_is_asked_later() -> None:
    with pytest.raises(TryLater):
        read_at("127.0.0.1:1", "nowhere", [(0, 0)])
