"""Late readers on a real broker: with nobody who reads, with one who stands still, and with one who is only slow."""

import threading
import time
from collections.abc import Iterator
from itertools import count

import pytest
from kafka import TopicPartition
from kafka.structs import OffsetAndMetadata

from connectors.broker import Consumer, Message, Producer, admin
from connectors.doctor import lagging
from connectors.doctor.finding import Severity
from connectors.doctor.place import Place, patiently
from schemas.notice import NOTICES, REJECTIONS
from schemas.postal import REQUESTS, WEBHOOKS
from tests.connectors.doctor.conftest import only

QUICK = 0.5
"""Between the two looks (real seconds)."""


def wrote(bootstrap: str, topic: str, partition: int = 0, *, seconds_ago: float, times: int = 3) -> int:
    """Records that were written so long ago; the offset of the first."""
    written_ms = round((time.time() - seconds_ago) * 1000)
    with Producer(bootstrap) as producer:
        first = producer.publish_at(topic, partition, b"k", b"{}", ())
        producer.copy([Message(topic, partition, 0, b"k", b"{}", timestamp_ms=written_ms) for _ in range(times)])
    return first + 1


def came_to(bootstrap: str, group: str, topic: str, partition: int, offset: int) -> None:
    """A group without members that came so far."""

    def said() -> None:
        with admin(bootstrap) as client:
            client.alter_group_offsets(group, {TopicPartition(topic, partition): OffsetAndMetadata(offset, "", -1)})

    patiently(said)


def test_a_stopped_group_with_lag_is_bad_and_its_process_is_to_be_started(on_kafka: Place) -> None:
    first = wrote(on_kafka.bootstrap, REQUESTS, seconds_ago=300)
    came_to(on_kafka.bootstrap, "hoso-dispatch", REQUESTS, 0, first)

    found = only(list(lagging.findings(on_kafka, QUICK)), "hoso-dispatch")

    assert (found.severity, found.help_command) == (Severity.BAD, "hoso dispatch")
    assert found.what == f"hoso-dispatch is 5 min late on {REQUESTS}: 3 records to read, and nobody reads"


@pytest.fixture
def reader(on_kafka: Place) -> Iterator[Consumer]:
    """A translate that takes part and has come to the end."""
    consumer = Consumer([WEBHOOKS], "hoso-translate", "translate-0", on_kafka.bootstrap, session_seconds=6)
    until = time.monotonic() + 60
    while len(consumer.assigned()) < 4 and time.monotonic() < until:
        consumer.poll(500, 500)
    consumer.commit()
    yield consumer
    consumer.close()


def test_a_partition_that_nobody_moves_in_stands_still(on_kafka: Place, reader: Consumer) -> None:
    first = wrote(on_kafka.bootstrap, WEBHOOKS, 2, seconds_ago=300)
    came_to_in_its_name(reader, 2, first)

    found = only(list(lagging.findings(on_kafka, QUICK)), "hoso-translate")

    assert found.severity is Severity.BAD
    assert found.what.endswith("3 records to read; partition 2 stands still")
    assert f"offset {first}" in found.detail
    assert found.help_command == "hoso fleet show"


def test_where_its_log_is_at_hand_that_is_the_command(on_kafka: Place, reader: Consumer) -> None:
    first = wrote(on_kafka.bootstrap, WEBHOOKS, 1, seconds_ago=300)
    came_to_in_its_name(reader, 1, first)
    file = on_kafka.settings.home / "logs" / "translate.log"
    file.parent.mkdir()
    file.write_text("{}\n")

    found = only(list(lagging.findings(on_kafka, QUICK)), "hoso-translate")

    assert found.help_command == f"tail -n 20 {file}"


def test_a_reader_that_moves_is_late_and_wants_a_second_one(on_kafka: Place, reader: Consumer) -> None:
    first, end = wrote(on_kafka.bootstrap, WEBHOOKS, 3, seconds_ago=300, times=4000), threading.Event()
    came_to_in_its_name(reader, 3, first)

    def moves() -> None:
        for offset in count(first + 1):
            if end.wait(0.02):
                return
            reader._handed = {TopicPartition(WEBHOOKS, 3): offset}
            reader.commit()

    moving = threading.Thread(target=moves)
    moving.start()
    try:
        found = only(list(lagging.findings(on_kafka, QUICK)), "hoso-translate")
    finally:
        end.set()
        moving.join()

    assert (found.severity, found.help_command) == (
        Severity.WARNING, "HOSO_INSTANCE=translate-1 hoso translate",
    )  # fmt: skip


def test_what_is_only_young_is_not_late(on_kafka: Place) -> None:
    for topic in (NOTICES, REJECTIONS):
        first = wrote(on_kafka.bootstrap, topic, seconds_ago=1)
        came_to(on_kafka.bootstrap, "hoso-notify", topic, 0, first)

    found = list(lagging.findings(on_kafka, QUICK))

    assert not [one for one in found if "hoso-notify" in one.what]


def came_to_in_its_name(reader: Consumer, partition: int, offset: int) -> None:
    """The reader commits this offset in this partition, and the end of every other."""
    ends = reader._consumer.end_offsets(list(reader._consumer.assignment()))
    reader._handed = ends | {TopicPartition(WEBHOOKS, partition): offset}
    reader.commit()
