"""Processes that should be there and are not, and some that are and cannot work."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.broker import Consumer
from connectors.doctor import processes
from connectors.doctor.asking import ADDRESSES, ask, places
from connectors.doctor.finding import Severity
from connectors.doctor.place import Place
from connectors.ops_port import OpsPort, always
from hoso.ports import LOOPBACK, free_port
from schemas.dossier import LOG
from schemas.release import Running
from tests.connectors.doctor.conftest import only, worst
from tests.joining import join

Opens = Callable[..., str]


@pytest.fixture
def opens() -> Iterator[Opens]:
    """Opens a process's operators' port, and says where."""
    ports: list[OpsPort] = []

    def one(kind: str, not_ready: str | None = None) -> str:
        port = free_port()
        ready = (lambda: not_ready) if not_ready else always
        ports.append(OpsPort(LOOPBACK, port, ready, Running(kind, f"{kind}-0")))
        return f"{LOOPBACK}:{port}"

    yield one
    for port in ports:
        port.close()


def nobody() -> str:
    """An address at which nobody listens."""
    return f"{LOOPBACK}:{free_port()}"


def supervised(place: Place, **ports: str) -> Place:
    """Its processes run under `hoso up`, which left word of their ports."""
    return replace(place, ports=ports, supervised=True, kinds=tuple(ports))


def test_processes_that_answer_and_are_ready_are_well(place: Place, opens: Opens) -> None:
    found = list(processes.findings(supervised(place, edge=opens("edge"), notify=opens("notify"))))

    assert [(one.severity, one.what, one.detail) for one in found] == [
        (Severity.OK, "2 processes ready", "edge-0 notify-0")
    ]


def test_one_that_died_beside_others_is_bad_and_its_log_is_the_command(place: Place, opens: Opens) -> None:
    file = place.settings.home / "logs" / "notify.log"
    file.parent.mkdir()
    file.write_text("Traceback\n")

    found = list(processes.findings(supervised(place, edge=opens("edge"), notify=nobody())))

    dead = only(found, "notify at")
    assert (dead.severity, dead.help_command) == (Severity.BAD, f"tail -n 20 {file}")


def test_where_none_answers_one_line_says_what_starts_them_all(place: Place) -> None:
    found = list(processes.findings(supervised(place, edge=nobody(), worker=nobody(), notify=nobody())))

    assert [(one.severity, one.help_command) for one in found] == [(Severity.BAD, "hoso up")]
    assert "none of the 3 processes" in found[0].what


def test_one_that_is_not_ready_says_why(place: Place, opens: Opens) -> None:
    there = supervised(place, edge=opens("edge"), notify=opens("notify", "waits for the holds"))

    found = list(processes.findings(there))

    assert [(one.severity, one.what) for one in found] == [
        (Severity.WARNING, "notify-0 runs and is not ready: waits for the holds")
    ]


def test_an_address_that_was_named_and_where_nobody_answers_is_bad(place: Place) -> None:
    address = nobody()

    found = list(processes.findings(replace(place, ports={address: address}, kinds=())))

    assert (worst(found), address in found[0].what) == (Severity.BAD, True)


@pytest.fixture
def intake(on_kafka: Place) -> Iterator[str]:
    """A process that takes part on Kafka and was not asked."""
    with Consumer([LOG], "hoso-intake", "intake-7", on_kafka.bootstrap, session_seconds=6) as consumer:
        join(consumer)
        yield "intake-7"


def test_a_kind_of_which_nobody_reads_on_kafka_is_to_be_started(on_kafka: Place, intake: str) -> None:
    found = list(processes.findings(replace(on_kafka, kinds=("intake", "poll", "edge"))))

    assert [(one.severity, one.what, one.help_command) for one in found] == [
        (Severity.BAD, "no poll runs", "hoso poll"),
        (Severity.NOTE, "no edge was asked", "hoso doctor --ask HOST:PORT"),
    ]


def test_what_a_supervisor_left_long_ago_counts_for_nothing_where_the_pipeline_runs_elsewhere(
    on_kafka: Place, intake: str
) -> None:
    found = list(processes.findings(replace(supervised(on_kafka, intake=nobody()), kinds=("intake",))))

    assert [(one.severity, one.detail) for one in found] == [(Severity.OK, intake)]


def test_the_ports_of_a_supervisor_are_found_by_name(tmp_path: Path) -> None:
    nothing = places(tmp_path)
    (tmp_path / ADDRESSES).write_text(json.dumps({"edge": "127.0.0.1:7001"}))

    assert (nothing, places(tmp_path)) == ({}, {"edge": "127.0.0.1:7001"})


def test_a_worker_that_recovers_answers_with_figures(opens: Opens) -> None:
    assert ask(opens("worker", '{"ready": false, "lag": 7}')).not_ready == "it recovers or stands still"
