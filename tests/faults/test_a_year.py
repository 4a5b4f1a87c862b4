"""A year of one dossier on the driven clock: a pause, an extension, another calendar, a worker killed at each rung."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from connectors import topics as plan
from connectors.broker import Producer
from connectors.reference import publish
from hoso import broker
from hoso.pace import ClockFile
from schemas.clock import Outcome
from schemas.deadline import DEADLINES
from schemas.dossier import LOG
from schemas.event import Event
from schemas.instant import VIETNAM
from tests.builders import a_fact, received, result_ready
from tests.faults.workers import PARTITIONS, Worker, said
from tests.rules.test_rebasing import WAS, another
from tests.waiting import until

pytestmark = pytest.mark.broker
MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=VIETNAM)
NEW_YEARS_SWAP = another("test-2", "2026-12-10")
RUNGS = (
    ("2026-12-09 07:31", "near_due"),
    ("2026-12-11 07:31", "due_today"),
    ("2026-12-12 00:01", "missed"),
    ("2026-12-16 07:31", "escalated"),
    ("2026-12-25 07:31", "escalated"),
)


class Year:
    """The cluster, the clock, and one dossier's agency."""

    def __init__(self, kafka: str, home: Path) -> None:
        self.kafka, self.home = kafka, home
        self.clock = ClockFile(home / "clock", MONDAY, 1.0)
        self.worker = Worker(kafka, home, self.clock.setting)

    def on(self, time: str) -> None:
        """The clock jumps to this time in Viet Nam."""
        at = datetime.fromisoformat(time).replace(tzinfo=VIETNAM)
        self.clock.jump((at - self.clock.clock.now()).total_seconds())
        # A jump is in force a moment later; the next one counts from there.
        until(lambda: self.clock.clock.now() >= at)

    def state(self, *events: Event) -> None:
        """The agency states these."""
        with Producer(self.kafka) as producer:
            producer.publish(list(events))

    def dates(self) -> list[tuple[date, str]]:
        """Every due date that was said, and why."""
        return [(one.data.due_on, one.data.reason) for one in said(self.kafka, DEADLINES, "deadline.projected")]

    def until_due_on(self, due_on: date) -> None:
        """Wait until this is the date in force."""
        until(lambda: self.dates() and self.dates()[-1][0] == due_on)

    def killed_at_the_rung(self, count: int) -> None:
        """The worker dies as soon as its timer's fact is on the log, and another one comes."""
        until(lambda: len({one.id for one in said(self.kafka, LOG, "clock.rung_reached")}) >= count)
        self.worker.kill()
        self.worker = Worker(self.kafka, self.home, self.clock.setting)


@pytest.fixture
def year(tmp_path: Path) -> Iterator[Year]:
    """A broker of its own, and a worker."""
    with broker.running() as made:
        plan.apply(made.bootstrap, [agency.code for agency in WAS.agencies], PARTITIONS)
        publish(made.bootstrap, WAS)
        found = Year(made.bootstrap, tmp_path)
        try:
            yield found
        finally:
            found.worker.stop()


def test_every_rung_of_a_year_is_said_once_although_the_worker_dies_at_each(year: Year) -> None:
    year.state(received("2026-11-02 09:00", procedure_code="1.009994"))
    year.until_due_on(date(2026, 11, 17))
    year.on("2026-11-05 09:01")
    year.state(a_fact("supplement_requested", "2026-11-05 09:00", stage="APPRAISAL", documents=["x"], reason="x"))
    until(lambda: said(year.kafka, DEADLINES, "deadline.suspended"))
    year.on("2026-11-20 09:01")
    year.state(a_fact("supplement_received", "2026-11-20 09:00", complete=True))
    year.until_due_on(date(2026, 12, 2))
    year.on("2026-11-27 09:01")
    year.state(a_fact("extended", "2026-11-27 09:00", new_due_on="2026-12-10", reason="x", basis="x"))
    year.until_due_on(date(2026, 12, 10))
    publish(year.kafka, NEW_YEARS_SWAP)
    year.until_due_on(date(2026, 12, 11))
    for count, (time, _) in enumerate(RUNGS, start=1):
        year.on(time)
        year.killed_at_the_rung(count)
    year.on("2027-10-29 09:01")
    year.state(result_ready("2027-10-29 09:00"))
    until(lambda: said(year.kafka, DEADLINES, "deadline.stopped"))

    assert year.dates() == [
        (date(2026, 11, 17), "STARTED"),
        (date(2026, 12, 2), "RESUMED"),
        (date(2026, 12, 10), "EXTENDED"),
        (date(2026, 12, 11), "REFERENCE_CHANGED"),
    ]
    facts = [
        one
        for kind in dict.fromkeys(name for _, name in RUNGS)
        for one in said(year.kafka, DEADLINES, f"deadline.{kind}")
    ]
    once = {one.id: (one.type.split(".")[3], one.data.step, one.data.due_on) for one in facts}
    assert sorted(once.values()) == [
        ("due_today", 1, date(2026, 12, 11)),
        ("escalated", 1, date(2026, 12, 11)),
        ("escalated", 2, date(2026, 12, 11)),
        ("missed", 1, date(2026, 12, 11)),
        ("near_due", 1, date(2026, 12, 11)),
    ]
    [stopped] = {one.id: one for one in said(year.kafka, DEADLINES, "deadline.stopped")}.values()
    assert stopped.data.outcome == Outcome.LATE
