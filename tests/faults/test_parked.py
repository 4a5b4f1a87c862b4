"""A worker of an older release parks a dossier; once the release is taken in, an operator has what waits folded."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from connectors import topics as plan
from connectors.broker import Producer, read_key
from connectors.reference import publish
from hoso import broker
from hoso.pace import ClockFile
from schemas.dossier import LOG
from schemas.event import Event
from schemas.instant import VIETNAM
from schemas.ops import Retried
from schemas.state import STATE, DossierStateChanged
from tests.builders import CODE, VERSION, a_bundle, a_fact, received, result_ready
from tests.faults.workers import PARTITIONS, Worker
from tests.saying import typed
from tests.waiting import until

pytestmark = pytest.mark.broker
MORNING = datetime(2026, 11, 2, 10, tzinfo=VIETNAM)
"""After the dossier was received; no rung of it comes while the test runs."""
UNKNOWN = "vn.hoso.dossier.supplement_requested.v1"
NEVER_PARKED = "H29.12-261102-0002"


def a_life(code: str) -> list[Event]:
    """Facts of which each means something only after the one before."""
    asked: dict[str, Any] = {"stage": "APPRAISAL", "documents": ["Bản sao"], "reason": "x"}
    return [
        received(code=code, id="f-1"),
        a_fact("supplement_requested", "2026-11-04 10:00", code=code, id="f-2", **asked),
        a_fact("supplement_received", "2026-11-06 14:00", code=code, id="f-3", complete=True),
        result_ready("2026-11-09 09:00", code=code, id="f-4"),
    ]


LIFE = a_life(CODE)


@dataclass(frozen=True)
class City:
    """A cluster with reference data, and an operator's home."""

    kafka: str
    home: Path
    clock: str

    def worker(self, lacks: str = "") -> Worker:
        return Worker(self.kafka, self.home, self.clock, lacks)

    def say(self, facts: list[Event]) -> None:
        with Producer(self.kafka) as producer:
            producer.publish(facts)

    def parked(self, *words: str) -> CompletedProcess[str]:
        """`hoso parked`, as an operator types it."""
        settings = {"HOSO_KAFKA_BOOTSTRAP": self.kafka, "HOSO_HOME": str(self.home), "HOSO_CLOCK": self.clock}
        return typed(settings, "parked", *words)

    def states(self, code: str = CODE) -> list[DossierStateChanged]:
        """The public states of a dossier, each once."""
        found = [DossierStateChanged.decode(one.value or b"") for one in read_key(self.kafka, STATE, code.encode())]
        return list({one.id: one for one in found}.values())

    def waiting(self) -> list[int]:
        """How many facts wait, by each state that says so."""
        return [one.data.parked.facts for one in self.states() if one.data.parked]

    def retries(self) -> list[str]:
        """The reasons of the retries that are on the log."""
        facts = [Event.decode(one.value or b"") for one in read_key(self.kafka, LOG, CODE.encode())]
        return [fact.data.why for fact in facts if isinstance(fact, Retried)]


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with broker.running() as made:
        bundle = a_bundle()
        plan.apply(made.bootstrap, [agency.code for agency in bundle.agencies], PARTITIONS)
        publish(made.bootstrap, bundle)
        yield City(made.bootstrap, tmp_path, ClockFile(tmp_path / "clock", MORNING, 1.0).setting)


def test_what_waited_is_folded_in_its_order_once_a_worker_reads_it_and_an_operator_says_so(city: City) -> None:
    older = city.worker(lacks=UNKNOWN)
    try:
        city.say(LIFE)
        until(lambda: city.waiting() == [1, 2, 3], there_is=city.states)
        shown = city.parked("show", CODE, "--json")
        early = city.parked("retry", CODE, "--why", "too early")
        until(lambda: city.waiting() == [1, 2, 3, 3])
    finally:
        older.stop()
    newer = city.worker()
    try:
        done = city.parked("retry", CODE, "--why", "the new release reads it")
        until(lambda: city.states()[-1].data.parked is None)
        city.say(a_life(NEVER_PARKED))
        until(lambda: len(city.states(NEVER_PARKED)) == len(LIFE))
        again, listed = city.parked("retry", CODE, "--why", "to be sure"), city.parked("list")
    finally:
        newer.stop()

    document = json.loads(shown.stdout)
    assert (document["why"], document["facts"], document["folds_now"]) == (
        "this release does not know its type",
        len(LIFE) - 1,
        True,
    )
    assert (early.returncode, done.returncode) == (0, 0), early.stderr + done.stderr
    assert done.stdout == f"ops.retried.v1 is on the log of {CODE}\n"
    *waited, word = [one.causationid for one in city.states()[-len(LIFE) :]]
    assert waited == [fact.ref for fact in LIFE[1:]] and (word or "").startswith("/operators/")
    assert _story(city.states()[-1]) == _story(city.states(NEVER_PARKED)[-1])
    assert (again.returncode, again.stderr) == (1, f"{CODE} is not parked: `hoso parked list` shows what is\n")
    assert (listed.returncode, listed.stdout) == (0, "no dossier is parked\n")
    assert city.retries() == ["too early", "the new release reads it"]
    assert city.states()[-1].refversion == VERSION


def _story(state: DossierStateChanged) -> dict[str, object]:
    """What a state tells of its dossier, but for how often it was said."""
    return state.data.model_dump(exclude={"sequence"})
