"""Another calendar comes into force while a worker runs, and it is killed in the middle of moving the dossiers."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from connectors import topics as plan
from connectors.broker import Producer, read_all
from connectors.reference import publish
from hoso import broker
from hoso.pace import ClockFile
from schemas.deadline import DEADLINES
from schemas.dossier import LOG
from schemas.event import Event
from schemas.instant import VIETNAM
from tests.builders import received
from tests.faults.workers import PARTITIONS, Worker, said
from tests.rules.test_rebasing import CLOSED_WEDNESDAY, WAS
from tests.waiting import until

pytestmark = pytest.mark.broker
DOSSIERS = 3_000
MORNING = datetime(2026, 11, 3, 8, tzinfo=VIETNAM)
CODES = [f"H29.12-261102-{number:04d}" for number in range(1, DOSSIERS + 1)]


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[str]:
    """A broker with the topics, the first version of the reference data, and open dossiers."""
    with broker.running() as made:
        plan.apply(made.bootstrap, [agency.code for agency in WAS.agencies], PARTITIONS)
        publish(made.bootstrap, WAS)
        with Producer(made.bootstrap) as producer:
            producer.publish([received("2026-11-02 09:00", code=code, id=f"{code}-r") for code in CODES])
        yield made.bootstrap


def moves(kafka: str) -> list[Event]:
    """What was said of dates that the new calendar moved."""
    return [one for one in said(kafka, DEADLINES, "deadline.projected") if one.data.reason == "REFERENCE_CHANGED"]


def test_every_open_dossier_moves_once_although_the_worker_is_killed_half_way(kafka: str, tmp_path: Path) -> None:
    clock = ClockFile(tmp_path / "clock", MORNING, 1.0)
    first = Worker(kafka, tmp_path, clock.setting)
    try:
        until(lambda: len(read_all(kafka, DEADLINES)) >= DOSSIERS)
        publish(kafka, CLOSED_WEDNESDAY)
        until(lambda: len(moves(kafka)) > 0)
    finally:
        first.kill()
    half = len(moves(kafka))
    second = Worker(kafka, tmp_path, clock.setting)
    try:
        until(lambda: len({one.subject for one in moves(kafka)}) == DOSSIERS)
    finally:
        second.stop()

    ids = {(one.subject, one.id) for one in moves(kafka)}
    assert 0 < half < DOSSIERS
    assert max(Counter(subject for subject, _ in ids).values()) == 1
    assert {one.subject for one in said(kafka, LOG, "clock.reference_changed")} == set(CODES)
