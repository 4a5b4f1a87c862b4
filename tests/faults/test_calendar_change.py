"""Another calendar comes into force while a worker runs, and it is killed in the middle of moving the dossiers."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors import topics as plan
from connectors.broker import Producer, read_all
from connectors.reference import publish
from hoso import broker
from schemas.deadline import DEADLINES, Projected
from schemas.dossier import LOG
from schemas.event import Event
from tests.builders import received
from tests.rules.test_rebasing import CLOSED_WEDNESDAY, WAS

pytestmark = pytest.mark.broker
DOSSIERS, PARTITIONS = 3_000, 4
CODES = [f"H29.12-261102-{number:04d}" for number in range(1, DOSSIERS + 1)]
WAIT_SECONDS = 60.0


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[str]:
    """A broker with the topics, the first version of the reference data, and open dossiers."""
    with broker.running() as made:
        plan.apply(made.bootstrap, [agency.code for agency in WAS.agencies], PARTITIONS)
        publish(made.bootstrap, WAS)
        with Producer(made.bootstrap) as producer:
            producer.publish([received("2026-11-02 09:00", code=code, id=f"{code}-r") for code in CODES])
        yield made.bootstrap


def worker(kafka: str, home: Path) -> "subprocess.Popen[bytes]":
    clock = f"start=2026-11-03T08:00:00+07:00,speed=1.0,anchor={time.time()}"
    settings = {
        "HOSO_HOME": str(home),
        "HOSO_KAFKA_BOOTSTRAP": kafka,
        "HOSO_LOG_PARTITIONS": str(PARTITIONS),
        "HOSO_INSTANCE": "worker-0",
        "HOSO_CLOCK": clock,
    }
    log = (home / "worker.log").open("ab")
    command = [sys.executable, "-m", "hoso.cli.main", "worker"]
    return subprocess.Popen(command, env=os.environ | settings, stdout=log, stderr=subprocess.STDOUT)


def moves(kafka: str) -> list[Event]:
    """What was said of dates that the new calendar moved."""
    events = (Event.decode(record.value or b"") for record in read_all(kafka, DEADLINES))
    return [one for one in events if isinstance(one, Projected) and one.data.reason == "REFERENCE_CHANGED"]


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.2)


def test_every_open_dossier_moves_once_although_the_worker_is_killed_half_way(kafka: str, tmp_path: Path) -> None:
    first = worker(kafka, tmp_path)
    try:
        until(lambda: len(read_all(kafka, DEADLINES)) >= DOSSIERS)
        publish(kafka, CLOSED_WEDNESDAY)
        until(lambda: len(moves(kafka)) > 0)
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    half = len(moves(kafka))
    second = worker(kafka, tmp_path)
    try:
        until(lambda: len({one.subject for one in moves(kafka)}) == DOSSIERS)
    finally:
        second.send_signal(signal.SIGTERM)
        second.wait()

    ids = {(one.subject, one.id) for one in moves(kafka)}
    facts = [Event.decode(record.value or b"") for record in read_all(kafka, LOG)]
    assert 0 < half < DOSSIERS
    assert max(Counter(subject for subject, _ in ids).values()) == 1
    assert {one.subject for one in facts if "reference_changed" in one.type} == set(CODES)
