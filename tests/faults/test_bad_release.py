"""A release that cannot fold what is on the log is started again and again: it drains nothing more of the topic."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition

from connectors import topics as plan
from connectors.broker import STRUCTURED, Producer, partition_of, read_all
from connectors.reference import publish
from hoso import broker
from schemas.dossier import LOG
from schemas.state import STATE, DossierStateChanged
from schemas.topics import WORKER
from streams.engine import CRASHED
from streams.guard import Guard
from tests.builders import a_bundle, received
from tests.faults.workers import PARTITIONS, Worker
from tests.waiting import until

pytestmark = pytest.mark.broker
PARTITION = 1
CODES = [
    code
    for number in range(1, 1_000)
    if partition_of((code := f"H29.12-261102-{number:04d}").encode(), PARTITIONS) == PARTITION
]


def say_what_no_release_here_reads(kafka: str, codes: list[str]) -> None:
    with Producer(kafka) as producer:
        for code in codes:
            raw = received(code=code, id=f"{code}-r").encode().replace(b"received.v1", b"received.v9")
            producer.publish_at(LOG, PARTITION, code.encode(), raw, STRUCTURED)


def parked(kafka: str) -> int:
    """How many dossiers are said to be parked."""
    events = [DossierStateChanged.decode(one.value or b"") for one in read_all(kafka, STATE)]
    return len({event.subject for event in events if event.data.parked})


def committed(kafka: str) -> int | None:
    """Up to where the workers have committed the partition."""
    consumer = KafkaConsumer(bootstrap_servers=kafka, group_id=WORKER, enable_auto_commit=False)
    try:
        found = consumer.committed(TopicPartition(LOG, PARTITION))
        return None if found is None else int(found)
    finally:
        consumer.close(autocommit=False)


@pytest.fixture
def kafka() -> Iterator[str]:
    """A broker of its own with the topics and the reference data."""
    with broker.running() as made:
        plan.apply(made.bootstrap, ["H29.12"], PARTITIONS)
        publish(made.bootstrap, a_bundle())
        yield made.bootstrap


@pytest.fixture
def started(kafka: str, tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    """Starts a worker in one and the same home; none outlives the test."""
    with ExitStack() as killing:

        def start() -> Worker:
            worker = Worker(kafka, tmp_path, "")
            killing.callback(worker.kill)
            return worker

        yield start


def test_a_worker_that_is_started_again_with_a_bad_release_parks_nothing_more(
    kafka: str, tmp_path: Path, started: Callable[[], Worker]
) -> None:
    passes = Guard.ENOUGH - 1
    say_what_no_release_here_reads(kafka, CODES[:passes])
    first = started()
    until(lambda: committed(kafka) == passes, what="all that the guard lets pass is committed")
    assert parked(kafka) == passes

    say_what_no_release_here_reads(kafka, CODES[passes : passes + 5])
    ended = [first.ended(), started().ended(), started().ended()]
    stands_at = committed(kafka), parked(kafka)
    file = tmp_path / "worker" / "worker-0" / Guard.FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | {"release": "0.0.9"}))
    started()
    until(lambda: committed(kafka) == passes + 5, what="another release folds on")

    assert ended == [CRASHED] * 3
    assert stands_at == (passes, passes)
    assert parked(kafka) == passes + 5
