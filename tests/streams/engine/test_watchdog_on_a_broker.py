"""A worker that lives and cannot do its work, on a real broker: not ready, then ended with its reason, then back."""

import json
import signal
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hoso import broker
from hoso.broker import Broker
from hoso.supervised import RestartPolicy, Row, Spec, State
from hoso.supervisor import Supervisor
from streams.engine import CRASHED
from tests.streams.engine.rig import ROOT, WORKER, Rig

pytestmark = pytest.mark.broker
LIMIT_SECONDS = 12.0
"""The watchdog's, in place of 90: three looks."""
SOON = 40.0


@pytest.fixture
def lonely() -> Iterator[Broker]:
    """A broker that nobody else uses: it is frozen."""
    with broker.running() as started:
        yield started
        _signal(started, signal.SIGCONT)


def test_a_worker_whose_broker_is_frozen_is_not_ready_ends_with_its_reason_and_is_brought_back(
    lonely: Broker, tmp_path: Path
) -> None:
    rig = Rig(lonely.bootstrap, tmp_path)
    rig.make_topics()
    with supervised(rig, tmp_path) as worker:
        worker.await_state("ready", lambda row: row.state is State.READY)
        for number in range(200):
            rig.say(f"k{number % 20}", n=number)
        rig.wait_until_folded()

        _signal(lonely, signal.SIGSTOP)
        worker.await_state("not ready", lambda row: row.state is State.NOT_READY)
        dead = worker.await_state("dead", lambda row: row.state is State.DEAD)
        said = dead.log.read_text()
        _signal(lonely, signal.SIGCONT)

        worker.await_state("back", lambda row: row.state is State.READY and row.restarts >= 1)
        for number in range(200, 300):
            rig.say(f"k{number % 20}", n=number)
        rig.wait_until_folded()
        rig.assert_all_right()
    rig.close()

    assert dead.exit_code == CRASHED
    assert "the log's end cannot be read, committed" in said
    assert f"for {LIMIT_SECONDS:.0f} s" in said


def test_a_worker_whose_changelog_is_not_acknowledged_is_not_ready_ends_and_its_successor_misses_nothing(
    rig: Rig,
) -> None:
    stuck = rig.worker(unanswered=True, engine={"watchdog_seconds": LIMIT_SECONDS / 2}).until_ready()
    for number in range(100):
        rig.say(f"k{number % 10}", n=number)
    rig.producer.flush()

    stuck.until(lambda at: not at["ready"])

    assert stuck.ended() == CRASHED
    assert "Stalled" in stuck.words
    assert "engine.standing" in stuck.words
    assert rig.committed() == {}
    rig.worker()
    rig.wait_until_folded()
    rig.assert_all_right()


# What is needed for that


@dataclass
class Supervised:
    """One worker under a supervisor."""

    supervisor: Supervisor

    def await_state(self, what: str, holds: Callable[[Row], bool]) -> Row:
        """Its row as soon as this holds; the row is the one that held."""
        seen: list[Row] = []

        def look(rows: list[Row]) -> bool:
            seen[:] = [row for row in rows if holds(row)]
            return bool(seen)

        assert self.supervisor.wait_until(look, SOON), f"never {what}: {self.supervisor.state()}"
        return seen[0]


@contextmanager
def supervised(rig: Rig, folder: Path) -> Iterator[Supervised]:
    """The tests' worker, started again whenever it ends; ready when its last word about itself says so."""
    asked = {
        "bootstrap": rig.bootstrap,
        "id": rig.name,
        "topic": rig.name,
        "partitions": rig.partitions,
        "data_dir": str(folder / uuid.uuid4().hex),
        "engine": {"watchdog_seconds": LIMIT_SECONDS},
    }
    log = folder / "worker.log"
    env = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    argv = [sys.executable, str(WORKER), json.dumps(asked)]
    spec = Spec("worker", argv, env, ready=lambda: _says_ready(log), stop_seconds=30)
    with Supervisor([spec], folder, RestartPolicy(first_seconds=0.5, most_seconds=1.0)) as supervisor:
        yield Supervised(supervisor)


def _says_ready(log: Path) -> bool:
    lines = [line for line in log.read_text().splitlines() if line.startswith(("AT ", "{"))]
    ended = max((number for number, line in enumerate(lines) if "engine.ended" in line), default=-1)
    told = [json.loads(line[3:]) for line in lines[ended + 1 :] if line.startswith("AT ")]
    return bool(told) and _is_ready(told[-1])


def _is_ready(at: dict[str, Any]) -> bool:
    return bool(at["ready"] and at["owned"])


def _signal(stopped: Broker, number: signal.Signals) -> None:
    for pid in stopped.pids:
        pid.send(number)
