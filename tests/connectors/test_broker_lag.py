"""Lag on a real broker: records and seconds, group by group and partition by partition."""

import time
import uuid

import pytest
from kafka import TopicPartition
from kafka.structs import OffsetAndMetadata

from connectors.broker import Message, Place, Producer, admin, make_topics
from connectors.broker.lag import Lag, age_seconds, lags
from connectors.doctor.place import patiently
from schemas import instant
from schemas.instant import clock_from

AGO_SECONDS = 3600


@pytest.fixture
def topic(kafka: str) -> str:
    """A topic with two partitions: in the first, records of an hour ago, of half an hour ago, and of now."""
    name = f"lag-{uuid.uuid4().hex[:8]}"
    make_topics(kafka, [Place(name, 2, {})])
    now_ms = round(time.time() * 1000)
    ages = (AGO_SECONDS, AGO_SECONDS / 2, 0)
    with Producer(kafka) as producer:
        producer.copy([Message(name, 0, 0, b"k", b"v", timestamp_ms=round(now_ms - age * 1000)) for age in ages])
    return name


def commits(kafka: str, group: str, topic: str, **offsets: int) -> str:
    """A group that came so far, and has no member: `p0=1`."""
    at = {TopicPartition(topic, int(name[1:])): OffsetAndMetadata(offset, "", -1) for name, offset in offsets.items()}

    def said() -> str:
        with admin(kafka) as client:
            client.alter_group_offsets(group, at)
        return group

    return patiently(said)


def test_a_group_is_as_late_as_its_first_record_is_old(kafka: str, topic: str) -> None:
    group = commits(kafka, f"g-{topic}", topic, p0=1, p1=0)

    first, second = lags(kafka, [group])

    assert (first.group, first.topic, first.partition, first.records, first.committed) == (group, topic, 0, 2, 1)
    assert first.seconds == pytest.approx(AGO_SECONDS / 2, abs=60)
    assert second == Lag(group, topic, 1, 0, 0.0, 0)


def test_groups_at_different_places_of_one_partition_have_their_own_age(kafka: str, topic: str) -> None:
    early = commits(kafka, f"early-{topic}", topic, p0=0)
    late = commits(kafka, f"late-{topic}", topic, p0=2)
    done = commits(kafka, f"done-{topic}", topic, p0=3)

    found = {one.group: one for one in lags(kafka, [early, late, done]) if one.partition == 0}

    assert [found[name].records for name in (early, late, done)] == [3, 1, 0]
    assert found[early].seconds == pytest.approx(AGO_SECONDS, abs=60)
    assert found[late].seconds == pytest.approx(0, abs=60)
    assert found[done].seconds == 0


def test_a_partition_without_a_commit_counts_from_its_beginning(kafka: str, topic: str) -> None:
    group = commits(kafka, f"g-{topic}", topic, p1=0)

    found = {one.partition: one for one in lags(kafka, [group])}

    assert (found[0].records, found[0].committed) == (3, 0)


def test_a_group_that_never_committed_is_not_late(kafka: str, topic: str) -> None:
    commits(kafka, f"g-{topic}", topic, p0=0)

    assert lags(kafka, [f"nobody-{topic}"]) == []


def test_on_a_driven_clock_an_age_is_driven(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    fast = clock_from(f"start=2026-11-02T08:00:00+07:00,speed=3600,anchor={now - 100}")
    monkeypatch.setattr(instant, "_clock", fast)

    assert age_seconds(round((now - 10) * 1000)) == pytest.approx(36_000, abs=3600)
