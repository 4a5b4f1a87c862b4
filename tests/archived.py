"""A cluster with a log of forty dossiers and what honest workers said of it, for tests that archive and delete."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from kafka import TopicPartition

from connectors import topics
from connectors.broker import Producer, admin
from connectors.reference import publish
from hoso import broker
from tests.builders import a_bundle, fold, received, result_ready

PARTITIONS = 3
DOSSIERS = [f"H29.12-261102-{number:04d}" for number in range(1, 41)]


@contextmanager
def a_city() -> Iterator[str]:
    """The address of a broker of its own: two facts of each dossier, and all that they set in motion."""
    with broker.running() as started:
        topics.apply(started.bootstrap, ["H29.12"], PARTITIONS)
        publish(started.bootstrap, a_bundle())
        told = [
            [received("2026-11-02 09:05", code=code), result_ready("2026-11-03 15:30", code=code)] for code in DOSSIERS
        ]
        with Producer(started.bootstrap) as producer:
            producer.publish([fact for facts in told for fact in facts])
            producer.publish([fact for facts in told for fact in fold(facts)[1]])
        yield started.bootstrap


def delete(bootstrap: str, topic: str, partition: int, before: int) -> None:
    """Delete a partition's records that lie before this offset."""
    with admin(bootstrap) as client:
        client.delete_records({TopicPartition(topic, partition): before})


def hoso(bootstrap: str, *command: str) -> subprocess.CompletedProcess[str]:
    """What a command says and how it ends."""
    return subprocess.run(
        [sys.executable, "-m", "hoso.cli.main", *command],
        env=os.environ | {"HOSO_KAFKA_BOOTSTRAP": bootstrap},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
