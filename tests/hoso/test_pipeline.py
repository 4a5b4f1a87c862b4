"""The pipeline on one machine: which Kafka it uses, what it runs, and that none of it stays behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hoso import broker, pipeline
from hoso.child import find
from hoso.java import CannotStart
from hoso.ports import free_port
from hoso.processes import BY_NAME, Process
from hoso.settings import Settings
from hoso.supervised import State

SOON = 20.0
# The other rooms have their own tests: here nothing runs but the broker.
UP = """from hoso import pipeline
from hoso.cli.up import up
pipeline.PROCESSES, pipeline.prepare = (), lambda *_: None
up(sandbox=False)
"""


@contextmanager
def hoso_up(home: Path) -> Iterator[subprocess.Popen[str]]:
    """`hoso up` without processes, once its broker answers."""
    env = {**os.environ, "HOSO_HOME": str(home), "HOSO_KAFKA_PORT": str(free_port()), "HOSO_KAFKA_BOOTSTRAP": ""}
    with subprocess.Popen([sys.executable, "-c", UP], env=env, stdout=subprocess.PIPE, text=True) as up:
        assert up.stdout is not None
        assert "hoso on Kafka" in up.stdout.readline()
        yield up


@pytest.mark.broker
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_up_and_its_broker(tmp_path: Path, number: signal.Signals) -> None:
    with hoso_up(tmp_path) as up:
        running = broker.status(tmp_path)
        up.send_signal(number)

    assert running is not None
    assert up.returncode == 0
    assert find(running.pid) != running.pids[0]
    assert broker.status(tmp_path) is None


@pytest.mark.broker
def test_a_killed_up_leaves_no_broker(tmp_path: Path) -> None:
    with hoso_up(tmp_path) as up:
        running = broker.status(tmp_path)
        up.kill()

    assert running is not None
    assert running.pids[0].wait(SOON)


@pytest.mark.broker
def test_a_broker_that_dies_comes_back_on_its_port(tmp_path: Path) -> None:
    with pipeline.kafka(Settings(home=tmp_path, kafka_port=free_port(), kafka_bootstrap=None)) as kafka:
        before, keeper = broker.status(tmp_path), kafka.keeper
        assert before is not None
        assert keeper is not None
        before.pids[0].send(signal.SIGKILL)

        came_back = keeper.wait_until(lambda rows: rows[0].restarts == 1 and rows[0].state is State.READY, SOON)

        after = broker.status(tmp_path)
        assert came_back
        assert after is not None
        assert (after.bootstrap, after.pid != before.pid) == (kafka.bootstrap, True)


def test_a_broker_that_cannot_start_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSO_KAFKA_JARS", str(tmp_path))

    with (
        pytest.raises(CannotStart, match="`make kafka` fetches them"),
        pipeline.kafka(Settings(home=tmp_path, kafka_bootstrap=None)),
    ):
        pass


def test_another_cluster_is_used_as_it_is(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, kafka_bootstrap="kafka1:9092,kafka2:9092")

    with pipeline.kafka(settings) as kafka:
        assert kafka.bootstrap == "kafka1:9092,kafka2:9092"
        assert broker.status(tmp_path) is None


@pytest.mark.broker
def test_a_broker_that_runs_already_is_left_running(tmp_path: Path) -> None:
    with broker.running(tmp_path, free_port()) as before:
        with pipeline.kafka(Settings(home=tmp_path, kafka_bootstrap=None)) as kafka:
            assert kafka.bootstrap == before.bootstrap

        assert broker.status(tmp_path) == before


def test_every_process_has_its_own_ops_port_and_lasting_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = [Process("worker", "json", "", 3), Process("edge", "http", "", 1), Process("later", "hoso.not_yet", "", 1)]
    monkeypatch.setattr(pipeline, "PROCESSES", here)

    specs = pipeline.specs("127.0.0.1:9092", Settings(home=tmp_path))

    assert [spec.env["HOSO_INSTANCE"] for spec in specs] == ["worker-0", "edge-0"]
    assert len({spec.env["HOSO_OPS_PORT"] for spec in specs}) == 2
    assert specs[1].address == f"http://127.0.0.1:{specs[1].env['HOSO_EDGE_PORT']}"


def test_what_nobody_waits_for_gives_way_to_the_rest() -> None:
    specs = {spec.name: spec.niceness for spec in pipeline.specs("127.0.0.1:9092", Settings())}

    assert {name for name, niceness in specs.items() if niceness} == {"project", "monitor"}


def test_the_doors_close_before_the_worker_and_the_worker_before_notify() -> None:
    order = {name: process.stop_order for name, process in BY_NAME.items()}

    assert max(order["edge"], order["intake"], order["poll"]) < order["dispatch"] < order["worker"] < order["notify"]
